//! The policy on a bench: one plan that serves, the statistics that it has counted, the dice of its samples. A test speaks
//! to the policy through the bench alone, so only this file follows when the policy is called in another way.

use std::rc::Rc;
use std::time::Duration;

use mirror_policy::Plan;
use mirror_policy::account::AccountId;
use mirror_policy::breaker::Transition;
use mirror_policy::effects::Effects;
use mirror_policy::exchange::{Binding, Outgoing};
use mirror_policy::headers::Headers;
use mirror_policy::ledger::{Arrival, ExchangeId, Ledger};
use mirror_policy::matching::{self, RequestHead};
use mirror_policy::reason::{Dropped, Outcome};
use mirror_policy::sample::Dice;
use mirror_policy::stats::Statistic;
use mirror_policy::watch::Watch;

use crate::totals::Totals;

/// The plugin whose configurations a bench runs.
const PLUGIN: &str = "plugin";

/// A VM of the policy, and all that it has counted. Times are monotonic, in milliseconds.
#[derive(Debug)]
pub struct Bench {
    ledger: Ledger,
    binding: Binding,
    transitions: Vec<(usize, Transition)>,
    next_token: u32,
    /// The statistics of every account.
    pub totals: Totals,
    /// The dice of samples by chance.
    pub dice: Dice,
    /// The time of day since the Unix epoch, if the proxy has one.
    pub wall: Option<Duration>,
}

/// A request whose copies are collected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestId(ExchangeId);

/// A copy whose request is complete. A test sends it or refuses it.
#[derive(Debug)]
#[must_use = "a copy that is neither sent nor refused stays on the gauges"]
pub struct Ready(Outgoing);

/// A request as it comes in.
#[derive(Debug, Clone)]
pub struct Incoming {
    /// Its headers.
    pub headers: Headers,
    /// The port on which the proxy accepted it, if that is known.
    pub port: Option<u16>,
    /// Whether an upstream is to answer it.
    pub is_routed: bool,
    /// Whether it is another attempt for a request that came before.
    pub is_retry: bool,
}

/// The primary's side of one request, and all that it has counted.
#[derive(Debug, Default)]
pub struct Primary {
    watch: Watch,
    effects: Effects,
}

// === impl Incoming ===

impl Incoming {
    /// A first attempt that an upstream is to answer.
    pub const fn new(headers: Headers) -> Self {
        Self {
            headers,
            port: None,
            is_routed: true,
            is_retry: false,
        }
    }
}

// === impl Bench ===

impl Bench {
    /// A VM that runs this plan.
    pub fn new(plan: Plan) -> Self {
        let mut ledger = Ledger::default();
        let binding = bind(&mut ledger, plan);
        let mut totals = Totals::default();
        totals.open(binding.accounts.len());
        Self {
            ledger,
            binding,
            transitions: Vec::new(),
            next_token: 1,
            totals,
            dice: Dice::new(1),
            wall: None,
        }
    }

    /// A configuration update: this plan serves from now on.
    pub fn update(&mut self, plan: Plan) {
        self.binding = bind(&mut self.ledger, plan);
    }

    /// A plan is tried and does not serve. Returns the accounts of its mirrors.
    pub fn try_plan(&mut self, plugin: &str, plan: &Plan) -> Vec<usize> {
        let accounts = self.ledger.adopt(plugin, plan).into_iter();
        accounts.map(|account| account.0).collect()
    }

    /// The plan that serves.
    pub fn plan(&self) -> &Plan {
        &self.binding.plan
    }

    /// The accounts of the plan's mirrors, in the order of the plan.
    pub fn accounts(&self) -> Vec<usize> {
        self.binding.accounts.iter().map(|account| account.0).collect()
    }

    /// A request with these headers begins. Returns the request if at least one copy is collected.
    pub fn begin(&mut self, headers: Headers, now: u64) -> Option<RequestId> {
        self.begin_as(Incoming::new(headers), now)
    }

    /// A request of any kind begins. Returns the request if at least one copy is collected.
    pub fn begin_as(&mut self, incoming: Incoming, now: u64) -> Option<RequestId> {
        let Incoming {
            headers,
            port,
            is_routed,
            is_retry,
        } = incoming;
        let head = RequestHead {
            headers: &headers,
            port,
        };
        let arrival = Arrival {
            binding: self.binding.clone(),
            mirrors: matching::select(&self.binding.plan, &head),
            headers,
            is_routed,
            is_retry,
            now: at(now),
            wall: self.wall.filter(|_| self.binding.plan.needs_wall_clock()),
        };
        let mut effects = Effects::default();
        let id = self.ledger.begin(arrival, &mut self.dice, &mut effects);
        self.apply(effects);
        id.map(RequestId)
    }

    /// Whether a part of a body of this size has to be read from the host.
    pub fn takes(&self, request: RequestId, size: usize) -> bool {
        self.ledger.takes(request.0, size)
    }

    /// A part of the body comes, and the host gives it if a copy takes it. Returns whether a copy is still collected.
    pub fn body(&mut self, request: RequestId, part: &[u8], now: u64) -> bool {
        self.body_in_parts(request, &[part], now)
    }

    /// Parts of the body come one after another, and their effects are applied at the end.
    pub fn body_in_parts(&mut self, request: RequestId, parts: &[&[u8]], now: u64) -> bool {
        self.step(|ledger, effects| {
            parts.iter().fold(true, |_, part| {
                let given = ledger.takes(request.0, part.len()).then_some(*part);
                ledger.body(request.0, part.len(), given, at(now), effects)
            })
        })
    }

    /// A part of the body comes, of which the host gives nothing, or another number of bytes. Returns whether a copy is
    /// still collected.
    pub fn unreadable_body(&mut self, request: RequestId, size: usize, given: Option<&[u8]>, now: u64) -> bool {
        self.step(|ledger, effects| ledger.body(request.0, size, given, at(now), effects))
    }

    /// The request is complete. Returns the copies that can be sent.
    pub fn complete(&mut self, request: RequestId, now: u64) -> Vec<Ready> {
        let copies = self.step(|ledger, effects| ledger.complete(request.0, at(now), effects));
        copies.into_iter().map(Ready).collect()
    }

    /// The request ends before it is complete.
    pub fn reset(&mut self, request: RequestId) {
        self.step(|ledger, effects| ledger.reset(request.0, effects));
    }

    /// Envoy takes a copy. Returns the token under which its answer comes.
    pub fn send(&mut self, copy: Ready) -> u32 {
        let token = self.next_token;
        self.next_token += 1;
        self.send_as(copy, token, 1);
        token
    }

    /// Envoy takes a copy of an owner under this token.
    pub fn send_as(&mut self, copy: Ready, token: u32, owner: u32) {
        self.step(|ledger, effects| ledger.sent(copy.0, token, owner, effects));
    }

    /// Envoy does not take a copy.
    pub fn refuse(&mut self, copy: Ready, reason: Dropped) {
        self.step(|ledger, effects| ledger.refused(copy.0, reason, effects));
    }

    /// Whether the end of a copy must be given with its time.
    pub fn is_timed(&self, token: u32) -> bool {
        self.ledger.is_timed(token)
    }

    /// A copy ends. Its time is given only if it is asked for.
    pub fn settle(&mut self, token: u32, outcome: Outcome, now: u64) {
        let now = self.is_timed(token).then_some(now);
        self.settle_at(token, outcome, now);
    }

    /// A copy ends at a time that may be left out.
    pub fn settle_at(&mut self, token: u32, outcome: Outcome, now: Option<u64>) {
        self.step(|ledger, effects| ledger.settle(token, outcome, now.map(at), effects));
    }

    /// The tick of a VM: copies that are overdue end.
    pub fn sweep(&mut self, now: u64) {
        self.step(|ledger, effects| ledger.sweep(at(now), effects));
    }

    /// No configuration names the mirrors of these accounts any more.
    pub fn retire(&mut self, accounts: &[usize]) {
        let accounts: Vec<_> = accounts.iter().copied().map(AccountId).collect();
        self.step(|ledger, effects| ledger.retire(&accounts, effects));
    }

    /// The VM ends.
    pub fn cancel(&mut self) {
        self.step(Ledger::cancel);
    }

    /// What the first account counts.
    pub fn count(&self, statistic: Statistic) -> i64 {
        self.totals.of(0, statistic)
    }

    /// What circuit breakers did since the last time, with their accounts.
    pub fn take_transitions(&mut self) -> Vec<(usize, Transition)> {
        std::mem::take(&mut self.transitions)
    }

    /// How many copies an account holds, and how many bytes.
    pub fn usage(&self, account: usize) -> (u64, u64) {
        self.ledger.accounts().held(AccountId(account))
    }

    /// How many copies of an owner are in flight.
    pub fn in_flight_of(&self, owner: u32) -> usize {
        self.ledger.in_flight_of(owner)
    }

    /// What the setting gauges have to show under a plan, by account.
    pub fn settings(&self, plan: &Plan) -> Vec<(usize, Statistic, u64)> {
        let settings = self.ledger.accounts().settings(PLUGIN, plan).into_iter();
        settings
            .map(|setting| (setting.account.0, setting.statistic, setting.value))
            .collect()
    }

    /// Asserts both balances of every account of the plan.
    ///
    /// # Panics
    /// If a balance is not kept.
    #[track_caller]
    pub fn assert_balanced(&self) {
        for account in self.accounts() {
            self.totals.balance(account).check().unwrap();
        }
    }

    /// Asserts that every copy of the plan's mirrors has ended.
    ///
    /// # Panics
    /// If a balance is not kept, or if an account or a gauge still has a copy.
    #[track_caller]
    pub fn assert_at_rest(&self) {
        self.assert_balanced();
        for account in self.accounts() {
            assert_eq!(self.usage(account), (0, 0), "copies and bytes of account {account}");
            for gauge in [Statistic::Collecting, Statistic::InFlight, Statistic::BufferedBytes] {
                assert_eq!(self.totals.of(account, gauge), 0, "{gauge:?} of account {account}");
            }
        }
    }

    fn step<T>(&mut self, step: impl FnOnce(&mut Ledger, &mut Effects) -> T) -> T {
        let mut effects = Effects::default();
        let result = step(&mut self.ledger, &mut effects);
        self.apply(effects);
        result
    }

    fn apply(&mut self, mut effects: Effects) {
        let transitions = effects.take_transitions().into_iter();
        self.transitions
            .extend(transitions.map(|(account, transition)| (account.0, transition)));
        add(&mut self.totals, effects);
    }
}

/// A moment of the monotonic clock.
const fn at(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn bind(ledger: &mut Ledger, plan: Plan) -> Binding {
    let accounts = ledger.adopt(PLUGIN, &plan);
    Binding {
        plan: Rc::new(plan),
        accounts: accounts.into(),
    }
}

fn add(totals: &mut Totals, mut effects: Effects) {
    for effect in effects.drain() {
        totals.add(effect.account.0, effect.statistic, effect.amount);
    }
}

// === impl Ready ===

impl Ready {
    /// The account that is charged.
    pub const fn account(&self) -> usize {
        self.0.account().0
    }

    /// The copy's headers, in their order.
    ///
    /// # Errors
    /// The reason for which Envoy would not take them.
    pub fn headers(&self) -> Result<Vec<mirror_policy::copy::CopiedHeader<'_>>, Dropped> {
        self.0.headers()
    }

    /// The copy's body; empty if the copy has none.
    pub fn body(&self) -> &[u8] {
        self.0.body()
    }
}

// === impl Primary ===

impl Primary {
    /// Copies of these accounts are sent.
    pub fn sent(&mut self, accounts: &[usize], now: u64) {
        let accounts = accounts.iter().copied().map(AccountId).collect();
        self.watch.sent(accounts, at(now), &mut self.effects);
    }

    /// The primary's response headers come.
    pub fn response_headers(&mut self, headers: &Headers, is_end: bool, now: u64) {
        self.watch.response_headers(headers, is_end, at(now), &mut self.effects);
    }

    /// The primary's response trailers come.
    pub fn response_trailers(&mut self, trailers: &Headers) {
        self.watch.response_trailers(trailers, &mut self.effects);
    }

    /// The primary's stream ends.
    pub fn end(&mut self) {
        self.watch.end(&mut self.effects);
    }

    /// All that was counted.
    pub fn totals(self) -> Totals {
        let mut totals = Totals::default();
        add(&mut totals, self.effects);
        totals
    }
}
