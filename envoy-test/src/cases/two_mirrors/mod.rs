//! Mirrors know nothing of each other: each decides, sends and counts for itself, and one that is down takes nothing
//! from the other.

use anyhow::{Result, ensure};

use crate::backend::{Behaviour, Ending};
use crate::client::Ask;
use crate::lab::{Lab, PATIENCE, Setup};

pub(super) fn setup() -> Setup {
    Setup::new(include_str!("filter.yaml"))
}

pub(super) async fn run(lab: &Lab) -> Result<()> {
    lab.shadow_b.behave(Behaviour::ending(Ending::Reset));
    let mut connection = lab.connect().await?;
    for path in ["/both/1", "/both/2", "/one"] {
        connection.send(Ask::post(path, "shared")).await?.expect_ok()?;
    }
    let copies = [
        lab.shadow.journal().wait_for(3, PATIENCE).await?,
        lab.shadow_b.journal().wait_for(2, PATIENCE).await?,
    ]
    .concat();
    ensure!(copies.iter().all(|copy| copy.body == b"shared"), "a body got lost");
    let statistics = lab.settled().await?;
    statistics
        .mirror("one")?
        .expect(&[("matched", 3), ("sent", 3), ("responses.2xx", 3), ("primary.2xx", 3)])?;
    statistics
        .mirror("two")?
        .expect(&[("matched", 2), ("sent", 2), ("failures.reset", 2), ("primary.2xx", 2)])
}
