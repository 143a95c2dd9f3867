//! A small model of how Istio routes requests, made for the tests alone: it shares no code with what it judges. Objects
//! in; out comes, for a request, which pods it can reach with which weight, and where it is copied to. The rules are
//! those of Istio 1.31: Service selectors, DestinationRule subsets by namespace of the caller, the oldest
//! VirtualService for a host, HTTPRoutes of a Service before any VirtualService.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// Objects by kind, namespace and name.
#[derive(Debug, Clone, PartialEq)]
pub struct Mesh(pub BTreeMap<(String, String, String), Value>);

/// A request to the Service `reviews` of namespace `demo`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Of the caller.
    pub namespace: &'static str,
    /// `mesh`, or the gateway through which it comes.
    pub gateway: &'static str,
    pub port: u64,
    pub path: &'static str,
    pub tenant: Option<&'static str>,
}

/// What becomes of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reached {
    /// Pods by weight: `reviews-v1:9080`.
    Pods(Vec<(i64, BTreeSet<String>)>),
    /// An answer of the proxy itself.
    Answer(String),
}

/// Where a request goes, and where it is copied to.
pub type Routed = (Reached, BTreeSet<String>);

const HOST: &str = "reviews.demo.svc.cluster.local";

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or("")
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn full(host: &str, namespace: &str) -> String {
    if host.contains('.') {
        host.to_owned()
    } else {
        format!("{host}.{namespace}.svc.cluster.local")
    }
}

/// How specific a host pattern is for a host; `None`: it does not cover it.
fn covers(pattern: &str, host: &str) -> Option<(bool, usize)> {
    match pattern.strip_prefix('*') {
        Some(rest) => host.ends_with(rest).then_some((false, pattern.len())),
        None => (pattern == host).then_some((true, pattern.len())),
    }
}

fn key(object: &Value) -> (String, String, String) {
    let metadata = &object["metadata"];
    (
        text(object, "kind").to_owned(),
        text(metadata, "namespace").to_owned(),
        text(metadata, "name").to_owned(),
    )
}

impl Mesh {
    pub fn new(objects: &[Value]) -> Self {
        Self(objects.iter().map(|object| (key(object), object.clone())).collect())
    }

    pub fn apply(&mut self, object: &Value) {
        let mut object = object.clone();
        // The API server keeps it where it was, whatever is applied.
        let created = "creationTimestamp";
        if let Some(before) = self.0.get(&key(&object))
            && let Some(was) = before["metadata"].as_object()
            && let Some(place) = was.keys().position(|key| key == created)
            && let Some(metadata) = object["metadata"].as_object_mut()
        {
            metadata.shift_remove(created);
            metadata.shift_insert(place.min(metadata.len()), created.to_owned(), was[created].clone());
        }
        self.0.insert(key(&object), object);
    }

    pub fn delete(&mut self, object: &Value) {
        assert!(self.0.remove(&key(object)).is_some(), "{object} is not there");
    }

    fn all<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = (&'a str, &'a Value)> {
        let of_kind = self.0.iter().filter(move |((other, _, _), _)| other == kind);
        of_kind.map(|((_, namespace, _), object)| (namespace.as_str(), object))
    }

    pub fn route(&self, request: &Request) -> Routed {
        let service = &self.0[&("Service".to_owned(), "demo".to_owned(), "reviews".to_owned())];
        let ports = list(&service["spec"]["ports"]);
        if request.gateway == "mesh" && !ports.iter().any(|port| port["port"] == request.port) {
            return (Reached::Answer("no such port".to_owned()), BTreeSet::new());
        }
        if request.gateway == "mesh"
            && let Some(routed) = self.by_http_route(request)
        {
            return routed;
        }
        if let Some(routed) = self.by_virtual_service(request) {
            return routed;
        }
        if request.gateway != "mesh" {
            return (Reached::Answer("404".to_owned()), BTreeSet::new());
        }
        (
            self.weighted(&[(1, HOST.to_owned(), Some(request.port), String::new())], request),
            BTreeSet::new(),
        )
    }

    // === HTTPRoute ===

    fn by_http_route(&self, request: &Request) -> Option<Routed> {
        let mut attached = false;
        for (namespace, route) in self.all("HTTPRoute") {
            let is_for_us = list(&route["spec"]["parentRefs"]).iter().any(|parent| {
                text(parent, "kind") == "Service"
                    && text(parent, "name") == "reviews"
                    && parent["port"].as_u64().is_none_or(|port| port == request.port)
            });
            if !is_for_us {
                continue;
            }
            attached = true;
            for rule in list(&route["spec"]["rules"]) {
                let matches = list(&rule["matches"]);
                let fits = |entry: &Value| request.path.starts_with(text(&entry["path"], "value"));
                if !matches.is_empty() && !matches.iter().any(fits) {
                    continue;
                }
                if list(&rule["filters"])
                    .iter()
                    .any(|filter| text(filter, "type") == "RequestRedirect")
                {
                    return Some((Reached::Answer("redirect".to_owned()), BTreeSet::new()));
                }
                let backend = |reference: &Value| {
                    let other = reference["namespace"].as_str().unwrap_or(namespace);
                    (full(text(reference, "name"), other), reference["port"].as_u64())
                };
                let live: Vec<_> = list(&rule["backendRefs"])
                    .iter()
                    .map(|reference| {
                        let (host, port) = backend(reference);
                        (reference["weight"].as_i64().unwrap_or(1), host, port, String::new())
                    })
                    .filter(|(weight, ..)| *weight > 0)
                    .collect();
                if live.is_empty() {
                    return Some((Reached::Answer("500".to_owned()), BTreeSet::new()));
                }
                let copies = list(&rule["filters"])
                    .iter()
                    .filter(|filter| text(filter, "type") == "RequestMirror");
                let copies = copies.map(|filter| {
                    let mirror = &filter["requestMirror"];
                    let (host, port) = backend(&mirror["backendRef"]);
                    format!(
                        "{}:{}||{}:{}",
                        host,
                        port.unwrap_or(0),
                        mirror["percent"],
                        mirror["fraction"]
                    )
                });
                return Some((self.weighted(&live, request), copies.collect()));
            }
        }
        attached.then(|| (Reached::Answer("404".to_owned()), BTreeSet::new()))
    }

    // === VirtualService ===

    fn by_virtual_service(&self, request: &Request) -> Option<Routed> {
        let mut found: Vec<_> = self
            .all("VirtualService")
            .filter(|(namespace, object)| {
                let to = list(&object["spec"]["exportTo"]);
                let exported = to.is_empty()
                    || to.iter().any(|to| {
                        to == "*" || to == request.namespace || (to == "." && *namespace == request.namespace)
                    });
                let gateways = list(&object["spec"]["gateways"]);
                let bound = gateways.iter().any(|gateway| gateway == request.gateway)
                    || (gateways.is_empty() && request.gateway == "mesh");
                let host = if request.gateway == "mesh" {
                    HOST
                } else {
                    "reviews.example.com"
                };
                let hosts = list(&object["spec"]["hosts"]).iter();
                exported
                    && bound
                    && hosts
                        .map(|pattern| full(pattern.as_str().unwrap(), namespace))
                        .any(|pattern| covers(&pattern, host).is_some())
            })
            .collect();
        found.sort_by_key(|(namespace, object)| {
            (
                text(&object["metadata"], "creationTimestamp"),
                text(&object["metadata"], "name"),
                *namespace,
            )
        });
        let (namespace, object) = *found.first()?;
        let on_port = |entry: &Value| entry["port"].as_u64().is_none_or(|port| port == request.port);
        let at_gateway = |entry: &Value| {
            let gateways = list(&entry["gateways"]);
            gateways.is_empty() || gateways.iter().any(|gateway| gateway == request.gateway)
        };
        let mut any = false;
        for rule in list(&object["spec"]["http"]) {
            let matches = list(&rule["match"]);
            if !matches.is_empty() && !matches.iter().any(|entry| on_port(entry) && at_gateway(entry)) {
                continue;
            }
            // A port on which no rule can match is routed as if there were no VirtualService.
            any = true;
            let fits = |entry: &Value| {
                on_port(entry)
                    && at_gateway(entry)
                    && entry["uri"]["prefix"]
                        .as_str()
                        .is_none_or(|prefix| request.path.starts_with(prefix))
                    && entry["headers"]["x-tenant"]["exact"]
                        .as_str()
                        .is_none_or(|tenant| request.tenant == Some(tenant))
            };
            if matches.is_empty() || matches.iter().any(fits) {
                return Some(self.by_rule(rule, namespace, request));
            }
        }
        any.then(|| (Reached::Answer("404".to_owned()), BTreeSet::new()))
    }

    fn by_rule(&self, rule: &Value, namespace: &str, request: &Request) -> Routed {
        if let Some(redirect) = rule.get("redirect") {
            return (Reached::Answer(redirect.to_string()), BTreeSet::new());
        }
        if let Some(delegate) = rule.get("delegate") {
            return (Reached::Answer(delegate.to_string()), BTreeSet::new());
        }
        let to = |destination: &Value| {
            let host = full(text(destination, "host"), namespace);
            (
                host,
                destination["port"]["number"].as_u64(),
                text(destination, "subset").to_owned(),
            )
        };
        let routes = list(&rule["route"]);
        let live: Vec<_> = routes
            .iter()
            .map(|route| {
                let (host, port, subset) = to(&route["destination"]);
                let weight = if routes.len() == 1 {
                    1
                } else {
                    route["weight"].as_i64().unwrap_or(0)
                };
                (weight, host, port, subset)
            })
            .filter(|(weight, ..)| *weight > 0)
            .collect();
        let copy = |destination: &Value, percentage: &Value| {
            let (host, port, subset) = to(destination);
            let port = port.unwrap_or(request.port);
            format!("{host}:{port}|{subset}|{}", percentage.as_f64().unwrap_or(100.0))
        };
        let mut copies = BTreeSet::new();
        if rule["mirror"].is_object() {
            assert!(rule["mirrors"].is_null(), "Istio refuses both: {rule}");
            copies.insert(copy(&rule["mirror"], &rule["mirrorPercentage"]["value"]));
        }
        copies.extend(
            list(&rule["mirrors"])
                .iter()
                .map(|mirror| copy(&mirror["destination"], &mirror["percentage"]["value"])),
        );
        (self.weighted(&live, request), copies)
    }

    // === endpoints ===

    fn weighted(&self, to: &[(i64, String, Option<u64>, String)], request: &Request) -> Reached {
        let mut all: Vec<_> = to
            .iter()
            .map(|(weight, host, port, subset)| (*weight, self.pods(host, *port, subset, request)))
            .collect();
        all.sort();
        Reached::Pods(all)
    }

    fn pods(&self, host: &str, port: Option<u64>, subset: &str, request: &Request) -> BTreeSet<String> {
        let service = self
            .all("Service")
            .find(|(namespace, object)| full(text(&object["metadata"], "name"), namespace) == host);
        let Some((namespace, service)) = service else {
            return BTreeSet::new();
        };
        let ports = list(&service["spec"]["ports"]);
        let called = match port {
            Some(port) => port,
            None if request.gateway == "mesh" => request.port,
            None if ports.len() == 1 => ports[0]["port"].as_u64().unwrap(),
            None => return BTreeSet::new(),
        };
        let Some(port) = ports.iter().find(|port| port["port"] == called) else {
            return BTreeSet::new();
        };
        let mut wanted = service["spec"]["selector"].as_object().unwrap().clone();
        if !subset.is_empty() {
            let rules = self.destination_rules(host, namespace, request.namespace);
            let subsets = rules.iter().flat_map(|rule| list(&rule["spec"]["subsets"]));
            match subsets.into_iter().find(|other| text(other, "name") == subset) {
                Some(found) => wanted.extend(found["labels"].as_object().unwrap().clone()),
                None => return BTreeSet::new(),
            }
        }
        self.all("Deployment")
            .filter(|(other, _)| *other == namespace)
            .filter(|(_, object)| {
                let labels = &object["spec"]["template"]["metadata"]["labels"];
                wanted.iter().all(|(name, value)| labels[name] == *value)
            })
            .map(|(_, object)| format!("{}:{}", text(&object["metadata"], "name"), port["targetPort"]))
            .collect()
    }

    fn destination_rules(&self, host: &str, of_service: &str, of_caller: &str) -> Vec<&Value> {
        for namespace in [of_caller, of_service, "istio-system"] {
            let found: Vec<_> = self
                .all("DestinationRule")
                .filter(|(other, _)| *other == namespace)
                .filter_map(|(_, rule)| Some((covers(&full(text(&rule["spec"], "host"), namespace), host)?, rule)))
                .collect();
            if let Some(best) = found.iter().map(|(specific, _)| *specific).max() {
                let mut best: Vec<&Value> = found
                    .into_iter()
                    .filter(|(other, _)| *other == best)
                    .map(|(_, rule)| rule)
                    .collect();
                best.sort_by_key(|rule| {
                    (
                        text(&rule["metadata"], "creationTimestamp"),
                        text(&rule["metadata"], "name"),
                    )
                });
                return best;
            }
        }
        Vec::new()
    }

    /// The policies that hold for calls to a host, whatever the subset.
    pub fn policy(&self, namespace: &str) -> Value {
        let rules = self.destination_rules(HOST, "demo", namespace);
        rules
            .first()
            .map_or(Value::Null, |rule| rule["spec"]["trafficPolicy"].clone())
    }
}
