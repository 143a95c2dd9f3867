//! What a rate, a circuit breaker and an expiry let through, to the millisecond. No update resets what they count.

use mirror_model::bench::{Bench, Ready, RequestId};
use mirror_model::plans::mirror;
use mirror_model::requests::post;
use mirror_policy::breaker::Transition;
use mirror_policy::outcome::Outcome;
use mirror_policy::reasons::{Class, Dropped};
use mirror_policy::statistics::Statistic;

pub mod rate;

pub mod breaker;

pub mod probe;

pub mod room;

pub mod breaker_updates;

pub mod expiry;

const RATE: Statistic = Statistic::Dropped(Dropped::Rate);

const OPEN: Statistic = Statistic::Dropped(Dropped::BreakerOpen);

const OK: Outcome = answered(Class::Success, false);

const ERROR: Outcome = answered(Class::ServerError, true);

const fn answered(class: Class, is_error: bool) -> Outcome {
    Outcome::Answered {
        class,
        is_error,
        milliseconds: Some(1),
    }
}

/// A bench of one mirror, and short words for what happens to it.
struct Mirror {
    bench: Bench,
}

impl Mirror {
    fn new(keys: &str) -> Self {
        Self {
            bench: Bench::new(mirror(keys)),
        }
    }

    /// A request whose body is still to come.
    fn begin(&mut self, now: u64) -> Option<RequestId> {
        self.bench.begin(post(&[]), now)
    }

    /// A request that is complete: its copy, if one was admitted.
    fn copy(&mut self, now: u64) -> Option<Ready> {
        let id = self.begin(now)?;
        self.bench.complete(id, now).pop()
    }

    /// Its copy is sent. Returns the token.
    fn send(&mut self, now: u64) -> Option<u32> {
        let copy = self.copy(now)?;
        Some(self.bench.send(copy))
    }

    fn settle(&mut self, token: u32, outcome: Outcome, now: u64) {
        self.bench.settle(token, outcome, now);
    }

    /// A request whose copy is sent and ends at once. Returns whether it was admitted.
    fn end(&mut self, outcome: Outcome, now: u64) -> bool {
        let token = self.send(now);
        token.is_some_and(|token| {
            self.settle(token, outcome, now);
            true
        })
    }

    fn count(&self, statistic: Statistic) -> i64 {
        self.bench.count(statistic)
    }

    /// What the breaker did since the last time.
    fn transitions(&mut self) -> Vec<Transition> {
        let transitions = self.bench.take_transitions();
        transitions.into_iter().map(|(_, transition)| transition).collect()
    }
}
