//! Two instances of the filter in one chain, each in a VM of its own, with a mirror of the same name. What they count
//! under one name adds up; when one of the VMs is replaced, only what that one had under way is cancelled.

use anyhow::{Result, ensure};

use crate::envoy::Update;
use crate::lab::{Lab, PATIENCE, Setup};
use crate::ledger::Statistics;

pub(super) fn setup() -> Setup {
    Setup::new(include_str!("filter.yaml")).filters(include_str!("filters.yaml"))
}

pub(super) async fn run(lab: &Lab) -> Result<()> {
    let mut connection = lab.connect().await?;
    lab.shadow.hold();
    for _ in 0..5 {
        connection.get("/before").await?.expect_ok()?;
    }
    // Each of them sends to the same shadow.
    lab.shadow.journal().wait_for(10, PATIENCE).await?;
    let verdict = lab.update_with_new_module(include_str!("filter.yaml"), "next").await?;
    ensure!(verdict == Update::Accepted, "the new module was refused");
    connection.get("/after").await?.expect_ok()?;
    lab.shadow.journal().wait_for(12, PATIENCE).await?;
    let cancelled = |now: &Statistics| now.mirrors().any(|mirror| mirror.failures("cancelled") == 5);
    lab.statistics_when("the old VM is gone", cancelled).await?;
    let during = lab.statistics().await?;
    during.assert_balanced()?;
    let in_flight = during.mirror("shared")?.gauge("in_flight");
    ensure!(in_flight == 7, "{in_flight} copies are in flight");

    lab.shadow.release();
    lab.settled().await?.mirror("shared")?.expect(&[
        ("matched", 12),
        ("sent", 12),
        ("failures.cancelled", 5),
        ("responses.2xx", 7),
        ("primary.2xx", 12),
    ])
}
