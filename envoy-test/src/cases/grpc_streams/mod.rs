//! Client streams. One that ends within the limits is copied whole. An endless one is dropped, by its length or by its
//! time, and nothing of it is held while it goes on; the primary receives every byte, and one that is cancelled is no
//! request to copy.

use anyhow::{Result, ensure};
use http_body_util::channel::Sender;
use hyper::Method;
use hyper::body::Bytes;

use crate::client::{Abort, Ask};
use crate::lab::{Lab, PATIENCE, Setup, assert_same};
use crate::ledger::Statistics;

const MESSAGE: usize = 600;

pub(super) fn setup() -> Setup {
    Setup::new(include_str!("filter.yaml")).http2_upstreams()
}

pub(super) async fn run(lab: &Lab) -> Result<()> {
    let mut connection = lab.connect_http2().await?;

    let (call, mut messages) = stream("/short?grpc=0");
    message(&mut messages).await?;
    drop(messages);
    let answer = connection.send(call).await?;
    answer.expect_ok()?;
    let (primary, shadow) = lab.pair(&answer).await?;
    assert_same(&primary, &shadow)?;

    let (call, mut messages) = stream("/endless?grpc=0");
    let endless = async {
        message(&mut messages).await?;
        message(&mut messages).await?;
        let by_length = |now: &Statistics| now.mirrors().any(|mirror| mirror.dropped("body_too_large") == 1);
        lab.statistics_when("one mirror has enough", by_length).await?;
        let by_time = |now: &Statistics| now.mirrors().any(|mirror| mirror.dropped("body_wait") == 1);
        let now = lab.statistics_when("the other waited enough", by_time).await?;
        for mirror in now.mirrors() {
            ensure!(
                (mirror.gauge("collecting"), mirror.gauge("buffered_bytes")) == (0, 0),
                "{} still holds something: {:?}",
                mirror.mirror,
                mirror.gauges
            );
        }
        for _ in 0..50 {
            message(&mut messages).await?;
        }
        drop(messages);
        anyhow::Ok(())
    };
    let (answer, sent) = tokio::join!(connection.send(call), endless);
    sent?;
    let answer = answer?;
    ensure!(
        answer.trailers.get("grpc-status").is_some_and(|status| status == "0"),
        "the client got {answer:?}"
    );
    let received = lab.primary.journal().wait_for_id(&answer.id, PATIENCE).await?;
    ensure!(
        received.body_length == 52 * MESSAGE as u64,
        "the primary got {} bytes",
        received.body_length
    );

    let (call, mut messages) = stream("/cancelled?grpc=0");
    let cancel = async {
        message(&mut messages).await?;
        let collecting = |now: &Statistics| now.mirrors().all(|mirror| mirror.gauge("collecting") == 1);
        lab.statistics_when("it is collected", collecting).await?;
        messages.abort(Abort);
        anyhow::Ok(())
    };
    let (answer, cancelled) = tokio::join!(connection.send(call), cancel);
    cancelled?;
    ensure!(answer.is_err(), "a cancelled call was answered");
    let reset = |now: &Statistics| now.mirrors().all(|mirror| mirror.dropped("request_reset") == 1);
    lab.statistics_when("its copies are dropped", reset).await?;

    let statistics = lab.settled().await?;
    for (mirror, lost) in [("short", "dropped.body_too_large"), ("hasty", "dropped.body_wait")] {
        statistics.mirror(mirror)?.expect(&[
            ("matched", 3),
            (lost, 1),
            ("dropped.request_reset", 1),
            ("sent", 1),
            ("responses.grpc_ok", 1),
            ("primary.grpc_ok", 1),
        ])?;
    }
    Ok(())
}

fn stream(path: &str) -> (Ask, Sender<Bytes, Abort>) {
    let call = Ask::new(Method::POST, path).header("content-type", "application/grpc");
    call.header("te", "trailers").upload(1)
}

async fn message(messages: &mut Sender<Bytes, Abort>) -> Result<()> {
    Ok(messages.send_data(Bytes::from(vec![7; MESSAGE])).await?)
}
