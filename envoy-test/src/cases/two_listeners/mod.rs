//! Several listeners carry the same discovered filter, as in every sidecar: together they are one plugin, with one
//! budget and one account a worker. An update reaches both, takes nothing away from what either has under way, and a
//! new module settles it for both.

use anyhow::{Result, ensure};

use crate::client::Connection;
use crate::envoy::Update;
use crate::lab::{Lab, PATIENCE, Setup};
use crate::ledger::Statistics;

pub(super) fn setup() -> Setup {
    Setup::new(include_str!("filter.yaml")).second_listener()
}

pub(super) async fn run(lab: &Lab) -> Result<()> {
    let mut connections = [lab.connect().await?, lab.connect_to_second().await?];
    lab.shadow.hold();
    ask(&mut connections, 3).await?;
    lab.shadow.journal().wait_for(5, PATIENCE).await?;
    let over = lab.statistics().await?;
    over.mirror("copy")?.expect(&[
        ("matched", 6),
        ("sent", 5),
        ("dropped.in_flight", 1),
        ("primary.2xx", 5),
    ])?;

    let config = "mirrors: [{name: copy, cluster: shadow, timeout: 60s, limits: {maxInFlight: 7}}]";
    ensure!(
        lab.update(config).await? == Update::Accepted,
        "the higher limit was refused"
    );
    ask(&mut connections, 2).await?;
    lab.shadow.journal().wait_for(7, PATIENCE).await?;
    let in_flight = lab.statistics().await?.mirror("copy")?.gauge("in_flight");
    ensure!(in_flight == 7, "{in_flight} copies are in flight, and 7 are allowed");
    lab.shadow.release();
    lab.settled().await?;

    lab.shadow.hold();
    ask(&mut connections, 1).await?;
    lab.shadow.journal().wait_for(9, PATIENCE).await?;
    let verdict = lab.update_with_new_module(config, "next").await?;
    ensure!(verdict == Update::Accepted, "the new module was refused");
    let cancelled = |now: &Statistics| now.mirrors().any(|mirror| mirror.failures("cancelled") == 2);
    lab.statistics_when("the old VM is gone", cancelled).await?;
    lab.shadow.release();
    ask(&mut connections, 1).await?;
    lab.settled().await?.mirror("copy")?.expect(&[
        ("matched", 14),
        ("sent", 11),
        ("dropped.in_flight", 3),
        ("responses.2xx", 9),
        ("failures.cancelled", 2),
        ("primary.2xx", 11),
    ])
}

/// So many requests on each connection.
async fn ask(connections: &mut [Connection], count: usize) -> Result<()> {
    for connection in connections {
        for _ in 0..count {
            connection.get("/").await?.expect_ok()?;
        }
    }
    Ok(())
}
