//! Defines the host's metrics from the one table in `mirror_policy::stats`, all of them when a plugin is configured and
//! none later: so they survive even a new VM. A change is looked up first and applied afterwards.

use mirror_policy::account::{AccountId, Setting};
use mirror_policy::effects::Effects;
use mirror_policy::stats::{Kind, Statistic};

use crate::host::{self, MetricId, MetricKind};

/// The metrics of one account, at the index of their statistic.
pub type Defined = Box<[Option<MetricId>]>;

/// The metrics of all accounts.
#[derive(Default)]
pub struct Metrics(Vec<Defined>);

/// A change of one metric.
pub enum Change {
    /// Of a counter or gauge.
    Step(MetricId, i64),
    /// A configured value, or one of a histogram.
    Record(MetricId, u64),
}

/// Defines all statistics of a mirror. Calls the host.
pub fn define(mirror: &str) -> Defined {
    let define = |statistic: Statistic| {
        let kind = match statistic.kind() {
            Kind::Counter => MetricKind::Counter,
            Kind::Gauge | Kind::Setting => MetricKind::Gauge,
            Kind::Histogram => MetricKind::Histogram,
        };
        host::define_metric(kind, &statistic.raw_name(mirror))
    };
    Statistic::all().into_iter().map(define).collect()
}

// === impl Metrics ===

impl Metrics {
    /// Whether the statistics of an account are defined.
    pub fn has(&self, account: AccountId) -> bool {
        account.0 < self.0.len()
    }

    /// Keeps the metrics of the next account.
    pub fn push(&mut self, defined: Defined) {
        self.0.push(defined);
    }

    /// The changes that effects stand for.
    pub fn resolve(&self, effects: &mut Effects) -> Vec<Change> {
        let change = |effect: mirror_policy::effects::Effect| {
            let id = self.id(effect.account, effect.statistic)?;
            Some(match effect.statistic.kind() {
                Kind::Histogram => Change::Record(id, effect.amount.unsigned_abs()),
                _ => Change::Step(id, effect.amount),
            })
        };
        effects.drain().filter_map(change).collect()
    }

    /// The changes that make the gauges show what is configured.
    pub fn settings(&self, settings: &[Setting]) -> Vec<Change> {
        let change = |setting: &Setting| {
            self.id(setting.account, setting.statistic)
                .map(|id| Change::Record(id, setting.value))
        };
        settings.iter().filter_map(change).collect()
    }

    fn id(&self, account: AccountId, statistic: Statistic) -> Option<MetricId> {
        *self.0.get(account.0)?.get(statistic.index())?
    }
}

// === impl Change ===

impl Change {
    /// Calls the host.
    pub fn apply(self) {
        match self {
            Self::Step(id, by) => host::increment_metric(id, by),
            Self::Record(id, value) => host::record_metric(id, value),
        }
    }
}
