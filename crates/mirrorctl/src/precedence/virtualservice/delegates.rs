//! A rule and what stands for it: itself, or the rules of the VirtualService to which it delegates, with the conditions
//! of both (pilot/pkg/model/virtualservice.go, `mergeHTTPRoutes`).

mod agree;

use serde_json::{Map, Value};

use super::rule::{Entry, Rule, named};
use crate::objects::{World, kinds, list, routing};
use crate::precedence::condition::Condition;

/// Adds the entries that a rule of a VirtualService has at a gateway.
pub(super) fn entries<'a>(of: Rule<'a>, rule: &'a Value, gateway: &str, world: &'a World, all: &mut Vec<Entry<'a>>) {
    let matches: Vec<&Value> = list(rule, &["match"]).collect();
    let mut add = |rule, root, namespace: &str, entry: Option<&Value>, is_sure| {
        let is_for = |entry: &Value| {
            let mut names = named(entry, namespace).peekable();
            names.peek().is_none() || names.any(|name| name == gateway)
        };
        if entry.is_none_or(is_for) {
            let condition = entry.map(Condition::of_virtual_service).unwrap_or_default();
            all.push(Entry {
                rule,
                root,
                condition,
                is_sure,
            });
        }
    };
    let root = of.object;
    let Some((namespace, name)) = routing::delegate(rule, root) else {
        if matches.is_empty() {
            add(of, None, &root.namespace, None, true);
        }
        for entry in matches {
            add(of, None, &root.namespace, Some(entry), true);
        }
        return;
    };
    // A delegate that is not known may have any rules, and one that the root does not see has none.
    let Some(delegate) = world.find(kinds::VIRTUAL_SERVICE, namespace, name) else {
        return;
    };
    let is_seen = routing::exported(delegate, &root.namespace);
    for (index, own) in list(&delegate.value, &["spec", "http"]).enumerate() {
        let is_end = own.get("delegate").is_none();
        let by = Rule {
            object: delegate,
            index,
        };
        let owns: Vec<&Value> = list(own, &["match"]).collect();
        let merged: Vec<Value> = match (matches.as_slice(), owns.as_slice()) {
            ([], []) => {
                add(by, Some(of), namespace, None, is_seen && is_end);
                continue;
            }
            ([], own) => own.iter().map(|own| whole(own, namespace)).collect(),
            (root_entries, []) => root_entries.iter().map(|entry| whole(entry, &root.namespace)).collect(),
            (root_entries, own) => own
                .iter()
                .flat_map(|own| root_entries.iter().map(move |entry| (entry, own)))
                .map(|(entry, own)| merge(&whole(entry, &root.namespace), &whole(own, namespace)))
                .collect(),
        };
        // If some condition contradicts all of the root's, Istio leaves the rule out.
        let fits = |own: &&Value| {
            let mut entries = matches.iter();
            entries.all(|entry| agree::agrees(&whole(entry, &root.namespace), &whole(own, namespace)))
        };
        let is_sure = is_seen && is_end && owns.iter().all(fits);
        for entry in &merged {
            add(by, Some(of), namespace, Some(entry), is_sure);
        }
    }
}

/// An entry with the whole names of its gateways.
fn whole(entry: &Value, namespace: &str) -> Value {
    let mut entry = entry.clone();
    let names: Vec<Value> = named(&entry, namespace).map(Value::from).collect();
    if let Some(fields) = entry.as_object_mut().filter(|_| !names.is_empty()) {
        fields.insert("gateways".to_owned(), names.into());
    }
    entry
}

/// Both conditions as one, as Istio writes it if they do not contradict each other: what the delegate says goes before
/// what the root says (`mergeHTTPMatchRequest`).
fn merge(root: &Value, own: &Value) -> Value {
    let fields = |value: &Value| value.as_object().cloned().unwrap_or_default();
    let (mut merged, own): (Map<_, _>, _) = (fields(root), fields(own));
    // The delegate's word stands even if it says nothing.
    merged.shift_remove("ignoreUriCase");
    for (key, value) in own {
        match (merged.get_mut(&key).and_then(Value::as_object_mut), value) {
            (Some(both), Value::Object(named)) if MAPS.contains(&key.as_str()) => both.extend(named),
            (_, value) => drop(merged.insert(key, value)),
        }
    }
    merged.into()
}

/// The keys of which both conditions are put together name by name.
const MAPS: &[&str] = &["headers", "withoutHeaders", "queryParams", "sourceLabels"];
