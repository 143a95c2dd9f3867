//! A primary that answers before the upload is over, over HTTP/1 and HTTP/2: Envoy ends the request there, and the
//! client has its answer. What was never received whole is not mirrored.

use anyhow::{Result, ensure};
use hyper::Method;
use hyper::body::Bytes;

use crate::client::Ask;
use crate::lab::{Lab, Setup};

pub(super) fn setup() -> Setup {
    Setup::new(include_str!("filter.yaml"))
}

pub(super) async fn run(lab: &Lab) -> Result<()> {
    for mut connection in [lab.connect().await?, lab.connect_http2().await?] {
        let (ask, mut upload) = Ask::new(Method::POST, "/upload?primary.early&primary.status=413").upload(1);
        let (answer, sent) = tokio::join!(
            connection.send(ask),
            upload.send_data(Bytes::from_static(b"the beginning"))
        );
        sent?;
        answer?.expect(413)?;
        drop(upload);
    }
    let dropped = |now: &crate::ledger::Statistics| now.mirrors().any(|mirror| mirror.dropped("request_reset") == 2);
    lab.statistics_when("the copies are dropped", dropped).await?;
    ensure!(
        lab.shadow.journal().is_empty(),
        "the shadow got a beginning without an end"
    );
    lab.settled()
        .await?
        .mirror("copy")?
        .expect(&[("matched", 2), ("dropped.request_reset", 2)])
}
