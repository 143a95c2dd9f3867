//! With nobody there to receive them, copies are dropped as `no_capacity`: Envoy refuses the callout and never calls
//! back. A copy that is with an endpoint when that leaves is answered as ever, and counted.

use anyhow::Result;

use crate::client::Ask;
use crate::lab::{Lab, PATIENCE, Setup};

pub(super) fn setup() -> Setup {
    Setup::new(include_str!("filter.yaml")).clusters(include_str!("clusters.yaml"))
}

pub(super) async fn run(lab: &Lab) -> Result<()> {
    let mut connection = lab.connect().await?;
    for _ in 0..10 {
        connection.send(Ask::post("/", "to whom?")).await?.expect_ok()?;
    }
    let nobody = [("matched", 10), ("dropped.no_capacity", 10)];
    lab.settled().await?.mirror("copy")?.expect(&nobody)?;

    lab.endpoints("leaving", &[lab.shadow.address()]).await?;
    lab.shadow.hold();
    connection.send(Ask::post("/", "to you")).await?.expect_ok()?;
    lab.shadow.journal().wait_for(1, PATIENCE).await?;
    lab.endpoints("leaving", &[]).await?;
    connection.send(Ask::post("/", "to whom?")).await?.expect_ok()?;
    lab.shadow.release();
    lab.settled().await?;

    lab.endpoints("leaving", &[lab.shadow.address()]).await?;
    connection.send(Ask::post("/", "to you again")).await?.expect_ok()?;
    lab.settled().await?.mirror("copy")?.expect(&[
        ("matched", 13),
        ("sent", 2),
        ("dropped.no_capacity", 11),
        ("responses.2xx", 2),
        ("primary.2xx", 2),
    ])
}
