//! Envoy's admin interface as a source: `/stats?format=json` of one proxy, its raw names, so that no tag configuration
//! is needed. Pure: bytes in, a reading out.

use serde_json::Value;

use super::answer;
use super::distribution::Distribution;
use super::reading::{Counts, Reading, Uptime};
use super::vocabulary;
use crate::job::Engine;

/// What is asked of the admin interface: the filter's statistics and what tells a restart. The buckets come with it.
pub const QUERY: &str = "/stats?format=json&histogram_buckets=cumulative&filter=traffic_mirror_%7C%5Eserver%5C.(uptime%7Chot_restart_epoch)%24";

/// Reads an answer.
///
/// # Errors
/// If it is not what Envoy answers: what was found instead.
pub fn read(proxy: &str, at: i64, answer: &[u8]) -> Result<Reading, String> {
    let answer: Value = answer::json(answer)?;
    let stats = answer.get("stats").and_then(Value::as_array);
    let stats = stats.ok_or_else(|| "its answer is JSON, but not Envoy's: it has no list `stats`".to_owned())?;
    let mut reading = Reading {
        proxy: proxy.to_owned(),
        at,
        uptime: None,
        mirrors: Default::default(),
        refused: Default::default(),
    };
    let (mut seconds, mut epoch) = (None, None);
    for entry in stats {
        for histogram in histograms(entry) {
            let name = histogram
                .get("name")
                .and_then(Value::as_str)
                .and_then(vocabulary::raw_name);
            if let Some((mirror, statistic)) = name {
                counts(&mut reading, mirror).add_distribution(statistic, distribution(histogram));
            }
        }
        let Some(name) = entry.get("name").and_then(Value::as_str) else {
            continue;
        };
        match name {
            "server.uptime" => seconds = entry.get("value").and_then(Value::as_u64),
            "server.hot_restart_epoch" => epoch = entry.get("value").and_then(Value::as_u64),
            _ => {
                let value = entry.get("value").and_then(Value::as_f64);
                if let Some(plugin) = vocabulary::refused_plugin(name).filter(|_| value > Some(0.0)) {
                    reading.refused.insert(plugin.to_owned());
                } else if let (Some((mirror, statistic)), Some(value)) = (vocabulary::raw_name(name), value) {
                    counts(&mut reading, mirror).add(statistic, value);
                }
            }
        }
    }
    reading.uptime = seconds.map(|seconds| Uptime {
        seconds,
        epoch: epoch.unwrap_or_default(),
    });
    Ok(reading)
}

fn counts<'a>(reading: &'a mut Reading, mirror: &str) -> &'a mut Counts {
    let unknown = || Counts::unknown(Engine::Wasm);
    reading.mirrors.entry(mirror.to_owned()).or_insert_with(unknown)
}

fn histograms(entry: &Value) -> impl Iterator<Item = &Value> {
    entry.get("histograms").and_then(Value::as_array).into_iter().flatten()
}

/// `buckets: [{upper_bound, interval, cumulative}]`; Envoy leaves the infinite one away.
fn distribution(histogram: &Value) -> Distribution {
    let buckets = histogram.get("buckets").and_then(Value::as_array);
    let pair = |bucket: &Value| {
        Some((
            bucket.get("upper_bound")?.as_f64()?,
            bucket.get("cumulative")?.as_f64()?,
        ))
    };
    Distribution::from_cumulative(buckets.into_iter().flatten().filter_map(pair))
}

/// What to say if none of these proxies has the filter.
pub fn no_filter(urls: &[&str]) -> String {
    let first = urls.first().copied().unwrap_or_default();
    format!(
        "no traffic_mirror statistics at {}: is the filter loaded? See: curl -s '{first}/stats?filter=wasm' (and for an Istio \
         sidecar docs/istio-prerequisites.md)",
        urls.join(", ")
    )
}
