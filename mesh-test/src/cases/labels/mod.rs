//! The labels that a stock Istio makes of our names, for names of mirrors that look like its own expressions.

use anyhow::Result;
use serde_json::{Value, json};

use crate::plugin::{Kind, Plugin};
use crate::sample::Sample;
use crate::stage::Stage;

pub(super) const ANNOTATIONS: &[(&str, &str)] = &[];

const REQUESTS: usize = 20;
const NAMES: [&str; 6] = ["price-tag", "tag", "etag", "product-cache", "component", "wasm-filter"];

pub(super) fn run(stage: &Stage) -> Result<()> {
    let primary = stage.primary()?;
    let counted = json!([{"uri": {"prefix": "/labels/"}}]);
    let mut mirrors: Vec<Value> = NAMES
        .iter()
        .flat_map(|name| {
            let cluster = stage.shadow_cluster();
            let never = format!("{name}-never");
            [
                json!({"name": name, "cluster": cluster, "match": counted}),
                json!({"name": never, "cluster": cluster, "match": counted, "percentage": 0}),
            ]
        })
        .collect();
    mirrors.push(json!({"name": "all", "cluster": stage.shadow_cluster()}));
    stage.serve(&Plugin::new(
        Kind::TrafficExtension,
        "job",
        &json!({"mirrors": mirrors}),
    ))?;
    stage.wait_until_copying(&primary)?;
    primary.expect_unharmed("labels", REQUESTS)?;
    for name in NAMES {
        let never = format!("{name}-never");
        for sample in [
            Sample::of(name, "matched_total"),
            Sample::of(name, "sent_total"),
            Sample::of(name, "responses_total").result("2xx"),
            Sample::of(name, "primary_responses_total").result("2xx"),
            Sample::of(&never, "skipped_total").result("not_sampled"),
        ] {
            primary.wait_for_statistic(&sample, REQUESTS as u64)?;
        }
    }
    Ok(())
}
