//! Two filters in one VM, of which one gets a bad configuration: the other copies as before, under its own gauge. A
//! filter that was taken away and comes back with a bad configuration has no last good one. The same holds for one
//! whose module changes together with its configuration, because the new module has a VM of its own.

use anyhow::{Result, ensure};

use crate::lab::{Lab, PATIENCE, PLUGIN, Setup};

const BAD: &str = r#"{"mirrors": [{"name": "copy", "cluster": "shadow", "percentage": 140}]}"#;
const GOOD: &str = r#"{"mirrors": [{"name": "copy", "cluster": "shadow"}]}"#;

pub(super) fn setup() -> Setup {
    Setup::new(include_str!("filter.yaml")).filters(include_str!("filters.yaml"))
}

pub(super) async fn run(lab: &Lab) -> Result<()> {
    let mut connection = lab.connect().await?;
    lab.assert_copied(&mut connection, true).await?;
    lab.update_plugin(PLUGIN, Some(BAD)).await?;
    let shown = lab.wait_for_gauge(PLUGIN, true).await?;
    ensure!(shown.refused("beside") == Some(0), "the other filter is refused too");
    lab.assert_copied(&mut connection, true).await?;

    // Away, and back.
    lab.update_plugin(
        "another",
        Some(r#"{"mirrors": [{"name": "another", "cluster": "shadow-b", "percentage": 0}]}"#),
    )
    .await?;
    lab.statistics_when("the mirror is gone", |now| {
        now.mirror("copy").is_ok_and(|copy| copy.gauge("enabled") == 0)
    })
    .await?;
    lab.assert_copied(&mut connection, false).await?;
    lab.update_plugin(PLUGIN, Some(BAD)).await?;
    lab.wait_for_refusals(&["; nothing is copied"], 1).await?;
    lab.wait_for_gauge(PLUGIN, true).await?;
    lab.assert_copied(&mut connection, false).await?;

    // Good, and then bad with a new module.
    lab.update_plugin(PLUGIN, Some(GOOD)).await?;
    lab.wait_for_gauge(PLUGIN, false).await?;
    lab.assert_copied(&mut connection, true).await?;
    lab.update_with_new_module("mirrors: [{name: copy, cluster: shadow, percentage: 140}]", "next")
        .await?;
    lab.wait_for_gauge(PLUGIN, true).await?;
    lab.assert_copied(&mut connection, false).await?;
    lab.update_with_new_module("mirrors: [{name: copy, cluster: shadow}]", "next")
        .await?;
    lab.wait_for_gauge(PLUGIN, false).await?;
    lab.assert_copied(&mut connection, true).await?;

    let requests = 7 * 5;
    lab.shadow_b.journal().wait_for(requests, PATIENCE).await?;
    ensure!(
        lab.shadow_b.journal().len() == requests,
        "the other filter did not copy each request once"
    );
    Ok(())
}
