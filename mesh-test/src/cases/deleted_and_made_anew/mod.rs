//! A plugin is deleted and made anew with a refused configuration: what was good before is gone with its object.

use anyhow::Result;

use crate::load::Load;
use crate::plugin::{Kind, Plugin};
use crate::stage::Stage;

pub(super) const ANNOTATIONS: &[(&str, &str)] = &[];

pub(super) fn run(stage: &Stage) -> Result<()> {
    let primary = stage.primary()?;
    let load = Load::start(&primary)?;
    let good = Plugin::new(Kind::WasmPlugin, "job", &stage.mirror("copy"));
    let refused = good.with(&stage.refused());
    stage.serve(&good)?;
    stage.wait_until_copying(&primary)?;
    stage.expect_copied(&primary, "good", 50)?;
    stage.serve(&refused)?;
    stage.expect_copied(&primary, "stands-in", 50)?;
    stage.remove(&refused)?;
    primary.expect_unharmed("deleted", 50)?;

    stage.serve(&refused)?;
    stage.wait_for_refused(&primary, &refused, 1)?;
    primary.expect_unharmed("made-anew", 50)?;

    stage.serve(&good)?;
    stage.wait_until_copying(&primary)?;
    stage.expect_copied(&primary, "corrected", 50)?;
    stage.wait_for_refused(&primary, &good, 0)?;
    load.expect_unharmed()?;
    stage.expect_never_copied(&["deleted"])
}
