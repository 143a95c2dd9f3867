//! Trailers end a request without a last chunk. The copy leaves then, with its body; the trailers themselves a callout
//! cannot send.

use anyhow::{Result, ensure};
use hyper::body::Bytes;
use hyper::{HeaderMap, Method};

use crate::client::Ask;
use crate::lab::{Lab, Setup, assert_same};

pub(super) fn setup() -> Setup {
    Setup::new(include_str!("filter.yaml"))
}

pub(super) async fn run(lab: &Lab) -> Result<()> {
    let mut connection = lab.connect_http2().await?;
    let (ask, mut upload) = Ask::new(Method::POST, "/trailers").upload(2);
    upload.send_data(Bytes::from_static(b"then trailers")).await?;
    let mut trailers = HeaderMap::new();
    trailers.insert("x-checksum", "1234".parse()?);
    upload.send_trailers(trailers).await?;
    drop(upload);
    let answer = connection.send(ask).await?;
    answer.expect_ok()?;
    let (primary, shadow) = lab.pair(&answer).await?;
    assert_same(&primary, &shadow)?;
    ensure!(shadow.body == b"then trailers", "the shadow got {:?}", shadow.body);
    lab.settled().await?.mirror("copy")?.expect(&[
        ("matched", 1),
        ("sent", 1),
        ("responses.2xx", 1),
        ("primary.2xx", 1),
    ])
}
