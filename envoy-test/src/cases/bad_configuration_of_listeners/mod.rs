//! A bad configuration in the filter chain itself: Envoy starts with it and takes an update of its listener with it.
//! Two listeners that carry the same filter are one plugin, and both serve on.

use anyhow::{Result, ensure};

use crate::lab::{Lab, PLUGIN, Setup};

pub(super) fn setup() -> Setup {
    Setup::new(include_str!("filter.yaml"))
        .filters(include_str!("filters.yaml"))
        .second_listener()
        .discovered_listeners()
}

pub(super) async fn run(lab: &Lab) -> Result<()> {
    lab.wait_for_refusals(&["inline", "mirrors[0].percentage: 140", "; nothing is copied"], 1)
        .await?;
    lab.wait_for_gauge("inline", true).await?;
    for mut connection in [lab.connect().await?, lab.connect_to_second().await?] {
        lab.assert_copied(&mut connection, true).await?;
    }
    ensure!(lab.shadow_b.journal().is_empty(), "a refused configuration copies");

    // The discovered filter, which both listeners have, becomes bad.
    lab.update_plugin(PLUGIN, Some("{}")).await?;
    lab.wait_for_gauge(PLUGIN, true).await?;
    for mut connection in [lab.connect().await?, lab.connect_to_second().await?] {
        lab.assert_copied(&mut connection, true).await?;
    }

    // An update of the listeners: from bad to good, and to bad again.
    lab.edit_listeners("140}", "100}").await?;
    lab.wait_for_gauge("inline", false).await?;
    let before = lab.shadow_b.journal().len();
    lab.assert_copied(&mut lab.connect().await?, true).await?;
    lab.shadow_b
        .journal()
        .wait_for(before + 5, crate::lab::PATIENCE)
        .await?;
    lab.edit_listeners("100}", "-1}").await?;
    lab.wait_for_refusals(
        &[
            "inline",
            "mirrors[0].percentage: -1",
            "; the last good configuration goes on",
        ],
        1,
    )
    .await?;
    lab.wait_for_gauge("inline", true).await?;
    let before = lab.shadow_b.journal().len();
    for mut connection in [lab.connect().await?, lab.connect_to_second().await?] {
        lab.assert_copied(&mut connection, true).await?;
    }
    lab.shadow_b
        .journal()
        .wait_for(before + 10, crate::lab::PATIENCE)
        .await?;
    Ok(())
}
