//! A refused configuration after a good one: the good one goes on copying, and its counters go on. `mirrorctl status`
//! says that the newer one is refused.

use anyhow::{Result, ensure};

use crate::load::Load;
use crate::plugin::{Kind, Plugin};
use crate::sample::Sample;
use crate::stage::Stage;

pub(super) const ANNOTATIONS: &[(&str, &str)] = &[];

pub(super) fn run(stage: &Stage) -> Result<()> {
    let primary = stage.primary()?;
    let load = Load::start(&primary)?;
    let good = Plugin::new(Kind::TrafficExtension, "job", &stage.mirror("copy"));
    stage.serve(&good)?;
    stage.wait_until_copying(&primary)?;
    stage.expect_copied(&primary, "good", 50)?;
    stage.wait_for_refused(&primary, &good, 0)?;
    let sent = Sample::of("copy", "sent_total");
    let before = stage.copied_first(&primary)? + 50;
    primary.wait_for_statistic(&sent, before)?;

    let refused = good.with(&stage.refused());
    stage.serve(&refused)?;
    primary.wait_for_log(&["configuration refused", "mirrors[0].percentage", "140"])?;
    stage.wait_for_refused(&primary, &good, 1)?;
    stage.expect_copied(&primary, "refused", 50)?;
    primary.wait_for_statistic(&sent, before + 50)?;
    let status = stage.status(&primary)?;
    ensure!(status.contains("Refused"), "mirrorctl status says: {status}");

    stage.serve(&good)?;
    stage.wait_for_refused(&primary, &good, 0)?;
    stage.expect_copied(&primary, "good-again", 50)?;
    primary.wait_for_statistic(&sent, before + 100)?;
    let status = stage.status(&primary)?;
    ensure!(!status.contains("Refused"), "mirrorctl status says: {status}");
    load.expect_unharmed()
}
