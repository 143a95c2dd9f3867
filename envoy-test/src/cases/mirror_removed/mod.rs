//! A mirror leaves the configuration while its copies are under way: their answers are still counted, and nothing new
//! is sent.

use anyhow::{Result, ensure};

use crate::envoy::Update;
use crate::lab::{Lab, PATIENCE, Setup};

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
    let verdict = lab.update("mirrors: [{name: other, cluster: shadow-b}]").await?;
    ensure!(verdict == Update::Accepted, "the new configuration was refused");
    connection.get("/after").await?.expect_ok()?;
    lab.shadow_b.journal().wait_for(1, PATIENCE).await?;
    lab.shadow.release();
    let statistics = lab.settled().await?;
    statistics
        .mirror("copy")?
        .expect(&[("matched", 5), ("sent", 5), ("responses.2xx", 5), ("primary.2xx", 5)])?;
    statistics
        .mirror("other")?
        .expect(&[("matched", 1), ("sent", 1), ("responses.2xx", 1), ("primary.2xx", 1)])?;
    ensure!(lab.shadow.journal().len() == 5, "a removed mirror sends");
    ensure!(
        statistics.mirror("copy")?.gauge("enabled") == 0,
        "a removed mirror shows as enabled"
    );
    Ok(())
}
