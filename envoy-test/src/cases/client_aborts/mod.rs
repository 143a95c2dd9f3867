//! Half a request is never mirrored: the copy is dropped as `request_reset`, and what it held is free again.

use anyhow::{Result, ensure};
use hyper::Method;
use hyper::body::Bytes;

use crate::backend::Progress;
use crate::client::{Abort, Ask};
use crate::lab::{Lab, PATIENCE, Setup};

pub(super) fn setup() -> Setup {
    Setup::new(include_str!("filter.yaml"))
}

pub(super) async fn run(lab: &Lab) -> Result<()> {
    let mut connection = lab.connect().await?;
    let (ask, mut upload) = Ask::new(Method::POST, "/upload")
        .header("content-length", "100000")
        .upload(1);
    let abort = async {
        upload.send_data(Bytes::from(vec![1; 10_000])).await?;
        let journal = lab.primary.journal();
        journal
            .wait_until("the first half", PATIENCE, |all| {
                all.iter().any(|one| one.body_length == 10_000)
            })
            .await?;
        let half_way = lab
            .statistics_when("a copy is collected", |now| {
                now.mirrors().any(|mirror| mirror.gauge("collecting") == 1)
            })
            .await?;
        let charged = half_way.mirror("copy")?.gauge("buffered_bytes");
        ensure!(charged >= 10_000, "only {charged} bytes are charged");
        half_way.assert_balanced()?;
        upload.abort(Abort);
        Ok(())
    };
    let (answer, aborted) = tokio::join!(connection.send(ask), abort);
    aborted?;
    ensure!(answer.is_err(), "an aborted upload got an answer");
    let journal = lab.primary.journal();
    journal
        .wait_until("the end", PATIENCE, |all| {
            all.iter().any(|one| one.progress == Progress::Broken)
        })
        .await?;
    let dropped = |now: &crate::ledger::Statistics| now.mirrors().any(|mirror| mirror.dropped("request_reset") == 1);
    lab.statistics_when("the copy is dropped", dropped).await?;
    let statistics = lab.settled().await?;
    ensure!(lab.shadow.journal().is_empty(), "the shadow got half a request");
    ensure!(
        statistics.mirror("copy")?.gauge("buffered_bytes") == 0,
        "its bytes are still charged"
    );
    statistics
        .mirror("copy")?
        .expect(&[("matched", 1), ("dropped.request_reset", 1)])
}
