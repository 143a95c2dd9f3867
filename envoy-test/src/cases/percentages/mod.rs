//! Five mirrors see the same 4000 requests and each takes its share, by its own dice. The bounds lie at least six
//! standard deviations out, so a right filter fails about once in a billion runs.

use anyhow::{Result, ensure};

use crate::envoy::Shape;
use crate::lab::{Lab, PATIENCE, Setup};

const REQUESTS: u64 = 4000;
const CONNECTIONS: u64 = 4;

pub(super) fn setup() -> Setup {
    Setup::new(include_str!("filter.yaml")).shape(Shape::Json)
}

pub(super) async fn run(lab: &Lab) -> Result<()> {
    let mut clients = tokio::task::JoinSet::new();
    for _ in 0..CONNECTIONS {
        let mut connection = lab.connect().await?;
        clients.spawn(async move {
            for _ in 0..REQUESTS / CONNECTIONS {
                connection.get("/").await?.expect_ok()?;
            }
            anyhow::Ok(())
        });
    }
    while let Some(client) = clients.join_next().await {
        client??;
    }
    let statistics = lab.settled().await?;
    let bounds = [
        ("none", 0..=0),
        ("half-percent", 1..=60),
        ("half", 1800..=2200),
        ("all", REQUESTS..=REQUESTS),
        ("absent", REQUESTS..=REQUESTS),
    ];
    let mut total = 0;
    for (name, bounds) in bounds {
        let ledger = statistics.mirror(name)?;
        ensure!(
            bounds.contains(&ledger.sent),
            "mirror {name} sent {} of {REQUESTS}",
            ledger.sent
        );
        let sent = ledger.sent;
        ledger.expect(&[
            ("matched", REQUESTS),
            ("sent", sent),
            ("skipped.not_sampled", REQUESTS - sent),
            ("responses.2xx", sent),
            ("primary.2xx", sent),
        ])?;
        total += sent;
    }
    let received = lab.shadow.journal().wait_for(usize::try_from(total)?, PATIENCE).await?;
    let half = received
        .iter()
        .filter(|one| one.header("x-mirrored-by") == Some(b"half"))
        .count() as u64;
    ensure!(
        half == statistics.mirror("half")?.sent,
        "the shadow got {half} copies of mirror half"
    );
    Ok(())
}
