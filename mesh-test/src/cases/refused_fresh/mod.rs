//! A TrafficExtension and a WasmPlugin with a configuration that is refused, under a name that the proxy has not had.

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use crate::plugin::{Kind, Plugin};
use crate::stage::Stage;

pub(super) const ANNOTATIONS: &[(&str, &str)] = &[];

const REQUESTS: usize = 50;

pub(super) fn run(stage: &Stage) -> Result<()> {
    let cluster = stage.shadow_cluster();
    let refused = [
        (
            "percentage",
            json!({"mirrors": [{"name": "copy", "cluster": cluster, "percentage": 140}]}),
            ["mirrors[0].percentage", "140"],
        ),
        (
            "misspelt",
            json!({"mirrors": [{"name": "copy", "cluster": cluster, "precentage": 14}]}),
            ["mirrors[0]", "precentage"],
        ),
        ("empty", json!({}), ["mirrors", "missing"]),
    ];
    for kind in [Kind::TrafficExtension, Kind::WasmPlugin] {
        for (name, configuration, message) in &refused {
            let name = format!("{name}-{}", if kind == Kind::WasmPlugin { "plugin" } else { "extension" });
            one(stage, kind, &name, configuration, message).with_context(|| name.clone())?;
        }
    }
    Ok(())
}

fn one(stage: &Stage, kind: Kind, name: &str, configuration: &Value, message: &[&str; 2]) -> Result<()> {
    let primary = stage.primary()?;
    let plugin = Plugin::new(kind, name, configuration);
    stage.apply(&plugin)?;
    primary.wait_for_log(message)?;
    primary.expect_unharmed(&format!("{name}-at-once"), REQUESTS)?;
    stage.wait_for(&plugin)?;
    primary.expect_unharmed(name, REQUESTS)?;
    let gauge = format!("traffic_mirror_configuration_refused{{wasm_filter=\"{name}\"}}");
    primary.wait_for_statistic(&gauge, 1)?;
    let shadow = stage.shadow()?;
    ensure!(shadow.received(name)? == 0, "a refused configuration copies");
    stage.remove(&plugin)
}
