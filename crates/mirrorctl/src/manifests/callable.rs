//! What a proxy can call: the ports of a Service that speak HTTP, and the destination of a shadow's copies. What would
//! copy nothing ends here.

use super::outside;
use crate::error::{Error, Result};
use crate::job::{Called, called};
use crate::job::{Job, Shadow};
use crate::mesh::RouteDestination;
use crate::mesh::fitness::{Uncallable, fitness};
use crate::mesh::resolution::Target;
use crate::objects::{EXPORT_TO, Labels, Protocol, Service, ServicePort, World, kinds};

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
) -> Result<RouteDestination> {
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
            backend_destination(&backend, own.unwrap_or(port), &path, client, world, notes)
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
        Called::External(to) => Ok(outside::destination(job, shadow, to, client, world)),
        Called::Endpoint(_) => Err(not_of_istio(path)),
    }
}

/// An address in a job for Istio, of which the job's reader lets none through.
pub(super) fn not_of_istio(path: &str) -> Error {
    Error::Refused(format!("{path}.endpoint: is for dataPlane `envoy`"))
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
                    let problem = format!("port {} of {title} is not HTTP", port.title());
                    return Err(opaque("spec.targetRef.port", &problem));
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

/// A Service that the proxies of a namespace do not get cannot be called by them.
fn refuse_hidden(service: &Service<'_>, client: &str, path: &str) -> Result<()> {
    service.exported_to(client).map_err(|exported| {
        Error::Refused(format!(
            "{path}: {} is exported to `{exported}` only ({EXPORT_TO}), and the proxies that copy are of namespace {client}; add that namespace there",
            service.object.title()
        ))
    })
}

fn opaque(path: &str, problem: &str) -> Error {
    Error::Refused(format!(
        "{path}: {problem}; TCP and TLS cannot be mirrored, because a proxy sees no requests in them"
    ))
}

/// A Service of its own.
pub(super) fn backend_destination(
    backend: &Service<'_>,
    number: u16,
    path: &str,
    client: &str,
    world: &World,
    notes: &mut Vec<String>,
) -> Result<RouteDestination> {
    let title = backend.object.title();
    if let Some(other) = backend.external_name() {
        return Err(Error::Refused(format!(
            "{path}: {title} only stands for {other}, so no proxy has a cluster of its name"
        )));
    }
    let host = backend.host();
    match fitness(&Target::Service(*backend), &host, Some(number.into()), client, world) {
        Ok(()) => {}
        Err(Uncallable::NoEndpoint(_)) => return Err(headless(path, backend)),
        Err(Uncallable::NoPort(problem)) => return Err(Error::Refused(format!("{path}: {problem}"))),
        Err(Uncallable::Undeclared(problem)) => notes.push(format!(
            "{problem}; copies reach the shadow as plain TCP, without its metrics and policies: name it http-… or set its appProtocol"
        )),
        Err(Uncallable::NotHttp(problem)) => return Err(opaque(path, &problem)),
    }
    Ok(RouteDestination {
        host,
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
) -> Result<RouteDestination> {
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
    Ok(RouteDestination {
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

/// Labels as kubectl writes a selector: `app=reviews,version=v1`.
pub(super) fn written(labels: &Labels) -> String {
    let labels: Vec<String> = labels.iter().map(|(name, value)| format!("{name}={value}")).collect();
    labels.join(",")
}
