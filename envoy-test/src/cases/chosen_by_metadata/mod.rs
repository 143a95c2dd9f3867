//! A cluster that chooses its endpoints by the metadata of a route has none for a copy, which has no route: each copy
//! is lost and counted. With a fallback the copies arrive.

use anyhow::Result;

use crate::lab::{Lab, Setup};

pub(super) fn setup() -> Setup {
    Setup::new(include_str!("filter.yaml")).clusters(include_str!("clusters.yaml"))
}

pub(super) async fn run(lab: &Lab) -> Result<()> {
    let mut connection = lab.connect().await?;
    for _ in 0..3 {
        connection.get("/").await?.expect_ok()?;
    }
    let statistics = lab.settled().await?;
    statistics
        .mirror("lost")?
        .expect(&[("matched", 3), ("dropped.no_capacity", 3)])?;
    statistics
        .mirror("arrives")?
        .expect(&[("matched", 3), ("sent", 3), ("responses.2xx", 3), ("primary.2xx", 3)])
}
