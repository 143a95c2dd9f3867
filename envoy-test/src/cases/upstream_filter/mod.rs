//! The same module among the router's upstream filters, in plain Envoy: the copy has what the router rewrote and added,
//! without `path`, `authority` and `headers`. A request that the router tries three times is still one request, and one
//! copy.

use anyhow::{Result, ensure};

use crate::client::Ask;
use crate::lab::{Lab, PATIENCE, Setup, assert_same};

pub(super) fn setup() -> Setup {
    Setup::new(include_str!("filter.yaml"))
        .routes(include_str!("routes.yaml"))
        .behind_the_router()
}

pub(super) async fn run(lab: &Lab) -> Result<()> {
    let mut connection = lab.connect().await?;
    let answer = connection.send(Ask::post("/old/a?b=c", "body")).await?;
    answer.expect_ok()?;
    let (primary, shadow) = lab.pair(&answer).await?;
    assert_same(&primary, &shadow)?;
    ensure!(
        (shadow.path.as_str(), shadow.authority.as_str()) == ("/new/a?b=c", "inside.example-shadow:81"),
        "the copy is for {}{}",
        shadow.authority,
        shadow.path
    );
    ensure!(shadow.text("x-added").as_deref() == Some("1"), "{:?}", shadow.headers);

    let answer = connection
        .send(Ask::post("/old/fails?primary.status=503", "body"))
        .await?;
    answer.expect(503)?;
    let attempts = lab.primary.journal().wait_for(4, PATIENCE).await?;
    ensure!(attempts.len() == 4, "the primary got {} requests", attempts.len());
    let plain = connection.get("/plain").await?;
    lab.pair(&plain).await?;
    lab.settled().await?.mirror("copy")?.expect(&[
        ("matched", 3),
        ("sent", 3),
        ("responses.2xx", 3),
        ("primary.2xx", 2),
        ("primary.5xx", 1),
    ])
}
