//! The account of a mirror: every request that met its match and what became of it, every copy that was sent and how it
//! ended, each with its reason from the one vocabulary.

use mirror_policy::reasons::{Class, Failure};
use mirror_policy::statistics::{Statistic, StatisticKind};

use super::history::Tally;
use super::reading::Counts;
use super::vocabulary;
use crate::job::Engine;

/// What was counted, in a window or since the proxies started.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Balances {
    /// Requests that met the match.
    pub matched: f64,
    /// Copies that were sent.
    pub sent: f64,
    /// Requests that policy left out.
    pub skipped: f64,
    /// Copies that were lost.
    pub dropped: f64,
    /// The shadow's answers.
    pub responses: f64,
    /// Copies without an answer.
    pub failures: f64,
    /// The primary's answers to what was copied.
    pub primary_responses: f64,
    /// Copies whose request is not complete yet; `None` in a window, where a gauge says nothing.
    pub collecting: Option<f64>,
    /// Copies whose answer is awaited; `None` in a window.
    pub in_flight: Option<f64>,
    /// By how much the two balances miss, together: `matched = sent + skipped + dropped + collecting` and `sent =
    /// responses + failures + in flight`. `None` in a window.
    pub unaccounted: Option<f64>,
    /// Everything that has a reason, in the order of the table, zeros too.
    pub reasons: Vec<ReasonCount>,
}

/// How often one thing happened for one reason.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ReasonCount {
    /// What, and for which reason.
    pub statistic: Statistic,
    /// How often.
    pub count: f64,
}

/// Whether an answer is an error, as Kiali and KubeSphere see it: 4xx and 5xx, and a gRPC status other than 0.
pub fn is_error(class: Class) -> bool {
    matches!(class, Class::ClientError | Class::ServerError | Class::GrpcError)
}

/// Whether it is a copy that the shadow failed to answer. One that was cancelled tells nothing about the shadow.
pub fn is_failure_of_shadow(statistic: Statistic) -> bool {
    matches!(statistic, Statistic::Failures(failure) if failure != Failure::Cancelled)
}

// === impl Balances ===

impl Balances {
    /// How often one thing happened for one reason.
    pub fn count_of(&self, statistic: Statistic) -> f64 {
        let found = self.reasons.iter().find(|reason| reason.statistic == statistic);
        found.map_or(0.0, |reason| reason.count)
    }

    /// Of a window.
    pub(super) fn of(engine: Engine, tally: &Tally) -> Self {
        Self::count(engine, |statistic| tally.get(statistic))
    }

    /// Since the proxies started.
    pub(super) fn since_start<'a>(engine: Engine, proxies: impl Iterator<Item = &'a Counts>) -> Self {
        let proxies: Vec<&Counts> = proxies.collect();
        let sum = |statistic: Statistic| proxies.iter().filter_map(|counts| counts.get(statistic)).sum();
        let balances = Self::count(engine, sum);
        if engine == Engine::Native {
            return balances;
        }
        let (collecting, in_flight): (f64, f64) = (sum(Statistic::Collecting), sum(Statistic::InFlight));
        let requests = balances.matched - balances.sent - balances.skipped - balances.dropped - collecting;
        let copies = balances.sent - balances.responses - balances.failures - in_flight;
        Self {
            collecting: Some(collecting),
            in_flight: Some(in_flight),
            unaccounted: Some(requests.abs() + copies.abs()),
            ..balances
        }
    }

    fn count(engine: Engine, count: impl Fn(Statistic) -> f64) -> Self {
        let of_engine = |statistic: &&Statistic| match statistic {
            Statistic::Skipped(_) | Statistic::Dropped(_) => engine == Engine::Wasm,
            _ => true,
        };
        let reasons: Vec<ReasonCount> = vocabulary::all()
            .iter()
            .filter(|statistic| statistic.kind() == StatisticKind::Counter && statistic.result().is_some())
            .filter(of_engine)
            .map(|&statistic| ReasonCount {
                statistic,
                count: count(statistic),
            })
            .collect();
        let total = |of: fn(Statistic) -> bool| -> f64 {
            let those = reasons.iter().filter(|reason| of(reason.statistic));
            those.map(|reason| reason.count).sum()
        };
        Self {
            matched: count(Statistic::Matched),
            sent: count(Statistic::Sent),
            skipped: total(|one| matches!(one, Statistic::Skipped(_))),
            dropped: total(|one| matches!(one, Statistic::Dropped(_))),
            responses: total(|one| matches!(one, Statistic::Responses(_))),
            failures: total(|one| matches!(one, Statistic::Failures(_))),
            primary_responses: total(|one| matches!(one, Statistic::PrimaryResponses(_))),
            collecting: None,
            in_flight: None,
            unaccounted: None,
            reasons,
        }
    }
}
