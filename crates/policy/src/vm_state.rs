//! What a VM has: the states of all mirrors, the requests with copies, and the copies in flight. The state belongs to
//! the VM, not to a stream or a configuration, so a copy outlives both. Events come in as calls; copies to send and
//! changes for the host go out as values.

mod configurations;

mod streams;

use std::rc::Rc;
use std::time::Duration;

use crate::active_plan::ActiveMirror;
use crate::budget::Permit;
use crate::ledger::Change;
use crate::mirror_state::{MirrorState, ShadowEnd};
use crate::number_map::NumberMap;
use crate::outcome::Outcome;
use crate::plugin::Plugin;
pub use crate::plugin::RootId;
use crate::request::Request;
use crate::sample::Dice;
use crate::serving::Serving;
use crate::settings::Gauges;
use crate::slot::Slot;
use crate::statistics::Statistic;

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
    gauges: Gauges,
    /// How often a configuration was adopted or refused.
    configured: u64,
}

/// A root context that serves requests or waits for answers.
#[derive(Debug, Default)]
struct RootState {
    /// What the root serves. `None` if the root only waits for answers.
    serving: Option<Serving>,
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

// === impl VmState ===

impl VmState {
    /// A VM that has no configuration yet. `seed` is the seed of chance.
    pub fn new(seed: u64) -> Self {
        Self {
            dice: Dice::new(seed),
            ..Self::default()
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

    /// The host's clock ticked: ends the copies that have been collected for longer than `body.maxWait`, closes the
    /// circuit breakers that are not configured any more, and has the gauges show what is configured.
    pub fn sweep(&mut self, now: Duration) {
        self.requests.retain(|_, request| {
            request.sweep(now);
            !request.is_over()
        });
        self.note_time(now);
        self.close_unset_breakers();
        self.show_settings(now);
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
        self.gauges.take_changes(&mut changes);
        changes
    }

    /// The number of copies that a mirror of a plugin has in its budget, and their bytes.
    pub fn budgeted(&self, plugin: &Plugin, mirror: &str) -> (u64, u64) {
        let state = self
            .mirrors
            .iter()
            .find(|state| state.with(|state| state.is_of(plugin, mirror)));
        state.map_or((0, 0), |state| state.with(|state| state.budgeted()))
    }
}
