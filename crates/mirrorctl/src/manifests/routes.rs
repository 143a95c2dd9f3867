//! The rules of a VirtualService for HTTP, edited one by one: a copy added, ours taken out, a rule narrowed to one
//! port, a destination pinned to a subset. Whatever else stands in a rule stays as it is.

use serde_json::{Map, Value, json};

use crate::mesh::destination::Scope;
use crate::objects::{Object, at};

/// The keys that say how much of a single `mirror` is copied; all spellings that Istio reads.
const PERCENTAGES: &[&str] = &["mirrorPercentage", "mirrorPercent", "mirror_percent"];

/// The port that a destination names.
pub(crate) fn port(destination: &Value) -> Option<u16> {
    u16::try_from(destination.get("port")?.get("number")?.as_u64()?).ok()
}

/// The destinations that a rule sends live requests to. Of several, those of weight 0 get none
/// (route.go, `applyHTTPRouteDestination`).
pub(crate) fn destinations(rule: &Value) -> Vec<&Value> {
    let routes = rule
        .get("route")
        .and_then(Value::as_array)
        .map_or(&[][..], Vec::as_slice);
    let several = routes.len() > 1;
    routes
        .iter()
        .filter(|route| !several || route.get("weight").and_then(Value::as_i64).unwrap_or_default() > 0)
        .filter_map(|route| route.get("destination"))
        .collect()
}

/// The copies that a rule sends: `mirror` and `mirrors` as entries of `mirrors`.
pub(crate) fn copies(rule: &Value) -> Vec<Value> {
    let mut copies = Vec::new();
    if let Some(destination) = rule.get("mirror").filter(|mirror| mirror.is_object()) {
        let mut copy = json!({"destination": destination});
        let percentage = match rule.get("mirrorPercentage").filter(|value| value.is_object()) {
            Some(percentage) => Some(percentage.clone()),
            None => ["mirrorPercent", "mirror_percent"]
                .into_iter()
                .filter_map(|key| rule.get(key))
                .find(|value| value.is_number())
                .map(|value| json!({"value": value})),
        };
        if let (Some(percentage), Some(fields)) = (percentage, copy.as_object_mut()) {
            fields.insert("percentage".to_owned(), percentage);
        }
        copies.push(copy);
    }
    copies.extend(
        rule.get("mirrors")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .cloned(),
    );
    copies
}

/// Adds copies to a rule. A single one is written as `mirror`; beside another one they all stand in `mirrors`, because
/// Istio takes one form or the other.
pub(crate) fn add(rule: &mut Map<String, Value>, new: &[Value]) {
    let before = copies(&Value::Object(rule.clone()));
    let stray = PERCENTAGES.iter().any(|key| rule.contains_key(*key));
    match new {
        [copy] if before.is_empty() && !stray => {
            rule.shift_remove("mirrors");
            let destination = copy.get("destination").cloned().unwrap_or_default();
            rule.insert("mirror".to_owned(), destination);
            if let Some(percentage) = copy.get("percentage") {
                rule.insert("mirrorPercentage".to_owned(), percentage.clone());
            }
        }
        new => {
            if rule.shift_remove("mirror").is_some() {
                for key in PERCENTAGES {
                    rule.shift_remove(*key);
                }
            }
            let all: Vec<Value> = before.into_iter().chain(new.iter().cloned()).collect();
            rule.insert("mirrors".to_owned(), all.into());
        }
    }
}

/// Takes out the copies that are ours.
pub(crate) fn take_out(rule: &mut Value, is_ours: &dyn Fn(&Value) -> bool) {
    let single = rule
        .get("mirror")
        .is_some_and(|mirror| mirror.is_object() && is_ours(mirror));
    let Some(fields) = rule.as_object_mut() else { return };
    if single {
        fields.shift_remove("mirror");
        for key in PERCENTAGES {
            fields.shift_remove(*key);
        }
    }
    if let Some(mirrors) = fields.get_mut("mirrors").and_then(Value::as_array_mut) {
        let before = mirrors.len();
        mirrors.retain(|mirror| !mirror.get("destination").is_some_and(is_ours));
        if mirrors.is_empty() && before > 0 {
            fields.shift_remove("mirrors");
        }
    }
}

/// The name of a rule of ours that stands before the one that it narrows to a port.
pub(crate) fn narrowed_name(job: &str, port: u16) -> String {
    format!("mirror-{job}-{port}")
}

/// Whether a rule is one of ours that narrows the next one, and to which port.
pub(crate) fn narrowed_port(rule: &Value, job: &str) -> Option<u16> {
    let name = rule.get("name")?.as_str()?;
    let port = name.strip_prefix("mirror-")?.strip_prefix(job)?.strip_prefix('-')?;
    port.parse().ok()
}

/// The rule for one port alone, under our name.
pub(crate) fn narrowed(rule: &Value, job: &str, port: u16) -> Value {
    let mut rule = rule.clone();
    let entries = rule.get("match").and_then(Value::as_array).cloned().unwrap_or_default();
    let entries: Vec<Value> = if entries.is_empty() {
        vec![json!({"port": port})]
    } else {
        let fits = entries
            .into_iter()
            .filter(|entry| entry_port(entry).is_none_or(|other| other == port));
        fits.map(|mut entry| {
            if let Some(fields) = entry.as_object_mut() {
                fields.insert("port".to_owned(), port.into());
            }
            entry
        })
        .collect()
    };
    if let Some(fields) = rule.as_object_mut() {
        fields.insert("name".to_owned(), narrowed_name(job, port).into());
        fields.insert("match".to_owned(), entries.into());
    }
    rule
}

/// The ports whose requests a rule can match, of those on which there are any.
pub(crate) fn listeners(rule: &Value, all: &[u16]) -> Vec<u16> {
    let entries = rule
        .get("match")
        .and_then(Value::as_array)
        .map_or(&[][..], Vec::as_slice);
    let matches = |port: &u16| {
        entries
            .iter()
            .any(|entry| entry_port(entry).is_none_or(|other| other == *port))
    };
    all.iter()
        .copied()
        .filter(|port| entries.is_empty() || matches(port))
        .collect()
}

fn entry_port(entry: &Value) -> Option<u16> {
    let port = entry.get("port")?.as_u64().filter(|port| *port > 0)?;
    Some(u16::try_from(port).unwrap_or_default())
}

/// Pins the live requests that go to any pod of a host to one of its subsets. Tells whether there were any.
pub(crate) fn pin(rules: &mut [Value], host: &str, subset: &str, scope: Scope<'_>) -> bool {
    let mut pinned = false;
    for route in rules
        .iter_mut()
        .filter_map(|rule| rule.get_mut("route")?.as_array_mut())
        .flatten()
    {
        let Some(destination) = route.get_mut("destination") else {
            continue;
        };
        if is_unpinned(destination, host, scope)
            && let Some(fields) = destination.as_object_mut()
        {
            fields.insert("subset".to_owned(), subset.into());
            pinned = true;
        }
    }
    pinned
}

/// Whether a destination is every pod of a host.
pub(crate) fn is_unpinned(destination: &Value, host: &str, scope: Scope<'_>) -> bool {
    let subset = destination.get("subset").and_then(Value::as_str).unwrap_or_default();
    scope.host(destination) == host && subset.is_empty()
}

/// Rules in one form, for comparing: what means the same is the same.
pub(crate) fn normal(rules: &[Value]) -> Vec<Value> {
    rules
        .iter()
        .map(|rule| {
            let copies = copies(rule);
            let mut rule = rule.clone();
            if let Some(fields) = rule.as_object_mut() {
                let single = fields.shift_remove("mirror").is_some_and(|mirror| mirror.is_object());
                if single {
                    PERCENTAGES.iter().for_each(|key| {
                        fields.shift_remove(*key);
                    });
                }
                fields.shift_remove("mirrors");
                if !copies.is_empty() {
                    fields.insert("mirrors".to_owned(), copies.into());
                }
            }
            rule
        })
        .collect()
}

// === views of a VirtualService ===

/// The rules for HTTP.
pub(super) fn rules(object: &Object) -> &[Value] {
    let rules = object.at(&["spec", "http"]).and_then(Value::as_array);
    rules.map_or(&[], Vec::as_slice)
}

/// Whether a value lists a gateway of this sort; without any it is bound to the mesh.
pub(super) fn bound(value: &Value, keys: &[&str], sort: &impl Fn(&str) -> bool) -> bool {
    match at(value, keys).and_then(Value::as_array).map(Vec::as_slice) {
        None | Some([]) => sort("mesh"),
        Some(gateways) => gateways.iter().filter_map(Value::as_str).any(sort),
    }
}
