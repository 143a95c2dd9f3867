//! A limit is lowered below what is under way: nothing under way is cut off, nothing new is admitted until it has
//! drained below the new limit, and from then on the new limit holds.

use anyhow::{Result, ensure};

use crate::client::{Ask, Connection};
use crate::envoy::Update;
use crate::lab::{Lab, PATIENCE, Setup};

pub(super) fn setup() -> Setup {
    Setup::new(include_str!("filter.yaml"))
}

pub(super) async fn run(lab: &Lab) -> Result<()> {
    let mut connection = lab.connect().await?;
    lab.shadow.hold();
    ask(&mut connection, 5).await?;
    lab.shadow.journal().wait_for(5, PATIENCE).await?;
    let limits = "{maxInFlight: 2, maxBufferedBytes: 4096}";
    let verdict = lab
        .update(&format!(
            "mirrors: [{{name: copy, cluster: shadow, timeout: 60s, body: {{maxBytes: 3500}}, limits: {limits}}}]"
        ))
        .await?;
    ensure!(verdict == Update::Accepted, "the lower limits were refused");
    ask(&mut connection, 2).await?;
    let over = lab.statistics().await?;
    let ledger = over.mirror("copy")?;
    ensure!(
        (ledger.gauge("in_flight"), ledger.gauge("in_flight_limit")) == (5, 2),
        "in flight and its limit: {:?}",
        ledger.gauges
    );
    ledger.expect(&[
        ("matched", 7),
        ("sent", 5),
        ("dropped.in_flight", 2),
        ("primary.2xx", 5),
    ])?;

    lab.shadow.release();
    lab.settled().await?;
    lab.shadow.hold();
    ask(&mut connection, 3).await?;
    lab.shadow.journal().wait_for(7, PATIENCE).await?;
    lab.shadow.release();
    lab.settled().await?.mirror("copy")?.expect(&[
        ("matched", 10),
        ("sent", 7),
        ("dropped.in_flight", 3),
        ("responses.2xx", 7),
        ("primary.2xx", 7),
    ])
}

/// So many requests with a body.
async fn ask(connection: &mut Connection, count: usize) -> Result<()> {
    for _ in 0..count {
        let answer = connection.send(Ask::post("/", vec![1; 1500])).await?;
        answer.expect_ok()?;
    }
    Ok(())
}
