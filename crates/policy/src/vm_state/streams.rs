//! The events of a request: from its head to the primary's answer.

use std::rc::Rc;
use std::time::Duration;

use super::{CopyInFlight, RootId, StreamId, Token, VmState};
use crate::active_plan::{ActiveMirror, ActivePlan};
use crate::copy::RequestCopy;
use crate::gates::{Arrival, Facts, Gate, LateFacts};
use crate::headers::Headers;
use crate::matching::RequestHead;
use crate::outcome::Outcome;
use crate::reasons::{Dropped, Failure, Reason};
use crate::request::{CollectedCopy, Request};
use crate::sample::Dice;
use crate::statistics::Statistic;
use crate::work::Work;

// === impl VmState ===

impl VmState {
    /// A request came. Returns the mirrors whose `match` and first gates the request passes. These gates need no answer
    /// of the host.
    ///
    /// If the plan [needs no headers](ActivePlan::needs_headers), the head may be empty.
    pub fn sample(
        &mut self,
        plan: &ActivePlan,
        head: &RequestHead<'_>,
        wall: Option<Duration>,
    ) -> Vec<Rc<ActiveMirror>> {
        let facts = Facts {
            headers: head.headers,
            wall,
            late: LateFacts::default(),
        };
        let work = Work::new(0);
        let mut sampled = Vec::new();
        for active in &plan.mirrors {
            let is_met = active.matches(head, &work);
            if is_met == Ok(false) {
                continue;
            }
            active.state.with(|state| {
                state.ledger().count(Statistic::Matched);
                if let Err(reason) = is_met {
                    state.ledger().count(Statistic::Dropped(reason));
                }
            });
            if is_met.is_ok() && pass(active, &facts, &mut self.dice, true) {
                sampled.push(Rc::clone(active));
            }
        }
        sampled
    }

    /// Collects a copy for each sampled mirror whose other gates the request passes. A request without a copy is
    /// forgotten.
    pub fn begin(
        &mut self,
        stream: StreamId,
        plan: &ActivePlan,
        sampled: Vec<Rc<ActiveMirror>>,
        headers: Headers,
        arrival: Arrival,
    ) {
        let facts = Facts {
            headers: &headers,
            wall: None,
            late: LateFacts::new(plan, &headers, arrival),
        };
        let mut copies = Vec::with_capacity(sampled.len());
        for active in sampled {
            if pass(&active, &facts, &mut self.dice, false) {
                copies.push(CollectedCopy::admit(active, &facts));
            }
        }
        if !copies.is_empty() {
            self.requests.insert(stream, Request::new(headers, copies));
        }
    }

    /// Whether copies of the request are collected.
    pub fn is_collecting(&self, stream: StreamId) -> bool {
        self.requests.get(&stream).is_some_and(Request::is_collecting)
    }

    /// Whether a copy wants a chunk of the body of this size, in bytes, and the memory has room for it. If not, the
    /// chunk must not be read.
    pub fn wants(&self, stream: StreamId, size: usize) -> bool {
        self.requests.get(&stream).is_some_and(|request| request.wants(size))
    }

    /// A chunk of the body came. `chunk` is `None` if the chunk was not read.
    pub fn body(&mut self, stream: StreamId, size: usize, chunk: Option<Vec<u8>>, now: Duration) {
        self.step(stream, |request| request.body(size, chunk, now));
    }

    /// The request is complete. The caller must give each copy to [`sent`](Self::sent) or [`refused`](Self::refused),
    /// and then call [`all_sent`](Self::all_sent).
    pub fn complete(&mut self, stream: StreamId, now: Duration) -> Vec<RequestCopy> {
        match self.requests.get_mut(&stream) {
            Some(request) => request.complete(now),
            None => Vec::new(),
        }
    }

    /// Envoy took a copy for a root context. The answer will have this token.
    pub fn sent(&mut self, stream: StreamId, root: RootId, copy: RequestCopy, token: Token) {
        let RequestCopy { mirror, permit, .. } = copy;
        mirror.state.with(|state| {
            let ledger = state.ledger();
            ledger.step(Statistic::Collecting, -1);
            ledger.step(Statistic::InFlight, 1);
            ledger.count(Statistic::Sent);
        });
        if let Some(request) = self.requests.get_mut(&stream) {
            request.sent(Rc::clone(&mirror));
        }
        self.roots.entry(root).or_default().in_flight += 1;
        // Envoy uses a token again only after 2^30 calls.
        if let Some(lost) = self.in_flight.insert(token, CopyInFlight { mirror, permit, root }) {
            self.end(lost, Outcome::Failed(Failure::Reset), None);
        }
    }

    /// Envoy did not take a copy.
    pub fn refused(&mut self, copy: RequestCopy, reason: Dropped) {
        copy.mirror.state.with(|state| state.drop_copy(copy.permit, reason));
    }

    /// All copies of a request were sent or refused.
    pub fn all_sent(&mut self, stream: StreamId) {
        self.step(stream, Request::all_sent);
    }

    /// The headers of the primary's answer came. `is_last` means that the answer has neither body nor trailers.
    pub fn response_headers(&mut self, stream: StreamId, headers: &Headers, is_last: bool, now: Duration) {
        self.step(stream, |request| request.response_headers(headers, is_last, now));
    }

    /// Whether an event of the primary's answer still matters to a request.
    pub fn awaits_answer(&self, stream: StreamId) -> bool {
        self.requests.contains_key(&stream)
    }

    /// The trailers of the primary's answer came.
    pub fn response_trailers(&mut self, stream: StreamId, trailers: &Headers) {
        self.step(stream, |request| request.response_trailers(trailers));
    }

    /// The stream is over, and so is its request.
    pub fn end_stream(&mut self, stream: StreamId) {
        if let Some(request) = self.requests.remove(&stream) {
            request.end();
        }
    }

    /// Does a step of a request. A request that is over is forgotten.
    fn step(&mut self, stream: StreamId, step: impl FnOnce(&mut Request)) {
        if let Some(request) = self.requests.get_mut(&stream) {
            step(request);
            if request.is_over() {
                self.requests.remove(&stream);
            }
        }
    }
}

/// Whether a request passes one part of the gates: those before the host is asked, or those after. A refusal is
/// counted.
fn pass(active: &ActiveMirror, facts: &Facts<'_>, dice: &mut Dice, is_before_host: bool) -> bool {
    let gates = Gate::ALL.iter().filter(|gate| gate.is_before_host() == is_before_host);
    for gate in gates {
        if let Err(reason) = gate.decide(active, facts, dice) {
            let statistic = match reason {
                Reason::Skipped(reason) => Statistic::Skipped(reason),
                Reason::Dropped(reason) => Statistic::Dropped(reason),
            };
            active.state.with(|state| state.ledger().count(statistic));
            return false;
        }
    }
    true
}
