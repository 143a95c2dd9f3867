//! Copies whose shadow has not answered outlive the configuration that sent them: their answers are counted, and until
//! then they use up the budget of the new one.

use anyhow::{Result, ensure};

use crate::envoy::Update;
use crate::lab::{Lab, PATIENCE, Setup};

pub(super) fn setup() -> Setup {
    Setup::new(include_str!("filter.yaml"))
}

pub(super) async fn run(lab: &Lab) -> Result<()> {
    lab.shadow.hold();
    let mut connection = lab.connect().await?;
    for _ in 0..10 {
        connection.get("/before").await?.expect_ok()?;
    }
    lab.shadow.journal().wait_for(10, PATIENCE).await?;
    let verdict = lab
        .update("mirrors: [{name: copy, cluster: shadow, timeout: 60s, limits: {maxInFlight: 12}}]")
        .await?;
    ensure!(verdict == Update::Accepted, "the new configuration was refused");
    for _ in 0..5 {
        connection.get("/after").await?.expect_ok()?;
    }
    lab.shadow.journal().wait_for(12, PATIENCE).await?;
    let during = lab.statistics().await?;
    during.assert_balanced()?;
    ensure!(
        during.mirror("copy")?.gauge("in_flight") == 12,
        "in flight: {}",
        during.mirror("copy")?.gauge("in_flight")
    );

    lab.shadow.release();
    let expected = [
        ("matched", 15),
        ("sent", 12),
        ("dropped.in_flight", 3),
        ("responses.2xx", 12),
        ("primary.2xx", 12),
    ];
    lab.settled().await?.mirror("copy")?.expect(&expected)
}
