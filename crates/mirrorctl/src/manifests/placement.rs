//! Where a job's requests are copied and where the copies go, in numbers and names: the facts that every resource is
//! written from. What would copy nothing, or the wrong thing, ends here.

use super::Destination;
use super::clone::{Called, called};
use super::reach::refuse_hidden;
use crate::error::{Error, Result};
use crate::job::{Job, Primary, Shadow};
use crate::objects::{Labels, Protocol, Service, ServicePort, World, kinds, selects};

/// A job, placed in the user's world.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placement {
    /// The fully qualified host of the target.
    pub host: String,
    /// The labels of the primary's pods, and of no shadow's.
    pub selector: Labels,
    /// The mirrored ports, in the order of the Service.
    pub ports: Vec<Port>,
    /// Every pair of a shadow and a port: shadow by shadow, port by port.
    pub entries: Vec<Entry>,
}

/// A port of the target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Port {
    /// The number that clients call.
    pub number: u16,
    /// The number on which the primary's pods accept it.
    pub accepted: u16,
}

/// One shadow of one port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The index into the job's shadows.
    pub shadow: usize,
    /// The port of the target.
    pub port: Port,
    /// Where its copies go.
    pub destination: Destination,
}

/// Places a job.
///
/// # Errors
/// [`Error::Missing`] for what is not known; refused for what cannot be mirrored, or a shadow that could not be called.
pub fn place(job: &Job, world: &World, notes: &mut Vec<String>) -> Result<Placement> {
    let service = world.service(&job.namespace, &job.target.name)?;
    if let Some(other) = service.external_name() {
        return Err(Error::Refused(format!(
            "spec.targetRef: {} only stands for {other}; it has no pods whose requests could be copied",
            service.object.title()
        )));
    }
    let selector = primary_selector(job, &service, world)?;
    let ports = mirrored_ports(&service, &selector, http_ports(job, &service, notes)?)?;
    let mut entries = Vec::new();
    for (index, shadow) in job.shadows.iter().enumerate() {
        let path = format!("spec.shadows[{index}]");
        for port in &ports {
            let destination = destination(
                job,
                shadow,
                &path,
                (&service, port.number),
                &job.namespace,
                world,
                notes,
            )?;
            entries.push(Entry {
                shadow: index,
                port: port.clone(),
                destination,
            });
        }
        keep_out(job, index, &service, &selector, world)?;
    }
    notes.dedup();
    Ok(Placement {
        host: service.host(),
        selector,
        ports,
        entries,
    })
}

/// Where a shadow's copies of one port's requests go. `client` is the namespace of the proxies that call it.
///
/// # Errors
/// [`Error::Missing`], and refused for what these proxies cannot call.
pub(super) fn destination(
    job: &Job,
    shadow: &Shadow,
    path: &str,
    (service, port): (&Service<'_>, u16),
    client: &str,
    world: &World,
    notes: &mut Vec<String>,
) -> Result<Destination> {
    match called(job, shadow) {
        Called::Service {
            name,
            namespace,
            port: own,
        } => {
            let backend = world.service(namespace, &name)?;
            let key = shadow.backend.key();
            let path = format!("{path}.{key}");
            refuse_hidden(&backend, client, &path)?;
            backend_destination(&backend, own.unwrap_or(port), &path, notes)
        }
        Called::Subset(name) => {
            let path = format!("{path}.subset");
            refuse_hidden(service, client, &path)?;
            let destination = subset_destination(service, port, name, client, world, &path)?;
            notes.push(format!(
                "the pods of subset {name} are endpoints of {} too: only routing keeps live requests off them",
                service.object.title()
            ));
            Ok(destination)
        }
        Called::Endpoint(_) => Err(not_of_istio(path)),
    }
}

/// An address in a job for Istio, of which the job's reader lets none through.
pub(super) fn not_of_istio(path: &str) -> Error {
    Error::Refused(format!("{path}.endpoint: is for dataPlane `envoy`"))
}

/// The labels of the pods that answer the clients.
fn primary_selector(job: &Job, service: &Service<'_>, world: &World) -> Result<Labels> {
    let of_service = service.selector();
    if of_service.is_empty() {
        return Err(Error::Refused(format!(
            "spec.targetRef: {} selects no pods, so there is no sidecar in front of them",
            service.object.title()
        )));
    }
    let mut selector = of_service.clone();
    for (name, value) in job.primary.iter().flat_map(|primary: &Primary| &primary.labels) {
        match selector.insert(name.clone(), value.clone()) {
            Some(other) if other != *value => {
                return Err(Error::Refused(format!(
                    "spec.primary: {} selects {name}={other}, so it has no pods with {name}={value}",
                    service.object.title()
                )));
            }
            _ => {}
        }
    }
    // Known workloads of which none fits are a sign of a wrong version; with none known there is nothing to compare.
    let workloads: Vec<Labels> = world
        .workloads(&job.namespace)
        .map(|workload| workload.labels())
        .collect();
    let of_service: Vec<&Labels> = workloads.iter().filter(|labels| selects(&of_service, labels)).collect();
    if !of_service.is_empty() && !of_service.iter().any(|labels| selects(&selector, labels)) {
        return Err(Error::Refused(format!(
            "spec.primary: no workload among the objects has the labels {}",
            written(&selector)
        )));
    }
    Ok(selector)
}

/// The port that the job names, or every port that speaks HTTP.
pub(super) fn http_ports(job: &Job, service: &Service<'_>, notes: &mut Vec<String>) -> Result<Vec<ServicePort>> {
    let title = service.object.title();
    let mut ports = Vec::new();
    match job.target.port {
        Some(number) => {
            let port = service.port(number, "spec.targetRef.port")?;
            match port.protocol {
                Protocol::Http => {}
                Protocol::Undeclared => notes.push(format!(
                    "port {} of {title} declares no protocol; Istio sniffs it, and only what it takes for HTTP is copied",
                    port.title()
                )),
                Protocol::Opaque | Protocol::Udp => {
                    return Err(opaque("spec.targetRef.port", service, &port));
                }
            }
            ports.push(port);
        }
        None => {
            for port in service.ports()? {
                match port.protocol {
                    Protocol::Http => ports.push(port),
                    Protocol::Opaque | Protocol::Udp => notes.push(format!(
                        "port {} of {title} is not HTTP and is not mirrored",
                        port.title()
                    )),
                    Protocol::Undeclared => {
                        return Err(Error::Refused(format!(
                            "spec.targetRef: port {} of {title} declares no protocol; name it http-…, set its appProtocol, or name one port by spec.targetRef.port",
                            port.title()
                        )));
                    }
                }
            }
        }
    }
    if ports.is_empty() {
        return Err(Error::Refused(format!(
            "spec.targetRef: {title} has no HTTP port; TCP cannot be mirrored, because a proxy sees no requests in it"
        )));
    }
    Ok(ports)
}

/// What the primary's pods accept for these ports.
fn mirrored_ports(service: &Service<'_>, selector: &Labels, ports: Vec<ServicePort>) -> Result<Vec<Port>> {
    let title = service.object.title();
    let accepted = |port: ServicePort| {
        let accepted = service.target_port(&port, selector)?;
        Ok(Port {
            number: port.number,
            accepted,
        })
    };
    let ports: Vec<Port> = ports.into_iter().map(accepted).collect::<Result<_>>()?;
    for (index, port) in ports.iter().enumerate() {
        let same = ports.iter().take(index).find(|other| other.accepted == port.accepted);
        if let Some(other) = same {
            return Err(Error::Refused(format!(
                "spec.targetRef: the ports {} and {} of {title} both lead to port {}, where a sidecar cannot tell them apart; name one by spec.targetRef.port",
                other.number, port.number, port.accepted
            )));
        }
    }
    Ok(ports)
}

fn opaque(path: &str, service: &Service<'_>, port: &ServicePort) -> Error {
    Error::Refused(format!(
        "{path}: port {} of {} is not HTTP; TCP and TLS cannot be mirrored, because a proxy sees no requests in them",
        port.title(),
        service.object.title()
    ))
}

/// A Service of its own.
pub(super) fn backend_destination(
    backend: &Service<'_>,
    number: u16,
    path: &str,
    notes: &mut Vec<String>,
) -> Result<Destination> {
    let title = backend.object.title();
    if let Some(other) = backend.external_name() {
        return Err(Error::Refused(format!(
            "{path}: {title} only stands for {other}, so no proxy has a cluster of its name"
        )));
    }
    if backend.is_headless() {
        return Err(headless(path, backend));
    }
    let port = backend.port(number, path)?;
    match port.protocol {
        Protocol::Http => {}
        Protocol::Undeclared => notes.push(format!(
            "port {} of {title} declares no protocol; copies reach the shadow as plain TCP, without its metrics and policies: name it http-… or set its appProtocol",
            port.title()
        )),
        Protocol::Opaque | Protocol::Udp => return Err(opaque(path, backend, &port)),
    }
    Ok(Destination {
        host: backend.host(),
        port: number,
        subset: None,
    })
}

/// A subset of the target, which a DestinationRule that the calling proxies obey must define.
fn subset_destination(
    service: &Service<'_>,
    port: u16,
    name: &str,
    client: &str,
    world: &World,
    path: &str,
) -> Result<Destination> {
    if service.is_headless() {
        return Err(headless(path, service));
    }
    let host = service.host();
    let namespace = service.object.namespace.as_str();
    if world.subset(&host, client, namespace, name).is_none() {
        return Err(Error::Missing {
            fact: format!("a DestinationRule of namespace {namespace} that defines the subset {name} of {host}"),
            command: kinds::DESTINATION_RULE.command(namespace),
        });
    }
    Ok(Destination {
        host,
        port,
        subset: Some(name.to_owned()),
    })
}

/// The cluster of a headless Service forwards to where a connection was going, and a callout was going nowhere
/// (pilot/pkg/networking/core/cluster.go, ORIGINAL_DST).
pub(super) fn headless(path: &str, service: &Service<'_>) -> Error {
    Error::Refused(format!(
        "{path}: {} is headless, and a copy cannot be sent to its cluster; give the shadow a Service with a cluster IP",
        service.object.title()
    ))
}

/// The selector must not select a shadow's pods: their filter would mirror what they are sent.
fn keep_out(job: &Job, index: usize, service: &Service<'_>, selector: &Labels, world: &World) -> Result<()> {
    let Some(shadow) = job.shadows.get(index) else {
        return Ok(());
    };
    let (namespace, of_shadow) = match called(job, shadow) {
        Called::Service { name, namespace, .. } => (namespace, world.service(namespace, &name)?.selector()),
        Called::Subset(name) => {
            let mut labels = service.selector();
            let subset = world.subset(&service.host(), &job.namespace, &job.namespace, name);
            labels.extend(subset.unwrap_or_default());
            (job.namespace.as_str(), labels)
        }
        Called::Endpoint(_) => return Ok(()),
    };
    let apart = selector
        .iter()
        .any(|(name, value)| of_shadow.get(name).is_some_and(|other| other != value));
    // A selector reaches no other namespace, and a Service without one leads to what is no pod of its namespace's choosing.
    if apart || namespace != job.namespace || of_shadow.is_empty() {
        return Ok(());
    }
    let pods: Vec<_> = world
        .workloads(namespace)
        .filter(|workload| selects(&of_shadow, &workload.labels()))
        .collect();
    if pods.is_empty() {
        return Err(Error::Missing {
            fact: format!(
                "the workload behind the shadow {} ({})",
                shadow.name,
                written(&of_shadow)
            ),
            command: kinds::DEPLOYMENT.command(namespace),
        });
    }
    match pods.iter().find(|workload| selects(selector, &workload.labels())) {
        None => Ok(()),
        Some(workload) => Err(Error::Refused(format!(
            "spec.shadows[{index}]: {} has the labels of the primary ({}), so the shadow would mirror what it is sent; tell them apart by spec.primary",
            workload.object.title(),
            written(selector)
        ))),
    }
}

pub(super) fn written(labels: &Labels) -> String {
    let labels: Vec<String> = labels.iter().map(|(name, value)| format!("{name}={value}")).collect();
    labels.join(",")
}
