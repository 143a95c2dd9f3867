//! What the filter says it did, read from Envoy's statistics: one [`Ledger`] a mirror, and the two balances that must
//! always hold.
//!
//! The names are parsed here once more, independently of the filter's own table: if they drift, cases fail.

mod balance;
mod of_mirror;

pub use balance::Balance;
pub use of_mirror::{Counts, Ledger, sum};

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

/// Selects the filter's statistics.
pub const FILTER: &str = "traffic_mirror";

/// All mirrors of one Envoy.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Statistics {
    mirrors: BTreeMap<String, Ledger>,
    refused: BTreeMap<String, u64>,
}

// === impl Statistics ===

impl Statistics {
    /// Reads `/stats?format=json`.
    pub fn parse(json: &Value) -> Result<Self> {
        let mut statistics = Self::default();
        for one in json["stats"].as_array().context("no list of statistics")? {
            if let (Some(name), Some(value)) = (one["name"].as_str(), one["value"].as_u64()) {
                statistics.take(name, value)?;
            }
            for histogram in one["histograms"].as_array().into_iter().flatten() {
                let name = histogram["name"].as_str().context("a histogram without a name")?;
                // Cumulative, so the last bucket holds them all.
                let last = histogram["buckets"].as_array().and_then(|buckets| buckets.last());
                statistics.take(
                    name,
                    last.map_or(0, |bucket| bucket["cumulative"].as_u64().unwrap_or(0)),
                )?;
            }
        }
        Ok(statistics)
    }

    /// The ledger of this mirror.
    pub fn mirror(&self, name: &str) -> Result<&Ledger> {
        let known = || self.mirrors.keys().cloned().collect::<Vec<_>>().join(", ");
        self.mirrors
            .get(name)
            .with_context(|| format!("no statistics of mirror `{name}`, only of: {}", known()))
    }

    /// What the gauge says of the configuration of the plugin with this label: 1 if it is refused.
    pub fn refused(&self, plugin: &str) -> Option<u64> {
        self.refused.get(plugin).copied()
    }

    /// All ledgers, by name.
    pub fn mirrors(&self) -> impl Iterator<Item = &Ledger> {
        self.mirrors.values()
    }

    /// Whether no copy is under way.
    pub fn is_settled(&self) -> bool {
        self.mirrors()
            .all(|ledger| ledger.gauge("collecting") == 0 && ledger.gauge("in_flight") == 0)
    }

    /// Fails unless both balances of every mirror hold.
    pub fn assert_balanced(&self) -> Result<()> {
        self.mirrors().try_for_each(Ledger::assert_balanced)
    }

    /// Fails if a counter is lower than it was.
    pub fn assert_not_behind(&self, earlier: &Self) -> Result<()> {
        for before in earlier.mirrors() {
            let now = self.mirror(&before.mirror)?;
            for ((name, before), (_, now)) in before.totals().into_iter().zip(now.totals()) {
                ensure!(now >= before, "{name} went back from {before} to {now}");
            }
        }
        Ok(())
    }

    fn take(&mut self, name: &str, value: u64) -> Result<()> {
        // wasmcustom.tag.RESULT;.wasm_filter.NAME.traffic_mirror_STATISTIC
        let Some(rest) = name.strip_prefix("wasmcustom.") else {
            return Ok(());
        };
        let (result, rest) = match rest.strip_prefix("tag.") {
            Some(rest) => {
                let (result, rest) = rest
                    .split_once(";.")
                    .with_context(|| format!("no end of the tag in {name}"))?;
                (Some(result.to_owned()), rest)
            }
            None => (None, rest),
        };
        let Some(rest) = rest.strip_prefix("wasm_filter.") else {
            return Ok(());
        };
        let (mirror, statistic) = rest.split_once('.').with_context(|| format!("no mirror in {name}"))?;
        let Some(statistic) = statistic.strip_prefix("traffic_mirror_") else {
            return Ok(());
        };
        if statistic == "configuration_refused" {
            self.refused.insert(mirror.to_owned(), value);
            return Ok(());
        }
        let ledger = self.mirrors.entry(mirror.to_owned()).or_insert_with(|| Ledger {
            mirror: mirror.to_owned(),
            ..Ledger::default()
        });
        let (counts, key) = match (statistic, result) {
            ("matched_total", None) => {
                ledger.matched = value;
                return Ok(());
            }
            ("sent_total", None) => {
                ledger.sent = value;
                return Ok(());
            }
            ("skipped_total", Some(reason)) => (&mut ledger.skipped, reason),
            ("dropped_total", Some(reason)) => (&mut ledger.dropped, reason),
            ("responses_total", Some(class)) => (&mut ledger.responses, class),
            ("failures_total", Some(reason)) => (&mut ledger.failures, reason),
            ("primary_responses_total", Some(class)) => (&mut ledger.primary_responses, class),
            (name, None) if name.ends_with("_milliseconds") => (&mut ledger.recorded, name.to_owned()),
            (name, None) if !name.ends_with("_total") => (&mut ledger.gauges, name.to_owned()),
            _ => anyhow::bail!("{name} is no statistic of this filter"),
        };
        counts.insert(key, value);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// As Envoy 1.40 writes it.
    fn recorded() -> Value {
        json!({"stats": [
            {"name": "wasmcustom.wasm_filter.reviews-v2.traffic_mirror_matched_total", "value": 10},
            {"name": "wasmcustom.wasm_filter.reviews-v2.traffic_mirror_sent_total", "value": 6},
            {"name": "wasmcustom.tag.not_sampled;.wasm_filter.reviews-v2.traffic_mirror_skipped_total", "value": 3},
            {"name": "wasmcustom.tag.bytes;.wasm_filter.reviews-v2.traffic_mirror_dropped_total", "value": 0},
            {"name": "wasmcustom.tag.2xx;.wasm_filter.reviews-v2.traffic_mirror_responses_total", "value": 4},
            {"name": "wasmcustom.tag.timeout;.wasm_filter.reviews-v2.traffic_mirror_failures_total", "value": 1},
            {"name": "wasmcustom.wasm_filter.reviews-v2.traffic_mirror_collecting", "value": 1},
            {"name": "wasmcustom.wasm_filter.reviews-v2.traffic_mirror_in_flight", "value": 1},
            {"name": "wasmcustom.other", "value": 3},
            {"histograms": [{"name": "wasmcustom.wasm_filter.reviews-v2.traffic_mirror_shadow_duration_milliseconds", "buckets": [
                {"upper_bound": 0.5, "interval": 0, "cumulative": 1}, {"upper_bound": 3_600_000, "interval": 0, "cumulative": 4}]}]},
        ]})
    }

    #[test]
    fn raw_names_become_a_ledger() {
        let statistics = Statistics::parse(&recorded()).expect("it parses");
        let ledger = statistics.mirror("reviews-v2").expect("it is there");
        assert_eq!(
            (
                ledger.matched,
                ledger.sent,
                ledger.skipped("not_sampled"),
                ledger.responses("2xx")
            ),
            (10, 6, 3, 4)
        );
        assert_eq!(
            (
                ledger.failures("timeout"),
                ledger.gauge("in_flight"),
                ledger.dropped("bytes")
            ),
            (1, 1, 0)
        );
        assert_eq!(ledger.recorded.get("shadow_duration_milliseconds"), Some(&4));
        ledger
            .expect(&[
                ("matched", 10),
                ("sent", 6),
                ("skipped.not_sampled", 3),
                ("responses.2xx", 4),
                ("failures.timeout", 1),
            ])
            .expect("exactly");
        statistics.assert_balanced().expect("both balances hold");
        assert!(!statistics.is_settled());
    }

    #[test]
    fn an_imbalance_is_shown_with_its_numbers() {
        let mut json = recorded();
        json["stats"][2]["value"] = json!(2);
        let error = Statistics::parse(&json)
            .expect("it parses")
            .assert_balanced()
            .expect_err("one is missing");
        let text = error.to_string();
        assert!(
            text.contains("matched 10 ≠ sent 6 + skipped 2 + dropped 0 + collecting 1"),
            "{text}"
        );
        assert!(
            text.contains("sent 6 = responses 4 + failures 1 + in flight 1"),
            "{text}"
        );
    }

    #[test]
    fn a_counter_that_goes_back_is_noticed() {
        let before = Statistics::parse(&recorded()).expect("it parses");
        let mut json = recorded();
        json["stats"][4]["value"] = json!(3);
        let after = Statistics::parse(&json).expect("it parses");
        let error = after.assert_not_behind(&before).expect_err("4 became 3");
        assert_eq!(error.to_string(), "responses.2xx went back from 4 to 3");
        before.assert_not_behind(&before).expect("nothing changed");
    }

    #[test]
    fn unknown_statistics_of_the_filter_are_refused() {
        let json =
            json!({"stats": [{"name": "wasmcustom.tag.x;.wasm_filter.a.traffic_mirror_lost_total", "value": 1}]});
        assert!(
            Statistics::parse(&json)
                .expect_err("no such statistic")
                .to_string()
                .contains("lost_total")
        );
    }
}
