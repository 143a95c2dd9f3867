//! The gauges that show what is configured, and whether a configuration is refused. Several VMs of a proxy set the same
//! gauge, and a VM that ends sets its own to 0. So each VM sets what it serves again from time to time.

use std::time::Duration;

use crate::configuration::MirrorConfig;
use crate::ledger::Change;
use crate::plugin::{self, Plugin};
use crate::serving::Serving;
use crate::statistics::{MetricId, Metrics, Statistic, StatisticKind};

/// The gauges of a VM that show configurations.
#[derive(Debug, Default)]
pub(crate) struct Gauges {
    mirrors: Vec<MirrorGauges>,
    plugins: Vec<PluginGauge>,
    /// When all settings were last given to the host, as monotonic time.
    given_at: Option<Duration>,
    /// Changes that the host does not have yet.
    pending: Vec<Change>,
}

/// The statistics of all mirrors of one name.
#[derive(Debug)]
struct MirrorGauges {
    mirror: String,
    metrics: Metrics,
    /// Whether the gauges show a configuration.
    is_shown: bool,
}

/// The gauge of all plugins of one label.
#[derive(Debug)]
struct PluginGauge {
    label: String,
    metric: Option<MetricId>,
    /// Whether a configuration is refused. `None` if no root context serves the plugin.
    is_refused: Option<bool>,
}

/// The time after which a VM sets its gauges again, although nothing has changed.
const REPEAT: Duration = Duration::from_secs(1);

// === impl Gauges ===

impl Gauges {
    /// The metrics of all mirrors of a name. The first time, `define` defines them.
    pub(crate) fn metrics_of(
        &mut self,
        mirror: &str,
        define: &mut impl FnMut(StatisticKind, &str) -> Option<MetricId>,
    ) -> Metrics {
        if let Some(known) = self.mirrors.iter().find(|known| known.mirror == mirror) {
            return known.metrics.clone();
        }
        let metrics = Metrics::define(|statistic| define(statistic.kind(), &statistic.raw_name(mirror)));
        self.mirrors.push(MirrorGauges {
            mirror: mirror.to_owned(),
            metrics: metrics.clone(),
            is_shown: false,
        });
        metrics
    }

    /// Defines the gauge of a plugin, if it is not defined yet.
    pub(crate) fn define_refused(
        &mut self,
        plugin: &Plugin,
        define: &mut impl FnMut(StatisticKind, &str) -> Option<MetricId>,
    ) {
        let label = plugin.label();
        if self.plugins.iter().all(|known| known.label != label) {
            self.plugins.push(PluginGauge {
                metric: define(plugin::REFUSED_KIND, &plugin::refused_raw_name(&label)),
                label,
                is_refused: None,
            });
        }
    }

    /// The next tick gives all settings to the host.
    pub(crate) const fn are_due(&mut self) {
        self.given_at = None;
    }

    /// The host's clock ticked: the gauges show what is configured and whether a configuration is refused. Only a tick
    /// tells of a refused configuration, because Envoy also tries a configuration in a VM that never ticks.
    ///
    /// `newest` is what the newest root context of each plugin serves, here and below.
    pub(crate) fn tick(&mut self, newest: &[&Serving], now: Duration) {
        if self.given_at.is_none_or(|at| now.saturating_sub(at) >= REPEAT) {
            self.given_at = Some(now);
            let mut settings = self.settings(newest, true);
            self.pending.append(&mut settings);
        }
        self.show_refusals(newest);
    }

    /// A root context serves no more: what no other root context has shows as 0.
    pub(crate) fn end(&mut self, newest: &[&Serving]) {
        let mut settings = self.settings(newest, false);
        self.pending.append(&mut settings);
        self.show_refusals(newest);
    }

    /// What is configured. Of several mirrors of one name, the one that was configured last shows. `is_tick` tells
    /// whether a tick asks.
    pub(crate) fn settings(&mut self, newest: &[&Serving], is_tick: bool) -> Vec<Change> {
        let mut changes = Vec::new();
        for gauges in &mut self.mirrors {
            let with_mirror = newest
                .iter()
                .filter(|serving| serving.config_of(&gauges.mirror).is_some());
            let shown = with_mirror.max_by_key(|serving| serving.since).copied();
            if shown.is_some() || gauges.is_shown {
                gauges.is_shown = shown.is_some();
                gauges.record(shown, is_tick, &mut changes);
            }
        }
        changes
    }

    /// Tells the host whether a configuration is refused. A refusal is told at every tick, so that it stays on show
    /// beside a VM of the same plugin that ends.
    fn show_refusals(&mut self, newest: &[&Serving]) {
        for gauge in &mut self.plugins {
            let of_label = newest.iter().filter(|serving| serving.label == gauge.label);
            let is_refused = of_label
                .map(|serving| serving.is_refused)
                .reduce(|one, other| one || other);
            let is_told = match is_refused {
                Some(true) => true,
                Some(false) => gauge.is_refused != is_refused,
                None => gauge.is_refused == Some(true),
            };
            if is_told {
                let value = u64::from(is_refused == Some(true));
                self.pending
                    .extend(gauge.metric.map(|metric| Change::Record(metric, value)));
            }
            gauge.is_refused = is_refused;
        }
    }

    /// Moves the changes out that the host does not have yet.
    pub(crate) fn take_changes(&mut self, changes: &mut Vec<Change>) {
        changes.append(&mut self.pending);
    }
}

// === impl MirrorGauges ===

impl MirrorGauges {
    /// The values of the gauges. A mirror without a configuration is off.
    fn record(&self, serving: Option<&Serving>, is_tick: bool, changes: &mut Vec<Change>) {
        let config = serving.and_then(|serving| serving.config_of(&self.mirror));
        let is_on = serving.is_some_and(Serving::is_on) && config.is_some_and(|config| config.enabled);
        let is_outdated = serving.is_some_and(|serving| serving.is_refused);
        let value = |of: fn(&MirrorConfig) -> u64| config.map_or(0, of);
        let settings = [
            (Statistic::Enabled, u64::from(is_on)),
            (Statistic::PercentagePpm, value(|config| config.percentage.ppm().into())),
            (
                Statistic::InFlightLimit,
                value(|config| config.limits.max_in_flight.get()),
            ),
            (
                Statistic::CollectingLimit,
                value(|config| config.limits.max_collecting.get()),
            ),
            (
                Statistic::BufferedBytesLimit,
                value(|config| config.limits.max_buffered_bytes.get()),
            ),
            (
                Statistic::ExpiryTimestampSeconds,
                value(|config| config.expires_at.as_ref().map_or(0, |end| end.unix().as_secs())),
            ),
            (Statistic::Outdated, u64::from(is_outdated)),
        ];
        // As for a refusal, only a tick tells that a mirror is outdated. An end may tell that it is gone.
        let is_told = |statistic| is_tick || statistic != Statistic::Outdated || serving.is_none();
        let settings = settings.into_iter().filter(|(statistic, _)| is_told(*statistic));
        changes.extend(settings.filter_map(|(statistic, value)| {
            let metric = self.metrics.get(statistic.index())?;
            Some(Change::Record(metric, value))
        }));
    }
}
