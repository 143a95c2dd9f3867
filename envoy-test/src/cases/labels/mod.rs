//! The labels that are packed into the names come out as labels: `mirror` and `result`, as `stats_config` in envoy.yaml
//! says. That holds for names that an expression for another label could find, too.

use anyhow::{Context as _, Result, ensure};

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
    check_all_names(&text, "mirror", "result")
}

/// Fails unless each mirror of `filter.yaml` has its statistics under its name, and no statistic has another label than
/// these two and the bound of a bucket.
pub(super) fn check_all_names(text: &str, mirror: &str, result: &str) -> Result<()> {
    let config: serde_yaml_ng::Value = serde_yaml_ng::from_str(include_str!("filter.yaml"))?;
    let mirrors = config["mirrors"].as_sequence().context("mirrors")?;
    for name in mirrors.iter().filter_map(|one| one["name"].as_str()) {
        let sampled = u8::from(name != "reviews-v2");
        // Prometheus shows the labels in the order of the expressions or of the alphabet.
        let skipped = [
            format!(r#"traffic_mirror_skipped_total{{{mirror}="{name}",{result}="not_sampled"}} {sampled}"#),
            format!(r#"traffic_mirror_skipped_total{{{result}="not_sampled",{mirror}="{name}"}} {sampled}"#),
        ];
        let matched = format!(r#"traffic_mirror_matched_total{{{mirror}="{name}"}} 1"#);
        ensure!(
            text.lines().any(|line| skipped.iter().any(|one| one == line)) && text.lines().any(|line| line == matched),
            "no line `{matched}` or none of {skipped:?} in\n{text}"
        );
    }
    for line in text.lines().filter(|line| line.starts_with("traffic_mirror_")) {
        let labels = line.split_once('{').and_then(|(_, rest)| rest.split_once('}'));
        let (labels, _) = labels.with_context(|| format!("no labels in {line}"))?;
        let names = labels.split(',').filter_map(|label| label.split_once('='));
        let other = names
            .map(|(name, _)| name)
            .find(|name| ![mirror, result, "le"].contains(name));
        ensure!(other.is_none(), "an unexpected label in {line}");
    }
    Ok(())
}
