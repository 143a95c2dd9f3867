//! What the filter says it did for one mirror.

use std::collections::BTreeMap;

use anyhow::{Result, ensure};

use super::balance::Balance;

/// Counts by reason, class or outcome.
pub type Counts = BTreeMap<String, u64>;

/// What one mirror has counted, as Envoy's statistics show it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ledger {
    pub mirror: String,
    pub matched: u64,
    pub sent: u64,
    pub skipped: Counts,
    pub dropped: Counts,
    pub responses: Counts,
    pub failures: Counts,
    pub primary_responses: Counts,
    /// By their name after `traffic_mirror_`.
    pub gauges: Counts,
    /// Number of recorded values, by the name after `traffic_mirror_`.
    pub recorded: Counts,
}

// === impl Ledger ===

impl Ledger {
    /// The value of a gauge, 0 if there is none.
    pub fn gauge(&self, name: &str) -> u64 {
        count(&self.gauges, name)
    }

    /// How many were skipped for this reason.
    pub fn skipped(&self, reason: &str) -> u64 {
        count(&self.skipped, reason)
    }

    /// How many were dropped for this reason.
    pub fn dropped(&self, reason: &str) -> u64 {
        count(&self.dropped, reason)
    }

    /// How many shadows answered with this class.
    pub fn responses(&self, class: &str) -> u64 {
        count(&self.responses, class)
    }

    /// How many copies failed in this way.
    pub fn failures(&self, reason: &str) -> u64 {
        count(&self.failures, reason)
    }

    /// How many primary answers of mirrored requests had this class.
    pub fn primary_responses(&self, class: &str) -> u64 {
        count(&self.primary_responses, class)
    }

    /// Fails unless these are exactly what was counted; what is not named must be zero, gauges and histograms aside.
    pub fn expect(&self, expected: &[(&str, u64)]) -> Result<()> {
        let named = expected.iter().map(|(name, value)| ((*name).to_owned(), *value));
        let expected: BTreeMap<_, _> = named.filter(|(_, value)| *value > 0).collect();
        let counted = self.counted();
        ensure!(
            counted == expected,
            "mirror {}: expected {expected:?}, counted {counted:?}",
            self.mirror
        );
        Ok(())
    }

    /// Every counter that is not zero, as `skipped.loop` and the like.
    pub fn counted(&self) -> BTreeMap<String, u64> {
        let mut counted = self.totals();
        counted.retain(|_, value| *value > 0);
        counted
    }

    /// Fails unless matched = sent + skipped + dropped + collecting and sent = responses + failures + in flight.
    pub fn assert_balanced(&self) -> Result<()> {
        let [first, second] = self.balances();
        ensure!(
            first.holds() && second.holds(),
            "mirror {} is out of balance: {first}; {second}",
            self.mirror
        );
        Ok(())
    }

    /// Both balances.
    pub fn balances(&self) -> [Balance; 2] {
        [
            Balance {
                whole: ("matched", self.matched),
                parts: vec![
                    ("sent", self.sent),
                    ("skipped", sum(&self.skipped)),
                    ("dropped", sum(&self.dropped)),
                    ("collecting", self.gauge("collecting")),
                ],
            },
            Balance {
                whole: ("sent", self.sent),
                parts: vec![
                    ("responses", sum(&self.responses)),
                    ("failures", sum(&self.failures)),
                    ("in flight", self.gauge("in_flight")),
                ],
            },
        ]
    }

    /// Every counter as `skipped.loop` and the like.
    pub(super) fn totals(&self) -> BTreeMap<String, u64> {
        let groups = [
            ("skipped", &self.skipped),
            ("dropped", &self.dropped),
            ("responses", &self.responses),
            ("failures", &self.failures),
            ("primary", &self.primary_responses),
        ];
        let named = groups.into_iter().flat_map(|(group, counts)| {
            counts
                .iter()
                .map(move |(name, value)| (format!("{group}.{name}"), *value))
        });
        named
            .chain([("matched".to_owned(), self.matched), ("sent".to_owned(), self.sent)])
            .collect()
    }
}

/// The sum over all reasons.
pub fn sum(counts: &Counts) -> u64 {
    counts.values().sum()
}

fn count(counts: &Counts, name: &str) -> u64 {
    counts.get(name).copied().unwrap_or(0)
}
