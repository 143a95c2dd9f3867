//! A storm of events over many requests, three mirrors and many configurations. After every event the model says what
//! each statistic, each account and each circuit breaker must be.

use std::rc::Rc;
use std::time::Duration;

use mirror_policy::headers::Headers;
use mirror_policy::outcome::Outcome;
use mirror_policy::reasons::{Class, Dropped, Failure};
use mirror_policy::statistics::{Statistic, StatisticKind};
use mirror_policy::vm_state::RootId;

use self::model::{Head, Model};
use self::rules::{BEGIN, KEY, NAMES, Rules};
use self::seen::Seen;
use crate::bench::{Bench, Incoming, RequestId};
use crate::decisions::Decisions;
use crate::requests::{get, post};

// What the configurations of a storm are.
pub mod rules;

// What has to come of them.
mod account;

mod model;

// Whether both sides agree.
mod agreement;

// What has come up.
pub mod seen;

/// The policy on one side, the model on the other, and the same events for both.
#[derive(Debug)]
pub struct Storm<D> {
    decisions: D,
    bench: Bench,
    model: Model,
    rules: Rc<Rules>,
    /// Whether a newer configuration than the rules is refused.
    is_refused: bool,
    /// Monotonic time in milliseconds.
    now: u64,
    /// How far the time of day is off; `None` is no clock.
    ahead: Option<Duration>,
    /// Requests that may still be collected, by the policy's name and the model's.
    collecting: Vec<(RequestId, u64)>,
    /// The copies in flight, by their tokens and roots.
    in_flight: Vec<(u32, RootId)>,
    requests: u64,
    token: u32,
    seen: Seen,
}

// === impl Storm ===

impl<D: Decisions> Storm<D> {
    /// A storm that has not begun. The first configuration names every mirror.
    pub fn new(mut decisions: D) -> Self {
        let rules = Rc::new(Rules::random(&mut decisions, true, BEGIN));
        let seed = decisions.below(1 << 16);
        let bench = Bench::seeded(rules.plan(), seed);
        assert_eq!(bench.accounts(), [0, 1, 2]);
        let mut model = Model::new(seed);
        model.update(&rules);
        Self {
            decisions,
            bench,
            model,
            rules,
            is_refused: false,
            now: 0,
            ahead: Some(Duration::ZERO),
            collecting: Vec::new(),
            in_flight: Vec::new(),
            requests: 0,
            token: 0,
            seen: Seen::default(),
        }
    }

    /// The source of the decisions.
    pub const fn decisions(&self) -> &D {
        &self.decisions
    }

    /// One event.
    ///
    /// # Panics
    /// If the policy returns something else than the model.
    pub fn step(&mut self) {
        self.pass_time();
        match self.decisions.below(256) {
            0..97 => self.begin(),
            97..153 => self.body(),
            153..191 => self.complete(),
            191..196 => self.reset(),
            196..248 => self.settle(),
            248..251 => self.sweep(),
            251..254 => self.update(),
            254 => self.retire(),
            _ => self.rare(),
        }
    }

    /// Ends everything. Returns what came up.
    ///
    /// # Panics
    /// If a copy, a byte or an open circuit breaker is left.
    pub fn end(mut self) -> Seen {
        self.cancel();
        self.check().unwrap();
        for account in 0..NAMES.len() {
            assert_eq!(self.bench.usage(account), (0, 0), "copies and bytes");
            for statistic in Statistic::all() {
                let is_gauge = statistic.kind() == StatisticKind::Gauge;
                assert!(
                    !is_gauge || self.bench.totals.of(account, statistic) == 0,
                    "{statistic:?}"
                );
            }
        }
        self.seen.count(&self.model.counts);
        self.seen
    }

    /// Time passes, sometimes by a leap.
    fn pass_time(&mut self) {
        self.now += match self.decisions.below(256) {
            0 if self.decisions.one_in(4) => self.decisions.below(3_000),
            0..3 => self.decisions.below(100),
            byte => byte % 3,
        };
    }

    fn wall(&self) -> Option<Duration> {
        self.ahead.map(|ahead| BEGIN + Duration::from_millis(self.now) + ahead)
    }

    fn begin(&mut self) {
        let (headers, head) = self.request();
        let incoming = Incoming {
            is_routed: head.is_routed,
            is_complete: head.is_complete,
            ..Incoming::new(headers)
        };
        let (request, wall) = (self.requests, self.wall());
        self.requests += 1;
        self.bench.wall = wall;
        let id = self.bench.begin_as(incoming, self.now);
        let is_collected = self.model.begin(request, &self.rules, &head, self.now, wall);
        assert_eq!(id.is_some(), is_collected, "whether a copy is collected");
        self.collecting.extend(id.map(|id| (id, request)));
    }

    /// The headers of a request, and what the model has to know of them.
    fn request(&mut self) -> (Headers, Head) {
        let kind = self.decisions.below(16);
        let number = self.decisions.below(500).to_string();
        let headers = match kind {
            0 | 1 => post(&[("content-length", &number)]),
            2 => post(&[("x-mirrored-by", "a")]),
            3 => get("/", &[("connection", "Upgrade"), ("upgrade", "websocket")]),
            4 => post(&[("x-large", &"v".repeat(self.decisions.index(4_000)))]),
            5..8 => get("/", &[(KEY, &number)]),
            8..11 => post(&[(KEY, &number)]),
            11..13 => get("/", &[]),
            _ => post(&[]),
        };
        let head = Head {
            is_post: headers.get(b":method") == Some(b"POST"),
            is_complete: kind > 1 && self.decisions.one_in(3),
            is_marked: kind == 2,
            is_upgrade: kind == 3,
            is_routed: !self.decisions.one_in(20),
            key: (5..11).contains(&kind).then(|| number.clone()),
            length: (kind < 2).then(|| number.parse().expect("a number")),
            bytes: headers.bytes(),
        };
        (headers, head)
    }

    fn body(&mut self) {
        let Some(place) = self.any(self.collecting.len()) else {
            return;
        };
        let (id, request) = self.collecting[place];
        let size = self.decisions.index(200);
        let is_given = !self.decisions.one_in(40);
        let goes_on = if is_given {
            self.bench.body(id, &[b'x'; 200][..size], self.now)
        } else {
            self.bench.unreadable_body(id, size, None, self.now)
        };
        let expected = self.model.body(request, size as u64, is_given, self.now);
        assert_eq!(goes_on, expected, "whether the body is still wanted");
        if !goes_on {
            self.collecting.swap_remove(place);
        }
    }

    fn complete(&mut self) {
        let Some((id, request)) = self.take_collecting() else {
            return;
        };
        let copies = self.bench.complete(id, self.now);
        let expected = self.model.complete(request, self.now);
        assert_eq!(copies.len(), expected.len(), "copies that leave");
        for (copy, (account, length, ready)) in copies.into_iter().zip(expected) {
            assert_eq!(copy.account(), account);
            let leaves = self.model.leave(&ready);
            assert_eq!(copy.headers().map(drop), leaves, "whether the copy leaves");
            if let Err(reason) = leaves {
                self.bench.send(copy);
                self.model.refuse(ready, reason);
                continue;
            }
            assert_eq!(copy.body().len() as u64, length);
            if self.decisions.one_in(6) {
                self.bench.refuse(copy, Dropped::NoCapacity);
                self.model.refuse(ready, Dropped::NoCapacity);
            } else {
                self.token += 4;
                self.bench.send_as(copy, self.token);
                self.model.send(ready, self.token);
                self.in_flight.push((self.token, id.root()));
            }
        }
        self.bench.end(id);
    }

    fn reset(&mut self) {
        if let Some((id, request)) = self.take_collecting() {
            self.bench.end(id);
            self.model.reset(request);
        }
    }

    fn settle(&mut self) {
        let Some(place) = self.any(self.in_flight.len()) else {
            return;
        };
        let (token, root) = self.in_flight.swap_remove(place);
        assert!(!self.bench.is_drained(root), "its root awaits an answer");
        let outcome = self.outcome();
        let is_timed = self.model.is_timed(token);
        assert_eq!(self.bench.is_timed(token), is_timed, "whether the time is asked for");
        let is_given = is_timed || self.decisions.one_in(2);
        self.bench.settle_at(token, outcome, is_given.then_some(self.now));
        self.model.settle(token, outcome, self.now);
    }

    /// How a copy ends. A shadow is well or ill for half a second each, so that breakers open and close.
    fn outcome(&mut self) -> Outcome {
        let milliseconds = (!self.decisions.one_in(8)).then_some(1);
        let answered = |class, is_error| Outcome::Answered {
            class,
            is_error,
            milliseconds,
        };
        let is_ill = (self.now / 500).is_multiple_of(2);
        match (is_ill, self.decisions.below(20)) {
            (_, 0) => answered(Class::ClientError, false),
            (_, 1) => answered(Class::GrpcError, false),
            (_, 2) => Outcome::Failed(Failure::Cancelled),
            (true, 3..9) => answered(Class::ServerError, true),
            (true, 9..11) => answered(Class::GrpcError, true),
            (true, 11..16) => Outcome::Failed(*self.decisions.pick(Failure::ALL)),
            (false, 3) => Outcome::Failed(Failure::Timeout),
            _ => answered(Class::Success, false),
        }
    }

    /// A tick. After it, the gauges show what is configured.
    fn sweep(&mut self) {
        self.bench.sweep(self.now);
        self.model.sweep(self.now);
        self.assert_gauges();
    }

    fn update(&mut self) {
        if self.decisions.one_in(4) {
            self.bench.update_refused();
            self.is_refused = true;
            self.seen.refuse();
            return;
        }
        let wall = BEGIN + Duration::from_millis(self.now) + self.ahead.unwrap_or_default();
        self.rules = Rc::new(Rules::random(&mut self.decisions, false, wall));
        self.adopt();
        self.seen.update();
    }

    /// A new root serves the rules.
    fn adopt(&mut self) {
        self.bench.update(self.rules.plan());
        let expected: Vec<_> = self.rules.mirrors.iter().map(|rule| rule.account).collect();
        assert_eq!(self.bench.accounts(), expected, "a mirror keeps its account");
        self.model.update(&self.rules);
        self.is_refused = false;
    }

    /// The roots with the previous configurations end.
    fn retire(&mut self) {
        let is_named = |account: &usize| self.rules.mirrors.iter().any(|rule| rule.account == *account);
        let unused: Vec<usize> = (0..NAMES.len()).filter(|account| !is_named(account)).collect();
        self.bench.retire();
        self.model.retire(&unused);
    }

    /// What happens seldom.
    fn rare(&mut self) {
        match self.decisions.below(16) {
            0 => {
                self.cancel();
                self.adopt();
            }
            // The time of day is set forth and back, and may be missing.
            1..4 => {
                let ahead = Duration::from_millis(self.decisions.below(4_000));
                self.ahead = (!self.decisions.one_in(4)).then_some(ahead);
            }
            // An answer to a call that was never made.
            _ => self.bench.settle_at(3, Outcome::Failed(Failure::Reset), None),
        }
    }

    fn cancel(&mut self) {
        self.bench.cancel();
        self.model.cancel();
        self.collecting.clear();
        self.in_flight.clear();
    }

    /// A request that may still be collected, taken out.
    fn take_collecting(&mut self) -> Option<(RequestId, u64)> {
        let place = self.any(self.collecting.len())?;
        Some(self.collecting.swap_remove(place))
    }

    fn any(&mut self, length: usize) -> Option<usize> {
        (length > 0).then(|| self.decisions.index(length))
    }
}
