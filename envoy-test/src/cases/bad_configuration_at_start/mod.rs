//! A filter without a good configuration serves and copies nothing, whatever the configuration is: at the start, in a
//! proxy that is started again, and under a name that the proxy has not had. The log names the key as the user wrote
//! it, the gauge is 1, and a correction takes effect without a restart.

use anyhow::{Result, ensure};

use crate::client::Connection;
use crate::lab::{Lab, PATIENCE, PLUGIN, Setup};

/// What a person may write, and what the log must name.
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
const GOOD: &str = r#"{"mirrors": [{"name": "copy", "cluster": "shadow"}]}"#;

pub(super) fn setup() -> Setup {
    Setup::new(include_str!("filter.yaml")).workers(2).refused()
}

pub(super) async fn run(lab: &Lab) -> Result<()> {
    let mut connection = lab.connect().await?;
    // Each of the two workers.
    lab.wait_for_refusals(&[PLUGIN, "mirrors[1].percentage: 140", "; nothing is copied"], 2)
        .await?;
    lab.assert_copied(&mut connection, false).await?;
    lab.wait_for_gauge(PLUGIN, true).await?;

    let again = lab.another_envoy().await?;
    again.log().wait_for(&["mirrors[1].percentage"], PATIENCE).await?;
    let mut client = Connection::http1(again.listener()).await?;
    for _ in 0..10 {
        client.get("/restarted").await?.expect_ok()?;
    }
    ensure!(again.stop().await?.success(), "the second Envoy did not end in peace");

    for (number, (text, message)) in BAD.into_iter().enumerate() {
        let name = format!("fresh-{number}");
        lab.update_plugin(&name, text).await?;
        lab.wait_for_refusals(&[&name, message, "; nothing is copied"], 2)
            .await?;
        lab.assert_copied(&mut connection, false).await?;
        lab.wait_for_gauge(&name, true).await?;

        lab.update_plugin(&name, Some(GOOD)).await?;
        lab.wait_for_gauge(&name, false).await?;
        lab.assert_copied(&mut connection, true).await?;
        // So that the next one does not find what this one has.
        lab.update_plugin(PLUGIN, Some("{}")).await?;
        lab.assert_copied(&mut connection, false).await?;
    }
    ensure!(connection.is_open(), "a refused configuration closed a connection");
    Ok(())
}
