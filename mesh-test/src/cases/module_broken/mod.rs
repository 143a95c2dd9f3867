//! What the filter cannot mend: an image without a module that loads. docs/crashes.md says so.
//!
//! If the file is no WebAssembly at all, Istio's agent finds out and lets requests pass uncopied. If the file only
//! looks like WebAssembly, Envoy keeps the module that serves, but a proxy that has none answers requests with 500.

use anyhow::{Result, ensure};

use crate::plugin::{Kind, Plugin};
use crate::stage::Stage;

pub(super) const ANNOTATIONS: &[(&str, &str)] = &[];

pub(super) fn run(stage: &Stage) -> Result<()> {
    let primary = stage.primary()?;
    let good = Plugin::new(Kind::TrafficExtension, "job", &stage.mirror("copy"));
    stage.serve(&good)?;
    stage.wait_until_copying(&primary)?;

    let broken = good.with_module(&stage.mesh.push(b"\0asm\x01\0\0\0 and no section")?);
    stage.apply(&broken)?;
    primary.wait_for_log(&["job", "rejected"])?;
    stage.expect_copied(&primary, "served-before", 50)?;

    let restarted = stage.restart_primary()?;
    restarted.wait_for_log(&["job", "rejected"])?;
    let seen = restarted.ask("served-never", 50)?;
    ensure!(seen == "50 of 500", "a proxy without a module answers: {seen}");

    stage.apply(&good.with_module(&stage.mesh.push(b"no WebAssembly")?))?;
    restarted.wait_for_log(&["is invalid"])?;
    restarted.wait_for_answers("no-module", "20 of 200")?;
    let restarted = stage.restart_primary()?;
    restarted.wait_for_log(&["is invalid"])?;
    restarted.expect_unharmed("no-module", 50)?;

    stage.serve(&good)?;
    stage.wait_until_copying(&restarted)?;
    stage.expect_copied(&restarted, "corrected", 50)?;
    stage.expect_never_copied(&["no-module", "served-never"])
}
