//! Why a request is copied or not: the decision once more, told step by step. The verdict and the copy come from the very
//! [`Ledger`] that decides in the filter, here with nothing held and every circuit breaker closed; the steps beside them
//! ask the same questions in the same order. The filter calls none of this.

mod copied;

mod steps;

use std::rc::Rc;
use std::time::Duration;

use crate::effects::Effects;
use crate::exchange::Binding;
use crate::headers::Headers;
use crate::ledger::{Arrival, Ledger};
use crate::matching::{MirrorSet, RequestHead, select};
use crate::plan::{Mirror, Plan};
use crate::reason::{Dropped, Skipped};
use crate::sample::Dice;
use crate::stats::Statistic;
use crate::values::Percentage;

pub use copied::{BodyFate, Cause, Change, Copied};

/// A whole request, as the filter meets it.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// Its headers, pseudo headers first, names in lower case.
    pub headers: Headers,
    /// Its body; empty if it has none.
    pub body: Vec<u8>,
    /// The port on which the proxy accepted it, if known.
    pub port: Option<u16>,
    /// Whether an upstream is to answer it.
    pub is_routed: bool,
    /// The time of day, since the Unix epoch.
    pub wall: Option<Duration>,
}

/// What one mirror does with a request.
#[derive(Debug, Clone)]
pub struct Trail {
    /// The mirror's place in the plan.
    pub mirror: usize,
    /// The entries of `match`: any of them must hold. Empty if there are none, or if the mirror is off.
    pub entries: Vec<Entry>,
    /// The other questions in their order, up to the one that ends it.
    pub steps: Vec<Check>,
    /// How it ends; with a [`chance`](Self::chance), how it ends if chance chooses the request.
    pub verdict: Verdict,
    /// The share of such requests that chance chooses; `None` if nothing is left to chance.
    pub chance: Option<Percentage>,
    /// The copy, if there is one.
    pub copy: Option<Copied>,
}

/// One entry of a mirror's `match`.
#[derive(Debug, Clone)]
pub struct Entry {
    /// All of them must hold.
    pub conditions: Vec<Check>,
    /// Whether they do.
    pub holds: bool,
}

/// One question, and its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// What is asked: a key of the configuration, or a word for what is not configured.
    pub what: String,
    /// What would hold.
    pub wanted: String,
    /// What there is.
    pub found: String,
    /// The answer.
    pub holds: Holds,
}

/// The answer to a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holds {
    /// It holds.
    Yes,
    /// It does not.
    No,
    /// It depends on what the proxy holds at the time; taken to hold.
    Assumed,
    /// It is left to chance.
    ByChance,
}

/// How it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The mirror, or the whole configuration, is switched off. Nothing is counted.
    Off,
    /// No entry of `match` holds. Nothing is counted.
    NoMatch,
    /// Policy leaves the request out.
    Skipped(Skipped),
    /// The copy is lost.
    Dropped(Dropped),
    /// A copy is sent.
    Copied,
}

/// Tells what every mirror of a plan does with a request. With dice, chance is played as the filter plays it: one roll
/// for each mirror that gets so far, in the plan's order. Without, it is left open.
pub fn explain(plan: &Rc<Plan>, request: &Request, mut dice: Option<&mut Dice>) -> Vec<Trail> {
    let head = RequestHead {
        headers: &request.headers,
        port: request.port,
    };
    let selected = select(plan, &head);
    let trail = |(index, mirror): (usize, &Mirror)| {
        let mut trail = Trail {
            mirror: index,
            entries: Vec::new(),
            steps: vec![steps::enabled(plan, mirror)],
            verdict: Verdict::Off,
            chance: None,
            copy: None,
        };
        if !plan.enabled || !mirror.config.enabled {
            return trail;
        }
        trail.entries = steps::entries(mirror, &head, index);
        if !selected.iter().any(|selected| selected == index) {
            trail.verdict = Verdict::NoMatch;
            return trail;
        }
        let rolled = dice.as_deref().cloned();
        let mut lowest = Dice::lowest();
        let decided = decide(plan, index, request, dice.as_deref_mut().unwrap_or(&mut lowest));
        (trail.verdict, trail.copy) = decided;
        trail.steps.extend(steps::behind_match(plan, mirror, request, rolled));
        match trail.steps.iter().position(|step| step.holds == Holds::No) {
            Some(end) => trail.steps.truncate(end + 1),
            None => trail.steps.push(steps::finished(trail.verdict)),
        }
        let is_open = trail.steps.iter().any(|step| step.holds == Holds::ByChance);
        trail.chance = is_open.then_some(mirror.config.percentage);
        trail
    };
    plan.mirrors.iter().enumerate().map(trail).collect()
}

/// What the filter decides: its own code, with a ledger of its own for this mirror.
fn decide(plan: &Rc<Plan>, index: usize, request: &Request, dice: &mut Dice) -> (Verdict, Option<Copied>) {
    let (mut ledger, mut effects, now) = (Ledger::default(), Effects::default(), Duration::ZERO);
    let arrival = Arrival {
        binding: Binding {
            plan: Rc::clone(plan),
            accounts: ledger.adopt("", plan).into(),
        },
        mirrors: MirrorSet::only(index),
        headers: request.headers.clone(),
        is_routed: request.is_routed,
        is_retry: false,
        now,
        wall: request.wall,
    };
    let mut copied = None;
    let mut refused = None;
    if let Some(id) = ledger.begin(arrival, dice, &mut effects) {
        ledger.body(id, request.body.len(), Some(&request.body), now, &mut effects);
        if let Some(outgoing) = ledger.complete(id, now, &mut effects).pop() {
            match outgoing.headers() {
                Ok(headers) => {
                    copied = outgoing
                        .mirror()
                        .map(|mirror| Copied::new(mirror, request, &headers, outgoing.body()))
                }
                Err(reason) => refused = Some(reason),
            }
        }
    }
    let lost = effects.drain().find_map(|effect| match effect.statistic {
        Statistic::Skipped(reason) => Some(Verdict::Skipped(reason)),
        Statistic::Dropped(reason) => Some(Verdict::Dropped(reason)),
        _ => None,
    });
    let verdict = match (lost, refused) {
        (Some(lost), _) => lost,
        (None, Some(reason)) => Verdict::Dropped(reason),
        (None, None) => Verdict::Copied,
    };
    (verdict, copied)
}

/// Bytes in quotation marks, for a person: what is not printable ASCII is escaped.
pub fn quoted(bytes: &[u8]) -> String {
    format!("\"{}\"", bytes.escape_ascii())
}

// === impl Check ===

impl Check {
    fn new(what: &str, wanted: impl Into<String>, found: impl Into<String>, holds: bool) -> Self {
        Self {
            what: what.to_owned(),
            wanted: wanted.into(),
            found: found.into(),
            holds: Holds::of(holds),
        }
    }
}

// === impl Holds ===

impl Holds {
    pub(crate) const fn of(holds: bool) -> Self {
        if holds { Self::Yes } else { Self::No }
    }
}
