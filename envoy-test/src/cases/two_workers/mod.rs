//! Each worker runs a filter of its own; what they count adds up exactly, and no gauge keeps a remainder.

use anyhow::{Context as _, Result, ensure};

use crate::lab::{Lab, PATIENCE, Setup};

pub(super) fn setup() -> Setup {
    Setup::new(include_str!("filter.yaml")).workers(2)
}

pub(super) async fn run(lab: &Lab) -> Result<()> {
    let mut connections = Vec::new();
    while connections.len() < 8 || workers_in_use(lab).await? < 2 {
        ensure!(
            connections.len() < 100,
            "one worker took all of {} connections",
            connections.len()
        );
        let mut connection = lab.connect().await?;
        connection.get("/").await?.expect_ok()?;
        connections.push(connection);
    }
    let mut requests = connections.len() as u64;
    let mut clients = tokio::task::JoinSet::new();
    for mut connection in connections {
        requests += 50;
        clients.spawn(async move {
            for _ in 0..50 {
                connection.get("/").await?.expect_ok()?;
            }
            anyhow::Ok(())
        });
    }
    while let Some(client) = clients.join_next().await {
        client??;
    }
    lab.shadow
        .journal()
        .wait_for(usize::try_from(requests)?, PATIENCE)
        .await?;
    let ledger = lab.settled().await?.mirror("copy")?.clone();
    ledger.expect(&[
        ("matched", requests),
        ("sent", requests),
        ("responses.2xx", requests),
        ("primary.2xx", requests),
    ])?;
    for gauge in ["collecting", "in_flight", "buffered_bytes"] {
        ensure!(ledger.gauge(gauge) == 0, "{gauge} is {}", ledger.gauge(gauge));
    }
    Ok(())
}

/// The number of workers that have accepted a connection.
async fn workers_in_use(lab: &Lab) -> Result<usize> {
    let statistics = lab.envoy.admin().statistics("worker_.*downstream_cx_total").await?;
    let all = statistics["stats"].as_array().context("no statistics of the workers")?;
    Ok(all.iter().filter(|one| one["value"].as_u64() > Some(0)).count())
}
