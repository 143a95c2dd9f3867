//! The policy on a bench: one VM, its configurations, and the statistics that its host would show. A test speaks to the
//! policy through the bench alone, so only this file follows when the policy is called in another way.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use mirror_policy::active_plan::ActiveMirror;
use mirror_policy::breaker::Transition;
use mirror_policy::copy::RequestCopy;
use mirror_policy::gates::Arrival;
use mirror_policy::headers::Headers;
use mirror_policy::ledger::Change;
use mirror_policy::matching::RequestHead;
use mirror_policy::outcome::Outcome;
use mirror_policy::plugin::Plugin;
use mirror_policy::reasons::Dropped;
use mirror_policy::statistics::{Statistic, StatisticKind};
use mirror_policy::vm_state::{RootId, VmState};

use self::ready::owned;
pub use self::ready::{Ready, RequestId};
use self::serving::{PLUGIN, REFUSED, Serving, of_metric};
use crate::totals::Totals;

mod ready;

mod serving;

mod configurations;

/// A VM of the policy, and all that the VM has counted. Times are monotonic, in milliseconds.
#[derive(Debug)]
pub struct Bench {
    vm: VmState,
    /// The mirrors of the VM by their plugin and name. The place of a mirror is the number of its account.
    accounts: Vec<(String, String)>,
    serving: Serving,
    /// The roots that served before and are not retired.
    older_roots: Vec<RootId>,
    /// The retired roots that await answers.
    draining_roots: Vec<RootId>,
    transitions: Vec<(usize, Transition)>,
    /// What the ticks said of the configurations: the value of each setting, by account and statistic.
    settings: BTreeMap<(usize, usize), u64>,
    /// What the ticks said of refused configurations.
    is_refused: Option<bool>,
    next_id: u32,
    /// The statistics of every account.
    pub totals: Totals,
    /// The time of day since the Unix epoch. `None` if the proxy has no clock.
    pub wall: Option<Duration>,
}

/// A request as it comes in.
#[derive(Debug, Clone)]
pub struct Incoming {
    /// The headers.
    pub headers: Headers,
    /// The port on which the proxy accepted the request. `None` if the port is not known.
    pub port: Option<u16>,
    /// Whether an upstream is to answer the request.
    pub is_routed: bool,
    /// Whether the request is complete with its headers.
    pub is_complete: bool,
}

// === impl Incoming ===

impl Incoming {
    /// A request that an upstream is to answer, and that is not complete with its headers.
    pub const fn new(headers: Headers) -> Self {
        Self {
            headers,
            port: None,
            is_routed: true,
            is_complete: false,
        }
    }
}

// === impl RequestId ===

impl RequestId {
    /// The root that serves the request.
    pub const fn root(self) -> RootId {
        self.root
    }
}

// === impl Bench: requests ===

impl Bench {
    /// A request with these headers begins. Returns the request if at least one copy is collected.
    pub fn begin(&mut self, headers: Headers, now: u64) -> Option<RequestId> {
        self.begin_as(Incoming::new(headers), now)
    }

    /// A request of any kind begins. Returns the request if at least one copy is collected.
    pub fn begin_as(&mut self, incoming: Incoming, now: u64) -> Option<RequestId> {
        let sampled = self.sample(&incoming);
        let request = if sampled.is_empty() {
            None
        } else {
            self.begin_sampled(sampled, incoming, now)
        };
        self.apply_changes();
        request
    }

    /// The mirrors whose first gates a request passes. The policy gets no more than what its plan needs.
    pub fn sample(&mut self, incoming: &Incoming) -> Vec<Rc<ActiveMirror>> {
        let active = &self.serving.active;
        let none = Headers::default();
        let headers = if active.needs_headers { &incoming.headers } else { &none };
        let port = incoming.port.filter(|_| active.needs_port);
        let wall = self.wall.filter(|_| active.needs_wall_clock);
        self.vm.sample(active, &RequestHead::new(headers, port), wall)
    }

    fn begin_sampled(&mut self, sampled: Vec<Rc<ActiveMirror>>, incoming: Incoming, now: u64) -> Option<RequestId> {
        let (root, stream) = (self.serving.root, self.next_id());
        let Incoming {
            headers,
            is_routed,
            is_complete,
            ..
        } = incoming;
        let arrival = Arrival {
            is_routed,
            is_complete,
            now: at(now),
        };
        self.vm.begin(stream, &self.serving.active, sampled, headers, arrival);
        self.vm.is_collecting(stream).then_some(RequestId { stream, root })
    }

    /// Whether a part of a body of this size has to be read from the host.
    pub fn takes(&self, request: RequestId, size: usize) -> bool {
        self.vm.wants(request.stream, size)
    }

    /// A part of the body comes, and the host gives the part if a copy takes it. Returns whether a copy is still
    /// collected.
    pub fn body(&mut self, request: RequestId, part: &[u8], now: u64) -> bool {
        let given = self.takes(request, part.len()).then_some(part);
        self.body_of_size(request, part.len(), given, now)
    }

    /// A part of the body comes, of which the host gives nothing, or another number of bytes. Returns whether a copy is
    /// still collected.
    pub fn unreadable_body(&mut self, request: RequestId, size: usize, given: Option<&[u8]>, now: u64) -> bool {
        self.body_of_size(request, size, given, now)
    }

    fn body_of_size(&mut self, request: RequestId, size: usize, given: Option<&[u8]>, now: u64) -> bool {
        self.vm.body(request.stream, size, given.map(<[u8]>::to_vec), at(now));
        self.apply_changes();
        self.vm.is_collecting(request.stream)
    }

    /// The request is complete. Returns the copies that can be sent.
    pub fn complete(&mut self, request: RequestId, now: u64) -> Vec<Ready> {
        let copies = self.vm.complete(request.stream, at(now));
        let unsent = Rc::new(());
        let ready = |mut copy: RequestCopy| Ready {
            account: self.account_of(PLUGIN, &copy.mirror.mirror.config.name),
            outgoing: copy.leave().map(owned),
            copy,
            request,
            unsent: Rc::clone(&unsent),
        };
        let copies: Vec<Ready> = copies.into_iter().map(ready).collect();
        self.copy_left(request, &unsent);
        copies
    }

    /// Envoy takes a copy. Returns the token under which the answer comes.
    pub fn send(&mut self, copy: Ready) -> u32 {
        let token = self.next_id();
        self.send_as(copy, token);
        token
    }

    /// Envoy takes a copy under this token, if the copy can leave.
    pub fn send_as(&mut self, ready: Ready, token: u32) {
        if let Err(reason) = ready.outgoing {
            return self.refuse(ready, reason);
        }
        let Ready {
            copy, request, unsent, ..
        } = ready;
        self.vm.sent(request.stream, request.root, copy, token);
        self.copy_left(request, &unsent);
    }

    /// Envoy does not take a copy.
    pub fn refuse(&mut self, ready: Ready, reason: Dropped) {
        let Ready {
            copy, request, unsent, ..
        } = ready;
        self.vm.refused(copy, reason);
        self.copy_left(request, &unsent);
    }

    /// After the last copy of a request, the policy learns that all copies were sent or refused.
    fn copy_left(&mut self, request: RequestId, unsent: &Rc<()>) {
        if Rc::strong_count(unsent) == 1 {
            self.vm.all_sent(request.stream);
        }
        self.apply_changes();
    }

    /// The headers of the primary's answer come. `is_last` means that the answer has neither body nor trailers.
    pub fn response_headers(&mut self, request: RequestId, headers: &Headers, is_last: bool, now: u64) {
        self.vm.response_headers(request.stream, headers, is_last, at(now));
        self.apply_changes();
    }

    /// The trailers of the primary's answer come.
    pub fn response_trailers(&mut self, request: RequestId, trailers: &Headers) {
        self.vm.response_trailers(request.stream, trailers);
        self.apply_changes();
    }

    /// Whether an event of the primary's answer still matters to a request.
    pub fn awaits_answer(&self, request: RequestId) -> bool {
        self.vm.awaits_answer(request.stream)
    }

    /// The stream of the request ends. A request that is not complete is lost.
    pub fn end(&mut self, request: RequestId) {
        self.vm.end_stream(request.stream);
        self.apply_changes();
    }

    /// Whether the end of a copy must be given with its time.
    pub fn is_timed(&self, token: u32) -> bool {
        self.vm.is_timed(token)
    }

    /// A copy ends. The policy gets the time only if it asks for the time.
    pub fn settle(&mut self, token: u32, outcome: Outcome, now: u64) {
        let now = self.is_timed(token).then_some(now);
        self.settle_at(token, outcome, now);
    }

    /// A copy ends at a time that may be left out.
    pub fn settle_at(&mut self, token: u32, outcome: Outcome, now: Option<u64>) {
        self.vm.settle(token, outcome, now.map(at));
        self.apply_changes();
        self.forget_drained_roots();
    }

    /// The tick of a VM: copies that are overdue end.
    pub fn sweep(&mut self, now: u64) {
        self.vm.sweep(at(now));
        self.apply_changes();
    }

    fn next_id(&mut self) -> u32 {
        self.next_id += 1;
        self.next_id
    }
}

// === impl Bench: what a host shows ===

impl Bench {
    /// The value of a statistic of the first account.
    pub fn count(&self, statistic: Statistic) -> i64 {
        self.totals.of(0, statistic)
    }

    /// The value of a setting of an account, as the last tick or the end of a root gave it.
    pub fn setting(&self, account: usize, statistic: Statistic) -> Option<u64> {
        self.settings.get(&(account, statistic.index())).copied()
    }

    /// What the last tick or the end of a root said: whether a configuration is refused.
    pub const fn is_refused(&self) -> Option<bool> {
        self.is_refused
    }

    /// The changes of circuit breakers since the last time, with their accounts.
    pub fn take_transitions(&mut self) -> Vec<(usize, Transition)> {
        std::mem::take(&mut self.transitions)
    }

    /// The number of copies in the budget of an account, and their bytes.
    pub fn usage(&self, account: usize) -> (u64, u64) {
        let (plugin, mirror) = &self.accounts[account];
        self.vm.budgeted(&Plugin::Named(plugin.clone()), mirror)
    }

    /// Whether no copy that a root sent is in flight.
    pub fn is_drained(&self, root: RootId) -> bool {
        self.vm.is_drained(root)
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

    /// Takes the changes over, as a host does at a tick.
    fn apply_changes(&mut self) {
        for change in self.vm.take_changes() {
            match change {
                Change::Step(metric, by) => {
                    let (account, statistic) = of_metric(metric);
                    self.totals.add(account, statistic, by);
                }
                Change::Record(REFUSED, value) => self.is_refused = Some(value == 1),
                Change::Record(metric, value) => {
                    let (account, statistic) = of_metric(metric);
                    if statistic.kind() == StatisticKind::Setting {
                        self.settings.insert((account, statistic.index()), value);
                    } else {
                        self.totals.add(account, statistic, value as i64);
                    }
                }
                Change::Breaker { mirror, transition } => {
                    self.transitions.push((self.account_of(PLUGIN, &mirror), transition));
                }
            }
        }
    }
}

/// A moment of the monotonic clock.
const fn at(millis: u64) -> Duration {
    Duration::from_millis(millis)
}
