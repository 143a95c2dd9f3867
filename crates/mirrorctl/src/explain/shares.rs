//! Many requests like one: each with another value where a sample's key is, and with dice where chance decides. What
//! comes out is counted mirror by mirror.

use std::collections::BTreeMap;
use std::rc::Rc;

use mirror_policy::Plan;
use mirror_policy::explain::{Decision, explain as explain_plan};
use mirror_policy::sample::{Dice, Key, Sampling};

use super::request::varied;
use super::{Spec, Varied};

/// What became of many requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shares {
    /// How many.
    pub count: u32,
    /// What differs from one to the next, besides chance.
    pub varied: Vec<Varied>,
    /// For each mirror: how many ended in which way.
    pub mirrors: Vec<BTreeMap<&'static str, u32>>,
}

/// Decides many requests, each by itself: with a worker that holds nothing.
pub fn shares(plan: &Rc<Plan>, spec: &Spec, count: u32, dice: &mut Dice) -> Shares {
    let mut keys: Vec<&Key> = Vec::new();
    for mirror in &plan.mirrors {
        if let Sampling::Key { key, .. } = &mirror.sampling
            && !keys.contains(&key)
        {
            keys.push(key);
        }
    }
    let mut mirrors = vec![BTreeMap::new(); plan.mirrors.len()];
    for _ in 0..count {
        let mut spec = spec.clone();
        for key in &keys {
            spec.vary(key, dice);
        }
        let explanations = explain_plan(plan, &spec.request(), Some(dice));
        for (ends, explanation) in mirrors.iter_mut().zip(explanations) {
            *ends.entry(word(explanation.decision)).or_insert(0) += 1;
        }
    }
    Shares {
        count,
        varied: keys.into_iter().map(varied).collect(),
        mirrors,
    }
}

/// The word of an end, as in the statistics where there is one.
pub(super) const fn word(decision: Decision) -> &'static str {
    match decision {
        Decision::Off => "off",
        Decision::NoMatch => "no_match",
        Decision::Skipped(reason) => reason.as_str(),
        Decision::Dropped(reason) => reason.as_str(),
        Decision::Copied => "copied",
    }
}

// === impl Shares ===

impl Shares {
    /// How many requests a mirror copied, and how many met its `match`.
    pub fn of(&self, mirror: usize) -> (u32, u32) {
        let ends = self.mirrors.get(mirror);
        let of = |word: &str| ends.and_then(|ends| ends.get(word)).copied().unwrap_or(0);
        (of("copied"), self.count - of("no_match") - of("off"))
    }
}

/// Hundredths of a percent, rounded.
pub(super) fn percent((part, whole): (u32, u32)) -> String {
    let share = if whole == 0 {
        0.0
    } else {
        100.0 * f64::from(part) / f64::from(whole)
    };
    format!("{share:.2} %")
}
