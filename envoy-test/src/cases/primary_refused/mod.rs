//! A primary that cannot be reached: the client gets Envoy's 503, the shadow its copy, and the
//! answer that the client got is what is counted for the primary.

use anyhow::{Result, ensure};

use crate::client::Ask;
use crate::lab::{Lab, PATIENCE, Setup, Shadow};

pub(super) fn setup() -> Setup {
    // The route leads to the cluster `shadow`, where nobody listens; the copies go to `shadow-b`.
    Setup::new(include_str!("filter.yaml"))
        .routes("[{match: {prefix: /}, route: {cluster: shadow}}]")
        .shadow(Shadow::Refusing)
}

pub(super) async fn run(lab: &Lab) -> Result<()> {
    let mut connection = lab.connect().await?;
    connection.get("/").await?.expect(503)?;
    connection.send(Ask::post("/", "a body")).await?.expect(503)?;
    lab.shadow_b.journal().wait_for(2, PATIENCE).await?;
    let call = Ask::post("/", "").header("content-type", "application/grpc");
    connection.send(call).await?.expect_ok()?;
    ensure!(lab.primary.journal().is_empty(), "somebody else was asked");
    lab.settled().await?.mirror("copy")?.expect(&[
        ("matched", 3),
        ("sent", 3),
        ("responses.2xx", 3),
        ("primary.5xx", 2),
        ("primary.grpc_error", 1),
    ])
}
