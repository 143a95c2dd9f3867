//! The bytes of a copy are charged until its shadow has answered, because Envoy holds them so long. What does not fit
//! is dropped.

use anyhow::{Result, ensure};
use hyper::Method;

use crate::client::Ask;
use crate::lab::{Lab, PATIENCE, Setup};

static BODY: [u8; 60_000] = [5; 60_000];

pub(super) fn setup() -> Setup {
    Setup::new(include_str!("filter.yaml"))
}

pub(super) async fn run(lab: &Lab) -> Result<()> {
    lab.shadow.hold();
    let mut connection = lab.connect().await?;
    connection.send(Ask::post("/fits", &BODY[..])).await?.expect_ok()?;
    lab.shadow.journal().wait_for(1, PATIENCE).await?;
    let charged = lab.statistics().await?.mirror("copy")?.gauge("buffered_bytes");
    ensure!((60_000..70_000).contains(&charged), "{charged} bytes are charged");
    connection.send(Ask::post("/announced", &BODY[..])).await?.expect_ok()?;
    connection
        .send(Ask::new(Method::POST, "/chunked").chunked([&BODY[..]]))
        .await?
        .expect_ok()?;

    lab.shadow.release();
    lab.settled().await?;
    connection.send(Ask::post("/again", &BODY[..])).await?.expect_ok()?;
    let ledger = lab.settled().await?.mirror("copy")?.clone();
    ensure!(
        ledger.gauge("buffered_bytes") == 0,
        "{} bytes are still charged",
        ledger.gauge("buffered_bytes")
    );
    ledger.expect(&[
        ("matched", 4),
        ("sent", 2),
        ("dropped.bytes", 2),
        ("responses.2xx", 2),
        ("primary.2xx", 2),
    ])
}
