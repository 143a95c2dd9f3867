//! The primary's side of a request that is copied: its answer is classed by the same rule as the shadow's and counted
//! once for every copy that was sent, so that success rates compare like with like. An answer may come before the request
//! is complete; it is counted when the copies are sent.

use std::time::Duration;

use crate::account::AccountId;
use crate::answer;
use crate::effects::Effects;
use crate::headers::Headers;
use crate::reason::Class;
use crate::stats::Statistic;

/// Watches one primary.
#[derive(Debug, Default)]
pub struct Watch {
    sent: Vec<AccountId>,
    completed: Option<Duration>,
    answer: Option<Answer>,
}

#[derive(Debug, Clone, Copy)]
enum Answer {
    /// gRPC tells by its trailers.
    AwaitsTrailers,
    Is(Class),
}

// === impl Watch ===

impl Watch {
    /// The request is complete, and copies of it were sent for these accounts.
    pub fn sent(&mut self, accounts: Vec<AccountId>, now: Duration, effects: &mut Effects) {
        self.sent = accounts;
        self.completed = Some(now);
        self.settle(effects);
    }

    /// The primary answered.
    pub fn response_headers(&mut self, headers: &Headers, is_last: bool, now: Duration, effects: &mut Effects) {
        if self.answer.is_some() {
            return;
        }
        if let Some(completed) = self.completed {
            let millis = u64::try_from(now.saturating_sub(completed).as_millis()).unwrap_or(u64::MAX);
            for &account in &self.sent {
                effects.observe(account, Statistic::PrimaryDuration, millis);
            }
        }
        self.answer = Some(if answer::awaits_trailers(headers) && !is_last {
            Answer::AwaitsTrailers
        } else {
            Answer::Is(answer::class(headers, &Headers::default()))
        });
        self.settle(effects);
    }

    /// The answer's trailers came.
    pub fn response_trailers(&mut self, trailers: &Headers, effects: &mut Effects) {
        if let Some(Answer::AwaitsTrailers) = self.answer {
            self.answer = Some(Answer::Is(Class::of_grpc_status(trailers.get(b"grpc-status"))));
            self.settle(effects);
        }
    }

    /// The stream is over.
    pub fn end(&mut self, effects: &mut Effects) {
        self.response_trailers(&Headers::default(), effects);
    }

    fn settle(&mut self, effects: &mut Effects) {
        if let Some(Answer::Is(class)) = self.answer {
            for account in self.sent.drain(..) {
                effects.count(account, Statistic::PrimaryResponses(class));
            }
        }
    }
}
