//! Larger bodies are a matter of configuration, and arrive byte for byte.

use anyhow::{Result, ensure};

use crate::client::Ask;
use crate::lab::{Lab, Setup, assert_same};

pub(super) fn setup() -> Setup {
    Setup::new(include_str!("filter.yaml"))
}

pub(super) async fn run(lab: &Lab) -> Result<()> {
    let bytes: Vec<u8> = (0..5 * 1024 * 1024_u32).map(|index| (index % 251) as u8).collect();
    let answer = lab.connect().await?.send(Ask::post("/upload", bytes)).await?;
    answer.expect_ok()?;
    let (primary, shadow) = lab.pair(&answer).await?;
    assert_same(&primary, &shadow)?;
    ensure!(shadow.body_length == 5 * 1024 * 1024, "{} bytes", shadow.body_length);
    lab.settled().await?.mirror("copy")?.expect(&[
        ("matched", 1),
        ("sent", 1),
        ("responses.2xx", 1),
        ("primary.2xx", 1),
    ])
}
