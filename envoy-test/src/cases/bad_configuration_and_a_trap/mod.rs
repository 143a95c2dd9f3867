//! A filter traps while its newest configuration is refused. Then the last good configuration is lost with its VM, and
//! requests are answered without being copied. A correction brings copies back, and the gauge returns to 0.

use anyhow::Result;

use super::crashes::is_mirrored;
use crate::backend::TRAP;
use crate::client::Ask;
use crate::lab::{Lab, PLUGIN, Setup};

pub(super) fn setup() -> Setup {
    Setup::new(include_str!("filter.yaml")).traps()
}

pub(super) async fn run(lab: &Lab) -> Result<()> {
    lab.assert_copied(&mut lab.connect().await?, true).await?;
    lab.update_plugin(PLUGIN, Some("{}")).await?;
    lab.wait_for_gauge(PLUGIN, true).await?;
    lab.assert_copied(&mut lab.connect().await?, true).await?;
    let trap = Ask::get("/").header(TRAP, "yes");
    lab.connect().await?.send(trap).await?.expect_ok()?;
    lab.assert_copied(&mut lab.connect().await?, false).await?;

    // Still bad, in a new VM.
    lab.update_plugin(PLUGIN, Some("[]")).await?;
    lab.wait_for_refusals(&["; nothing is copied"], 1).await?;
    lab.assert_copied(&mut lab.connect().await?, false).await?;
    lab.wait_for_gauge(PLUGIN, true).await?;

    let corrected = r#"{"mirrors": [{"name": "copy", "cluster": "shadow"}]}"#;
    lab.update_plugin(PLUGIN, Some(corrected)).await?;
    lab.wait_for_gauge(PLUGIN, false).await?;
    anyhow::ensure!(
        is_mirrored(lab, "copy").await?,
        "a correction does not bring copies back"
    );
    Ok(())
}
