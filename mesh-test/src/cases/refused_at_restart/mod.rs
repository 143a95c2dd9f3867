//! A pod that starts with a refused configuration, by a restart or because there are more pods: it has no good one, so
//! it copies nothing, and harms no request. `mirrorctl status` says so.

use anyhow::{Result, ensure};

use crate::plugin::{Kind, Plugin};
use crate::stage::Stage;

pub(super) const ANNOTATIONS: &[(&str, &str)] = &[];

pub(super) fn run(stage: &Stage) -> Result<()> {
    let good = Plugin::new(Kind::TrafficExtension, "job", &stage.mirror("copy"));
    stage.serve(&good)?;
    stage.wait_until_copying(&stage.primary()?)?;
    let refused = good.with(&stage.refused());
    stage.serve(&refused)?;

    let restarted = stage.restart_primary()?;
    stage.wait_for(&refused)?;
    stage.expect_passive(&restarted, &refused, "restarted", 50)?;
    restarted.wait_for_log(&["configuration refused", "mirrors[0].percentage", "140"])?;
    let status = stage.status(&restarted)?;
    // There is no mirror yet of which there could be a row.
    let told = "configuration of refused-at-restart_job is refused";
    ensure!(status.contains(told), "mirrorctl status says: {status}");

    let pods = stage.scale_primary(2)?;
    stage.wait_for(&refused)?;
    for pod in &pods {
        stage.expect_passive(pod, &refused, "scaled", 50)?;
    }

    stage.serve(&good)?;
    for pod in &pods {
        stage.wait_until_copying(pod)?;
        stage.expect_copied(pod, &format!("corrected-{}", pod.name), 50)?;
        stage.wait_for_refused(pod, &good, 0)?;
    }
    stage.expect_never_copied(&["restarted", "scaled"])
}
