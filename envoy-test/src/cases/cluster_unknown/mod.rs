//! A mirror to an unknown cluster drops every copy and says why. The other mirror is not concerned, nor is the client.

use anyhow::Result;

use crate::client::Ask;
use crate::lab::{Lab, Setup};

pub(super) fn setup() -> Setup {
    Setup::new(include_str!("filter.yaml"))
}

pub(super) async fn run(lab: &Lab) -> Result<()> {
    let mut connection = lab.connect().await?;
    for _ in 0..10 {
        connection.send(Ask::post("/", "where to?")).await?.expect_ok()?;
    }
    let statistics = lab.settled().await?;
    statistics
        .mirror("copy")?
        .expect(&[("matched", 10), ("dropped.cluster_missing", 10)])?;
    statistics.mirror("other")?.expect(&[
        ("matched", 10),
        ("sent", 10),
        ("responses.2xx", 10),
        ("primary.2xx", 10),
    ])
}
