//! The router asks a failing primary again and again, but the client asked once: one copy, one answer counted.

use anyhow::{Result, ensure};

use crate::client::Ask;
use crate::lab::{Lab, PATIENCE, Setup};

pub(super) fn setup() -> Setup {
    Setup::new(include_str!("filter.yaml")).routes(include_str!("routes.yaml"))
}

pub(super) async fn run(lab: &Lab) -> Result<()> {
    let mut connection = lab.connect().await?;
    let ask = Ask::post("/retried?primary.status=503", "again and again");
    connection.send(ask).await?.expect(503)?;
    let received = lab.primary.journal().wait_for(3, PATIENCE).await?;
    ensure!(received.len() == 3, "{} attempts", received.len());
    let ledger = lab.settled().await?.mirror("copy")?.clone();
    ensure!(lab.shadow.journal().len() == 1, "more than one copy");
    ledger.expect(&[("matched", 1), ("sent", 1), ("responses.2xx", 1), ("primary.5xx", 1)])
}
