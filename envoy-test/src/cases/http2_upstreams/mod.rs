//! The protocol between Envoy and the backends makes no difference.

use anyhow::{Result, ensure};

use crate::client::Ask;
use crate::lab::{Lab, Setup, assert_same};

pub(super) fn setup() -> Setup {
    Setup::new(include_str!("filter.yaml")).http2_upstreams()
}

pub(super) async fn run(lab: &Lab) -> Result<()> {
    let mut connection = lab.connect_http2().await?;
    for ask in [Ask::get("/get"), Ask::post("/post", "a body")] {
        let answer = connection.send(ask).await?;
        answer.expect_ok()?;
        let (primary, shadow) = lab.pair(&answer).await?;
        ensure!(
            primary.version == "HTTP/2" && shadow.version == "HTTP/2",
            "{} and {}",
            primary.version,
            shadow.version
        );
        assert_same(&primary, &shadow)?;
    }
    lab.settled().await?.mirror("copy")?.expect(&[
        ("matched", 2),
        ("sent", 2),
        ("responses.2xx", 2),
        ("primary.2xx", 2),
    ])
}
