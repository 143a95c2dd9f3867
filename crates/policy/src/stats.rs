//! The one table of statistics. The filter defines its metrics from it, tests and tools read them by it, and
//! `docs/statistics.md` is generated from it.

use crate::reason::{Class, Dropped, Failure, Skipped};

/// One statistic of one mirror, with its result where it has one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Statistic {
    /// Requests that met the mirror's `match`.
    Matched,
    /// Copies that Envoy took.
    Sent,
    /// Requests that policy left out.
    Skipped(Skipped),
    /// Copies that were lost.
    Dropped(Dropped),
    /// The shadow's answers.
    Responses(Class),
    /// Copies that were sent and not answered.
    Failures(Failure),
    /// The primary's answers to the requests that were copied.
    PrimaryResponses(Class),
    /// Copies whose request is not complete yet.
    Collecting,
    /// Copies whose answer is awaited.
    InFlight,
    /// Header and body bytes of both.
    BufferedBytes,
    /// Circuit breakers that are not closed.
    BreakerOpen,
    /// Whether the mirror is on: 1 or 0.
    Enabled,
    /// The configured percentage in parts per million.
    PercentagePpm,
    /// `limits.maxInFlight`, per worker.
    InFlightLimit,
    /// `limits.maxBufferedBytes`, per worker.
    BufferedBytesLimit,
    /// `expiresAt` in Unix seconds; 0: never.
    ExpiryTimestampSeconds,
    /// How long the shadow took.
    ShadowDuration,
    /// How long the primary took, for the requests that were copied.
    PrimaryDuration,
}

/// How a statistic's value comes about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Only grows; the sum over all workers.
    Counter,
    /// Goes up and down by signed steps; the sum over all workers.
    Gauge,
    /// A gauge that every worker sets to the same configured value.
    Setting,
    /// A distribution of whole milliseconds.
    Histogram,
}

/// One row of the table: a name, and all that is counted under it.
#[derive(Debug, Clone, Copy)]
pub struct Family {
    /// The name, without mirror and result.
    pub name: &'static str,
    /// What it counts, for a person.
    pub help: &'static str,
}

/// The table, in the order in which it is documented.
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
        "Header and body bytes of the copies being collected or awaiting an answer.",
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
    family(
        "traffic_mirror_buffered_bytes_limit",
        "`limits.maxBufferedBytes`, per worker.",
    ),
    family(
        "traffic_mirror_expiry_timestamp_seconds",
        "`expiresAt` in seconds since 1970, rounded down; 0 if the mirror never expires or is no longer configured.",
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

/// The names alone: the filter needs no words for a person, and every byte of it counts.
const NAMES: [&str; FAMILIES.len()] = {
    let mut names = [""; FAMILIES.len()];
    let mut rest = FAMILIES;
    let mut row = 0;
    while let [family, after @ ..] = rest {
        #[expect(clippy::indexing_slicing, reason = "at compile time")]
        {
            names[row] = family.name;
        }
        row += 1;
        rest = after;
    }
    names
};

const fn family(name: &'static str, help: &'static str) -> Family {
    Family { name, help }
}

// Where the statistics of each family begin in the order of `Statistic::index`.
const SKIPPED: usize = 2;
const DROPPED: usize = SKIPPED + Skipped::ALL.len();
const RESPONSES: usize = DROPPED + Dropped::ALL.len();
const FAILURES: usize = RESPONSES + Class::ALL.len();
const PRIMARY_RESPONSES: usize = FAILURES + Failure::ALL.len();
const COLLECTING: usize = PRIMARY_RESPONSES + Class::ALL.len();

/// How many statistics a mirror has.
pub const COUNT: usize = COLLECTING + 11;

// === impl Statistic ===

impl Statistic {
    /// All statistics of a mirror, each at its own [`index`](Self::index).
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
            Self::BufferedBytesLimit,
            Self::ExpiryTimestampSeconds,
            Self::ShadowDuration,
            Self::PrimaryDuration,
        ]);
        all
    }

    /// Its place among all statistics of a mirror: 0 to [`COUNT`] - 1.
    pub const fn index(self) -> usize {
        match self {
            Self::Matched => 0,
            Self::Sent => 1,
            Self::Skipped(reason) => SKIPPED + reason as usize,
            Self::Dropped(reason) => DROPPED + reason as usize,
            Self::Responses(class) => RESPONSES + class as usize,
            Self::Failures(failure) => FAILURES + failure as usize,
            Self::PrimaryResponses(class) => PRIMARY_RESPONSES + class as usize,
            Self::Collecting => COLLECTING,
            Self::InFlight => COLLECTING + 1,
            Self::BufferedBytes => COLLECTING + 2,
            Self::BreakerOpen => COLLECTING + 3,
            Self::Enabled => COLLECTING + 4,
            Self::PercentagePpm => COLLECTING + 5,
            Self::InFlightLimit => COLLECTING + 6,
            Self::BufferedBytesLimit => COLLECTING + 7,
            Self::ExpiryTimestampSeconds => COLLECTING + 8,
            Self::ShadowDuration => COLLECTING + 9,
            Self::PrimaryDuration => COLLECTING + 10,
        }
    }

    /// The name of its family, without mirror and result.
    pub fn name(self) -> &'static str {
        NAMES.get(self.row()).copied().unwrap_or_default()
    }

    /// How its value comes about.
    pub const fn kind(self) -> Kind {
        match self {
            Self::Collecting | Self::InFlight | Self::BufferedBytes | Self::BreakerOpen => Kind::Gauge,
            Self::Enabled
            | Self::PercentagePpm
            | Self::InFlightLimit
            | Self::BufferedBytesLimit
            | Self::ExpiryTimestampSeconds => Kind::Setting,
            Self::ShadowDuration | Self::PrimaryDuration => Kind::Histogram,
            _ => Kind::Counter,
        }
    }

    /// The `result` label, where the family has results.
    pub const fn result(self) -> Option<&'static str> {
        match self {
            Self::Skipped(reason) => Some(reason.as_str()),
            Self::Dropped(reason) => Some(reason.as_str()),
            Self::Responses(class) | Self::PrimaryResponses(class) => Some(class.as_str()),
            Self::Failures(failure) => Some(failure.as_str()),
            _ => None,
        }
    }

    /// What the result means, where the family has results.
    pub const fn meaning(self) -> Option<&'static str> {
        match self {
            Self::Skipped(reason) => Some(reason.meaning()),
            Self::Dropped(reason) => Some(reason.meaning()),
            Self::Responses(class) | Self::PrimaryResponses(class) => Some(class.meaning()),
            Self::Failures(failure) => Some(failure.meaning()),
            _ => None,
        }
    }

    /// Its row in [`FAMILIES`].
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
            Self::BufferedBytesLimit => 14,
            Self::ExpiryTimestampSeconds => 15,
            Self::ShadowDuration => 16,
            Self::PrimaryDuration => 17,
        }
    }

    /// The raw name of this statistic for a mirror, as the filter defines it and as `/stats` shows it behind Envoy's
    /// `wasmcustom.`. The bootstrap of a stock Istio takes `wasm_filter` and `tag` out of it as labels.
    pub fn raw_name(self, mirror: &str) -> String {
        let name = self.name();
        match self.result() {
            Some(result) => format!("wasm_filter.{mirror}.tag.{result};.{name}"),
            None => format!("wasm_filter.{mirror}.{name}"),
        }
    }
}
