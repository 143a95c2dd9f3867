//! A new version of the module comes by update, and Envoy replaces the VM. No client notices, no counter goes back, and
//! each mirror goes on under its name; an upload that began in the old VM is copied at its end. A mirror that leaves at
//! the same moment takes its statistics with it, since Envoy forgets what no VM defines: it never shows as enabled.

use anyhow::{Result, ensure};
use hyper::Method;
use hyper::body::Bytes;

use crate::client::Ask;
use crate::envoy::Update;
use crate::lab::{Lab, PATIENCE, Setup};
use crate::ledger::Statistics;

pub(super) fn setup() -> Setup {
    Setup::new(include_str!("filter.yaml"))
}

pub(super) async fn run(lab: &Lab) -> Result<()> {
    let mut connection = lab.connect().await?;
    let mut uploading = lab.connect().await?;
    let verdict = lab
        .update("mirrors: [{name: copy, cluster: shadow}, {name: gone, cluster: shadow-b}]")
        .await?;
    ensure!(verdict == Update::Accepted, "the second mirror was refused");
    connection.get("/before").await?.expect_ok()?;
    let before = lab.settled().await?;

    lab.primary.hold();
    let (ask, mut upload) = Ask::new(Method::POST, "/meanwhile").upload(1);
    let replace = async {
        upload.send_data(Bytes::from_static(b"old, ")).await?;
        let collecting = |now: &Statistics| now.mirrors().all(|mirror| mirror.gauge("collecting") == 1);
        lab.statistics_when("the upload is collected", collecting).await?;
        let verdict = lab
            .update_with_new_module("mirrors: [{name: copy, cluster: shadow, percentage: 50}]", "next")
            .await?;
        ensure!(verdict == Update::Accepted, "the new module was refused");
        upload.send_data(Bytes::from_static(b"new")).await?;
        drop(upload);
        // The old VM ends with this stream, and what it has not written by then is cancelled: so the copy comes first.
        lab.shadow.journal().wait_for(2, PATIENCE).await?;
        lab.primary.release();
        anyhow::Ok(())
    };
    let (answer, replaced) = tokio::join!(uploading.send(ask), replace);
    replaced?;
    let answer = answer?;
    answer.expect_ok()?;
    let copy = lab.shadow.journal().wait_for_id(&answer.id, PATIENCE).await?;
    ensure!(copy.body == b"old, new", "the shadow got {:?}", copy.body);
    connection.get("/after").await?.expect_ok()?;

    // The old VM ends with its last stream, and both its mirrors were balanced until then.
    let is_gone = |now: &Statistics| now.mirror("gone").is_err();
    lab.statistics_when("the old VM is gone", is_gone).await?;
    let after = lab.settled().await?;
    let copy = after.mirror("copy")?;
    ensure!(
        copy.matched == 3 && copy.matched > before.mirror("copy")?.matched,
        "matched: {}",
        copy.matched
    );
    let shown =
        ["enabled", "percentage_ppm", "collecting", "in_flight", "buffered_bytes"].map(|gauge| copy.gauge(gauge));
    ensure!(shown == [1, 500_000, 0, 0, 0], "the gauges show {shown:?}");
    ensure!(connection.is_open(), "the update closed a connection");
    Ok(())
}
