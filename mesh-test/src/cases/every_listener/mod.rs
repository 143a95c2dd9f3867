//! A plugin that says of no listener that it is meant for that one: the proxy has it in the listener for what comes in
//! and in each for what goes out. Refused, it harms neither.

use anyhow::Result;

use crate::load::Load;
use crate::plugin::{Kind, Plugin};
use crate::stage::Stage;

pub(super) const ANNOTATIONS: &[(&str, &str)] = &[];

pub(super) fn run(stage: &Stage) -> Result<()> {
    let (primary, shadow) = (stage.primary()?, stage.shadow()?);
    let load = Load::start(&primary)?;
    let shadow_address = stage.service_address("reviews-v2")?;
    for (kind, name) in [(Kind::TrafficExtension, "extension"), (Kind::WasmPlugin, "plugin")] {
        let refused = Plugin::new(kind, name, &stage.refused()).in_every_listener();
        let (going_in, going_out) = (format!("{name}-in"), format!("{name}-out"));
        stage.serve(&refused)?;
        stage.expect_passive(&primary, &refused, &going_in, 50)?;
        primary.ask_service("reviews-v2", &shadow_address, &going_out, 50)?;

        stage.serve(&refused.with(&stage.mirror(name)))?;
        stage.wait_until_copying(&primary)?;
        stage.wait_for_refused(&primary, &refused, 0)?;
        stage.expect_copied(&primary, &format!("{name}-corrected"), 50)?;
        stage.expect_never_copied(&[&going_in])?;
        // What goes out arrives once by itself.
        shadow.wait_for_received(&going_out, 50)?;
        stage.remove(&refused)?;
    }
    load.expect_unharmed()
}
