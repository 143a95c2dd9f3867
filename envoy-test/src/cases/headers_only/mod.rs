//! With `headersOnly` a request over the cap is copied without its body, and without the content-length that would make
//! the shadow wait for one. A body within the cap is copied whole.

use anyhow::{Result, ensure};
use hyper::Method;

use crate::client::Ask;
use crate::lab::{Lab, Setup};

pub(super) fn setup() -> Setup {
    Setup::new(include_str!("filter.yaml"))
}

pub(super) async fn run(lab: &Lab) -> Result<()> {
    let mut connection = lab.connect().await?;
    let chunked = |path| Ask::new(Method::POST, path);
    let asks = [
        (Ask::post("/small", "ten bytes!"), 10),
        (Ask::post("/large", "eleven byte"), 0),
        (chunked("/chunked/small").chunked([b"ten ", b"bytes!"]), 10),
        (chunked("/chunked/large").chunked([b"eleven", b" byte"]), 0),
    ];
    for (ask, length) in asks {
        let answer = connection.send(ask).await?;
        answer.expect_ok()?;
        let (_, shadow) = lab.pair(&answer).await?;
        ensure!(
            shadow.body_length == length,
            "{}: {} bytes instead of {length}",
            shadow.path,
            shadow.body_length
        );
    }
    lab.settled().await?.mirror("copy")?.expect(&[
        ("matched", 4),
        ("sent", 4),
        ("responses.2xx", 4),
        ("primary.2xx", 4),
    ])
}
