//! Whatever the method, the framing and the protocol: the shadow receives what the primary received, once, with
//! `-shadow` in the authority, and both answers are counted. A chunked body arrives with a content-length, because a
//! callout has its whole body.

use anyhow::{Result, ensure};
use hyper::Method;

use crate::client::{Ask, Connection};
use crate::lab::{Lab, Setup, assert_same};

pub(super) fn setup() -> Setup {
    Setup::new(include_str!("filter.yaml"))
}

pub(super) async fn run(lab: &Lab) -> Result<()> {
    every_body(lab, lab.connect().await?).await?;
    every_body(lab, lab.connect_http2().await?).await?;
    let statistics = lab.settled().await?;
    statistics.mirror("copy")?.expect(&[
        ("matched", 16),
        ("sent", 16),
        ("responses.2xx", 16),
        ("primary.2xx", 16),
    ])
}

async fn every_body(lab: &Lab, mut connection: Connection) -> Result<()> {
    let chunked = |path| Ask::new(Method::POST, path);
    let asks = [
        (Ask::get("/get?a=1&b=%20"), 0),
        (Ask::new(Method::HEAD, "/head"), 0),
        (Ask::new(Method::DELETE, "/delete").host("other.example:8080"), 0),
        (Ask::new(Method::PUT, "/put").body("new"), 3),
        (Ask::post("/length", "twelve bytes"), 12),
        (Ask::post("/empty", ""), 0),
        (chunked("/chunked").chunked([b"one, ", b"two, ", b"three"]), 15),
        (chunked("/chunked/empty").chunked([]), 0),
    ];
    for (ask, length) in asks {
        let answer = connection
            .send(ask.header("x-order", "1").header("x-order", "2"))
            .await?;
        answer.expect_ok()?;
        let (primary, shadow) = lab.pair(&answer).await?;
        assert_same(&primary, &shadow)?;
        ensure!(
            shadow.body_length == length,
            "{}: {} bytes instead of {length}",
            shadow.path,
            shadow.body_length
        );
        if length > 0 {
            ensure!(
                shadow.text("content-length") == Some(length.to_string()),
                "{}: {:?}",
                shadow.path,
                shadow.text("content-length")
            );
        }
        let authority = primary.authority.replace("example", "example-shadow");
        ensure!(
            shadow.authority == authority,
            "{} instead of {authority}",
            shadow.authority
        );
    }
    Ok(())
}
