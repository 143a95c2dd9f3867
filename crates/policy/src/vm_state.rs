//! What a VM has: the states of all mirrors, the requests with copies, and the copies in flight. The state belongs to
//! the VM, not to a stream or a configuration, so a copy outlives both. Events come in as calls; copies to send and
//! changes for the host go out as values.

mod streams;

use std::rc::Rc;
use std::time::Duration;

use crate::active_plan::{ActiveMirror, ActivePlan};
use crate::budget::Permit;
use crate::ledger::Change;
use crate::mirror_state::{MirrorState, ShadowEnd};
use crate::number_map::NumberMap;
use crate::outcome::Outcome;
use crate::plan::Plan;
use crate::reasons::Failure;
use crate::request::Request;
use crate::sample::Dice;
use crate::slot::Slot;
use crate::statistics::{Metrics, Statistic};

/// The number of a root context in its VM.
pub type RootId = u32;

/// The number of a stream's context in its VM.
pub type StreamId = u32;

/// The number that Envoy gives to a copy that Envoy takes. It is unique within a VM.
pub type Token = u32;

/// The state of one VM.
#[derive(Debug, Default)]
pub struct VmState {
    mirrors: Vec<Rc<Slot<MirrorState>>>,
    roots: NumberMap<RootId, RootState>,
    requests: NumberMap<StreamId, Request>,
    in_flight: NumberMap<Token, CopyInFlight>,
    dice: Dice,
}

/// A root context that serves requests or waits for answers.
#[derive(Debug, Default)]
struct RootState {
    /// The plan that the root serves. `None` if the root only waits for answers.
    plan: Option<Rc<ActivePlan>>,
    /// The number of copies that the root sent and that await an answer.
    in_flight: usize,
}

/// A copy that awaits its answer.
#[derive(Debug)]
struct CopyInFlight {
    mirror: Rc<ActiveMirror>,
    permit: Permit,
    root: RootId,
}

// === impl VmState: configurations ===

impl VmState {
    /// A VM that has no configuration yet. `seed` is the seed of chance.
    pub fn new(seed: u64) -> Self {
        Self {
            dice: Dice::new(seed),
            ..Self::default()
        }
    }

    /// Serves a plan of a plugin from now on. A mirror that the plugin had before keeps its state: no update resets a
    /// budget, a breaker or a count. For a new mirror, `define` defines the statistics by the mirror's name. Returns
    /// the plan, and the values of the gauges that show the configuration. A mirror that the plan does not have any
    /// more is off.
    pub fn adopt(
        &mut self,
        root: RootId,
        plugin: &str,
        plan: &Plan,
        mut define: impl FnMut(&str) -> Metrics,
    ) -> (Rc<ActivePlan>, Vec<Change>) {
        let states = plan.mirrors.iter().map(|mirror| {
            let state = self.state_of(plugin, &mirror.config.name, &mut define);
            state.with(|state| state.configure(&mirror.config));
            state
        });
        let states = states.collect();
        let mut settings = Vec::new();
        for state in &self.mirrors {
            state.with(|state| {
                if state.plugin() == plugin {
                    settings.extend(state.settings(plan));
                }
            });
        }
        let plan = Rc::new(ActivePlan::new(plan, states));
        self.roots.entry(root).or_default().plan = Some(Rc::clone(&plan));
        (plan, settings)
    }

    /// The state of a mirror of a plugin. A new mirror has a new state.
    fn state_of(
        &mut self,
        plugin: &str,
        mirror: &str,
        define: &mut impl FnMut(&str) -> Metrics,
    ) -> Rc<Slot<MirrorState>> {
        let known = self
            .mirrors
            .iter()
            .find(|state| state.with(|state| state.is_of(plugin, mirror)));
        if let Some(state) = known {
            return Rc::clone(state);
        }
        let state = Rc::new(Slot::new(MirrorState::new(plugin, mirror, define(mirror))));
        self.mirrors.push(Rc::clone(&state));
        state
    }

    /// A root context serves no requests any more. While another root of the VM serves, the VM stays and answers still
    /// come. Without another root, the VM ends and no answer comes, so all copies end now.
    pub fn retire(&mut self, root: RootId) {
        let plan = self.roots.get_mut(&root).and_then(|root| root.plan.take());
        if self.roots.values().all(|root| root.plan.is_none()) {
            self.cancel();
        }
        let serving = || self.roots.values().filter_map(|root| root.plan.as_ref());
        for state in plan.iter().flat_map(|plan| &plan.states) {
            let is_used = serving().any(|plan| plan.states.iter().any(|used| Rc::ptr_eq(used, state)));
            if !is_used {
                state.with(MirrorState::retire);
            }
        }
        self.close_unset_breakers();
    }

    /// Ends everything: no answer comes any more, and no request goes on.
    fn cancel(&mut self) {
        for (_, request) in std::mem::take(&mut self.requests) {
            request.end();
        }
        for (_, copy) in std::mem::take(&mut self.in_flight) {
            self.end(copy, Outcome::Failed(Failure::Cancelled), None);
        }
        for state in &self.mirrors {
            state.with(MirrorState::close_breaker);
        }
    }

    /// Whether a root context has no copy in flight.
    pub fn is_drained(&self, root: RootId) -> bool {
        self.roots.get(&root).is_none_or(|root| root.in_flight == 0)
    }

    /// Forgets a root context that does not come back.
    pub fn forget_root(&mut self, root: RootId) {
        self.roots.remove(&root);
    }

    fn close_unset_breakers(&self) {
        for state in &self.mirrors {
            state.with(MirrorState::close_unset_breaker);
        }
    }
}

// === impl VmState: answers and time ===

impl VmState {
    /// Whether the end of a copy must be given with its time, for the circuit breaker.
    pub fn is_timed(&self, token: Token) -> bool {
        let copy = self.in_flight.get(&token);
        copy.is_some_and(|copy| copy.mirror.state.with(|state| state.is_timed()))
    }

    /// A copy ended. `now` is monotonic; only a copy that [`is_timed`](Self::is_timed) needs it. The
    /// copy of an unknown token has ended before.
    pub fn settle(&mut self, token: Token, outcome: Outcome, now: Option<Duration>) {
        if let Some(copy) = self.in_flight.remove(&token) {
            self.end(copy, outcome, now);
        }
    }

    fn end(&mut self, copy: CopyInFlight, outcome: Outcome, now: Option<Duration>) {
        let CopyInFlight { mirror, permit, root } = copy;
        if let Some(root) = self.roots.get_mut(&root) {
            root.in_flight = root.in_flight.saturating_sub(1);
        }
        let end = outcome.is_failure().zip(now);
        mirror.state.with(|state| {
            state.release(
                permit,
                Statistic::InFlight,
                end.map(|(is_failure, at)| ShadowEnd { is_failure, at }),
            );
            let ledger = state.ledger();
            match outcome {
                Outcome::Failed(failure) => ledger.count(Statistic::Failures(failure)),
                Outcome::Answered {
                    class, milliseconds, ..
                } => {
                    ledger.count(Statistic::Responses(class));
                    if let Some(milliseconds) = milliseconds {
                        ledger.observe(Statistic::ShadowDuration, milliseconds);
                    }
                }
            }
        });
    }

    /// Ends the copies that have been collected for longer than `body.maxWait`, and closes the circuit breakers that
    /// are not configured any more.
    pub fn sweep(&mut self, now: Duration) {
        self.requests.retain(|_, request| {
            request.sweep(now);
            !request.is_over()
        });
        self.close_unset_breakers();
    }

    /// Whether a mirror has so many values that the host should take the changes now.
    pub fn is_full(&self) -> bool {
        self.mirrors
            .iter()
            .any(|state| state.with(|state| state.ledger().is_full()))
    }

    /// Moves the changes of all statistics out.
    pub fn take_changes(&mut self) -> Vec<Change> {
        let mut changes = Vec::new();
        for state in &self.mirrors {
            state.with(|state| state.take_changes(&mut changes));
        }
        changes
    }

    /// The number of copies that a mirror of a plugin has in its budget, and their bytes.
    pub fn budgeted(&self, plugin: &str, mirror: &str) -> (u64, u64) {
        let state = self
            .mirrors
            .iter()
            .find(|state| state.with(|state| state.is_of(plugin, mirror)));
        state.map_or((0, 0), |state| state.with(|state| state.budgeted()))
    }
}
