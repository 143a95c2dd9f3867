//! A copy is not collected for ever: after `body.maxWait` it is dropped and its memory is free, although its stream
//! makes no callback meanwhile. The upload itself goes on and completes as if nothing had happened.

use anyhow::{Result, ensure};
use hyper::Method;
use hyper::body::Bytes;

use crate::client::Ask;
use crate::lab::{Lab, PATIENCE, Setup};

pub(super) fn setup() -> Setup {
    Setup::new(include_str!("filter.yaml"))
}

pub(super) async fn run(lab: &Lab) -> Result<()> {
    let mut connection = lab.connect().await?;
    let (ask, mut upload) = Ask::new(Method::POST, "/upload").upload(1);
    let dawdle = async {
        upload.send_data(Bytes::from_static(b"first, ")).await?;
        let overdue = |now: &crate::ledger::Statistics| now.mirrors().any(|mirror| mirror.dropped("body_wait") == 1);
        let statistics = lab.statistics_when("the copy is overdue", overdue).await?;
        let ledger = statistics.mirror("copy")?;
        ensure!(
            (ledger.gauge("collecting"), ledger.gauge("buffered_bytes")) == (0, 0),
            "not freed: {:?}",
            ledger.gauges
        );
        upload.send_data(Bytes::from_static(b"last")).await?;
        drop(upload);
        Ok(())
    };
    let (answer, dawdled) = tokio::join!(connection.send(ask), dawdle);
    dawdled?;
    let answer = answer?;
    answer.expect_ok()?;
    let received = lab.primary.journal().wait_for_id(&answer.id, PATIENCE).await?;
    ensure!(received.body == b"first, last", "the primary got {:?}", received.body);

    connection.send(Ask::post("/swift", "in time")).await?.expect_ok()?;
    let copies = lab.shadow.journal().wait_for(1, PATIENCE).await?;
    ensure!(
        copies.len() == 1 && copies[0].path == "/swift",
        "the overdue copy was sent"
    );
    let expected = [
        ("matched", 2),
        ("dropped.body_wait", 1),
        ("sent", 1),
        ("responses.2xx", 1),
        ("primary.2xx", 1),
    ];
    lab.settled().await?.mirror("copy")?.expect(&expected)
}
