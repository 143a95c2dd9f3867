//! As many uploads as may be collected trickle in, and more are lost. Meanwhile each small request is copied, because
//! it needs no place among them.

use anyhow::{Result, ensure};

use crate::client::Socket;
use crate::lab::{Lab, Setup};

/// The default of `limits.maxCollecting`.
const PLACES: usize = 128;

/// Uploads that find no place.
const TOO_MANY: usize = 5;

pub(super) fn setup() -> Setup {
    Setup::new(include_str!("filter.yaml"))
}

pub(super) async fn run(lab: &Lab) -> Result<()> {
    let mut uploads = Vec::new();
    for _ in 0..PLACES + TOO_MANY {
        let mut socket = Socket::connect(lab.envoy.listener()).await?;
        let head = "POST /trickle HTTP/1.1\r\nhost: shop.example\r\ncontent-length: 1000\r\n\r\nx";
        socket.send(head).await?;
        uploads.push(socket);
    }
    let all_there =
        |now: &crate::ledger::Statistics| now.mirrors().any(|mirror| mirror.matched == (PLACES + TOO_MANY) as u64);
    lab.statistics_when("all uploads have begun", all_there).await?;
    let mut connection = lab.connect().await?;
    for _ in 0..50 {
        connection.get("/small").await?.expect_ok()?;
        for upload in &mut uploads {
            upload.send("x").await?;
        }
    }
    let ledger = lab.statistics().await?.mirror("copy")?.clone();
    ensure!(
        (ledger.gauge("collecting"), ledger.gauge("collecting_limit")) == (PLACES as u64, PLACES as u64),
        "collecting and its limit: {:?}",
        ledger.gauges
    );
    ensure!(
        (ledger.sent, ledger.dropped("collecting")) == (50, TOO_MANY as u64),
        "sent {} small requests: {:?}",
        ledger.sent,
        ledger.dropped
    );
    for upload in &mut uploads {
        upload.send([b'x'; 949]).await?;
        upload.read_to("HTTP/1.1 200 OK").await?;
    }
    lab.settled().await?.mirror("copy")?.expect(&[
        ("matched", (50 + PLACES + TOO_MANY) as u64),
        ("sent", (50 + PLACES) as u64),
        ("dropped.collecting", TOO_MANY as u64),
        ("responses.2xx", (50 + PLACES) as u64),
        ("primary.2xx", (50 + PLACES) as u64),
    ])
}
