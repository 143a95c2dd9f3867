//! Refused connections are counted as such, and the client notices nothing.

use anyhow::Result;

use crate::client::Ask;
use crate::lab::{Lab, Setup, Shadow};

pub(super) fn setup() -> Setup {
    Setup::new(include_str!("filter.yaml")).shadow(Shadow::Refusing)
}

pub(super) async fn run(lab: &Lab) -> Result<()> {
    let mut connection = lab.connect().await?;
    for _ in 0..20 {
        connection.send(Ask::post("/", "anybody?")).await?.expect_ok()?;
    }
    lab.settled().await?.mirror("copy")?.expect(&[
        ("matched", 20),
        ("sent", 20),
        ("failures.connect", 20),
        ("primary.2xx", 20),
    ])
}
