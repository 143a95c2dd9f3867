//! What is over the budget is dropped and counted, never queued; when copies end, there is room again.

use anyhow::{Result, ensure};

use crate::lab::{Lab, PATIENCE, Setup};

pub(super) fn setup() -> Setup {
    Setup::new(include_str!("filter.yaml"))
}

pub(super) async fn run(lab: &Lab) -> Result<()> {
    lab.shadow.hold();
    let mut connection = lab.connect().await?;
    for _ in 0..3 {
        connection.get("/fits").await?.expect_ok()?;
    }
    for _ in 0..7 {
        connection.get("/too/many").await?.expect_ok()?;
    }
    let received = lab.shadow.journal().wait_for(3, PATIENCE).await?;
    ensure!(received.iter().all(|one| one.path == "/fits"), "{received:?}");
    lab.shadow.release();
    lab.settled().await?;
    connection.get("/again").await?.expect_ok()?;
    let expected = [
        ("matched", 11),
        ("sent", 4),
        ("dropped.in_flight", 7),
        ("responses.2xx", 4),
        ("primary.2xx", 4),
    ];
    lab.settled().await?.mirror("copy")?.expect(&expected)
}
