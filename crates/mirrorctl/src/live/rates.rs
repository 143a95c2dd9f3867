//! What happened in a window, as rates, shares and latencies of both versions. `None` is what nobody knows.

use mirror_policy::statistics::Statistic;

use super::balances::{Balances, is_error, is_failure_of_shadow};
use super::history::Tally;
use crate::job::Engine;

/// What happened in a window.
#[derive(Debug, Clone, PartialEq)]
pub struct Numbers {
    /// Of the window, so many seconds are known.
    pub seconds: f64,
    /// Requests that met the mirror's `match`, per second.
    pub matched: Option<f64>,
    /// Copies that were sent, per second.
    pub sent: Option<f64>,
    /// Requests that the policy did not copy, per second.
    pub skipped: Option<f64>,
    /// Copies that were lost before they were sent, per second.
    pub dropped: Option<f64>,
    /// The share of the matched requests that was sent, 0 to 100.
    pub actual_percentage: Option<f64>,
    /// The primary.
    pub primary: Side,
    /// The shadow.
    pub shadow: Side,
    /// The counts.
    pub balances: Balances,
}

/// One of the two versions in a window.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Side {
    /// Answers.
    pub responses: f64,
    /// Requests per second: of the primary those that met the match, of the shadow those that were sent.
    pub per_second: Option<f64>,
    /// 0 to 100; `None` without answers.
    pub success_percentage: Option<f64>,
    /// Milliseconds: the 50th, 95th and 99th percentile.
    pub latency: [Option<f64>; 3],
}

const QUANTILES: [f64; 3] = [0.5, 0.95, 0.99];

// === impl Numbers ===

impl Numbers {
    pub(super) fn of(engine: Engine, tally: &Tally) -> Self {
        let seconds = tally.known / 1000.0;
        let balances = Balances::of(engine, tally);
        let rate = |count: f64| (seconds > 0.0).then(|| count / seconds);
        let of_filter = |count: f64| rate(count).filter(|_| engine == Engine::Wasm);
        let share = (balances.matched > 0.0).then(|| 100.0 * balances.sent / balances.matched);
        Self {
            seconds,
            matched: of_filter(balances.matched),
            sent: rate(balances.sent),
            skipped: of_filter(balances.skipped),
            dropped: of_filter(balances.dropped),
            actual_percentage: share,
            primary: Side::primary(engine, tally),
            shadow: Side::shadow(tally),
            balances,
        }
    }
}

// === impl Side ===

impl Side {
    pub(super) fn primary(engine: Engine, tally: &Tally) -> Self {
        let responses = tally.total(|one| matches!(one, Statistic::PrimaryResponses(_)));
        let errors = tally.total(|one| matches!(one, Statistic::PrimaryResponses(class) if is_error(class)));
        let requests = match engine {
            Engine::Wasm => tally.get(Statistic::Matched),
            Engine::Native => responses,
        };
        let [primary, _] = &tally.durations;
        Self {
            responses,
            per_second: per_second(tally, requests),
            success_percentage: success(responses, errors),
            latency: QUANTILES.map(|quantile| primary.quantile(quantile)),
        }
    }

    pub(super) fn shadow(tally: &Tally) -> Self {
        let responses = tally.total(|one| matches!(one, Statistic::Responses(_)));
        let errors = tally.total(|one| matches!(one, Statistic::Responses(class) if is_error(class)));
        let failures = tally.total(is_failure_of_shadow);
        let [_, shadow] = &tally.durations;
        Self {
            responses,
            per_second: per_second(tally, tally.get(Statistic::Sent)),
            success_percentage: success(responses + failures, errors + failures),
            latency: QUANTILES.map(|quantile| shadow.quantile(quantile)),
        }
    }

    /// 0 to 100; `None` without answers.
    pub fn error_percentage(&self) -> Option<f64> {
        self.success_percentage.map(|success| 100.0 - success)
    }
}

pub(super) fn per_second(tally: &Tally, count: f64) -> Option<f64> {
    (tally.known > 0.0).then(|| count * 1000.0 / tally.known)
}

fn success(answers: f64, errors: f64) -> Option<f64> {
    // A share of a request is no request: readings are spread over bins.
    (answers > 1e-6).then(|| (100.0 * (1.0 - errors / answers)).clamp(0.0, 100.0))
}
