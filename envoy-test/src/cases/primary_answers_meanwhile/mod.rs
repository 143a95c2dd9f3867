//! A primary that begins its answer while the request is still coming, and ends it afterwards: the copy leaves when the
//! request is complete, and the answer is counted once, with it.

use anyhow::{Result, ensure};
use hyper::Method;
use hyper::body::Bytes;

use crate::client::Ask;
use crate::lab::{Lab, PATIENCE, Setup};

pub(super) fn setup() -> Setup {
    Setup::new(include_str!("filter.yaml")).http2_upstreams()
}

pub(super) async fn run(lab: &Lab) -> Result<()> {
    let mut connection = lab.connect_http2().await?;
    let (ask, mut upload) = Ask::new(Method::POST, "/talk?primary.meanwhile").upload(1);
    upload.send_data(Bytes::from_static(b"first, ")).await?;
    let mut answer = connection.open(ask).await?;
    ensure!(answer.chunk().await? == "go on, ", "the answer did not begin");
    let during = lab.statistics().await?;
    ensure!(lab.shadow.journal().is_empty(), "the shadow got a beginning");
    during.mirror("copy")?.expect(&[("matched", 1)])?;

    upload.send_data(Bytes::from_static(b"last")).await?;
    drop(upload);
    let answer = answer.rest().await?;
    ensure!(answer.body == "thank you", "the answer ended with {:?}", answer.body);
    let copies = lab.shadow.journal().wait_for(1, PATIENCE).await?;
    ensure!(copies[0].body == b"first, last", "the shadow got {:?}", copies[0].body);
    lab.settled().await?.mirror("copy")?.expect(&[
        ("matched", 1),
        ("sent", 1),
        ("responses.2xx", 1),
        ("primary.2xx", 1),
    ])
}
