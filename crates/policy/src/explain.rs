//! Why a request is copied or not, step by step. An explanation runs the filter's own code: the matchers, the gates in
//! their order, and the state machine of a request, for a worker that has nothing yet. The filter does not use this
//! module.

mod check;

mod explanation;

mod matching_checks;

mod gate_checks;

mod copied;

use std::rc::Rc;
use std::time::Duration;

use crate::active_plan::ActiveMirror;
use crate::gates::{Arrival, Facts, Gate, LateFacts};
use crate::matching::RequestHead;
use crate::plan::{Mirror, Plan};
use crate::plugin::Plugin;
use crate::reasons::Dropped;
use crate::request::{CollectedCopy, Request};
use crate::sample::Dice;
use crate::statistics::Statistic;
use crate::vm_state::VmState;
use crate::work::Work;

pub use check::{Check, Holds, quoted};
pub use copied::{BodyFate, Cause, CopyDescription, HeaderChange};
pub use explanation::{Decision, Entry, Explanation, WholeRequest};

/// Explains what each mirror of a plan does with a request. With dice, chance decides as in the filter: one roll for
/// each mirror that chance decides for, in the plan's order. Without dice, the explanation leaves chance open.
///
/// ```
/// use mirror_policy::Plan;
/// use mirror_policy::explain::{Decision, WholeRequest, explain};
/// use mirror_policy::headers::Headers;
/// use mirror_policy::reasons::Skipped;
///
/// let plan = Plan::parse(br#"{"mirrors": [{"name": "v2", "cluster": "reviews-v2", "percentage": 0}]}"#).unwrap();
/// let headers: [(&[u8], &[u8]); 3] = [(b":authority", b"reviews"), (b":path", b"/"), (b":method", b"GET")];
/// let request = WholeRequest {
///     headers: Headers::encode(headers),
///     is_routed: true,
///     ..WholeRequest::default()
/// };
/// let explanations = explain(&plan, &request, None);
/// assert_eq!(explanations[0].decision, Decision::Skipped(Skipped::NotSampled));
/// ```
pub fn explain(plan: &Plan, request: &WholeRequest, mut dice: Option<&mut Dice>) -> Vec<Explanation> {
    let head = RequestHead::new(&request.headers, request.port);
    let work = Work::new(0);
    let explain = |(index, mirror): (usize, &Rc<Mirror>)| {
        let mut explanation = Explanation {
            mirror: index,
            entries: Vec::new(),
            steps: vec![gate_checks::enabled(plan, mirror)],
            decision: Decision::Off,
            chance: None,
            copy: None,
        };
        if plan.enabled && mirror.config.enabled {
            explanation.entries = entries(mirror, &head, index);
            match mirror.matches(&head, &work) {
                Ok(true) => explanation.run_gates(plan, mirror, request, dice.as_deref_mut()),
                Ok(false) => explanation.decision = Decision::NoMatch,
                Err(reason) => explanation.decision = Decision::Dropped(reason),
            }
        }
        explanation
    };
    plan.mirrors.iter().enumerate().map(explain).collect()
}

fn entries(mirror: &Mirror, head: &RequestHead<'_>, index: usize) -> Vec<Entry> {
    let entries = mirror.matchers.iter().enumerate();
    let entry = |(entry, matcher): (usize, &crate::matching::RequestMatcher)| Entry {
        conditions: matcher.checks(head, &format!("mirrors[{index}].match[{entry}]")),
        holds: matcher.matches(head, &Work::new(u64::MAX)),
    };
    entries.map(entry).collect()
}

// === impl Explanation ===

impl Explanation {
    /// Runs the gates for a mirror of which a worker has nothing yet, and then makes the copy.
    fn run_gates(&mut self, plan: &Plan, mirror: &Rc<Mirror>, request: &WholeRequest, mut dice: Option<&mut Dice>) {
        let plan = VmState::default().adopt(&Plugin::default(), plan, &mut |_, _| None);
        let Some(active) = plan.mirrors.iter().find(|active| Rc::ptr_eq(&active.mirror, mirror)) else {
            return;
        };
        let facts = Facts {
            headers: &request.headers,
            wall: request.wall,
            late: LateFacts::new(
                &plan,
                &request.headers,
                Arrival {
                    is_routed: request.is_routed,
                    is_complete: request.body.is_empty(),
                    now: Duration::ZERO,
                },
            ),
        };
        let mut lowest = Dice::lowest();
        for gate in Gate::ALL {
            let rolled = dice.as_deref().cloned();
            let decided = gate.decide(active, &facts, dice.as_deref_mut().unwrap_or(&mut lowest));
            let step = gate_checks::check(gate, &plan, mirror, &facts, rolled, decided.is_ok());
            if step.holds == Holds::ByChance {
                self.chance = Some(mirror.config.percentage);
            }
            self.steps.push(step);
            if let Err(reason) = decided {
                self.decision = reason.into();
                return;
            }
        }
        self.make_copy(active, &facts, request);
    }

    /// Makes the copy of a request that has passed all gates.
    fn make_copy(&mut self, active: &Rc<ActiveMirror>, facts: &Facts<'_>, request: &WholeRequest) {
        let copy = CollectedCopy::admit(Rc::clone(active), facts);
        let mut collected = Request::new(request.headers.clone(), vec![copy]);
        collected.body(request.body.len(), Some(request.body.clone()), Duration::ZERO);
        let copies = collected.complete(Duration::ZERO);
        self.decision = lost(active).map_or(Decision::Copied, Decision::Dropped);
        for mut copy in copies {
            let mirror = Rc::clone(&copy.mirror);
            match copy.leave() {
                Err(reason) => self.decision = Decision::Dropped(reason),
                Ok(outgoing) => {
                    let (headers, body) = (&request.headers, &request.body);
                    self.copy = Some(CopyDescription::new(&mirror.mirror, &outgoing, headers, body));
                }
            }
        }
        self.steps.push(gate_checks::finished(self.decision));
    }
}

/// The reason why the only copy of a mirror was lost. Returns `None` if no copy was lost.
fn lost(active: &ActiveMirror) -> Option<Dropped> {
    active.state.with(|state| {
        let ledger = state.ledger();
        let mut reasons = Dropped::ALL.iter().copied();
        reasons.find(|reason| ledger.sum(Statistic::Dropped(*reason)) > 0)
    })
}
