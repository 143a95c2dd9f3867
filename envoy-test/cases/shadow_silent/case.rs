//! A shadow that reads and says nothing costs its copies until their timeout, and nobody else anything.

use anyhow::Result;

use crate::backend::{Behaviour, Ending};
use crate::client::Ask;
use crate::lab::{Lab, Setup};

pub(super) fn setup() -> Setup {
    Setup::new(include_str!("filter.yaml")).shadow_answers(Behaviour::ending(Ending::Silent))
}

pub(super) async fn run(lab: &Lab) -> Result<()> {
    let mut connection = lab.connect().await?;
    for _ in 0..20 {
        connection.send(Ask::post("/", "hello?")).await?.expect_ok()?;
    }
    lab.settled().await?.mirror("copy")?.expect(&[
        ("matched", 20),
        ("sent", 20),
        ("failures.timeout", 20),
        ("primary.2xx", 20),
    ])
}
