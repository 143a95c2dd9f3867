//! The order of events proves that nobody waits: all clients have their answers, and their connection is closed, before
//! the shadow is allowed to answer at all. It then takes another half second, and every one of its answers is counted.

use std::time::Duration;

use anyhow::{Result, ensure};

use crate::backend::{Behaviour, Progress};
use crate::client::Ask;
use crate::lab::{Lab, PATIENCE, Setup};
use crate::ledger::Statistics;

pub(super) fn setup() -> Setup {
    Setup::new(include_str!("filter.yaml")).shadow_answers(Behaviour::delay(Duration::from_millis(500)))
}

pub(super) async fn run(lab: &Lab) -> Result<()> {
    lab.shadow.hold();
    let mut connection = lab.connect().await?;
    for number in 0..50 {
        connection
            .send(Ask::post("/", format!("request {number}")))
            .await?
            .expect_ok()?;
    }
    drop(connection);
    let received = lab.shadow.journal().wait_for(50, PATIENCE).await?;
    ensure!(
        received.iter().all(|one| one.progress == Progress::Complete),
        "the shadow answered too early"
    );
    let before = lab.statistics().await?;
    ensure!(
        before.mirror("copy")?.gauge("in_flight") == 50,
        "in flight: {}",
        before.mirror("copy")?.gauge("in_flight")
    );
    before.assert_balanced()?;

    lab.shadow.release();
    let ledger = lab.settled().await?.mirror("copy")?.clone();
    ledger.expect(&[
        ("matched", 50),
        ("sent", 50),
        ("responses.2xx", 50),
        ("primary.2xx", 50),
    ])?;
    ensure!(
        ledger.gauge("buffered_bytes") == 0,
        "{} bytes are still charged",
        ledger.gauge("buffered_bytes")
    );
    // Histograms are merged from the workers a little later than counters.
    let recorded = |now: &Statistics, name| now.mirrors().all(|mirror| mirror.recorded.get(name) == Some(&50));
    let both = |now: &Statistics| {
        recorded(now, "primary_duration_milliseconds") && recorded(now, "shadow_duration_milliseconds")
    };
    lab.statistics_when("50 durations are recorded on either side", both)
        .await?;
    Ok(())
}
