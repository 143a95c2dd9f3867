//! The labels that a stock Istio makes of our names, for names of mirrors that look like its own expressions.

use anyhow::Result;
use serde_json::{Value, json};

use crate::plugin::{Kind, Plugin};
use crate::sample::Sample;
use crate::stage::Stage;

pub(super) const ANNOTATIONS: &[(&str, &str)] = &[];

const NAMES: [&str; 6] = ["price-tag", "tag", "etag", "product-cache", "component", "wasm-filter"];

pub(super) fn run(stage: &Stage) -> Result<()> {
    let primary = stage.primary()?;
    let mirrors: Vec<Value> = NAMES
        .iter()
        .flat_map(|name| {
            let cluster = stage.shadow_cluster();
            let never = format!("{name}-never");
            [
                json!({"name": name, "cluster": cluster}),
                json!({"name": never, "cluster": cluster, "percentage": 0}),
            ]
        })
        .collect();
    stage.serve(&Plugin::new(
        Kind::TrafficExtension,
        "job",
        &json!({"mirrors": mirrors}),
    ))?;
    stage.wait_until_copying(&primary)?;
    let matched = primary.statistic(&Sample::of("tag-never", "matched_total"))?;
    primary.expect_unharmed("labels", 20)?;
    let all = matched + 20;
    for name in NAMES {
        let never = format!("{name}-never");
        for sample in [
            Sample::of(name, "matched_total"),
            Sample::of(name, "sent_total"),
            Sample::of(name, "responses_total").result("2xx"),
            Sample::of(name, "primary_responses_total").result("2xx"),
            Sample::of(&never, "skipped_total").result("not_sampled"),
        ] {
            primary.wait_for_statistic(&sample, all)?;
        }
    }
    Ok(())
}
