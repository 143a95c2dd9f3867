//! Where a job's requests are copied and where the copies go, in numbers and names: the facts that every resource is
//! written from. What would copy nothing, or the wrong thing, ends here.

use super::callable::{destination, http_ports, written};
use crate::error::{Error, Result};
use crate::job::{Called, called};
use crate::job::{Job, Primary};
use crate::mesh::RouteDestination;
use crate::objects::{Labels, Service, ServicePort, World, kinds, selects};

/// A job, placed in the user's world.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placement {
    /// The fully qualified host of the target.
    pub host: String,
    /// The labels of the primary's pods, and of no shadow's.
    pub selector: Labels,
    /// The mirrored ports, in the order of the Service.
    pub ports: Vec<MirroredPort>,
    /// Every pair of a shadow and a port: shadow by shadow, port by port.
    pub entries: Vec<PlacedShadow>,
}

/// A port of the target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MirroredPort {
    /// The number that clients call.
    pub number: u16,
    /// The number on which the primary's pods accept it.
    pub accepted: u16,
}

/// One shadow of one port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlacedShadow {
    /// The index into the job's shadows.
    pub shadow: usize,
    /// The port of the target.
    pub port: MirroredPort,
    /// Where its copies go.
    pub destination: RouteDestination,
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
            entries.push(PlacedShadow {
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

/// What the primary's pods accept for these ports.
fn mirrored_ports(service: &Service<'_>, selector: &Labels, ports: Vec<ServicePort>) -> Result<Vec<MirroredPort>> {
    let title = service.object.title();
    let accepted = |port: ServicePort| {
        let accepted = service.target_port(&port, selector)?;
        Ok(MirroredPort {
            number: port.number,
            accepted,
        })
    };
    let ports: Vec<MirroredPort> = ports.into_iter().map(accepted).collect::<Result<_>>()?;
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
        Called::External(_) | Called::Endpoint(_) => return Ok(()),
    };
    let apart = selector
        .iter()
        .any(|(name, value)| of_shadow.get(name).is_some_and(|other| other != value));
    // A selector reaches no other namespace, and a Service without one leads to what is no pod of its namespace's
    // choosing.
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
