//! HTTPRoutes and GRPCRoutes: Istio sorts the entries of all routes of a parent and a host by how much they ask for,
//! then by the age of the routes, then as they are written (pilot/pkg/config/kube/gateway, `sortHTTPRoutes`,
//! `mergeHTTPRoutes`). The first entry that matches takes a request. An expression for the path comes after every
//! prefix.

use std::cmp::{Ordering, Reverse};
use std::collections::BTreeMap;

use serde_json::Value;

use super::condition::{Condition, Part, Path, header};
use super::order::{by_age, taken_by, title};
use super::text::Text;
use crate::objects::reference::Reference;
use crate::objects::{Kind, Object, World, kinds, list};

/// One entry of `matches` of a rule.
struct Entry<'a> {
    object: &'a Object,
    /// Which rule of `spec.rules`.
    rule: usize,
    /// Which entry in the route.
    place: usize,
    condition: Condition,
    rank: Rank,
    /// Whether it is sure that Istio writes the rule.
    is_sure: bool,
}

/// What comes first in the order of Istio: the kind of path, its length in bytes, whether it has a method, how many
/// headers, how many query parameters.
type Rank = Reverse<(u8, usize, bool, usize, usize)>;

/// Why no request reaches a rule, for each rule of the route.
pub(super) fn unreached(object: &Object, world: &World) -> Vec<Option<String>> {
    let kind = match object.is(kinds::GRPC_ROUTE) {
        true => kinds::GRPC_ROUTE,
        false => kinds::HTTP_ROUTE,
    };
    let own = entries(object, kind);
    // A mesh routes by the parent, a gateway by parent and host; without any parent the route's own entries remain.
    let mut parents: Vec<Option<&Value>> = list(&object.value, &["spec", "parentRefs"]).map(Some).collect();
    if parents.is_empty() {
        parents.push(None);
    }
    let mut beside = Vec::new();
    for parent in parents {
        let is_mesh = parent.is_some_and(|parent| is_mesh(parent, object));
        for host in if is_mesh { vec!["*"] } else { hosts(object) } {
            let is_beside = |other: &&Object| {
                // A Gateway may take routes of some namespaces only, and a mesh merges those of one.
                !other.is_same(object)
                    && other.namespace == object.namespace
                    && (is_mesh || hosts(other).contains(&host))
                    && parent.is_some_and(|parent| has_parent(other, parent, object))
            };
            let others = world.all(kind).filter(is_beside);
            beside.push(others.flat_map(|other| entries(other, kind)).collect::<Vec<_>>());
        }
    }
    let count = list(&object.value, &["spec", "rules"]).count();
    (0..count).map(|rule| of_rule(rule, &own, &beside, object)).collect()
}

fn of_rule(rule: usize, own: &[Entry<'_>], beside: &[Vec<Entry<'_>>], about: &Object) -> Option<String> {
    let mut takers = Vec::new();
    for entry in own.iter().filter(|entry| entry.rule == rule) {
        for others in beside {
            let mut all = own.iter().chain(others);
            let taker =
                all.find(|other| other.is_sure && is_before(other, entry) && other.condition.covers(&entry.condition));
            let taker = taker?;
            takers.push(title(&format!("spec.rules[{}]", taker.rule), taker.object, about));
        }
    }
    (!takers.is_empty()).then(|| taken_by(takers))
}

/// Whether it is sure that an entry stands before another one.
fn is_before(one: &Entry<'_>, two: &Entry<'_>) -> bool {
    // Istio sorts by the names of what it makes of them.
    let names = |object: &Object| format!("{}~", object.name());
    one.rank < two.rank
        || one.rank == two.rank
            && match one.object.is_same(two.object) {
                true => one.place < two.place,
                false => by_age(one.object, two.object, names) == Some(Ordering::Less),
            }
}

fn is_mesh(parent: &Value, object: &Object) -> bool {
    let parent = Reference::parent(parent, object);
    parent.is(kinds::SERVICE) || parent.is(kinds::SERVICE_ENTRY)
}

/// Whether a route has the parent of another route, with the same section and port.
fn has_parent(route: &Object, parent: &Value, of: &Object) -> bool {
    let section = |parent: &Value| parent.get("sectionName").cloned();
    let mut parents = list(&route.value, &["spec", "parentRefs"]);
    parents.any(|own| Reference::parent(own, route) == Reference::parent(parent, of) && section(own) == section(parent))
}

/// The hosts of a route of a gateway. Without any it is for all.
fn hosts(object: &Object) -> Vec<&str> {
    let hosts: Vec<&str> = list(&object.value, &["spec", "hostnames"])
        .filter_map(Value::as_str)
        .collect();
    match hosts.is_empty() {
        true => vec!["*"],
        false => hosts,
    }
}

/// The entries of a route in the order in which they are written.
fn entries(object: &Object, kind: Kind) -> Vec<Entry<'_>> {
    let mut all = Vec::new();
    for (rule, value) in list(&object.value, &["spec", "rules"]).enumerate() {
        let mut matches: Vec<Option<&Value>> = list(value, &["matches"]).map(Some).collect();
        if matches.is_empty() {
            matches.push(None);
        }
        // The CRD writes a path into each rule of an HTTPRoute that has no `matches`, but not into one whose list is
        // empty; which one it was does not matter to what it takes.
        let has_default = value.get("matches").is_none();
        for entry in matches {
            let (path, length) = match kind == kinds::GRPC_ROUTE {
                true => method(entry),
                false => path(entry, has_default),
            };
            let named = |key: &str| {
                let fields = entry.into_iter().flat_map(move |entry| list(entry, &[key]));
                fields.map(named).collect::<BTreeMap<String, Text>>()
            };
            let (headers, queries) = (named("headers"), named("queryParams"));
            let method = entry
                .filter(|_| kind != kinds::GRPC_ROUTE)
                .and_then(|entry| entry.get("method"));
            let method = method
                .and_then(Value::as_str)
                .map(|method| Text::Exact(method.to_owned()));
            let kind_of_path = match &path {
                _ if length.is_none() => 0,
                Path::Exact { .. } => 3,
                Path::Regex(_) | Path::Other(_) => 1,
                _ => 2,
            };
            let rank = (
                kind_of_path,
                length.unwrap_or_default(),
                method.is_some(),
                headers.len(),
                queries.len(),
            );
            let mut texts: Vec<(Part, Text)> = method.map(|method| (Part::Method, method)).into_iter().collect();
            texts.extend(
                headers
                    .into_iter()
                    .map(|(name, text)| (Part::Header(header(&name)), text)),
            );
            texts.extend(queries.into_iter().map(|(name, text)| (Part::Query(name), text)));
            all.push(Entry {
                object,
                rule,
                place: all.len(),
                condition: Condition {
                    path,
                    texts,
                    ..Condition::default()
                },
                rank: Reverse(rank),
                is_sure: is_written(value),
            });
        }
    }
    all
}

/// Whether Istio writes a rule: one with a filter that it does not know, or with filters of its backends, may be left
/// out (conversion.go, `convertHTTPRoute`).
fn is_written(rule: &Value) -> bool {
    const FILTERS: &[&str] = &[
        "RequestHeaderModifier",
        "ResponseHeaderModifier",
        "RequestRedirect",
        "RequestMirror",
        "URLRewrite",
    ];
    let is_known = |filter: &Value| {
        filter
            .get("type")
            .and_then(Value::as_str)
            .is_some_and(|kind| FILTERS.contains(&kind))
    };
    list(rule, &["filters"]).all(is_known)
        && list(rule, &["backendRefs"]).all(|backend| list(backend, &["filters"]).next().is_none())
}

/// A header or a query parameter. Of two with one name Istio takes the last.
fn named(entry: &Value) -> (String, Text) {
    let text = |key: &str| entry.get(key).and_then(Value::as_str);
    let condition = match (text("type"), text("value")) {
        (None | Some("Exact"), Some(value)) => Text::Exact(value.to_owned()),
        (Some("RegularExpression"), Some(value)) => Text::of_regex(value),
        _ => Text::Other(entry.clone()),
    };
    (text("name").unwrap_or_default().to_owned(), condition)
}

/// The condition on the path of an HTTPRoute, and the length by which Istio sorts it. There is none without a path.
fn path(entry: Option<&Value>, has_default: bool) -> (Path, Option<usize>) {
    let Some(entry) = entry else {
        return (Path::Any, has_default.then_some(1));
    };
    let text = |key: &str| entry.get("path").and_then(|path| path.get(key)).and_then(Value::as_str);
    let value = text("value").unwrap_or("/");
    let exact = || Path::Exact {
        text: value.to_owned(),
        ignores_case: false,
    };
    match text("type").unwrap_or("PathPrefix") {
        "PathPrefix" if value == "/" => (Path::Any, Some(1)),
        "PathPrefix" => {
            let value = value.strip_suffix('/').unwrap_or(value);
            (Path::Segments(value.to_owned()), Some(value.len()))
        }
        "Exact" => (exact(), Some(value.len())),
        "RegularExpression" => (Path::Regex(value.to_owned()), Some(value.len())),
        _ => (Path::Other(entry.clone()), Some(value.len())),
    }
}

/// The same of a GRPCRoute's method, which Istio writes as a path (`createGRPCURIMatch`).
fn method(entry: Option<&Value>) -> (Path, Option<usize>) {
    let Some(method) = entry.and_then(|entry| entry.get("method")) else {
        return (Path::Any, None);
    };
    let text = |key: &str| method.get(key).and_then(Value::as_str);
    let exact = |text: String| Path::Exact {
        text,
        ignores_case: false,
    };
    let is_exact = text("type").is_none_or(|kind| kind == "Exact");
    let written = |path: fn(String) -> Path, text: String| (path(text.clone()), Some(text.len()));
    match (text("service"), text("method")) {
        (Some(service), Some(method)) if is_exact => {
            let text = format!("/{service}/{method}");
            (exact(text.clone()), Some(text.len()))
        }
        (Some(service), None) if is_exact => (Path::Segments(format!("/{service}")), Some(service.len() + 2)),
        (None, Some(method)) => written(Path::Regex, format!("/[^/]+/{method}")),
        (Some(service), Some(method)) => written(Path::Regex, format!("/{service}/{method}")),
        (Some(service), None) => written(Path::Regex, format!("/{service}/.+")),
        (None, None) => (Path::Other(method.clone()), None),
    }
}
