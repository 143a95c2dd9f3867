//! A TrafficExtension and a WasmPlugin with a configuration that is refused, under a name that the proxy has not had.

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use crate::plugin::{Kind, Plugin};
use crate::stage::Stage;

pub(super) const ANNOTATIONS: &[(&str, &str)] = &[];

/// As mesh-test/lab/operator.yaml has it.
const WORKERS: usize = 2;

pub(super) fn run(stage: &Stage) -> Result<()> {
    let cluster = stage.shadow_cluster();
    let misspelt = json!({"mirrors": [{"name": "copy", "cluster": cluster, "precentage": 14}]});
    for (kind, suffix) in [(Kind::TrafficExtension, "extension"), (Kind::WasmPlugin, "plugin")] {
        let percentage = format!("percentage-{suffix}");
        one(
            stage,
            kind,
            &percentage,
            &stage.refused(),
            &["mirrors[0].percentage", "140"],
        )?;
        one(
            stage,
            kind,
            &format!("misspelt-{suffix}"),
            &misspelt,
            &["mirrors[0].precentage"],
        )?;
        one(stage, kind, &format!("empty-{suffix}"), &json!({}), &["mirrors"])?;
    }
    Ok(())
}

fn one(stage: &Stage, kind: Kind, name: &str, configuration: &Value, message: &[&str]) -> Result<()> {
    let primary = stage.primary()?;
    let plugin = Plugin::new(kind, name, configuration);
    let early = format!("{name}-early");
    stage.apply(&plugin)?;
    let parts = [&[name, "configuration refused"], message].concat();
    primary.wait_for_log(&parts)?;
    primary
        .expect_unharmed(&early, 50)
        .context("as soon as the log had the message")?;
    stage.wait_for(&plugin)?;
    stage.expect_passive(&primary, &plugin, name, 50)?;
    // Envoy's main thread tries each configuration before the workers get it.
    let told = primary.lines_by_thread(&parts)?;
    let is_once = told.len() == WORKERS + 1 && told.values().all(|lines| *lines == 1);
    ensure!(is_once, "lines with the message, by thread: {told:?}");
    stage.remove(&plugin)?;
    stage.expect_never_copied(&[&early, name])
}
