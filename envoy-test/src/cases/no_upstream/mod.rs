//! What no upstream was to answer has nothing to compare with: `skipped{no_route}`, as Envoy's own mirroring does.

use anyhow::{Result, ensure};

use crate::lab::{Lab, Setup};

pub(super) fn setup() -> Setup {
    Setup::new(include_str!("filter.yaml")).routes(include_str!("routes.yaml"))
}

pub(super) async fn run(lab: &Lab) -> Result<()> {
    let mut connection = lab.connect().await?;
    connection.get("/direct").await?.expect(418)?;
    connection.get("/redirect").await?.expect(301)?;
    connection.get("/nowhere").await?.expect(503)?;
    ensure!(
        lab.primary.journal().is_empty() && lab.shadow.journal().is_empty(),
        "somebody received something"
    );
    connection.get("/").await?.expect_ok()?;
    let expected = [
        ("matched", 4),
        ("skipped.no_route", 3),
        ("sent", 1),
        ("responses.2xx", 1),
        ("primary.2xx", 1),
    ];
    lab.settled().await?.mirror("copy")?.expect(&expected)
}
