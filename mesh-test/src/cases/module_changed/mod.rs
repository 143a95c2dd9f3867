//! The module changes. With a good configuration the new one copies at once; with a refused one nothing is copied,
//! because the last good configuration is known to the old module's VM alone. No request is harmed either way.

use anyhow::Result;

use crate::load::Load;
use crate::plugin::{Kind, Plugin};
use crate::stage::Stage;

pub(super) const ANNOTATIONS: &[(&str, &str)] = &[];

/// A custom section with an empty name and no content: another file, and so another VM, but the same filter.
const SECTION: [u8; 3] = [0, 1, 0];

pub(super) fn run(stage: &Stage) -> Result<()> {
    let primary = stage.primary()?;
    let good = Plugin::new(Kind::TrafficExtension, "job", &stage.mirror("copy"));
    stage.serve(&good)?;
    stage.wait_until_copying(&primary)?;
    let load = Load::start(&primary)?;

    let mut module = std::fs::read(&stage.mesh.programs.module)?;
    module.extend(SECTION);
    let second = good.with_module(&stage.mesh.push(&module)?);
    stage.serve_module(&second)?;
    stage.expect_copied(&primary, "second-module", 50)?;

    module.extend(SECTION);
    let refused = second.with(&stage.refused()).with_module(&stage.mesh.push(&module)?);
    stage.serve_module(&refused)?;
    stage.expect_passive(&primary, &refused, "third-module", 50)?;

    stage.serve(&refused.with(&stage.mirror("copy")))?;
    stage.wait_until_copying(&primary)?;
    stage.expect_copied(&primary, "corrected", 50)?;
    load.expect_unharmed()?;
    stage.expect_never_copied(&["third-module"])
}
