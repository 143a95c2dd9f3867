//! A correction takes effect without a restart, and what is refused again afterwards leaves the corrected one at work.

use anyhow::Result;

use crate::load::Load;
use crate::plugin::{Kind, Plugin};
use crate::stage::Stage;

pub(super) const ANNOTATIONS: &[(&str, &str)] = &[];

pub(super) fn run(stage: &Stage) -> Result<()> {
    let primary = stage.primary()?;
    let load = Load::start(&primary)?;
    for (kind, name) in [(Kind::TrafficExtension, "extension"), (Kind::WasmPlugin, "plugin")] {
        let refused = Plugin::new(kind, name, &stage.refused());
        stage.serve(&refused)?;
        stage.expect_passive(&primary, &refused, &format!("{name}-refused"), 50)?;

        stage.serve(&refused.with(&stage.mirror(name)))?;
        stage.wait_until_copying(&primary)?;
        stage.expect_copied(&primary, &format!("{name}-corrected"), 50)?;
        stage.wait_for_refused(&primary, &refused, 0)?;
        stage.expect_never_copied(&[&format!("{name}-refused")])?;
        stage.remove(&refused)?;
    }
    load.expect_unharmed()
}
