//! Two instances of the filter in one chain share a VM. Each mirrors on its own account. When one of them leaves the
//! VM, the other keeps it alive, so the answers to what it had sent still come and are counted.

use anyhow::{Result, ensure};

use crate::envoy::Update;
use crate::lab::{Lab, PATIENCE, Setup};

pub(super) fn setup() -> Setup {
    Setup::new(include_str!("filter.yaml")).filters(include_str!("filters.yaml"))
}

pub(super) async fn run(lab: &Lab) -> Result<()> {
    let mut connection = lab.connect().await?;
    lab.shadow.hold();
    for _ in 0..5 {
        connection.get("/before").await?.expect_ok()?;
    }
    lab.shadow.journal().wait_for(5, PATIENCE).await?;
    lab.shadow_b.journal().wait_for(5, PATIENCE).await?;

    let verdict = lab.update_with_new_module(include_str!("filter.yaml"), "next").await?;
    ensure!(verdict == Update::Accepted, "the new module was refused");
    connection.get("/after").await?.expect_ok()?;
    lab.shadow.journal().wait_for(6, PATIENCE).await?;
    let during = lab.statistics().await?;
    during.assert_balanced()?;
    let in_flight = during.mirror("first")?.gauge("in_flight");
    ensure!(in_flight == 6, "{in_flight} of the six copies are in flight");

    lab.shadow.release();
    let settled = lab.settled().await?;
    for mirror in ["first", "second"] {
        settled
            .mirror(mirror)?
            .expect(&[("matched", 6), ("sent", 6), ("responses.2xx", 6), ("primary.2xx", 6)])?;
    }
    Ok(())
}
