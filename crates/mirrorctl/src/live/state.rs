//! What a mirror is to be called in one word, and what a person should do about it. The first state of the list that
//! holds is the mirror's: what stops it altogether comes before what harms it.

use std::collections::BTreeMap;

use mirror_policy::reasons::{Class, Dropped, Failure};
use mirror_policy::statistics::Statistic;

use super::balances::{Balances, ReasonCount};
use super::gauges::{Now, Set};
use super::rates::Numbers;
use super::words;
use crate::job::Engine;
use crate::time::Time;

/// How a mirror does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// Its newest configuration is refused.
    Refused,
    /// No proxy that answers has it.
    NotLoaded,
    /// Its `expiresAt` has passed.
    Expired,
    /// It is switched off.
    Paused,
    /// Its circuit breaker is not closed, on some worker.
    Tripped,
    /// Copies were lost in the window.
    Losing,
    /// Copies were sent in the window.
    Mirroring,
    /// Nothing was to be sent.
    NoTraffic,
}

/// What the state follows from.
pub(super) struct StateFacts<'a> {
    pub engine: Engine,
    /// Having it, answering.
    pub proxies: (usize, usize),
    pub set: &'a Set,
    pub now: &'a Now,
    /// Whether a proxy goes on by an earlier configuration of it, because the newest is refused.
    pub is_outdated: bool,
    /// The labels of the plugins whose newest configuration is refused, each with the number of proxies that say so.
    pub refused: &'a BTreeMap<String, usize>,
    pub numbers: &'a Numbers,
    /// Unix seconds.
    pub at: i64,
}

// === impl State ===

impl State {
    /// All of them, the first that holds first.
    pub const ALL: [Self; 8] = [
        Self::Refused,
        Self::NotLoaded,
        Self::Expired,
        Self::Paused,
        Self::Tripped,
        Self::Losing,
        Self::Mirroring,
        Self::NoTraffic,
    ];

    /// The word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Refused => "Refused",
            Self::NotLoaded => "NotLoaded",
            Self::Expired => "Expired",
            Self::Paused => "Paused",
            Self::Tripped => "Tripped",
            Self::Losing => "Losing",
            Self::Mirroring => "Mirroring",
            Self::NoTraffic => "NoTraffic",
        }
    }

    /// What it means, in one sentence for a person.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Refused => {
                "The newest configuration is refused: the last good one goes on, or nothing is copied where there is none."
            }
            Self::NotLoaded => "No proxy that answers has the mirror.",
            Self::Expired => "The mirror's `expiresAt` has passed: it copies nothing more.",
            Self::Paused => "The mirror is switched off: `enabled` is false.",
            Self::Tripped => "The mirror's circuit breaker is not closed, on at least one worker.",
            Self::Losing => "Copies that policy wanted were lost in the window.",
            Self::Mirroring => "Copies were sent in the window, and none was lost.",
            Self::NoTraffic => "No copy was due in the window.",
        }
    }
}

impl std::fmt::Display for State {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.pad(self.as_str())
    }
}

/// The state, and what to do: a sentence each, the most useful first.
pub(super) fn of(facts: &StateFacts<'_>) -> (State, Vec<String>) {
    let holds = |state: &State| facts.hold(*state);
    let state = State::ALL.into_iter().find(holds).unwrap_or(State::NoTraffic);
    let mut advice = facts.advice(state);
    if !matches!(state, State::NotLoaded | State::Refused) {
        advice.extend(facts.warnings());
    }
    (state, advice)
}

/// What to say of plugins whose newest configuration is refused, by their labels: what goes on, and where the reason
/// stands. `is_outdated`: the last good configuration of a mirror goes on.
pub(super) fn refusal(refused: &BTreeMap<String, usize>, is_outdated: bool) -> Vec<String> {
    let labels: Vec<String> = refused.keys().map(|label| words::text(label)).collect();
    let of = match labels.is_empty() {
        true => String::new(),
        false => format!(" of {}", labels.join(", ")),
    };
    let now = match is_outdated {
        true => "the last good one goes on, but a proxy that starts now copies nothing",
        false => "where there is no last good one, nothing is copied",
    };
    vec![
        format!("The newest configuration{of} is refused: {now}."),
        "The proxy's log names the key (`configuration refused`), and so does mirrorctl validate. A correction takes effect \
         without a restart."
            .to_owned(),
    ]
}

// === impl StateFacts ===

impl StateFacts<'_> {
    fn hold(&self, state: State) -> bool {
        let balances = &self.numbers.balances;
        match state {
            State::Refused => self.is_outdated || (self.proxies.0 == 0 && !self.refused.is_empty()),
            State::NotLoaded => self.proxies.0 == 0,
            State::Expired => self.set.expires_at.is_some_and(|expiry| expiry <= self.at),
            State::Paused => self.set.enabled == Some(false),
            State::Tripped => self.now.breakers_open.is_some_and(|open| open > 0.0),
            State::Losing => balances.dropped > 0.0,
            State::Mirroring => balances.sent > 0.0,
            State::NoTraffic => true,
        }
    }

    fn advice(&self, state: State) -> Vec<String> {
        let balances = &self.numbers.balances;
        match state {
            State::Refused => refusal(self.refused, self.is_outdated),
            State::NotLoaded if self.engine == Engine::Native => vec![
                "Prometheus has no request of either version: does the job name the right workloads, and are they scraped?"
                    .to_owned(),
            ],
            State::NotLoaded if self.proxies.1 == 0 => vec!["No proxy answers: nobody knows how the mirror does.".to_owned()],
            State::NotLoaded => vec![
                "Is the WasmPlugin or TrafficExtension applied, does its selector match these proxies, and did they load the \
                 module? See docs/no-copies.md."
                    .to_owned(),
            ],
            State::Expired => {
                let when = self.set.expires_at.map(Time::from_unix);
                let when = when.map_or_else(String::new, |when| format!(" on {when}"));
                vec![format!(
                    "It expired{when}: set a later `expiresAt`, or take it offline with mirrorctl offline."
                )]
            }
            State::Paused => vec!["Set `enabled: true`, of the plugin and of the mirror, to go on.".to_owned()],
            State::Tripped => {
                let open = self.now.breakers_open.unwrap_or_default();
                vec![format!(
                    "The shadow failed too often on {open} worker(s): the breaker tries again by itself after `openFor`; see the \
                     shadow's logs."
                )]
            }
            State::Losing => lost(balances),
            State::Mirroring => Vec::new(),
            State::NoTraffic if self.numbers.seconds <= 0.0 => {
                vec!["There is one reading yet: what goes on shows with the next one.".to_owned()]
            }
            State::NoTraffic if self.engine == Engine::Native => {
                vec!["The shadow answered nothing in the window: does the primary have traffic?".to_owned()]
            }
            State::NoTraffic if balances.matched > 0.0 => most(balances, |one| matches!(one, Statistic::Skipped(_)))
                .map(|reason| {
                    let meaning = reason.statistic.meaning().unwrap_or_default();
                    format!("All requests were skipped, most as {}: {meaning}", name(reason.statistic))
                })
                .into_iter()
                .collect(),
            State::NoTraffic => vec![
                "No request met the mirror's match: does the primary have traffic, and does `match` fit it? mirrorctl explain \
                 tells of any request."
                    .to_owned(),
            ],
        }
    }

    /// What is worth knowing in any state.
    fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        let balances = &self.numbers.balances;
        let (loaded, answering) = self.proxies;
        if self.engine == Engine::Wasm && loaded < answering {
            warnings.push(format!(
                "{} of {answering} proxies do not have the mirror: do they match the plugin's selector, and did they load it?",
                answering - loaded
            ));
        }
        if !self.set.uniform {
            warnings
                .push("The proxies are not configured alike: a change is on its way, or did not reach all.".to_owned());
        }
        let client_errors = balances.count_of(Statistic::Responses(Class::ClientError));
        let primary_errors = balances.count_of(Statistic::PrimaryResponses(Class::ClientError));
        if client_errors > 0.0 && client_errors >= balances.responses && primary_errors < balances.primary_responses {
            warnings.push(
                "All the shadow's answers are 4xx, the primary's are not. If they are 403s, an AuthorizationPolicy refuses \
                 the primary's identity: mirrorctl generate --authorization-policy writes one that lets it in."
                    .to_owned(),
            );
        }
        if let Some(reason) = most(balances, super::balances::is_failure_of_shadow)
            && let Statistic::Failures(failure) = reason.statistic
        {
            warnings.push(failed(failure).to_owned());
        }
        warnings
    }
}

fn most(balances: &Balances, of: fn(Statistic) -> bool) -> Option<&ReasonCount> {
    let those = balances
        .reasons
        .iter()
        .filter(|reason| of(reason.statistic) && reason.count > 0.0);
    // The first of equals, in the order of the table.
    those.reduce(|best, reason| if reason.count > best.count { reason } else { best })
}

fn name(statistic: Statistic) -> &'static str {
    statistic.result().unwrap_or_default()
}

/// One line for each reason of a loss, the most frequent first.
fn lost(balances: &Balances) -> Vec<String> {
    let mut losses: Vec<&ReasonCount> = balances.reasons.iter().filter(|reason| reason.count > 0.0).collect();
    losses.sort_by(|one, other| other.count.total_cmp(&one.count));
    let line = |reason: &ReasonCount| match reason.statistic {
        Statistic::Dropped(dropped) => Some(format!("{dropped}: {}", remedy(dropped))),
        _ => None,
    };
    losses.into_iter().filter_map(line).collect()
}

/// What to do about a loss, as the rest of a sentence.
pub const fn remedy(dropped: Dropped) -> &'static str {
    match dropped {
        Dropped::BreakerOpen => "the shadow failed too often; the breaker tries again by itself after `openFor`.",
        Dropped::BodyTooLarge => "raise `body.maxBytes`, or set `whenLarger: headersOnly`.",
        Dropped::InFlight => "the shadow is slow: lower the percentage or `timeout`, or raise `limits.maxInFlight`.",
        Dropped::Collecting => {
            "many uploads at once: lower the percentage or `body.maxWait`, or raise `limits.maxCollecting`."
        }
        Dropped::Bytes => "lower the percentage or `body.maxBytes`, or raise `limits.maxBufferedBytes`.",
        Dropped::Rate => "lower the percentage, or raise `limits.maxRequestsPerSecond`.",
        Dropped::BodyWait => "slow uploads: raise `body.maxWait`, or set `maxBytes: 0` with `whenLarger: headersOnly`.",
        Dropped::BodyUnreadable => "Envoy did not hand over a part of a body: see the proxy's log.",
        Dropped::Memory => {
            "the filter's memory is used up: lower `limits.maxBufferedBytes` of the mirrors of this proxy."
        }
        Dropped::RequestReset => "clients went away, or answers came early; nothing is to be done about the mirror.",
        Dropped::RedactFailed => {
            "bodies are not what `redact` can read: leave them out by `match`, or send headers only."
        }
        Dropped::RedactUnmet => {
            "bodies lack a value that `redact.json` names: correct the pointer, or leave such requests out by `match`."
        }
        Dropped::ExaminedRate => {
            "lower `percentage`, make the expressions of `match` simpler, or raise `limits.maxExaminedBytesPerSecond`."
        }
        Dropped::TooCostly => {
            "make the expressions of `match` simpler, lower `body.maxBytes`, or raise `limits.maxExaminedBytes`."
        }
        Dropped::HeadersTooLarge => {
            "remove large headers from the copy by `headers.remove`, or leave such requests out by `match`."
        }
        Dropped::HeadersMissing => "such requests cannot be copied: leave them out by `match`.",
        Dropped::ClusterMissing => {
            "the proxy does not know the shadow's cluster: does a Sidecar's egress hide the host, and do the Service, its \
             port and its subset exist?"
        }
        Dropped::NoCapacity => {
            "the shadow has no healthy endpoint, or its cluster's circuit breaker is full: are its pods ready?"
        }
    }
}

/// What to do about copies that the shadow does not answer.
const fn failed(failure: Failure) -> &'static str {
    match failure {
        Failure::Connect => {
            "Copies fail to connect: is the shadow running, and does its port listen (and speak mTLS, if it must)?"
        }
        Failure::Timeout => "Copies time out: the shadow is slower than `timeout`.",
        Failure::Protocol => "The shadow's answers are not valid HTTP: do port and protocol fit?",
        Failure::Reset => "The shadow ends connections before it has answered: see its logs.",
        Failure::Cancelled => "Copies were cut off by a change of the configuration.",
    }
}
