//! What a source says: what one proxy had counted, of each mirror, at one time. Everything is as it was counted, since
//! the proxy started; what happened in a span of time is the history's to work out.

use std::collections::{BTreeMap, BTreeSet};

use mirror_policy::statistics::{COUNT, Statistic, StatisticKind};

use super::distribution::Distribution;
use super::vocabulary;
use crate::job::Engine;

/// What one proxy says at one time.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// The proxy: the URL of its admin, or its pod or instance.
    pub proxy: String,
    /// Unix milliseconds.
    pub at: i64,
    /// How long it has been running, if it says so.
    pub uptime: Option<Uptime>,
    /// What it counts, by the name of the mirror; empty if the filter is not loaded.
    pub mirrors: BTreeMap<String, Counts>,
    /// The labels of the plugins whose newest configuration is refused.
    pub refused: BTreeSet<String>,
}

/// How long a process has been running, and how often it has handed its counters to a successor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Uptime {
    /// Seconds.
    pub seconds: u64,
    /// Envoy's restart epoch: a higher one continues the counters of the process before.
    pub epoch: u64,
}

/// The statistics of one mirror in one proxy; what did not come is unknown.
#[derive(Debug, Clone, PartialEq)]
pub struct Counts {
    /// Who makes the copies.
    pub engine: Engine,
    values: Vec<Option<f64>>,
    distributions: [Option<Distribution>; 2],
}

// === impl Counts ===

impl Counts {
    /// Nothing known.
    pub fn unknown(engine: Engine) -> Self {
        Self {
            engine,
            values: vec![None; COUNT],
            distributions: [None, None],
        }
    }

    /// What a mirror has counted that has just begun.
    pub fn zero(engine: Engine) -> Self {
        Self {
            values: vec![Some(0.0); COUNT],
            ..Self::unknown(engine)
        }
    }

    /// The value of a counter, gauge or setting.
    pub fn get(&self, statistic: Statistic) -> Option<f64> {
        self.values.get(statistic.index()).copied().flatten()
    }

    /// Takes a value; of several for the same statistic, the sum. No number, or a negative one, is unknown.
    pub fn add(&mut self, statistic: Statistic, value: f64) {
        if value.is_finite()
            && value >= 0.0
            && let Some(slot) = self.values.get_mut(statistic.index())
        {
            *slot = Some(slot.unwrap_or_default() + value);
        }
    }

    /// The durations of a histogram.
    pub fn distribution(&self, statistic: Statistic) -> Option<&Distribution> {
        self.distributions.get(slot(statistic)?)?.as_ref()
    }

    /// Takes the durations of a histogram; of several for the same one, the sum.
    pub fn add_distribution(&mut self, statistic: Statistic, distribution: Distribution) {
        let place = slot(statistic).and_then(|slot| self.distributions.get_mut(slot));
        match place {
            Some(Some(known)) => known.add(&distribution, 1.0),
            Some(place) => *place = Some(distribution),
            None => {}
        }
    }

    /// Whether a counter is lower than it was: the counting began anew.
    pub fn is_behind(&self, earlier: &Self) -> bool {
        let counters = vocabulary::all()
            .iter()
            .filter(|one| one.kind() == StatisticKind::Counter);
        counters
            .filter_map(|&counter| self.get(counter).zip(earlier.get(counter)))
            .any(|(now, then)| now < then)
    }

    /// Takes what is unknown from an earlier reading: a series that is missing once has not begun anew.
    pub fn fill(&mut self, earlier: &Self) {
        for (own, earlier) in self.values.iter_mut().zip(&earlier.values) {
            *own = own.or(*earlier);
        }
        for (own, earlier) in self.distributions.iter_mut().zip(&earlier.distributions) {
            if own.is_none() {
                own.clone_from(earlier);
            }
        }
    }

    /// Whether the proxy has a configuration for the mirror. The filter sets the limits of one that is gone to 0.
    pub fn is_configured(&self) -> bool {
        self.get(Statistic::InFlightLimit).is_none_or(|limit| limit > 0.0)
    }
}

fn slot(statistic: Statistic) -> Option<usize> {
    match statistic {
        Statistic::PrimaryDuration => Some(0),
        Statistic::ShadowDuration => Some(1),
        _ => None,
    }
}
