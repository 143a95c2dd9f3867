//! Each bad update is refused with the path of its key in the log, once for each worker, and harms no request: the last
//! good configuration goes on copying, with its budget and its counters, and the gauge is 1. A correction takes effect
//! and takes the gauge back.

use anyhow::{Result, ensure};

use crate::lab::{Lab, PATIENCE, PLUGIN, Setup};
use crate::ledger::Ledger;

const BAD: [(Option<&str>, &str); 5] = [
    (
        Some(r#"{"mirrors": [{"name": "copy", "cluster": "shadow", "percentage": 140}]}"#),
        "mirrors[0].percentage: 140 is not between 0 and 100",
    ),
    (
        Some(r#"{"mirrors": [{"name": "copy", "cluster": "shadow", "percent": 10}]}"#),
        "mirrors[0].percent: ",
    ),
    (Some("mirrors: this is no JSON"), "cannot be read"),
    (Some("{}"), "`mirrors` is missing"),
    (None, "there is no configuration"),
];
const CORRECTED: &str = r#"{"mirrors": [{"name": "copy", "cluster": "shadow", "timeout": "60s"}]}"#;

pub(super) fn setup() -> Setup {
    Setup::new(include_str!("filter.yaml")).workers(2)
}

pub(super) async fn run(lab: &Lab) -> Result<()> {
    let mut connection = lab.connect().await?;
    lab.assert_copied(&mut connection, true).await?;
    lab.wait_for_gauge(PLUGIN, false).await?;
    lab.shadow.hold();
    connection.get("/held").await?.expect_ok()?;
    lab.shadow.journal().wait_for(6, PATIENCE).await?;
    for (text, message) in BAD {
        lab.update_plugin(PLUGIN, text).await?;
        lab.wait_for_refusals(&[message, "; the last good configuration goes on"], 2)
            .await?;
        let shown = lab.wait_for_gauge(PLUGIN, true).await?;
        let copy = shown.mirror("copy")?;
        ensure!(copy.gauge("in_flight_limit") == 3, "another limit: {copy:?}");
        connection.get("/bad").await?.expect_ok()?;
    }
    // Three copies are under way, the first of them from before the first bad update.
    let over = lab.statistics().await?;
    over.mirror("copy")?.expect(&[
        ("matched", 11),
        ("sent", 8),
        ("dropped.in_flight", 3),
        ("responses.2xx", 5),
        ("primary.2xx", 8),
    ])?;
    ensure!(over.mirror("copy")?.gauge("outdated") == 1, "not shown as outdated");
    for (_, message) in BAD {
        // Two workers and the main thread.
        let lines = lab.envoy.log().lines_with(message).len();
        ensure!(lines == 3, "{lines} lines say {message}");
    }
    lab.shadow.release();
    lab.settled().await?;

    lab.update_plugin(PLUGIN, Some(CORRECTED)).await?;
    lab.wait_for_gauge(PLUGIN, false).await?;
    let is_corrected = |copy: &Ledger| (copy.gauge("in_flight_limit"), copy.gauge("outdated")) == (128, 0);
    lab.statistics_when("the correction is shown", |now| {
        now.mirror("copy").is_ok_and(is_corrected)
    })
    .await?;
    lab.assert_copied(&mut connection, true).await?;
    ensure!(connection.is_open(), "an update closed a connection");
    lab.settled().await?.mirror("copy")?.expect(&[
        ("matched", 16),
        ("sent", 13),
        ("dropped.in_flight", 3),
        ("responses.2xx", 13),
        ("primary.2xx", 13),
    ])
}
