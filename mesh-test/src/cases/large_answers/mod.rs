//! A shadow whose answers are large. Envoy holds the whole answer of a callout; the setting that bounds it is given
//! here by the pod's annotation.

use anyhow::{Result, ensure};

use crate::plugin::{Kind, Plugin};
use crate::sample::Sample;
use crate::stage::Stage;

pub(super) const ANNOTATIONS: &[(&str, &str)] = &[(
    "proxy.istio.io/config",
    r#"{"runtimeValues": {"http.async_response_buffer_limit": "65536"}}"#,
)];

const MIB: u64 = 1 << 20;
/// Together 1.5 GiB, of which Envoy without the setting would hold what arrives at the same time.
const ANSWERS: usize = 50;
const ANSWER: u64 = 30 * MIB;
/// What an Envoy may grow by under a load of small requests.
const GROWTH: u64 = 48 * MIB;

pub(super) fn run(stage: &Stage) -> Result<()> {
    let (primary, shadow) = (stage.primary()?, stage.shadow()?);
    stage.serve(&Plugin::new(Kind::TrafficExtension, "job", &stage.mirror("copy")))?;
    stage.wait_until_copying(&primary)?;
    stage.expect_copied(&primary, "small", 50)?;
    primary.wait_for_statistic(&Sample::of("copy", "in_flight"), 0)?;
    let before = primary.resident_bytes()?;

    shadow.behave(&format!("size={ANSWER}"))?;
    primary.expect_unharmed("large", ANSWERS)?;
    let reset = Sample::of("copy", "failures_total").result("reset");
    primary.wait_for_statistic(&reset, ANSWERS as u64)?;
    let grown = primary.peak_bytes()?.saturating_sub(before);
    ensure!(grown < GROWTH, "the proxy grew by {} MiB", grown / MIB);
    Ok(())
}
