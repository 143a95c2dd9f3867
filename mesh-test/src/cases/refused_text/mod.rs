//! A configuration that is no JSON. The API server takes none in a TrafficExtension or a WasmPlugin, but an EnvoyFilter
//! can carry any text.

use anyhow::{Result, ensure};
use serde_json::json;

use crate::kube;
use crate::load::Load;
use crate::plugin::{Kind, Plugin};
use crate::stage::Stage;

pub(super) const ANNOTATIONS: &[(&str, &str)] = &[];

pub(super) fn run(stage: &Stage) -> Result<()> {
    for kind in [Kind::TrafficExtension, Kind::WasmPlugin] {
        let plugin = Plugin::new(kind, "text", &json!("percentage = 14"));
        let object = plugin.object(&stage.namespace, &stage.mesh.module_url);
        let refusal = kube::apply(&object)
            .err()
            .map(|error| format!("{error:#}"))
            .unwrap_or_default();
        ensure!(
            refusal.contains("pluginConfig"),
            "the API server took a text as {kind:?}: {refusal}"
        );
    }

    let primary = stage.primary()?;
    let load = Load::start(&primary)?;
    let plugin = Plugin::new(Kind::EnvoyFilter, "text", &json!({})).with_text("percentage = 14");
    stage.apply(&plugin)?;
    primary.wait_for_log(&["text", "configuration refused", "JSON"])?;
    stage.wait_for(&plugin)?;
    stage.expect_passive(&primary, &plugin, "text", 50)?;

    stage.serve(&plugin.with(&stage.mirror("copy")))?;
    stage.wait_until_copying(&primary)?;
    stage.expect_copied(&primary, "corrected", 50)?;
    stage.wait_for_refused(&primary, &plugin, 0)?;
    load.expect_unharmed()?;
    stage.expect_never_copied(&["text"])
}
