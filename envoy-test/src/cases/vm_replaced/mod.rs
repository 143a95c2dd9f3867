//! An update that needs a new VM (a new module, another `vm_config`) takes the old one away, and no answer reaches it
//! any more: what was under way is counted as cancelled, the gauges return to zero, and the counters go on in the new
//! VM.

use anyhow::{Result, ensure};

use crate::envoy::Update;
use crate::lab::{Lab, PATIENCE, Setup};
use crate::ledger::Statistics;

pub(super) fn setup() -> Setup {
    Setup::new(include_str!("filter.yaml"))
}

pub(super) async fn run(lab: &Lab) -> Result<()> {
    lab.shadow.hold();
    let mut connection = lab.connect().await?;
    for _ in 0..5 {
        connection.get("/before").await?.expect_ok()?;
    }
    lab.shadow.journal().wait_for(5, PATIENCE).await?;
    let before = std::fs::read_to_string(lab.envoy.filter_file())?;
    let after = before.replace(r#""vm_id": "traffic_mirror""#, r#""vm_id": "traffic_mirror_2""#);
    ensure!(before != after, "filter.yaml has no vm_id to change");
    ensure!(
        lab.envoy.update(&after).await? == Update::Accepted,
        "the new configuration was refused"
    );
    connection.get("/after").await?.expect_ok()?;
    lab.shadow.journal().wait_for(6, PATIENCE).await?;
    // Each worker lets go of its old VM when it comes to it, and until then an answer would still be counted.
    let cancelled = |now: &Statistics| now.mirrors().any(|mirror| mirror.failures("cancelled") == 5);
    lab.statistics_when("the old VM is gone", cancelled).await?;
    lab.shadow.release();
    let ledger = lab.settled().await?.mirror("copy")?.clone();
    ensure!(
        ledger.gauge("buffered_bytes") == 0,
        "{} bytes are still charged",
        ledger.gauge("buffered_bytes")
    );
    let expected = [
        ("matched", 6),
        ("sent", 6),
        ("failures.cancelled", 5),
        ("responses.2xx", 1),
        ("primary.2xx", 6),
    ];
    ledger.expect(&expected)
}
