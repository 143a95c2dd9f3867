//! Which of the user's routing resources apply to a host: VirtualServices and DestinationRules by host and namespace,
//! Sidecars by workload, HTTPRoutes by parent. The rules are Istio's.

use std::cmp::Reverse;

use serde_json::Value;

use super::reference::Reference;
use super::{Kind, Labels, Object, Service, World, at, fully_qualified, host_covers, kinds, selects};

/// Where mesh-wide resources live.
pub const ROOT_NAMESPACE: &str = "istio-system";

impl World {
    /// The VirtualServices that name a host, oldest first, then by name: the one that sidecars obey comes first, the
    /// others do nothing there (pilot/pkg/networking/core/httproute.go).
    pub fn virtual_services(&self, host: &str, client_namespace: &str) -> Vec<&Object> {
        let mut found: Vec<&Object> = self
            .all(kinds::VIRTUAL_SERVICE)
            .filter(|object| exported(object, client_namespace))
            .filter(|object| {
                texts(object.at(&["spec", "hosts"]))
                    .any(|pattern| host_covers(&fully_qualified(pattern, &object.namespace, &self.domain), host))
            })
            .collect();
        found.sort_by_key(|object| {
            let created = object.text(&["metadata", "creationTimestamp"]).unwrap_or_default();
            (created, object.name(), object.namespace.as_str())
        });
        found
    }

    /// The DestinationRules that a proxy obeys for a host (push_context.go, `destinationRule`): those of its own
    /// namespace, else those of the Service's, else those of the root namespace; among them those with the most
    /// specific host, oldest first. Istio merges what these say.
    pub fn destination_rules(&self, host: &str, client_namespace: &str, service_namespace: &str) -> Vec<&Object> {
        for namespace in [client_namespace, service_namespace, ROOT_NAMESPACE] {
            let found: Vec<(String, &Object)> = self
                .all(kinds::DESTINATION_RULE)
                .filter(|object| object.namespace == namespace && exported(object, client_namespace))
                // One with a workloadSelector is for some pods only; it never adds a subset for all.
                .filter(|object| object.at(&["spec", "workloadSelector"]).is_none())
                .filter_map(|object| {
                    let pattern = fully_qualified(object.text(&["spec", "host"])?, namespace, &self.domain);
                    host_covers(&pattern, host).then_some((pattern, object))
                })
                .collect();
            let best = found.iter().map(|(pattern, _)| specificity(pattern)).max();
            let mut found: Vec<&Object> = found
                .into_iter()
                .filter(|(pattern, _)| Some(specificity(pattern)) == best)
                .map(|(_, object)| object)
                .collect();
            if !found.is_empty() {
                found.sort_by_key(|object| {
                    let created = object.text(&["metadata", "creationTimestamp"]).unwrap_or_default();
                    (created, object.name())
                });
                return found;
            }
        }
        Vec::new()
    }

    /// Whether a DestinationRule is for a host, by its name or by a wildcard.
    pub fn is_rule_for(&self, rule: &Object, host: &str) -> bool {
        let pattern = rule.text(&["spec", "host"]).unwrap_or_default();
        host_covers(&fully_qualified(pattern, &rule.namespace, &self.domain), host)
    }

    /// The labels of a subset of a host, as a proxy sees it; `None` if no DestinationRule that it obeys defines it.
    pub fn subset(&self, host: &str, client_namespace: &str, service_namespace: &str, name: &str) -> Option<Labels> {
        let rules = self.destination_rules(host, client_namespace, service_namespace);
        let mut subsets = rules.into_iter().flat_map(|rule| {
            rule.at(&["spec", "subsets"])
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
        });
        subsets
            .find(|subset| subset.get("name").and_then(Value::as_str) == Some(name))
            .map(|subset| super::labels(subset.get("labels")))
    }

    /// The Sidecar that configures pods with these labels: one that selects them, else the namespace's own, else the
    /// root namespace's.
    pub fn sidecar(&self, namespace: &str, labels: &Labels) -> Option<&Object> {
        let of = |namespace: &str| -> Vec<&Object> {
            let mut found: Vec<&Object> = self
                .all(kinds::SIDECAR)
                .filter(|object| object.namespace == namespace)
                .collect();
            found.sort_by_key(|object| object.text(&["metadata", "creationTimestamp"]).unwrap_or_default());
            found
        };
        let selector = |object: &Object| object.labels(&["spec", "workloadSelector", "labels"]);
        let own = of(namespace);
        own.iter()
            .find(|object| selects(&selector(object), labels))
            .or_else(|| own.iter().find(|object| selector(object).is_empty()))
            .copied()
            .or_else(|| {
                of(ROOT_NAMESPACE)
                    .into_iter()
                    .find(|object| selector(object).is_empty())
            })
    }

    /// The routes of a kind that are attached to a parent: a Service (mesh) or a Gateway.
    pub fn routes(&self, kind: Kind, parent: Kind, namespace: &str, name: &str) -> Vec<&Object> {
        let is_parent = |object: &Object, value: &Value| {
            let reference = Reference::parent(value, object);
            reference.is(parent) && reference.name == name && reference.namespace == namespace
        };
        self.all(kind)
            .filter(|object| {
                let parents = object.at(&["spec", "parentRefs"]).and_then(Value::as_array);
                parents
                    .into_iter()
                    .flatten()
                    .any(|reference| is_parent(object, reference))
            })
            .collect()
    }
}

/// Whether a resource is visible in a namespace.
pub(crate) fn exported(object: &Object, namespace: &str) -> bool {
    let mut to = texts(object.at(&["spec", "exportTo"])).peekable();
    to.peek().is_none() || to.any(|to| to == "*" || to == namespace || (to == "." && object.namespace == namespace))
}

/// An exact host goes before a wildcard, a longer wildcard before a shorter one.
fn specificity(pattern: &str) -> (bool, usize) {
    (!pattern.starts_with('*'), pattern.len())
}

fn texts(value: Option<&Value>) -> impl Iterator<Item = &str> {
    value
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
}

/// Whether the VirtualService that sidecars obey sends every request for a Service to subsets without pods of these
/// labels. Without a VirtualService there is nothing that would.
pub fn keeps_off(world: &World, service: &Object, labels: &Labels) -> bool {
    let Ok(view) = world.service(&service.namespace, service.name()) else {
        return false;
    };
    let host = Service::host(&view);
    let Some(object) = obeyed(world, &host, &service.namespace) else {
        return false;
    };
    let mut rules = at(&object.value, &["spec", "http"])
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .peekable();
    rules.peek().is_some()
        && rules
            .flat_map(|rule| rule.get("route").and_then(Value::as_array).into_iter().flatten())
            .all(|route| {
                let text = |key: &str| at(route, &["destination", key]).and_then(Value::as_str);
                let to = fully_qualified(text("host").unwrap_or_default(), &object.namespace, &world.domain);
                let of_subset =
                    text("subset").and_then(|name| world.subset(&host, &object.namespace, &service.namespace, name));
                to != host || is_weightless(route) || of_subset.is_some_and(|subset| !selects(&subset, labels))
            })
}

/// The namespace and the name of the VirtualService to which a rule delegates. Returns `None` if the rule routes
/// itself.
pub fn delegate<'a>(rule: &'a Value, root: &'a Object) -> Option<(&'a str, &'a str)> {
    let text = |key: &str| at(rule, &["delegate", key]).and_then(Value::as_str);
    Some((text("namespace").unwrap_or(&root.namespace), text("name")?))
}

/// Whether a route or a backend has weight 0, so that it gets no requests.
pub fn is_weightless(route: &Value) -> bool {
    route.get("weight").and_then(Value::as_u64) == Some(0)
}

/// Whether sidecars look at a VirtualService at all.
pub fn in_mesh(object: &Object) -> bool {
    let gateways = object.at(&["spec", "gateways"]).and_then(Value::as_array);
    gateways.is_none_or(|gateways| gateways.is_empty() || gateways.iter().any(|gateway| gateway == "mesh"))
}

/// The VirtualService that sidecars of a namespace obey for a host: of those in the mesh the one with the most specific
/// host (pilot/pkg/model/sidecar.go, `computeWildcardHostVirtualServiceIndex`), of several such the oldest. One that
/// does not exist yet is younger than all that do.
pub fn obeyed<'a>(world: &'a World, host: &str, client_namespace: &str) -> Option<&'a Object> {
    let mut found: Vec<&Object> = world
        .virtual_services(host, client_namespace)
        .into_iter()
        .filter(|object| in_mesh(object))
        .collect();
    let best = |object: &Object| {
        let patterns = texts(object.at(&["spec", "hosts"]));
        let patterns = patterns.map(|pattern| fully_qualified(pattern, &object.namespace, &world.domain));
        let covering = patterns.filter(|pattern| host_covers(pattern, host));
        covering.map(|pattern| specificity(&pattern)).max()
    };
    // The order is stable: among those with a time, and among those without, it stays.
    found.sort_by_key(|object| {
        let is_new = object.text(&["metadata", "creationTimestamp"]).is_none();
        (Reverse(best(object)), is_new)
    });
    found.into_iter().next()
}
