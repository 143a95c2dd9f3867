//! A shadow that answers 5xx is left alone. An update does not close the breaker, but shortens its time; a probe that
//! fails opens it again, and when the shadow has healed, one that does not closes it. The client notices nothing of all
//! that.

use anyhow::{Result, ensure};

use crate::client::Connection;
use crate::envoy::Update;
use crate::lab::{Lab, PATIENCE, Setup};

pub(super) fn setup() -> Setup {
    Setup::new(include_str!("filter.yaml"))
}

pub(super) async fn run(lab: &Lab) -> Result<()> {
    let mut connection = lab.connect().await?;
    // Half of six.
    for path in [
        "/?shadow.status=404",
        "/",
        "/",
        "/?shadow.status=500",
        "/?shadow.reset",
        "/?shadow.status=503",
    ] {
        open_breakers(lab, 0).await?;
        connection.get(path).await?.expect_ok()?;
    }
    open_breakers(lab, 1).await?;
    for _ in 0..4 {
        connection.get("/left/alone").await?.expect_ok()?;
    }
    let opened = [("matched", 10), ("sent", 6), ("dropped.breaker_open", 4)];
    let ledger = lab.settled().await?.mirror("copy")?.clone();
    let seen = [
        ("matched", ledger.matched),
        ("sent", ledger.sent),
        ("dropped.breaker_open", ledger.dropped("breaker_open")),
    ];
    ensure!(seen == opened, "{seen:?} instead of {opened:?}");
    let received = lab.shadow.journal().wait_for(6, PATIENCE).await?;
    ensure!(received.iter().all(|one| one.path != "/left/alone"), "{received:?}");

    let sooner = "mirrors: [{name: copy, cluster: shadow, circuitBreaker: {failurePercentage: 50, minRequests: 6, window: 1h, openFor: 1ms}}]";
    ensure!(lab.update(sooner).await? == Update::Accepted, "the update was refused");
    open_breakers(lab, 1).await?;
    probe(lab, &mut connection, "/?shadow.status=503", 7).await?;
    lab.envoy
        .log()
        .wait_for(&["copy: the circuit breaker is open again"], PATIENCE)
        .await?;
    open_breakers(lab, 1).await?;
    probe(lab, &mut connection, "/healed", 8).await?;
    open_breakers(lab, 0).await?;
    for _ in 0..5 {
        connection.get("/healed").await?.expect_ok()?;
    }
    let ledger = lab.settled().await?.mirror("copy")?.clone();
    ensure!(ledger.sent == 13, "{} copies were sent", ledger.sent);
    for (what, times) in [
        ("open: 3 of 6 copies failed", 1),
        ("half-open: one copy is sent as a probe", 2),
        ("open again: the probe failed", 1),
        ("closed", 1),
    ] {
        let lines = lab
            .envoy
            .log()
            .lines_with(&format!("copy: the circuit breaker is {what}"));
        ensure!(lines.len() == times, "{what}: {lines:?}");
    }
    Ok(())
}

/// Asks until one more copy has been sent, the probe, and waits for its end.
async fn probe(lab: &Lab, connection: &mut Connection, path: &str, sent: u64) -> Result<()> {
    loop {
        connection.get(path).await?.expect_ok()?;
        let now = lab.settled().await?.mirror("copy")?.sent;
        ensure!(
            now <= sent,
            "{now} copies were sent, one probe should have made it {sent}"
        );
        if now == sent {
            return Ok(());
        }
    }
}

/// Waits until nothing is under way and so many breakers are open.
async fn open_breakers(lab: &Lab, expected: u64) -> Result<()> {
    lab.settled().await?;
    let what = format!("{expected} circuit breakers are open");
    lab.statistics_when(&what, |statistics| {
        let ledger = statistics.mirror("copy");
        ledger.is_ok_and(|ledger| ledger.gauge("breaker_open") == expected)
    })
    .await?;
    Ok(())
}
