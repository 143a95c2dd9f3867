//! What the gauges of all proxies say together: what is configured, and what goes on at this moment.

use mirror_policy::statistics::Statistic;

use super::reading::Counts;

/// What is configured; of engine native nothing is known.
#[derive(Debug, Clone, PartialEq)]
pub struct Set {
    /// Whether it is on, in any proxy.
    pub enabled: Option<bool>,
    /// The configured percentage: 0 to 100.
    pub percentage: Option<f64>,
    /// How many copies of one worker may await an answer: `limits.maxInFlight`.
    pub max_in_flight: Option<f64>,
    /// How many copies of one worker may be collected: `limits.maxCollecting`.
    pub max_collecting: Option<f64>,
    /// How many bytes the copies of one worker may have: `limits.maxBufferedBytes`.
    pub max_buffered_bytes: Option<f64>,
    /// Unix seconds; `None` is never, or unknown.
    pub expires_at: Option<i64>,
    /// Whether all proxies say the same.
    pub uniform: bool,
}

/// The gauges.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Now {
    /// Copies whose request is not complete yet.
    pub collecting: Option<f64>,
    /// Copies whose answer is awaited.
    pub in_flight: Option<f64>,
    /// The bytes of both.
    pub buffered_bytes: Option<f64>,
    /// Workers whose breaker is not closed.
    pub breakers_open: Option<f64>,
}

// === impl Set ===

impl Set {
    pub(super) fn of(loaded: &[&Counts]) -> Self {
        let settings = |statistic: Statistic| loaded.iter().filter_map(move |counts| counts.get(statistic));
        let highest = |statistic: Statistic| settings(statistic).reduce(f64::max);
        let is_same = |statistic: Statistic| {
            let mut all = settings(statistic);
            let first = all.next();
            all.all(|one| Some(one) == first)
        };
        let uniform = [
            Statistic::Enabled,
            Statistic::PercentagePpm,
            Statistic::InFlightLimit,
            Statistic::CollectingLimit,
            Statistic::BufferedBytesLimit,
            Statistic::ExpiryTimestampSeconds,
        ];
        Self {
            enabled: highest(Statistic::Enabled).map(|value| value > 0.0),
            percentage: highest(Statistic::PercentagePpm).map(|ppm| ppm / 10_000.0),
            max_in_flight: highest(Statistic::InFlightLimit),
            max_collecting: highest(Statistic::CollectingLimit),
            max_buffered_bytes: highest(Statistic::BufferedBytesLimit),
            expires_at: highest(Statistic::ExpiryTimestampSeconds)
                .filter(|seconds| *seconds > 0.0)
                .map(|seconds| seconds as i64),
            uniform: uniform.into_iter().all(is_same),
        }
    }
}

// === impl Now ===

impl Now {
    pub(super) fn of(having: &[&Counts]) -> Self {
        let sum = |statistic: Statistic| {
            let values = having.iter().filter_map(|counts| counts.get(statistic));
            values.reduce(|one, other| one + other)
        };
        Self {
            collecting: sum(Statistic::Collecting),
            in_flight: sum(Statistic::InFlight),
            buffered_bytes: sum(Statistic::BufferedBytes),
            breakers_open: sum(Statistic::BreakerOpen),
        }
    }
}
