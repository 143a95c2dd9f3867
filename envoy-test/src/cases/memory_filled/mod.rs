//! The largest budgets that are accepted together are filled at once, by uploads that grow side by side. The filter
//! lives on, no client notices anything, and small requests are copied all the while.

use anyhow::{Result, ensure};
use hyper::Method;
use hyper::body::Bytes;
use tokio::task::JoinSet;

use crate::client::{Ask, Connection};
use crate::lab::{Lab, Setup};
use crate::ledger::Statistics;

/// The uploads of each mirror.
const UPLOADS: usize = 9;

/// Chunks of an upload. Nine uploads of 30 MiB are more than the 256 MiB of a mirror.
const CHUNKS: usize = 120;

const CHUNK: usize = 256 << 10;

const MIRRORS: [&str; 2] = ["one", "two"];

pub(super) fn setup() -> Setup {
    Setup::new(include_str!("filter.yaml"))
}

pub(super) async fn run(lab: &Lab) -> Result<()> {
    let chunk = Bytes::from(vec![b'x'; CHUNK]);
    let (mut bodies, mut answers) = (Vec::new(), JoinSet::new());
    for path in MIRRORS.repeat(UPLOADS) {
        let mut connection = Connection::http1(lab.envoy.listener()).await?;
        let (ask, body) = Ask::new(Method::POST, &format!("/{path}")).upload(1);
        answers.spawn(async move { connection.send(ask).await });
        bodies.push(body);
    }
    for _ in 0..CHUNKS {
        for body in &mut bodies {
            body.send_data(chunk.clone()).await?;
        }
    }
    let is_full = |now: &Statistics| {
        MIRRORS
            .iter()
            .filter_map(|name| now.mirror(name).ok())
            .all(|ledger| ledger.dropped("bytes") > 0 && ledger.gauge("buffered_bytes") > 230 << 20)
    };
    lab.statistics_when("both budgets are full", is_full).await?;
    let mut connection = lab.connect().await?;
    for path in ["/one/small", "/two/small"].repeat(10) {
        connection.get(path).await?.expect_ok()?;
    }
    drop(bodies);
    while let Some(answer) = answers.join_next().await {
        answer??.expect_ok()?;
    }
    let statistics = lab.settled().await?;
    for name in MIRRORS {
        let ledger = statistics.mirror(name)?;
        ensure!(
            ledger.dropped("memory") == 0,
            "the memory did not hold what was accepted"
        );
        ensure!(
            ledger.sent + ledger.dropped("bytes") == (UPLOADS + 10) as u64 && ledger.sent >= 17,
            "{ledger:?}"
        );
    }
    Ok(())
}
