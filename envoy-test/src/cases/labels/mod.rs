//! The labels that are packed into the names come out as labels: `mirror` and `result`, as `stats_config` in envoy.yaml
//! says.

use anyhow::{Result, ensure};

use crate::lab::{Lab, Setup};
use crate::ledger::Statistics;

pub(super) fn setup() -> Setup {
    Setup::new(include_str!("filter.yaml"))
}

pub(super) async fn run(lab: &Lab) -> Result<()> {
    lab.connect().await?.get("/").await?.expect_ok()?;
    // Histograms are merged from the workers a little later than counters.
    let recorded = |now: &Statistics| {
        now.mirrors()
            .any(|mirror| mirror.recorded.get("shadow_duration_milliseconds") == Some(&1))
    };
    lab.statistics_when("a duration is recorded", recorded).await?;
    let text = lab.envoy.admin().get("/stats/prometheus?filter=traffic_mirror").await?;
    for line in [
        r#"traffic_mirror_sent_total{mirror="reviews-v2"} 1"#,
        r#"traffic_mirror_responses_total{mirror="reviews-v2",result="2xx"} 1"#,
        r#"traffic_mirror_skipped_total{mirror="none",result="not_sampled"} 1"#,
        r#"traffic_mirror_in_flight{mirror="reviews-v2"} 0"#,
        r#"traffic_mirror_percentage_ppm{mirror="reviews-v2"} 1000000"#,
        r#"traffic_mirror_percentage_ppm{mirror="none"} 0"#,
        r#"traffic_mirror_shadow_duration_milliseconds_count{mirror="reviews-v2"} 1"#,
    ] {
        ensure!(text.lines().any(|one| one == line), "no line `{line}` in\n{text}");
    }
    Ok(())
}
