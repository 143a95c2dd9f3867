//! An upload that began before all others does not hold the probe of a circuit breaker: another request is the probe,
//! and closes the breaker while the upload goes on.

use anyhow::Result;
use hyper::Method;
use hyper::body::Bytes;

use crate::client::Ask;
use crate::lab::{Lab, Setup};
use crate::ledger::Statistics;

pub(super) fn setup() -> Setup {
    Setup::new(include_str!("filter.yaml"))
}

pub(super) async fn run(lab: &Lab) -> Result<()> {
    let mut connection = lab.connect().await?;
    for _ in 0..2 {
        connection.get("/?shadow.status=500").await?.expect_ok()?;
    }
    lab.statistics_when("the breaker is open", |now| open_breakers(now) == 1)
        .await?;
    let mut slow = lab.connect().await?;
    let (ask, mut upload) = Ask::new(Method::POST, "/upload").upload(1);
    let meanwhile = async {
        upload.send_data(Bytes::from_static(b"first, ")).await?;
        let is_collected = |now: &Statistics| now.mirrors().any(|mirror| mirror.gauge("collecting") == 1);
        lab.statistics_when("the upload is collected", is_collected).await?;
        connection.get("/probe").await?.expect_ok()?;
        lab.statistics_when("the breaker is closed", |now| open_breakers(now) == 0)
            .await?;
        upload.send_data(Bytes::from_static(b"last")).await?;
        drop(upload);
        anyhow::Ok(())
    };
    let (answer, meanwhile) = tokio::join!(slow.send(ask), meanwhile);
    meanwhile?;
    answer?.expect_ok()?;
    lab.settled().await?.mirror("copy")?.expect(&[
        ("matched", 4),
        ("sent", 4),
        ("responses.5xx", 2),
        ("responses.2xx", 2),
        ("primary.2xx", 4),
    ])
}

fn open_breakers(now: &Statistics) -> u64 {
    now.mirrors().map(|mirror| mirror.gauge("breaker_open")).sum()
}
