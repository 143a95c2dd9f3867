//! With nobody there to receive them, copies are dropped as `no_capacity`: Envoy refuses the callout and never calls back.

use anyhow::Result;

use crate::client::Ask;
use crate::lab::{Lab, Setup, Shadow};

pub(super) fn setup() -> Setup {
    Setup::new(include_str!("filter.yaml")).shadow(Shadow::Nobody)
}

pub(super) async fn run(lab: &Lab) -> Result<()> {
    let mut connection = lab.connect().await?;
    for _ in 0..10 {
        connection.send(Ask::post("/", "to whom?")).await?.expect_ok()?;
    }
    lab.settled()
        .await?
        .mirror("copy")?
        .expect(&[("matched", 10), ("dropped.no_capacity", 10)])
}
