//! A time that has passed is accepted with a warning and copies nothing. A time to come stops a running worker at its
//! moment, not before, without any update.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Result, ensure};

use crate::envoy::Update;
use crate::lab::{Lab, PATIENCE, Setup};

/// Long enough for the update to arrive on a busy machine.
const LIFE: Duration = Duration::from_secs(8);

pub(super) fn setup() -> Setup {
    Setup::new(include_str!("filter.yaml"))
}

pub(super) async fn run(lab: &Lab) -> Result<()> {
    let mut connection = lab.connect().await?;
    let warning = "copy expired at 2020-01-01T01:00:00+01:00 and copies nothing";
    lab.envoy.log().wait_for(&["[warning]", warning], PATIENCE).await?;
    for _ in 0..3 {
        connection.get("/long/ago").await?.expect_ok()?;
    }
    let past = lab.settled().await?.mirror("copy")?.clone();
    past.expect(&[("matched", 3), ("skipped.expired", 3)])?;
    let shown = past.gauge("expiry_timestamp_seconds");
    ensure!(shown == 1_577_836_800, "the gauge shows {shown}");

    let end = SystemTime::now() + LIFE;
    let seconds = end.duration_since(UNIX_EPOCH)?.as_secs();
    let config = format!(
        "mirrors: [{{name: copy, cluster: shadow, expiresAt: \"{}\"}}]",
        rfc_3339(seconds)
    );
    ensure!(
        lab.update(&config).await? == Update::Accepted,
        "the new expiry was refused"
    );
    let shown = lab
        .statistics()
        .await?
        .mirror("copy")?
        .gauge("expiry_timestamp_seconds");
    ensure!(shown == seconds, "the gauge shows {shown} instead of {seconds}");
    let mut asked = 3;
    let stopped = loop {
        connection.get("/in/time").await?.expect_ok()?;
        asked += 1;
        let ledger = lab.settled().await?.mirror("copy")?.clone();
        if ledger.skipped("expired") > 3 {
            break ledger;
        }
    };
    ensure!(
        SystemTime::now() >= UNIX_EPOCH + Duration::from_secs(seconds),
        "it stopped before its time"
    );
    ensure!(stopped.sent > 0, "nothing was copied in time");
    let received = lab
        .shadow
        .journal()
        .wait_for(usize::try_from(stopped.sent)?, PATIENCE)
        .await?;
    ensure!(received.iter().all(|one| one.path == "/in/time"), "{received:?}");
    for _ in 0..5 {
        connection.get("/too/late").await?.expect_ok()?;
    }
    let sent = stopped.sent;
    lab.settled().await?.mirror("copy")?.expect(&[
        ("matched", asked + 5),
        ("sent", sent),
        ("skipped.expired", asked + 5 - sent),
        ("responses.2xx", sent),
        ("primary.2xx", sent),
    ])
}

/// A Unix time in UTC, as RFC 3339 writes it. Days are counted from the first of March, so that a leap day is the last
/// of its year.
fn rfc_3339(unix: u64) -> String {
    let (days, time) = (unix / 86_400 + 719_468, unix % 86_400);
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (year, month) = if month < 10 {
        (year, month + 3)
    } else {
        (year + 1, month - 9)
    };
    let (hour, minute, second) = (time / 3_600, time / 60 % 60, time % 60);
    format!(
        "{:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z",
        year + era * 400
    )
}
