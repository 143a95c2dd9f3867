//! VirtualServices: the first rule in order that matches takes a request (pilot/pkg/networking/core/route/route.go,
//! `BuildHTTPRoutesForVirtualService`). Rules of delegates stand where they are delegated to; at a gateway the rules
//! of all VirtualServices of a host stand in one list, by age, and those that take everything come last
//! (pilot/pkg/networking/core/gateway.go).

mod delegates;

mod rule;

use std::cmp::Ordering;

use serde_json::Value;

use super::order::{by_age, taken_by};
use crate::objects::{Object, World, fully_qualified, kinds, list, routing};
use rule::{Entry, MESH, Rule, named};

/// Why no request reaches a rule, for each rule of the VirtualService.
pub(super) fn unreached(object: &Object, world: &World) -> Vec<Option<String>> {
    let roots: Vec<&Object> = match is_root(object) {
        true => vec![object],
        false => world
            .all(kinds::VIRTUAL_SERVICE)
            .filter(|root| is_root(root) && delegates_to(root, object))
            .collect(),
    };
    let mut lists = Vec::new();
    for root in roots {
        for gateway in gateways(root) {
            let elders = elders(root, &gateway, world);
            lists.push((entries(root, &gateway, world), elders));
        }
    }
    let count = list(&object.value, &["spec", "http"]).count();
    (0..count).map(|index| of_rule(object, index, &lists)).collect()
}

/// The entries of a VirtualService at a gateway; and for each of its hosts those that stand before them.
type Lists<'a> = (Vec<Entry<'a>>, Vec<Vec<Entry<'a>>>);

fn of_rule(object: &Object, index: usize, lists: &[Lists<'_>]) -> Option<String> {
    let is_own = |rule: &Rule<'_>| rule.object.is_same(object) && rule.index == index;
    let mut takers = Vec::new();
    let mut is_written = false;
    for (entries, elders) in lists {
        for (place, entry) in entries.iter().enumerate() {
            if !is_own(&entry.rule) && !entry.root.as_ref().is_some_and(is_own) {
                continue;
            }
            is_written = true;
            let before = entries.iter().take(place);
            let mut before = before.filter(|other| other.is_sure && other.condition.covers(&entry.condition));
            if let Some(taker) = before.next() {
                takers.push(taker.rule.title(object));
                continue;
            }
            // The hosts' requests are other ones, so each host's must be taken.
            if elders.is_empty() {
                return None;
            }
            for elders in elders {
                let mut taker = elders.iter().filter(|other| {
                    let is_before = !other.condition.is_catch_all() || entry.condition.is_catch_all();
                    is_before && other.condition.covers(&entry.condition)
                });
                takers.push(taker.next()?.rule.title(object));
            }
        }
    }
    if !is_written && is_root(object) && is_end(object, index) {
        return Some("its `match` names no gateway of `spec.gateways`".to_owned());
    }
    (!takers.is_empty()).then(|| taken_by(takers))
}

/// The entries of a VirtualService that a proxy has which belongs to this gateway, or to the mesh, in order.
fn entries<'a>(root: &'a Object, gateway: &str, world: &'a World) -> Vec<Entry<'a>> {
    let mut all = Vec::new();
    for (index, rule) in list(&root.value, &["spec", "http"]).enumerate() {
        delegates::entries(Rule { object: root, index }, rule, gateway, world, &mut all);
    }
    all
}

/// What stands before the entries of a VirtualService at a gateway, for each of its hosts. In the mesh a sidecar obeys
/// a single VirtualService.
fn elders<'a>(root: &Object, gateway: &str, world: &'a World) -> Vec<Vec<Entry<'a>>> {
    if gateway == MESH || !is_public(root) {
        return Vec::new();
    }
    let names = |object: &Object| (object.name().to_owned(), object.namespace.clone());
    let is_elder = |other: &&Object| {
        // A gateway may take hosts of some namespaces only.
        other.namespace == root.namespace
            && !other.is_same(root)
            && is_public(other)
            && gateways(other).iter().any(|name| name == gateway)
            && by_age(other, root, names) == Some(Ordering::Less)
    };
    let others: Vec<&Object> = world.all(kinds::VIRTUAL_SERVICE).filter(is_elder).collect();
    let of_host = |host: String| {
        let mut before = Vec::new();
        for other in others.iter().filter(|other| hosts(other, world).contains(&host)) {
            for entry in entries(other, gateway, world) {
                let is_last = entry.condition.is_catch_all();
                before.extend(entry.is_sure.then_some(entry));
                // What stands behind it is not written, where the port and the pods are those of its condition.
                if is_last {
                    break;
                }
            }
        }
        before
    };
    hosts(root, world).into_iter().map(of_host).collect()
}

/// Whether every namespace sees it. What only some see stands in another place of the list.
fn is_public(object: &Object) -> bool {
    let mut to = list(&object.value, &["spec", "exportTo"]).peekable();
    to.peek().is_none() || to.any(|to| to == "*")
}

fn is_root(object: &Object) -> bool {
    list(&object.value, &["spec", "hosts"]).next().is_some()
}

/// Whether a rule does not delegate.
fn is_end(object: &Object, index: usize) -> bool {
    let rule = list(&object.value, &["spec", "http"]).nth(index);
    rule.is_some_and(|rule| rule.get("delegate").is_none())
}

fn delegates_to(root: &Object, object: &Object) -> bool {
    let mut rules = list(&root.value, &["spec", "http"]);
    rules.any(|rule| routing::delegate(rule, root) == Some((&object.namespace, object.name())))
}

fn hosts(object: &Object, world: &World) -> Vec<String> {
    let hosts = list(&object.value, &["spec", "hosts"]).filter_map(Value::as_str);
    hosts
        .map(|host| fully_qualified(host, &object.namespace, &world.domain).to_ascii_lowercase())
        .collect()
}

/// The gateways of a VirtualService by their whole names; without any it is for the mesh.
fn gateways(object: &Object) -> Vec<String> {
    let all: Vec<String> = named(object.at(&["spec"]).unwrap_or(&Value::Null), &object.namespace).collect();
    match all.is_empty() {
        true => vec![MESH.to_owned()],
        false => all,
    }
}
