//! A refused configuration at the start leaves traffic flowing, unmirrored. The log names the key as the user wrote it,
//! and the corrected file is taken up without a restart.

use anyhow::{Result, ensure};

use crate::envoy::Update;
use crate::lab::{Lab, PATIENCE, Setup};

pub(super) fn setup() -> Setup {
    Setup::new(include_str!("filter.yaml")).refused()
}

pub(super) async fn run(lab: &Lab) -> Result<()> {
    lab.envoy
        .log()
        .wait_for(&["mirrors[1].percentage", "140"], PATIENCE)
        .await?;
    let mut connection = lab.connect().await?;
    for _ in 0..10 {
        connection.get("/unmirrored").await?.expect_ok()?;
    }
    ensure!(lab.shadow.journal().is_empty(), "a refused configuration mirrors");

    ensure!(
        lab.update("mirrors: [{name: copy, cluster: shadow}]").await? == Update::Accepted,
        "the corrected configuration was refused"
    );
    let answer = connection.get("/mirrored").await?;
    answer.expect_ok()?;
    lab.pair(&answer).await?;
    lab.settled().await?.mirror("copy")?.expect(&[
        ("matched", 1),
        ("sent", 1),
        ("responses.2xx", 1),
        ("primary.2xx", 1),
    ])
}
