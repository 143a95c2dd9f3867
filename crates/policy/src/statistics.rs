//! The table of statistics. The filter defines its metrics from the table, tests and tools read the metrics by it, and
//! `docs/statistics.md` is generated from it.

use crate::reasons::{Class, Dropped, Failure, Skipped};

/// One statistic of one mirror, with its result where it has one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Statistic {
    /// Requests that met the mirror's `match`.
    Matched,
    /// Copies that Envoy took to send.
    Sent,
    /// Requests that the policy did not copy.
    Skipped(Skipped),
    /// Copies that were lost before they were sent.
    Dropped(Dropped),
    /// Answers of the shadow to copies.
    Responses(Class),
    /// Copies that were sent and that the shadow did not answer.
    Failures(Failure),
    /// Answers of the primary to the requests that were copied.
    PrimaryResponses(Class),
    /// Copies whose request is not complete yet.
    Collecting,
    /// Copies whose answer is awaited.
    InFlight,
    /// Header and body bytes of the copies that are collected or await an answer.
    BufferedBytes,
    /// Workers whose circuit breaker is not closed.
    BreakerOpen,
    /// Whether the mirror is on: 1 or 0.
    Enabled,
    /// The configured percentage in parts per million.
    PercentagePpm,
    /// The configured `limits.maxInFlight`, per worker.
    InFlightLimit,
    /// The configured `limits.maxCollecting`, per worker.
    CollectingLimit,
    /// The configured `limits.maxBufferedBytes`, per worker.
    BufferedBytesLimit,
    /// `expiresAt` in seconds since 1970. 0 means never.
    ExpiryTimestampSeconds,
    /// Whether the mirror goes on by an earlier configuration, because the newest is refused: 1 or 0.
    Outdated,
    /// The time from the complete copy to the headers of the shadow's answer.
    ShadowDuration,
    /// The time from the complete request to the headers of the primary's answer, for the requests that were copied.
    PrimaryDuration,
}

/// The way in which the value of a statistic changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatisticKind {
    /// The value only grows. It is the sum over all workers.
    Counter,
    /// The value changes by signed steps. It is the sum over all workers.
    Gauge,
    /// Every worker sets the value to what is configured.
    Setting,
    /// A distribution of whole milliseconds.
    Histogram,
}

/// One row of the table: all statistics of one name.
#[derive(Debug, Clone, Copy)]
pub struct Family {
    /// The name without the mirror and the result.
    pub name: &'static str,
    /// What the statistics of the family count.
    pub help: &'static str,
}

/// The table in the order of the documentation.
pub const FAMILIES: &[Family] = &[
    family(
        "traffic_mirror_matched_total",
        "Requests that met the mirror's `match`.",
    ),
    family("traffic_mirror_sent_total", "Copies that were sent to the shadow."),
    family(
        "traffic_mirror_skipped_total",
        "Requests that were not copied because policy said so.",
    ),
    family(
        "traffic_mirror_dropped_total",
        "Copies that were lost before they were sent.",
    ),
    family("traffic_mirror_responses_total", "Answers of the shadow."),
    family(
        "traffic_mirror_failures_total",
        "Copies that were sent and that the shadow did not answer.",
    ),
    family(
        "traffic_mirror_primary_responses_total",
        "Answers of the primary to the requests that were copied.",
    ),
    family("traffic_mirror_collecting", "Copies whose request is not complete yet."),
    family("traffic_mirror_in_flight", "Copies whose answer is awaited."),
    family(
        "traffic_mirror_buffered_bytes",
        "Header and body bytes of the copies that are collected or await an answer.",
    ),
    family(
        "traffic_mirror_breaker_open",
        "Workers whose circuit breaker is not closed: open, or awaiting the end of its probe.",
    ),
    family(
        "traffic_mirror_enabled",
        "1 if the mirror is on, 0 if it is off or no longer configured.",
    ),
    family(
        "traffic_mirror_percentage_ppm",
        "The configured percentage, in parts per million.",
    ),
    family("traffic_mirror_in_flight_limit", "`limits.maxInFlight`, per worker."),
    family("traffic_mirror_collecting_limit", "`limits.maxCollecting`, per worker."),
    family(
        "traffic_mirror_buffered_bytes_limit",
        "`limits.maxBufferedBytes`, per worker.",
    ),
    family(
        "traffic_mirror_expiry_timestamp_seconds",
        "`expiresAt` in seconds since 1970, rounded down; 0 if the mirror never expires or is no longer configured.",
    ),
    family(
        "traffic_mirror_outdated",
        "1 if the mirror goes on by an earlier configuration, because the newest one of its plugin is refused; else 0.",
    ),
    family(
        "traffic_mirror_shadow_duration_milliseconds",
        "From the complete copy to the headers of the shadow's answer.",
    ),
    family(
        "traffic_mirror_primary_duration_milliseconds",
        "From the complete request to the headers of the primary's answer, for the requests that were copied.",
    ),
];

const fn family(name: &'static str, help: &'static str) -> Family {
    Family { name, help }
}

// The index of the first statistic of each family.
const SKIPPED: usize = 2;
const DROPPED: usize = SKIPPED + Skipped::ALL.len();
const RESPONSES: usize = DROPPED + Dropped::ALL.len();
const FAILURES: usize = RESPONSES + Class::ALL.len();
const PRIMARY_RESPONSES: usize = FAILURES + Failure::ALL.len();
const COLLECTING: usize = PRIMARY_RESPONSES + Class::ALL.len();

/// The number of statistics that a mirror has.
pub const COUNT: usize = COLLECTING + 13;

/// The number by which a host knows a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct MetricId(pub u32);

/// The metrics of one mirror, at the index of their statistic. A metric that the host did not define is missing.
#[derive(Debug, Clone, Default)]
pub struct Metrics(Box<[Option<MetricId>]>);

// === impl Metrics ===

impl Metrics {
    /// Defines each statistic of a mirror as a metric of the host. `define` returns `None` if the host refuses.
    pub fn define(define: impl FnMut(Statistic) -> Option<MetricId>) -> Self {
        Self(Statistic::all().into_iter().map(define).collect())
    }

    /// The metric of the statistic with this index. Returns `None` if the host did not define the metric.
    pub fn get(&self, index: usize) -> Option<MetricId> {
        *self.0.get(index)?
    }
}

// === impl Statistic ===

impl Statistic {
    /// All statistics of a mirror. Each is at its [`index`](Self::index).
    pub fn all() -> Vec<Statistic> {
        let mut all = vec![Self::Matched, Self::Sent];
        all.extend(Skipped::ALL.iter().map(|&reason| Self::Skipped(reason)));
        all.extend(Dropped::ALL.iter().map(|&reason| Self::Dropped(reason)));
        all.extend(Class::ALL.iter().map(|&class| Self::Responses(class)));
        all.extend(Failure::ALL.iter().map(|&failure| Self::Failures(failure)));
        all.extend(Class::ALL.iter().map(|&class| Self::PrimaryResponses(class)));
        all.extend([
            Self::Collecting,
            Self::InFlight,
            Self::BufferedBytes,
            Self::BreakerOpen,
            Self::Enabled,
            Self::PercentagePpm,
            Self::InFlightLimit,
            Self::CollectingLimit,
            Self::BufferedBytesLimit,
            Self::ExpiryTimestampSeconds,
            Self::Outdated,
            Self::ShadowDuration,
            Self::PrimaryDuration,
        ]);
        all
    }

    /// The place of the statistic among all statistics of a mirror: 0 to [`COUNT`] - 1.
    pub const fn index(self) -> usize {
        match self {
            Self::Skipped(reason) => SKIPPED + reason as usize,
            Self::Dropped(reason) => DROPPED + reason as usize,
            Self::Responses(class) => RESPONSES + class as usize,
            Self::Failures(failure) => FAILURES + failure as usize,
            Self::PrimaryResponses(class) => PRIMARY_RESPONSES + class as usize,
            Self::Matched | Self::Sent => self.row(),
            _ => COLLECTING + self.row() - Self::Collecting.row(),
        }
    }

    /// The name of the family, without the mirror and the result.
    pub fn name(self) -> &'static str {
        FAMILIES.get(self.row()).map_or("", |family| family.name)
    }

    /// The way in which the value changes.
    pub const fn kind(self) -> StatisticKind {
        match self {
            Self::Collecting | Self::InFlight | Self::BufferedBytes | Self::BreakerOpen => StatisticKind::Gauge,
            Self::Enabled
            | Self::PercentagePpm
            | Self::InFlightLimit
            | Self::CollectingLimit
            | Self::BufferedBytesLimit
            | Self::ExpiryTimestampSeconds
            | Self::Outdated => StatisticKind::Setting,
            Self::ShadowDuration | Self::PrimaryDuration => StatisticKind::Histogram,
            _ => StatisticKind::Counter,
        }
    }

    /// The label `result`. Returns `None` if the family has no results.
    pub const fn result(self) -> Option<&'static str> {
        match self {
            Self::Skipped(reason) => Some(reason.as_str()),
            Self::Dropped(reason) => Some(reason.as_str()),
            Self::Responses(class) | Self::PrimaryResponses(class) => Some(class.as_str()),
            Self::Failures(failure) => Some(failure.as_str()),
            _ => None,
        }
    }

    /// What the result means. Returns `None` if the family has no results.
    pub const fn meaning(self) -> Option<&'static str> {
        match self {
            Self::Skipped(reason) => Some(reason.meaning()),
            Self::Dropped(reason) => Some(reason.meaning()),
            Self::Responses(class) | Self::PrimaryResponses(class) => Some(class.meaning()),
            Self::Failures(failure) => Some(failure.meaning()),
            _ => None,
        }
    }

    /// The row of the family in [`FAMILIES`].
    const fn row(self) -> usize {
        match self {
            Self::Matched => 0,
            Self::Sent => 1,
            Self::Skipped(_) => 2,
            Self::Dropped(_) => 3,
            Self::Responses(_) => 4,
            Self::Failures(_) => 5,
            Self::PrimaryResponses(_) => 6,
            Self::Collecting => 7,
            Self::InFlight => 8,
            Self::BufferedBytes => 9,
            Self::BreakerOpen => 10,
            Self::Enabled => 11,
            Self::PercentagePpm => 12,
            Self::InFlightLimit => 13,
            Self::CollectingLimit => 14,
            Self::BufferedBytesLimit => 15,
            Self::ExpiryTimestampSeconds => 16,
            Self::Outdated => 17,
            Self::ShadowDuration => 18,
            Self::PrimaryDuration => 19,
        }
    }

    /// The raw name of the statistic of a mirror. The filter defines the metric by this name, and `/stats` shows the
    /// name behind Envoy's `wasmcustom.`. A stock Istio makes the labels `wasm_filter` and `tag` of it.
    ///
    /// Istio's expressions take the first match anywhere in the name. The result comes first, because then the mirror
    /// has only one `.` behind it, and no expression for another label can match in it: `price-tag` and `cache` too.
    pub fn raw_name(self, mirror: &str) -> String {
        let name = self.name();
        match self.result() {
            Some(result) => format!("tag.{result};.wasm_filter.{mirror}.{name}"),
            None => format!("wasm_filter.{mirror}.{name}"),
        }
    }
}
