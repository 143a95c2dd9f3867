//! The order of objects by age, and how a message names the rules that come first.

use std::cmp::Ordering;

use crate::objects::Object;

/// The rules that take the requests of another one, in a message. Each rule is named once.
pub(super) fn taken_by(mut rules: Vec<String>) -> String {
    rules.sort();
    rules.dedup();
    let verb = match rules.as_slice() {
        [_] => "takes",
        _ => "take",
    };
    let rules = match rules.as_slice() {
        [first @ .., last] if !first.is_empty() => format!("{} and {last}", first.join(", ")),
        _ => rules.concat(),
    };
    format!("{rules} {verb} all that it matches")
}

/// The name of a rule in a message about an object.
pub(super) fn title(path: &str, of: &Object, about: &Object) -> String {
    match of.is_same(about) {
        true => path.to_owned(),
        false => format!("{path} of {}", of.title()),
    }
}

/// The order in which Istio takes two objects, by age, and at the same age by what `names` makes of them. An object
/// without a time does not exist yet, so it is the younger one. `None` if neither has a time.
pub(super) fn by_age<K: Ord>(one: &Object, two: &Object, names: impl Fn(&Object) -> K) -> Option<Ordering> {
    let created = |object: &Object| object.text(&["metadata", "creationTimestamp"]).map(str::to_owned);
    match (created(one), created(two)) {
        (Some(first), Some(second)) => Some(first.cmp(&second).then_with(|| names(one).cmp(&names(two)))),
        (Some(_), None) => Some(Ordering::Less),
        (None, Some(_)) => Some(Ordering::Greater),
        (None, None) => None,
    }
}
