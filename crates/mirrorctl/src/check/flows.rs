//! Every stream of copies that the inputs make, whatever makes it: from whose requests, and where to. What concerns
//! more than one object is checked on these.

use std::collections::BTreeMap;

use mirror_policy::Plan;
use serde_json::Value;

use super::attachment::{At, Attached};
use super::subject::{Subject, What};
use crate::job::{Backend, DataPlane, Engine, Job};
use crate::objects::{Labels, Object, World, at, fully_qualified, kinds};

/// One stream of copies.
pub(super) struct Flow<'a> {
    /// What makes it; `None`: a job, which other objects will.
    pub(super) object: Option<&'a Object>,
    /// What is reported on; `None`: it is only known to exist.
    pub(super) subject: Option<&'a Subject>,
    /// Where its destination is written.
    pub(super) path: String,
    /// Whose requests are copied.
    pub(super) source: FlowSource,
    /// The conditions on a request, as they are written; null without any.
    pub(super) conditions: Value,
    /// Where the copies go.
    pub(super) to: To,
}

/// Whose requests are copied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum FlowSource {
    /// Those that the sidecars of these pods accept.
    Pods {
        /// Their namespace.
        namespace: String,
        /// Their labels; none: every pod of the namespace.
        selector: Labels,
    },
    /// Those for a host, at its callers or its waypoint.
    Host {
        /// The whole name.
        host: String,
        /// The namespace whose DestinationRules are obeyed, as far as that can be told.
        namespace: String,
        /// Whether it is a mirror of Envoy's own.
        native: bool,
    },
    /// Those that come through a gateway of a namespace.
    Gateway {
        /// The namespace of the resource.
        namespace: String,
    },
}

/// A destination, as Istio names clusters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct To {
    /// The whole name, if the user has written one.
    pub(super) host: String,
    /// The port of the Service; `None`: not said.
    pub(super) port: Option<u64>,
    /// The subset.
    pub(super) subset: Option<String>,
}

impl FlowSource {
    /// The namespace of the proxies that copy.
    pub(super) fn namespace(&self) -> &str {
        match self {
            Self::Pods { namespace, .. } | Self::Host { namespace, .. } | Self::Gateway { namespace } => namespace,
        }
    }
}

/// What tells an object from every other.
fn key(object: &Object) -> (&str, &str, &str, &str) {
    (object.kind(), object.group(), &object.namespace, object.name())
}

/// Every stream of copies, in the order of the objects.
pub(super) fn flows<'a>(subjects: &'a [Subject], world: &'a World) -> Vec<Flow<'a>> {
    let mut flows = Vec::new();
    let of_subjects: BTreeMap<_, &Subject> = subjects
        .iter()
        .filter_map(|subject| Some((key(subject.object()?), subject)))
        .collect();
    for object in &world.objects {
        let subject = of_subjects.get(&key(object)).copied();
        let mut found = if object.is(kinds::VIRTUAL_SERVICE) {
            of_virtual_service(object, world)
        } else if object.is(kinds::HTTP_ROUTE) {
            of_http_route(object, world)
        } else {
            Attached::of(object)
                .map(|attachment| of_filter(&attachment, world))
                .unwrap_or_default()
        };
        for flow in &mut found {
            flow.subject = subject;
        }
        flows.append(&mut found);
    }
    for subject in subjects {
        if let What::Job(Ok(job)) = &subject.what {
            flows.extend(of_job(job, subject, world));
        }
    }
    flows
}

fn of_filter<'a>(attachment: &Attached<'a>, world: &World) -> Vec<Flow<'a>> {
    let object = attachment.object;
    let config = attachment.plugin.get("pluginConfig").unwrap_or(&Value::Null);
    let Ok(plan) = Plan::parse(config.to_string().as_bytes()) else {
        return Vec::new();
    };
    let namespace = object.namespace.clone();
    let source = match attachment.at {
        At::Sidecar => FlowSource::Pods {
            namespace,
            selector: object.labels(&["spec", "selector", "matchLabels"]),
        },
        At::Gateway => FlowSource::Gateway { namespace },
        At::Waypoint => {
            let references = object
                .at(&["spec", "targetRefs"])
                .and_then(Value::as_array)
                .and_then(|list| list.first());
            let name = references
                .and_then(|reference| reference.get("name"))
                .and_then(Value::as_str);
            FlowSource::Host {
                host: fully_qualified(name.unwrap_or_default(), &namespace, &world.domain),
                namespace,
                native: false,
            }
        }
    };
    let mirrors = plan
        .mirrors
        .iter()
        .enumerate()
        .filter(|(_, mirror)| mirror.config.enabled && plan.enabled);
    mirrors
        .filter_map(|(index, mirror)| {
            let path = format!("{}.mirrors[{index}]", attachment.below("pluginConfig"));
            let written = config.get("mirrors")?.get(index)?;
            Some(Flow {
                object: Some(object),
                subject: None,
                path: if written.get("cluster").is_some() {
                    format!("{path}.cluster")
                } else {
                    format!("{path}.destination")
                },
                source: source.clone(),
                conditions: written.get("match").cloned().unwrap_or_default(),
                to: To::of_cluster(&mirror.cluster)?,
            })
        })
        .collect()
}

fn of_virtual_service<'a>(object: &'a Object, world: &World) -> Vec<Flow<'a>> {
    let gateways: Vec<&str> = list(&object.value, &["spec", "gateways"])
        .filter_map(Value::as_str)
        .collect();
    let in_mesh = gateways.is_empty() || gateways.contains(&"mesh");
    let host = list(&object.value, &["spec", "hosts"])
        .filter_map(Value::as_str)
        .next()
        .unwrap_or_default();
    let namespace = object.namespace.clone();
    let source = if in_mesh {
        let host = fully_qualified(host, &namespace, &world.domain);
        FlowSource::Host {
            host,
            namespace,
            native: true,
        }
    } else {
        FlowSource::Gateway { namespace }
    };
    let mut flows = Vec::new();
    for (index, rule) in list(&object.value, &["spec", "http"]).enumerate() {
        let path = format!("spec.http[{index}]");
        let mut add = |destination: Option<&Value>, percentage: Option<f64>, path: String| {
            // With 0 there is no mirror; such an entry only makes the cluster known.
            if let Some(destination) = destination.filter(|_| percentage != Some(0.0)) {
                flows.push(Flow {
                    object: Some(object),
                    subject: None,
                    path,
                    source: source.clone(),
                    conditions: rule.get("match").cloned().unwrap_or_default(),
                    to: To::of_destination(destination, object, world),
                });
            }
        };
        let number = |value: &Value, keys: &[&str]| at(value, keys).and_then(Value::as_f64);
        add(
            rule.get("mirror"),
            number(rule, &["mirrorPercentage", "value"]),
            format!("{path}.mirror"),
        );
        for (inner, mirror) in list(rule, &["mirrors"]).enumerate() {
            let path = format!("{path}.mirrors[{inner}].destination");
            add(
                mirror.get("destination"),
                number(mirror, &["percentage", "value"]),
                path,
            );
        }
    }
    flows
}

fn of_http_route<'a>(object: &'a Object, world: &World) -> Vec<Flow<'a>> {
    let parent = list(&object.value, &["spec", "parentRefs"]).next();
    let text = |value: &'a Value, key: &str| value.get(key).and_then(Value::as_str);
    let namespace = object.namespace.clone();
    let source = match parent {
        Some(parent) if text(parent, "kind") == Some("Service") => {
            let of_parent = text(parent, "namespace").unwrap_or(&namespace);
            FlowSource::Host {
                host: fully_qualified(text(parent, "name").unwrap_or_default(), of_parent, &world.domain),
                namespace,
                native: true,
            }
        }
        _ => FlowSource::Gateway { namespace },
    };
    let mut flows = Vec::new();
    for (index, rule) in list(&object.value, &["spec", "rules"]).enumerate() {
        for (inner, filter) in list(rule, &["filters"]).enumerate() {
            let Some(backend) = at(filter, &["requestMirror", "backendRef"]) else {
                continue;
            };
            flows.push(Flow {
                object: Some(object),
                subject: None,
                path: format!("spec.rules[{index}].filters[{inner}].requestMirror.backendRef"),
                source: source.clone(),
                conditions: rule.get("matches").cloned().unwrap_or_default(),
                to: To::of_backend(backend, object, world),
            });
        }
    }
    flows
}

fn of_job<'a>(job: &Job, subject: &'a Subject, world: &World) -> Vec<Flow<'a>> {
    let target = fully_qualified(&job.target.name, &job.namespace, &world.domain);
    let namespace = job.namespace.clone();
    let service = world.service(&job.namespace, &job.target.name);
    let source = match (job.data_plane, job.engine, &service) {
        (DataPlane::Gateway, _, _) => FlowSource::Gateway { namespace },
        (DataPlane::Sidecar, Engine::Wasm, Ok(service)) => {
            let mut selector = service.selector();
            selector.extend(job.primary.iter().flat_map(|primary| primary.labels.clone()));
            FlowSource::Pods { namespace, selector }
        }
        (_, engine, _) => FlowSource::Host {
            host: target.clone(),
            namespace,
            native: engine == Engine::Native,
        },
    };
    // Without a port every port is mirrored to its own, and each of them is looked at by `generate`.
    let of_target = job.target.port.map(u64::from);
    let shadows = job.shadows.iter().enumerate();
    shadows
        .filter_map(|(index, shadow)| {
            let path = format!("spec.shadows[{index}]");
            let (key, to) = match &shadow.backend {
                Backend::Service { name, namespace, port } => {
                    let host = fully_qualified(name, namespace.as_ref().unwrap_or(&job.namespace), &world.domain);
                    let port = port.map(u64::from).or(of_target);
                    (
                        "backendRef",
                        To {
                            host,
                            port,
                            subset: None,
                        },
                    )
                }
                Backend::Subset(name) => (
                    "subset",
                    To {
                        host: target.clone(),
                        port: of_target,
                        subset: Some(name.clone()),
                    },
                ),
                Backend::Clone(_) | Backend::Endpoint(_) => return None,
            };
            Some(Flow {
                object: None,
                subject: Some(subject),
                path: format!("{path}.{key}"),
                source: source.clone(),
                conditions: shadow.filter.get("match").cloned().unwrap_or_default(),
                to,
            })
        })
        .collect()
}

// === impl To ===

impl To {
    /// `outbound|PORT|SUBSET|HOST`, or at the waypoint of that very Service `inbound-vip|PORT|http/SUBSET|HOST`; `None`
    /// for a cluster that is not Istio's.
    fn of_cluster(name: &str) -> Option<Self> {
        let parts: Vec<&str> = name.split('|').collect();
        let (port, subset, host) = match parts.as_slice() {
            ["outbound", port, subset, host] => (port, *subset, host),
            ["inbound-vip", port, "http", host] => (port, "", host),
            ["inbound-vip", port, protocol, host] => (port, protocol.strip_prefix("http/")?, host),
            _ => return None,
        };
        Some(Self {
            host: (*host).to_owned(),
            port: port.parse().ok(),
            subset: (!subset.is_empty()).then(|| subset.to_owned()),
        })
    }

    /// A destination of a VirtualService.
    pub(super) fn of_destination(destination: &Value, object: &Object, world: &World) -> Self {
        let text = |key: &str| {
            destination
                .get(key)
                .and_then(Value::as_str)
                .filter(|text| !text.is_empty())
        };
        Self {
            host: fully_qualified(text("host").unwrap_or_default(), &object.namespace, &world.domain),
            port: at(destination, &["port", "number"]).and_then(Value::as_u64),
            subset: text("subset").map(str::to_owned),
        }
    }

    /// A backend of an HTTPRoute.
    pub(super) fn of_backend(backend: &Value, object: &Object, world: &World) -> Self {
        let text = |key: &str| backend.get(key).and_then(Value::as_str);
        Self {
            host: fully_qualified(
                text("name").unwrap_or_default(),
                text("namespace").unwrap_or(&object.namespace),
                &world.domain,
            ),
            port: backend.get("port").and_then(Value::as_u64),
            subset: None,
        }
    }

    /// In a message.
    pub(super) fn title(&self) -> String {
        match &self.subset {
            Some(subset) => format!("subset {subset} of {}", self.host),
            None => self.host.clone(),
        }
    }
}

pub(super) fn list<'a>(value: &'a Value, keys: &[&str]) -> impl Iterator<Item = &'a Value> + use<'a> {
    at(value, keys).and_then(Value::as_array).into_iter().flatten()
}
