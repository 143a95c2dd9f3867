//! A body of exactly the default `body.maxBytes` is copied, whether its length is announced or not.

use anyhow::Result;
use hyper::Method;
use hyper::body::Bytes;

use crate::client::Ask;
use crate::lab::{Lab, Setup, assert_same};

pub(super) fn setup() -> Setup {
    Setup::new(include_str!("filter.yaml"))
}

pub(super) async fn run(lab: &Lab) -> Result<()> {
    let bytes: Vec<u8> = (0..1024 * 1024_u32).map(|index| (index % 251) as u8).collect();
    let mut connection = lab.connect().await?;
    let answer = connection.send(Ask::post("/announced", bytes.clone())).await?;
    answer.expect_ok()?;
    let (primary, shadow) = lab.pair(&answer).await?;
    assert_same(&primary, &shadow)?;

    let (ask, mut upload) = Ask::new(Method::POST, "/chunked").upload(4);
    let send = async {
        for chunk in bytes.chunks(10_000) {
            upload.send_data(Bytes::copy_from_slice(chunk)).await?;
        }
        drop(upload);
        anyhow::Ok(())
    };
    let (answer, sent) = tokio::join!(connection.send(ask), send);
    sent?;
    let answer = answer?;
    answer.expect_ok()?;
    let (primary, shadow) = lab.pair(&answer).await?;
    assert_same(&primary, &shadow)?;
    lab.settled().await?.mirror("copy")?.expect(&[
        ("matched", 2),
        ("sent", 2),
        ("responses.2xx", 2),
        ("primary.2xx", 2),
    ])
}
