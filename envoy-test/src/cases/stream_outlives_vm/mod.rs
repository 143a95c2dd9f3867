//! A long-lived stream keeps the configuration under which it began, and the VM of that: so answers to what the old VM
//! has sent still come and are counted, and the stream goes on untouched. When it ends, the old VM goes, and nothing of
//! it is left on the gauges.

use anyhow::{Result, ensure};

use crate::client::Ask;
use crate::envoy::Update;
use crate::lab::{Lab, PATIENCE, Setup};
use crate::ledger::Statistics;

pub(super) fn setup() -> Setup {
    Setup::new(include_str!("filter.yaml"))
}

pub(super) async fn run(lab: &Lab) -> Result<()> {
    let mut connection = lab.connect().await?;
    let mut streaming = lab.connect().await?;
    lab.shadow.hold();
    let mut events = streaming.open(Ask::get("/events?primary.events")).await?;
    ensure!(
        events.chunk().await? == "data: first\n\n",
        "the first event did not come"
    );
    for step in ["another configuration", "another module"] {
        let config = "mirrors: [{name: copy, cluster: shadow, timeout: 59s}]";
        let verdict = match step {
            "another module" => lab.update_with_new_module(config, "next").await?,
            _ => lab.update(config).await?,
        };
        ensure!(verdict == Update::Accepted, "{step} was refused");
        connection.get("/").await?.expect_ok()?;
    }
    lab.shadow.journal().wait_for(3, PATIENCE).await?;
    let in_flight = lab.statistics().await?.mirror("copy")?.gauge("in_flight");
    ensure!(in_flight == 3, "{in_flight} of three copies are in flight");

    lab.shadow.release();
    let all = [("matched", 3), ("sent", 3), ("responses.2xx", 3), ("primary.2xx", 3)];
    lab.settled().await?.mirror("copy")?.expect(&all)?;
    lab.shadow.hold();
    connection.get("/").await?.expect_ok()?;
    lab.shadow.journal().wait_for(4, PATIENCE).await?;

    lab.primary.end_streams();
    ensure!(
        events.rest().await?.body == "data: last\n\n",
        "the last event did not come"
    );
    lab.shadow.release();
    let answered = |now: &Statistics| now.mirrors().all(|mirror| mirror.responses("2xx") == 4);
    lab.statistics_when("the new VM's answer is counted", answered).await?;
    lab.settled().await?.mirror("copy")?.expect(&[
        ("matched", 4),
        ("sent", 4),
        ("responses.2xx", 4),
        ("primary.2xx", 4),
    ])
}
