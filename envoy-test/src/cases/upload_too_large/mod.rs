//! What is over `body.maxBytes` is dropped whole, never cut: at once when its length is announced, else at the first
//! byte too many. The primary receives all of it and the client its normal answer.

use anyhow::{Result, ensure};
use hyper::Method;
use hyper::body::Bytes;

use crate::client::Ask;
use crate::lab::{Lab, PATIENCE, Setup};

const LENGTH: u64 = 5 * 1024 * 1024;

pub(super) fn setup() -> Setup {
    Setup::new(include_str!("filter.yaml"))
}

pub(super) async fn run(lab: &Lab) -> Result<()> {
    let mut connection = lab.connect().await?;
    let announced = connection
        .send(Ask::post("/announced", vec![7; LENGTH as usize]))
        .await?;
    announced.expect_ok()?;

    let (ask, mut upload) = Ask::new(Method::POST, "/chunked").upload(4);
    let send = async {
        for _ in 0..LENGTH / 65_536 {
            upload.send_data(Bytes::from(vec![7; 65_536])).await?;
        }
        drop(upload);
        anyhow::Ok(())
    };
    let (chunked, sent) = tokio::join!(connection.send(ask), send);
    sent?;
    let chunked = chunked?;
    chunked.expect_ok()?;

    for answer in [announced, chunked] {
        let received = lab.primary.journal().wait_for_id(&answer.id, PATIENCE).await?;
        ensure!(
            received.body_length == LENGTH,
            "the primary got {} bytes",
            received.body_length
        );
    }
    let statistics = lab.settled().await?;
    ensure!(lab.shadow.journal().is_empty(), "the shadow got something");
    statistics
        .mirror("copy")?
        .expect(&[("matched", 2), ("dropped.body_too_large", 2)])
}
