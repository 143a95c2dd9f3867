//! The ledger of one mirror: its counts since the host last took them. Two balances are true at every write:
//! `matched = sent + skipped + dropped + collecting` and `sent = responses + failures + in flight`.
//!
//! A call of the host costs as much as hundreds of instructions here. So the ledger adds up, and a tick writes the
//! sums.

use crate::breaker::Transition;
use crate::statistics::{COUNT, MetricId, Metrics, Statistic};

/// The counts of one mirror that the host does not have yet.
#[derive(Debug)]
pub struct Ledger {
    /// The sum of the steps of each counter and gauge, at the index of its statistic.
    steps: [i64; COUNT],
    /// The indexes of the statistics that have steps, as bits.
    changed: u64,
    /// The values of the histograms.
    observations: Vec<(Statistic, u64)>,
    transitions: Vec<Transition>,
}

/// One change that the host has to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// A step of a counter or gauge.
    Step(MetricId, i64),
    /// The value of a setting, or one value of a histogram.
    Record(MetricId, u64),
    /// A line in the log: the circuit breaker of a mirror changed.
    Breaker {
        /// The name of the mirror.
        mirror: String,
        /// The change of the breaker's state.
        transition: Transition,
    },
}

/// With so many values of histograms, the host takes the changes before the next tick. It bounds the ledger's memory.
const MAX_OBSERVATIONS: usize = 256;

const _: () = assert!(COUNT <= 64, "`changed` has a bit for each statistic");

// === impl Ledger ===

impl Ledger {
    /// Counts one more of a statistic.
    pub fn count(&mut self, statistic: Statistic) {
        self.step(statistic, 1);
    }

    /// Adds a step of a counter or gauge.
    pub fn step(&mut self, statistic: Statistic, amount: i64) {
        let index = statistic.index();
        if let Some(sum) = self.steps.get_mut(index) {
            *sum = sum.saturating_add(amount);
            self.changed |= 1 << index;
        }
    }

    /// Adds a value of a histogram.
    pub fn observe(&mut self, statistic: Statistic, value: u64) {
        self.observations.push((statistic, value));
    }

    /// Notes a change of the circuit breaker.
    pub(crate) fn breaker_changed(&mut self, transition: Transition) {
        match transition {
            Transition::Opened { .. } => self.step(Statistic::BreakerOpen, 1),
            Transition::Closed => self.step(Statistic::BreakerOpen, -1),
            Transition::HalfOpened | Transition::Reopened => {}
        }
        self.transitions.push(transition);
    }

    /// The sum of the steps of a counter or gauge that the host does not have yet.
    pub fn sum(&self, statistic: Statistic) -> i64 {
        self.steps.get(statistic.index()).copied().unwrap_or(0)
    }

    /// Whether the ledger has so many values that the host should take them now.
    pub const fn is_full(&self) -> bool {
        self.observations.len() >= MAX_OBSERVATIONS
    }

    /// Whether the host has all counts.
    pub const fn is_empty(&self) -> bool {
        self.changed == 0 && self.observations.is_empty() && self.transitions.is_empty()
    }

    /// Moves all changes out. A statistic whose steps add up to zero has no change.
    pub fn take_changes(&mut self, mirror: &str, metrics: &Metrics, changes: &mut Vec<Change>) {
        while self.changed != 0 {
            let index = self.changed.trailing_zeros() as usize;
            self.changed &= self.changed - 1;
            let sum = self.steps.get_mut(index).map_or(0, std::mem::take);
            if let (true, Some(metric)) = (sum != 0, metrics.get(index)) {
                changes.push(Change::Step(metric, sum));
            }
        }
        for (statistic, value) in self.observations.drain(..) {
            changes.extend(
                metrics
                    .get(statistic.index())
                    .map(|metric| Change::Record(metric, value)),
            );
        }
        changes.extend(self.transitions.drain(..).map(|transition| Change::Breaker {
            mirror: mirror.to_owned(),
            transition,
        }));
    }
}

impl Default for Ledger {
    fn default() -> Self {
        Self {
            steps: [0; COUNT],
            changed: 0,
            observations: Vec::new(),
            transitions: Vec::new(),
        }
    }
}
