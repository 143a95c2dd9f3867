//! The mirrors of Envoy's own: in the rules of VirtualServices, with their delegates, and of the Gateway API's routes.

use serde_json::{Value, json};

use super::flow::Flow;
use super::source::{FlowSource, Gateways};
use crate::mesh::destination::{Destination, Scope};
use crate::mesh::native_mirror::NativeMirror;
use crate::objects::reference::Reference;
use crate::objects::{Object, World, at, fully_qualified, kinds, list, routing, selects};

/// Who sends the requests that a rule of a VirtualService is for.
struct Sender<'a> {
    /// The gateway by its whole name, or `mesh`.
    name: String,
    sources: Vec<FlowSource>,
    /// The conditions of the rule that delegates to the rule. `None` if no rule does.
    conditions: Option<&'a Value>,
}

/// The streams of a VirtualService. Those of a delegate have the hosts and gateways of the VirtualServices that
/// delegate to it (pilot/pkg/model/virtualservice.go, `mergeVirtualServicesIfNeeded`).
pub(crate) fn of_virtual_service<'a>(object: &'a Object, world: &'a World) -> Vec<Flow<'a>> {
    let senders = senders(object, world);
    let mut flows = Vec::new();
    for (index, rule) in list(&object.value, &["spec", "http"]).enumerate() {
        let live = list(rule, &["route"])
            .filter(|route| !routing::is_weightless(route))
            .filter_map(|route| {
                Some(Destination::of_virtual_service(
                    route.get("destination")?,
                    Scope::of(object, world),
                ))
            });
        let live: Vec<Destination> = live.collect();
        // A mirror of 0 % is none: it only makes the cluster known.
        let mirrors = NativeMirror::of_rule(rule, &format!("spec.http[{index}]"));
        for mirror in mirrors.iter().filter(|mirror| mirror.percentage != Some(0.0)) {
            for sender in senders
                .iter()
                .filter(|sender| is_for(rule, &sender.name, &object.namespace))
            {
                for source in &sender.sources {
                    flows.push(Flow {
                        object: Some(object),
                        job: None,
                        path: mirror.path.clone(),
                        source: source.clone(),
                        conditions: conditions(sender.conditions, rule.get("match")),
                        live: live.clone(),
                        is_unredacted: false,
                        to: Destination::of_virtual_service(mirror.destination, Scope::of(object, world)),
                    });
                }
            }
        }
    }
    flows
}

fn senders<'a>(object: &'a Object, world: &'a World) -> Vec<Sender<'a>> {
    if list(&object.value, &["spec", "hosts"]).next().is_some() {
        return own_senders(object, None, world);
    }
    let mut senders = Vec::new();
    for root in world.all(kinds::VIRTUAL_SERVICE) {
        for rule in list(&root.value, &["spec", "http"]) {
            if routing::delegate(rule, root) == Some((&object.namespace, object.name())) {
                let of_root = own_senders(root, rule.get("match"), world);
                senders.extend(
                    of_root
                        .into_iter()
                        .filter(|sender| is_for(rule, &sender.name, &root.namespace)),
                );
            }
        }
    }
    if senders.is_empty() {
        // Nothing that is known delegates to it. Its destinations are checked all the same.
        senders.push(Sender {
            name: MESH.to_owned(),
            sources: vec![FlowSource::Host {
                host: String::new(),
                namespace: object.namespace.clone(),
                native: true,
            }],
            conditions: None,
        });
    }
    senders
}

const MESH: &str = "mesh";

/// The senders that a VirtualService with hosts names itself.
fn own_senders<'a>(object: &'a Object, conditions: Option<&'a Value>, world: &World) -> Vec<Sender<'a>> {
    let namespace = &object.namespace;
    let hosts: Vec<String> = list(&object.value, &["spec", "hosts"])
        .filter_map(Value::as_str)
        .map(|host| fully_qualified(host, namespace, &world.domain))
        .collect();
    let mut names: Vec<&str> = list(&object.value, &["spec", "gateways"])
        .filter_map(Value::as_str)
        .collect();
    if names.is_empty() {
        names.push(MESH);
    }
    let of_name = |name: &'a str| {
        let sources = if name == MESH {
            let of_host = |host: &String| FlowSource::Host {
                host: host.clone(),
                namespace: namespace.clone(),
                native: true,
            };
            hosts.iter().map(of_host).collect()
        } else {
            let (of_gateway, gateway) = name.split_once('/').unwrap_or((namespace, name));
            vec![FlowSource::Gateway {
                namespace: proxies(of_gateway, gateway, world).to_owned(),
                gateways: Gateways::Resource {
                    group: kinds::ISTIO_GATEWAY.group,
                    namespace: of_gateway.to_owned(),
                    name: gateway.to_owned(),
                    section: None,
                },
                hosts: hosts.clone(),
            }]
        };
        Sender {
            name: whole_gateway(name, namespace),
            sources,
            conditions,
        }
    };
    names.into_iter().map(of_name).collect()
}

/// The namespace of the proxies of an Istio Gateway, whose selector is for pods of all namespaces
/// (`PILOT_SCOPE_GATEWAY_TO_NAMESPACE`). Its own, if no Deployment is given that has the labels.
fn proxies<'a>(namespace: &'a str, name: &str, world: &'a World) -> &'a str {
    let gateway = world.find(kinds::ISTIO_GATEWAY, namespace, name);
    let selector = gateway
        .map(|gateway| gateway.labels(&["spec", "selector"]))
        .unwrap_or_default();
    let has_labels = |object: &&Object| {
        !selector.is_empty() && selects(&selector, &object.labels(&["spec", "template", "metadata", "labels"]))
    };
    let found: Vec<&str> = world
        .all(kinds::DEPLOYMENT)
        .filter(has_labels)
        .map(|object| object.namespace.as_str())
        .collect();
    match found.first() {
        Some(other) if !found.contains(&namespace) => other,
        _ => namespace,
    }
}

/// Whether a rule is for the requests of a sender: an entry of `match` may name gateways.
fn is_for(rule: &Value, sender: &str, namespace: &str) -> bool {
    let mut entries = list(rule, &["match"]).peekable();
    entries.peek().is_none()
        || entries.any(|entry| {
            let mut gateways = list(entry, &["gateways"]).peekable();
            let is_sender = |gateway: &str| whole_gateway(gateway, namespace) == sender;
            gateways.peek().is_none() || gateways.any(|gateway| gateway.as_str().is_some_and(is_sender))
        })
}

/// A gateway by its whole name, `NAMESPACE/NAME`, as an object of a namespace means it
/// (pilot/pkg/model/virtualservice.go, `resolveGatewayName`).
fn whole_gateway(name: &str, namespace: &str) -> String {
    match name == MESH || name.contains('/') {
        true => name.to_owned(),
        false => format!("{namespace}/{name}"),
    }
}

/// The conditions of a rule, and of the rule that delegates to it.
fn conditions(of_root: Option<&Value>, own: Option<&Value>) -> Value {
    match (of_root, own) {
        (Some(root), Some(own)) => json!([root, own]),
        (one, two) => one.or(two).cloned().unwrap_or_default(),
    }
}

/// The streams of an HTTPRoute or a GRPCRoute, for each of its parents.
pub(crate) fn of_route<'a>(object: &'a Object, world: &World) -> Vec<Flow<'a>> {
    let mut hosts: Vec<String> = list(&object.value, &["spec", "hostnames"])
        .filter_map(|host| host.as_str().map(str::to_owned))
        .collect();
    if hosts.is_empty() {
        hosts.push("*".to_owned());
    }
    let parents = list(&object.value, &["spec", "parentRefs"]);
    let sources: Vec<FlowSource> = parents
        .map(|parent| parent_source(parent, object, &hosts, world))
        .collect();
    let mut flows = Vec::new();
    for (index, rule) in list(&object.value, &["spec", "rules"]).enumerate() {
        let live = list(rule, &["backendRefs"]).filter(|backend| !routing::is_weightless(backend));
        let live: Vec<Destination> = live
            .map(|backend| Destination::of_backend(backend, Scope::of(object, world)))
            .collect();
        for (inner, filter) in list(rule, &["filters"]).enumerate() {
            let Some(backend) = at(filter, &["requestMirror", "backendRef"]) else {
                continue;
            };
            for source in &sources {
                flows.push(Flow {
                    object: Some(object),
                    job: None,
                    path: format!("spec.rules[{index}].filters[{inner}].requestMirror.backendRef"),
                    source: source.clone(),
                    conditions: rule.get("matches").cloned().unwrap_or_default(),
                    live: live.clone(),
                    is_unredacted: false,
                    to: Destination::of_backend(backend, Scope::of(object, world)),
                });
            }
        }
    }
    flows
}

fn parent_source(parent: &Value, object: &Object, hosts: &[String], world: &World) -> FlowSource {
    let reference = Reference::parent(parent, object);
    let (name, of_parent) = (reference.name, reference.namespace);
    let namespace = object.namespace.clone();
    let host = match reference.kind {
        "Service" => Some(format!("{name}.{of_parent}.svc.{}", world.domain)),
        "ServiceEntry" | "Hostname" => Some(name.to_owned()),
        _ => None,
    };
    match host {
        Some(host) => FlowSource::Host {
            host,
            namespace,
            native: true,
        },
        None => FlowSource::Gateway {
            namespace: of_parent.to_owned(),
            gateways: Gateways::Resource {
                group: kinds::GATEWAY.group,
                namespace: of_parent.to_owned(),
                name: name.to_owned(),
                section: parent.get("sectionName").and_then(Value::as_str).map(str::to_owned),
            },
            hosts: hosts.to_vec(),
        },
    }
}
