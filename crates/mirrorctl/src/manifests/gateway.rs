//! The filter in the pods of a gateway. A gateway's listener serves many hosts and routes, so that every mirror must
//! name the authority; which Service answers is decided only after the filter.

use serde_json::Value;

use super::attachment::{Attachment, Direction, Proxies};
use super::bundle::Bundle;
use super::callable::{destination, http_ports, written};
use super::filter;
use super::options::Options;
use super::plugin::FilterMirror;
use crate::error::{Error, Result};
use crate::istio::Place;
use crate::job::{GatewayApi, GatewayRef, Job, Shadow};
use crate::objects::{Labels, Object, World, entry, kinds, selects};

/// The label of a Service whose ports Istio does not translate (pilot/pkg/model/gateway.go).
const NO_TRANSLATION: &str = "experimental.istio.io/disable-gateway-port-translation";

/// Adds the filter of a job for a gateway.
pub(super) fn add(job: &Job, world: &World, options: &Options, bundle: &mut Bundle) -> Result<()> {
    let (gateway, attachment) = attachment(job, world, options)?;
    let service = world.service(&job.namespace, &job.target.name)?;
    let port = match http_ports(job, &service, &mut bundle.notes)?.as_slice() {
        [port] => port.number,
        _ => {
            return Err(Error::Refused(format!(
                "spec.targetRef: {} has several HTTP ports, and a gateway's filter is not told to which a request goes; name one by spec.targetRef.port",
                service.object.title()
            )));
        }
    };
    let listeners = attachment.listeners.as_ref().map_or(&[][..], |(_, ports)| ports);
    let mut mirrors = Vec::new();
    for (index, shadow) in job.shadows.iter().enumerate() {
        let path = format!("spec.shadows[{index}]");
        need_authority(
            shadow,
            &path,
            &format!("{} serves more than {}", gateway.title(), job.target.name),
        )?;
        refuse_other_ports(shadow, &path, listeners)?;
        let client = attachment.namespace.as_str();
        let to = destination(job, shadow, &path, (&service, port), client, world, &mut bundle.notes)?;
        mirrors.push(FilterMirror {
            shadow: index,
            name: shadow.name.clone(),
            cluster: to.cluster(),
            port: None,
            looks_at_port: false,
        });
    }
    bundle.notes.dedup();
    filter::add(job, world, options, &attachment, &mirrors, bundle)
}

/// The namespace of the gateway's pods.
pub(super) fn namespace(job: &Job, world: &World, options: &Options) -> Result<String> {
    Ok(attachment(job, world, options)?.1.namespace)
}

/// The Gateway of a job, and what the filter is attached to for it.
fn attachment<'w>(job: &Job, world: &'w World, options: &Options) -> Result<(&'w Object, Attachment)> {
    // The job's reader refuses a job without one.
    let reference = job
        .gateway
        .as_ref()
        .ok_or_else(|| Error::Refused("spec.gateway: is missing".to_owned()))?;
    let (api, gateway) = find(reference, job, world)?;
    let attachment = match api {
        GatewayApi::Kubernetes => of_kubernetes(reference, gateway, options)?,
        GatewayApi::Istio => of_istio(reference, gateway, world)?,
    };
    Ok((gateway, attachment))
}

/// Every entry of a shadow's `match` says which authority it is about.
pub(super) fn need_authority(shadow: &Shadow, path: &str, why: &str) -> Result<()> {
    let entries = &shadow.config.r#match;
    let without = entries.iter().position(|entry| entry.authority.is_none());
    let at = match (entries.is_empty(), without) {
        (true, _) => format!("{path}.match"),
        (false, Some(index)) => format!("{path}.match[{index}]"),
        (false, None) => return Ok(()),
    };
    Err(Error::Refused(format!(
        "{at}: `authority` is missing, and {why}; without it, requests to others would be copied too"
    )))
}

/// A condition on a port is one on the gateway's listener.
fn refuse_other_ports(shadow: &Shadow, path: &str, listeners: &[u16]) -> Result<()> {
    for (index, entry) in shadow.config.r#match.iter().enumerate() {
        if let Some(port) = &entry.port
            && !listeners.iter().any(|listener| u64::from(*listener) == port.get())
        {
            return Err(Error::Refused(format!(
                "{path}.match[{index}].port: the gateway's pods accept no requests on {}; they do on {}",
                port.get(),
                numbers(listeners)
            )));
        }
    }
    Ok(())
}

/// The Gateway that the job names, and whose resource it is.
fn find<'a>(reference: &GatewayRef, job: &Job, world: &'a World) -> Result<(GatewayApi, &'a Object)> {
    let namespace = reference.namespace.as_deref().unwrap_or(&job.namespace);
    let (kubernetes, istio) = (kinds::GATEWAY, kinds::ISTIO_GATEWAY);
    match reference.api {
        Some(GatewayApi::Kubernetes) => {
            return Ok((
                GatewayApi::Kubernetes,
                world.need(kubernetes, namespace, &reference.name)?,
            ));
        }
        Some(GatewayApi::Istio) => return Ok((GatewayApi::Istio, world.need(istio, namespace, &reference.name)?)),
        None => {}
    }
    let of_kubernetes = world.find(kubernetes, namespace, &reference.name);
    match (of_kubernetes, world.find(istio, namespace, &reference.name)) {
        (Some(gateway), None) => Ok((GatewayApi::Kubernetes, gateway)),
        (None, Some(gateway)) => Ok((GatewayApi::Istio, gateway)),
        (Some(_), Some(_)) => Err(Error::Refused(format!(
            "spec.gateway: {} is of the Gateway API, and there is one of Istio of that name; set spec.gateway.group to {} or {}",
            crate::objects::title("Gateway", namespace, &reference.name),
            kubernetes.group,
            istio.group
        ))),
        (None, None) => Err(Error::Missing {
            fact: crate::objects::title("Gateway", namespace, &reference.name),
            command: format!(
                "kubectl get {},{} -n {namespace} -o yaml",
                kubernetes.resource, istio.resource
            ),
        }),
    }
}

/// Istio makes the pods of a Gateway of the Gateway API and labels them with its name; they listen on its own ports.
fn of_kubernetes(reference: &GatewayRef, gateway: &Object, options: &Options) -> Result<Attachment> {
    options.refuse_place(Place::Gateway, "spec.gateway")?;
    if gateway.text(&["spec", "gatewayClassName"]) == Some("istio-waypoint") {
        return Err(Error::Refused(format!(
            "spec.gateway: {} is a waypoint; set spec.dataPlane to waypoint and leave spec.gateway out",
            gateway.title()
        )));
    }
    let addresses = gateway.at(&["spec", "addresses"]).and_then(Value::as_array);
    let by_hand = addresses
        .into_iter()
        .flatten()
        .any(|address| address.get("type").and_then(Value::as_str) == Some("Hostname"));
    if by_hand {
        return Err(Error::Refused(format!(
            "spec.gateway: {} stands for pods that you run yourself (spec.addresses), and Istio attaches no filter to them by its name; name a Gateway of Istio that selects them",
            gateway.title()
        )));
    }
    let listeners = gateway.at(&["spec", "listeners"]).and_then(Value::as_array);
    let listeners = listeners.into_iter().flatten().map(|listener| {
        let speaks_http = match listener.get("protocol").and_then(Value::as_str) {
            Some("HTTP") => true,
            Some("HTTPS") => {
                crate::objects::at(listener, &["tls", "mode"]).and_then(Value::as_str) != Some("Passthrough")
            }
            _ => false,
        };
        (number(listener.get("port")), speaks_http)
    });
    Ok(Attachment {
        namespace: gateway.namespace.clone(),
        proxies: Proxies::Serving {
            group: kinds::GATEWAY.group,
            kind: kinds::GATEWAY.kind,
            name: gateway.name().to_owned(),
        },
        listeners: Some((Direction::Client, http_listeners(reference, gateway, listeners)?)),
    })
}

/// A Gateway of Istio selects pods of any namespace; the filter must be in theirs, and on the port that their Service
/// leads to.
fn of_istio(reference: &GatewayRef, gateway: &Object, world: &World) -> Result<Attachment> {
    let selector = gateway.labels(&["spec", "selector"]);
    if selector.is_empty() {
        return Err(Error::Refused(format!(
            "spec.gateway: {} has no selector, so every proxy is its gateway; name one with a selector",
            gateway.title()
        )));
    }
    let (namespace, pods) = selected(gateway, &selector, world)?;
    let servers = gateway.at(&["spec", "servers"]).and_then(Value::as_array);
    let servers = servers.into_iter().flatten().map(|server| {
        let text = |keys: &[&str]| crate::objects::at(server, keys).and_then(Value::as_str);
        let passes_through = matches!(text(&["tls", "mode"]), Some("PASSTHROUGH" | "AUTO_PASSTHROUGH"));
        let protocol = text(&["port", "protocol"]).unwrap_or_default();
        let is_https = protocol.eq_ignore_ascii_case("HTTPS");
        let speaks_http = entry::is_http(protocol) || (is_https && !passes_through);
        (number(crate::objects::at(server, &["port", "number"])), speaks_http)
    });
    let mut ports = Vec::new();
    for port in http_listeners(reference, gateway, servers)? {
        let listener = translated(port, &namespace, &pods, world)?;
        if !ports.contains(&listener) {
            ports.push(listener);
        }
    }
    Ok(Attachment {
        namespace,
        proxies: Proxies::Selected(selector),
        listeners: Some((Direction::Client, ports)),
    })
}

/// The ports on which requests can be seen: all, or the one that the job names.
fn http_listeners(
    reference: &GatewayRef,
    gateway: &Object,
    listeners: impl Iterator<Item = (Option<u16>, bool)>,
) -> Result<Vec<u16>> {
    let (mut http, mut others) = (Vec::new(), Vec::new());
    for (port, speaks_http) in listeners {
        let ports = if speaks_http { &mut http } else { &mut others };
        // Several hosts share a port.
        ports.extend(port.filter(|port| !ports.contains(port)));
    }
    let title = gateway.title();
    match reference.port {
        Some(port) if http.contains(&port) => Ok(vec![port]),
        Some(port) if others.contains(&port) => Err(Error::Refused(format!(
            "spec.gateway.port: on {port}, {title} passes TCP or TLS through, and sees no requests to copy"
        ))),
        Some(port) => Err(Error::Refused(format!(
            "spec.gateway.port: {title} has no port {port}; it speaks HTTP on {}",
            numbers(&http)
        ))),
        None if http.is_empty() => Err(Error::Refused(format!(
            "spec.gateway: {title} speaks HTTP on no port, so there are no requests to copy"
        ))),
        None => Ok(http),
    }
}

/// The namespace and the labels of the pods that a Gateway selects.
fn selected(gateway: &Object, selector: &Labels, world: &World) -> Result<(String, Vec<Labels>)> {
    let mut namespaces: Vec<&str> = world.iter().map(|object| object.namespace.as_str()).collect();
    namespaces.sort_unstable();
    namespaces.dedup();
    let mut found = namespaces.into_iter().filter_map(|namespace| {
        let labels = world.workloads(namespace).map(|workload| workload.labels());
        let pods: Vec<Labels> = labels.filter(|labels| selects(selector, labels)).collect();
        (!pods.is_empty()).then_some((namespace, pods))
    });
    match (found.next(), found.next()) {
        (Some((namespace, pods)), None) => Ok((namespace.to_owned(), pods)),
        (Some((one, _)), Some((other, _))) => Err(Error::Refused(format!(
            "spec.gateway: {} selects pods of the namespaces {one} and {other}, and a filter is for one namespace; give --objects the one that is meant",
            gateway.title()
        ))),
        (None, _) => Err(Error::Missing {
            fact: format!("the workload that {} selects ({})", gateway.title(), written(selector)),
            command: format!("kubectl get deployments,services -A -l {} -o yaml", written(selector)),
        }),
    }
}

/// The port on which pods listen for a server's port: where the Services in front of them lead, else the same
/// (pilot/pkg/model/gateway.go, `resolvePorts`).
fn translated(port: u16, namespace: &str, pods: &[Labels], world: &World) -> Result<u16> {
    let mut known = false;
    let mut found: Option<(u16, String)> = None;
    for object in world.all(kinds::SERVICE).filter(|object| object.namespace == namespace) {
        let service = world.service(namespace, object.name())?;
        let selector = service.selector();
        if !pods.iter().any(|labels| selects(&selector, labels)) {
            continue;
        }
        known = true;
        if object.label(NO_TRANSLATION).is_some() {
            continue;
        }
        let ports = service.ports()?;
        let Some(of_service) = ports.iter().find(|of_service| of_service.number == port) else {
            continue;
        };
        let listener = service.target_port(of_service, &Labels::new())?;
        match &found {
            Some((other, title)) if *other != listener => {
                return Err(Error::Refused(format!(
                    "spec.gateway: port {port} leads to {other} in {title} and to {listener} in {}, so which one the gateway listens on is Istio's choice; give the port one meaning",
                    object.title()
                )));
            }
            _ => found = Some((listener, object.title())),
        }
    }
    match found {
        Some((listener, _)) => Ok(listener),
        None if known => Ok(port),
        None => Err(Error::Missing {
            fact: format!("a Service in front of the gateway's pods in namespace {namespace}"),
            command: kinds::SERVICE.command(namespace),
        }),
    }
}

fn number(value: Option<&Value>) -> Option<u16> {
    u16::try_from(value?.as_u64()?).ok()
}

fn numbers(ports: &[u16]) -> String {
    match ports {
        [] => "none".to_owned(),
        ports => ports.iter().map(u16::to_string).collect::<Vec<_>>().join(", "),
    }
}
