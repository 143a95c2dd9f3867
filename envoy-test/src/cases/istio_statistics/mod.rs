//! A stock Istio, without mesh configuration, lets the filter's statistics through and takes the labels `wasm_filter`
//! and `tag` out of their names; the annotation for histogram buckets reaches them by the prefix `wasmcustom`.

use anyhow::{Result, ensure};

use super::labels::check_all_names;
use crate::envoy::bootstrap::ISTIO_STATISTICS;
use crate::lab::{Lab, Setup};
use crate::ledger::Statistics;

pub(super) fn setup() -> Setup {
    Setup::new(include_str!("../labels/filter.yaml"))
        .statistics(ISTIO_STATISTICS)
        .workers(2)
}

pub(super) async fn run(lab: &Lab) -> Result<()> {
    lab.connect().await?.get("/").await?.expect_ok()?;
    let recorded = |now: &Statistics| {
        now.mirrors()
            .any(|mirror| mirror.recorded.get("shadow_duration_milliseconds") == Some(&1))
    };
    lab.statistics_when("a duration is recorded", recorded).await?;
    let text = lab.envoy.admin().get("/stats/prometheus").await?;
    for line in [
        r#"traffic_mirror_sent_total{wasm_filter="reviews-v2"} 1"#,
        r#"traffic_mirror_responses_total{tag="2xx",wasm_filter="reviews-v2"} 1"#,
        r#"traffic_mirror_skipped_total{tag="not_sampled",wasm_filter="none"} 1"#,
        r#"traffic_mirror_in_flight{wasm_filter="reviews-v2"} 0"#,
        r#"traffic_mirror_percentage_ppm{wasm_filter="none"} 0"#,
        r#"traffic_mirror_shadow_duration_milliseconds_count{wasm_filter="reviews-v2"} 1"#,
        r#"envoy_server_concurrency{} 2"#,
    ] {
        ensure!(text.lines().any(|one| one == line), "no line `{line}` in\n{text}");
    }
    check_all_names(&text, "wasm_filter", "tag")?;
    ensure!(
        !text.contains("upstream_rq_total"),
        "the matcher of Istio leaves out the clusters' statistics, so it was not in force:\n{text}"
    );
    // The configured bounds, and none of Envoy's own: 0.5 is its first, 25 one in the middle.
    let bound = |bound: &str| {
        let bucket = "traffic_mirror_shadow_duration_milliseconds_bucket{wasm_filter=\"reviews-v2\"";
        text.lines()
            .any(|line| line.starts_with(bucket) && line.contains(&format!("le=\"{bound}\"")))
    };
    for (name, expected) in [("3", true), ("15", true), ("+Inf", true), ("0.5", false), ("25", false)] {
        ensure!(
            bound(name) == expected,
            "a bucket up to {name}: {} expected in\n{text}",
            if expected { "one is" } else { "none is" }
        );
    }
    Ok(())
}
