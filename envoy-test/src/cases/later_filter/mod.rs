//! What a filter behind ours does to a request is not foreseen. If it answers a complete request, the copy is under way
//! already, and its answer is counted beside the one that the client got; if it answers before the body came, there is
//! no whole request to copy. What it changes, it changes for the primary only.

use anyhow::{Result, ensure};

use crate::client::Ask;
use crate::lab::{Lab, PATIENCE, Setup};

pub(super) fn setup() -> Setup {
    Setup::new(include_str!("filter.yaml")).filters(include_str!("filters.yaml"))
}

pub(super) async fn run(lab: &Lab) -> Result<()> {
    let mut connection = lab.connect().await?;
    connection.get("/denied").await?.expect(403)?;
    connection
        .send(Ask::post("/denied", "not for the primary"))
        .await?
        .expect(403)?;
    ensure!(lab.primary.journal().is_empty(), "the primary got what was denied");
    let copies = lab.shadow.journal().wait_for(1, PATIENCE).await?;
    ensure!(copies[0].path == "/denied", "the shadow got {}", copies[0].path);

    // Envoy closes a connection on which it has answered before the request was complete.
    let answer = lab.connect().await?.get("/changed").await?;
    answer.expect_ok()?;
    let (primary, shadow) = lab.pair(&answer).await?;
    ensure!(
        (primary.text("x-later").as_deref(), shadow.text("x-later")) == (Some("was here"), None),
        "x-later: {:?} and {:?}",
        primary.text("x-later"),
        shadow.text("x-later")
    );
    lab.settled().await?.mirror("copy")?.expect(&[
        ("matched", 3),
        ("sent", 2),
        ("dropped.request_reset", 1),
        ("responses.2xx", 2),
        ("primary.2xx", 1),
        ("primary.4xx", 1),
    ])
}
