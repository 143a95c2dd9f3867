//! The mirrors of the filter: in the plugins that load it, and in jobs, from which such objects come.

use mirror_policy::Plan;
use serde_json::Value;

use super::flow::Flow;
use super::source::{FlowSource, Gateways};
use crate::job::{Backend, DataPlane, Engine, Job};
use crate::mesh::attached::{At, Attached};
use crate::mesh::destination::Destination;
use crate::objects::{Labels, Object, World, fully_qualified, kinds, list};

/// Istio gives it to the pods of a Gateway that it deploys itself (pilot/pkg/config/kube/gateway).
const GATEWAY_NAME: &str = "gateway.networking.k8s.io/gateway-name";

/// The streams of a plugin.
pub(crate) fn of_filter<'a>(attachment: &Attached<'a>, world: &World) -> Vec<Flow<'a>> {
    let object = attachment.object;
    let config = attachment.plugin.get("pluginConfig").unwrap_or(&Value::Null);
    let Ok(plan) = Plan::parse(config.to_string().as_bytes()) else {
        return Vec::new();
    };
    let sources = sources(attachment, world);
    let mut flows = Vec::new();
    for (index, mirror) in plan.mirrors.iter().enumerate() {
        let written = config.get("mirrors").and_then(|mirrors| mirrors.get(index));
        let (Some(written), Some(to)) = (written, Destination::of_cluster(&mirror.cluster)) else {
            continue;
        };
        if !mirror.config.enabled || !plan.enabled {
            continue;
        }
        let key = if written.get("cluster").is_some() {
            "cluster"
        } else {
            "destination"
        };
        for source in &sources {
            flows.push(Flow {
                object: Some(object),
                job: None,
                path: format!("{}.mirrors[{index}].{key}", attachment.below("pluginConfig")),
                source: source.clone(),
                conditions: written.get("match").cloned().unwrap_or_default(),
                live: Vec::new(),
                is_unredacted: mirror.config.redact.is_none(),
                to: to.clone(),
            });
        }
    }
    flows
}

/// Whose requests a plugin sees: one source for each of its `targetRefs`.
fn sources(attachment: &Attached<'_>, world: &World) -> Vec<FlowSource> {
    let object = attachment.object;
    let namespace = object.namespace.clone();
    let selector = object.labels(&["spec", "selector", "matchLabels"]);
    let references: Vec<&Value> = list(&object.value, &["spec", "targetRefs"])
        .chain(object.at(&["spec", "targetRef"]))
        .collect();
    let through = |gateways: Gateways| FlowSource::Gateway {
        namespace: namespace.clone(),
        gateways,
        hosts: vec!["*".to_owned()],
    };
    match attachment.at {
        At::Sidecar => vec![FlowSource::Pods { namespace, selector }],
        At::Gateway if references.is_empty() => {
            let mut sources: Vec<FlowSource> = gateways_of(&selector, object, world).into_iter().map(through).collect();
            sources.push(through(Gateways::Proxies(selector.clone())));
            sources
        }
        At::Gateway | At::Waypoint => {
            let of_reference = |reference: &&Value| {
                let text = |key: &str| reference.get(key).and_then(Value::as_str);
                let name = text("name").unwrap_or_default();
                match text("kind") {
                    Some("Gateway") => through(gateway(&namespace, name)),
                    Some("GatewayClass") => through(Gateways::Proxies(Labels::from([(
                        "gateway.networking.k8s.io/gateway-class-name".to_owned(),
                        name.to_owned(),
                    )]))),
                    _ => FlowSource::Host {
                        host: fully_qualified(name, &namespace, &world.domain),
                        namespace: namespace.clone(),
                        native: false,
                    },
                }
            };
            references.iter().map(of_reference).collect()
        }
    }
}

/// The gateways whose proxies have these labels: those of Istio's API whose selector says the same or more, and the one
/// of the Gateway API that the label names.
fn gateways_of(selector: &Labels, object: &Object, world: &World) -> Vec<Gateways> {
    let mut found: Vec<Gateways> = Vec::new();
    if let Some(name) = selector.get(GATEWAY_NAME) {
        found.push(gateway(&object.namespace, name));
    }
    for known in world.all(kinds::ISTIO_GATEWAY) {
        let of_gateway = known.labels(&["spec", "selector"]);
        let within = |one: &Labels, two: &Labels| one.iter().all(|(key, value)| two.get(key) == Some(value));
        if !of_gateway.is_empty() && (within(selector, &of_gateway) || within(&of_gateway, selector)) {
            found.push(Gateways::Resource {
                group: kinds::ISTIO_GATEWAY.group,
                namespace: known.namespace.clone(),
                name: known.name().to_owned(),
                section: None,
            });
        }
    }
    found
}

fn gateway(namespace: &str, name: &str) -> Gateways {
    Gateways::Resource {
        group: kinds::GATEWAY.group,
        namespace: namespace.to_owned(),
        name: name.to_owned(),
        section: None,
    }
}

/// The streams of a job.
pub(crate) fn of_job<'a>(job: &'a Job, world: &World) -> Vec<Flow<'a>> {
    let target = fully_qualified(&job.target.name, &job.namespace, &world.domain);
    let namespace = job.namespace.clone();
    let service = world.service(&job.namespace, &job.target.name);
    let source = match (job.data_plane, job.engine, &service) {
        (DataPlane::Gateway, _, _) => {
            let (name, of_gateway) = match &job.gateway {
                Some(gateway) => (gateway.name.as_str(), gateway.namespace.as_ref()),
                None => ("", None),
            };
            let namespace = of_gateway.unwrap_or(&namespace);
            FlowSource::Gateway {
                gateways: gateway(namespace, name),
                hosts: vec!["*".to_owned()],
                namespace: namespace.clone(),
            }
        }
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
            let (key, host, port, subset) = match &shadow.backend {
                Backend::Service { name, namespace, port } => {
                    let host = fully_qualified(name, namespace.as_ref().unwrap_or(&job.namespace), &world.domain);
                    ("backendRef", host, port.map(u64::from).or(of_target), None)
                }
                Backend::Subset(name) => ("subset", target.clone(), of_target, Some(name.clone())),
                // Their objects are looked at where they are written.
                Backend::Clone(_) | Backend::External(_) | Backend::Endpoint(_) => return None,
            };
            Some(Flow {
                object: None,
                job: Some(job),
                path: format!("{path}.{key}"),
                source: source.clone(),
                conditions: shadow.filter.get("match").cloned().unwrap_or_default(),
                live: Vec::new(),
                is_unredacted: false,
                to: Destination { host, port, subset },
            })
        })
        .collect()
}
