//! Two plugins on one port, of which one is refused: the other copies as if it were alone, and each has its own gauge.

use anyhow::Result;

use crate::load::Load;
use crate::plugin::{Kind, Plugin};
use crate::sample::Sample;
use crate::stage::Stage;

pub(super) const ANNOTATIONS: &[(&str, &str)] = &[];

pub(super) fn run(stage: &Stage) -> Result<()> {
    let primary = stage.primary()?;
    let load = Load::start(&primary)?;
    let good = Plugin::new(Kind::TrafficExtension, "good", &stage.mirror("by-good"));
    stage.serve(&good)?;
    stage.wait_until_copying(&primary)?;

    let refused = Plugin::new(Kind::TrafficExtension, "refused", &stage.refused());
    stage.serve(&refused)?;
    stage.wait_for_refused(&primary, &refused, 1)?;
    stage.wait_for_refused(&primary, &good, 0)?;
    stage.expect_copied(&primary, "beside-refused", 50)?;

    // Once: a refused plugin never copies by the configuration of another.
    let corrected = refused.with(&stage.mirror("by-corrected"));
    stage.serve(&corrected)?;
    stage.wait_for_refused(&primary, &refused, 0)?;
    primary.wait_for_statistic(&Sample::of("by-corrected", "sent_total"), 0)?;
    primary.expect_unharmed("both", 50)?;
    stage.shadow()?.wait_for_received("both", 100)?;

    stage.serve(&good.with(&stage.refused()))?;
    stage.wait_for_refused(&primary, &good, 1)?;
    primary.expect_unharmed("both-still", 50)?;
    load.expect_unharmed()?;
    stage.shadow()?.wait_for_received("both-still", 100)
}
