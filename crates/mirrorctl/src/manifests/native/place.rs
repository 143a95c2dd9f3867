//! Where a job of the native engine copies, and where the copies go: ports, destinations, the subsets to be defined.

use crate::error::{Error, Result};
use crate::job::{Backend, Job, Shadow};
use crate::job::{Called, called};
use crate::manifests::callable::{backend_destination, headless, http_ports, not_of_istio, written};
use crate::manifests::copying::{Copy, Copying, Subset};
use crate::manifests::outside;
use crate::mesh::RouteDestination;
use crate::objects::{Labels, Protocol, Service, World, kinds, selects};

/// Places a job.
///
/// # Errors
/// [`Error::Missing`] for what is not known; refused for what cannot be mirrored.
pub(super) fn place(job: &Job, world: &World, notes: &mut Vec<String>) -> Result<Copying> {
    let service = world.service(&job.namespace, &job.target.name)?;
    if let Some(other) = service.external_name() {
        return Err(Error::Refused(format!(
            "spec.targetRef: {} only stands for {other}; name the Service of the pods",
            service.object.title()
        )));
    }
    let ports: Vec<u16> = http_ports(job, &service, notes)?
        .iter()
        .map(|port| port.number)
        .collect();
    let all = service.ports()?;
    let listeners = all
        .iter()
        .filter(|port| matches!(port.protocol, Protocol::Http | Protocol::Undeclared));
    let mut copying = Copying {
        host: service.host(),
        listeners: listeners.map(|port| port.number).collect(),
        is_single: all.len() == 1,
        has_other_ports: false,
        copies: Vec::new(),
        subsets: Vec::new(),
        pin: None,
        is_only_pinned: false,
        ports,
    };
    copying.has_other_ports = copying.listeners.len() < all.len();
    for port in copying.ports.clone() {
        let mut copies: Vec<Copy> = Vec::new();
        for (index, shadow) in job.shadows.iter().enumerate() {
            let copy = copy(job, shadow, index, port, &service, world, notes)?;
            if copies.iter().any(|other| other.destination == copy.destination) {
                return Err(Error::Refused(format!(
                    "spec.shadows[{index}]: {} is the destination of another shadow too; engine `native` cannot tell the two apart",
                    copy.destination.cluster()
                )));
            }
            copies.push(copy);
        }
        copying.copies.push((port, copies));
    }
    place_subsets(job, &service, world, &mut copying, notes)?;
    Ok(copying)
}

fn copy(
    job: &Job,
    shadow: &Shadow,
    index: usize,
    port: u16,
    service: &Service<'_>,
    world: &World,
    notes: &mut Vec<String>,
) -> Result<Copy> {
    let path = format!("spec.shadows[{index}]");
    let percentage = shadow
        .filter
        .contains_key("percentage")
        .then_some(shadow.config.percentage);
    let (name, namespace, destination) = match called(job, shadow) {
        Called::Service {
            name,
            namespace,
            port: own,
        } => {
            let backend = world.service(namespace, &name)?;
            let key = shadow.backend.key();
            let destination = backend_destination(
                &backend,
                own.unwrap_or(port),
                &format!("{path}.{key}"),
                &job.namespace,
                world,
                notes,
            )?;
            (name.into_owned(), namespace, destination)
        }
        Called::Subset(subset) => {
            if service.is_headless() {
                return Err(headless(&path, service));
            }
            let destination = RouteDestination {
                host: service.host(),
                port,
                subset: Some(subset.to_owned()),
            };
            (job.target.name.clone(), job.namespace.as_str(), destination)
        }
        Called::External(to) => {
            let destination = outside::destination(job, shadow, to, &job.namespace, world);
            (destination.host.clone(), job.namespace.as_str(), destination)
        }
        Called::Endpoint(_) => return Err(not_of_istio(&path)),
    };
    Ok(Copy {
        name,
        namespace: namespace.to_owned(),
        is_host: matches!(shadow.backend, Backend::External(_)),
        destination,
        percentage,
    })
}

/// The subsets of the target that the job needs. A version that is given as one label, `version: v1`, says how the
/// others are labelled; else a DestinationRule must say it.
fn place_subsets(
    job: &Job,
    service: &Service<'_>,
    world: &World,
    copying: &mut Copying,
    notes: &mut Vec<String>,
) -> Result<()> {
    let known = |name: &str| world.subset(&copying.host, &job.namespace, &job.namespace, name);
    let Some(primary) = &job.primary else { return Ok(()) };
    let mut subsets = Vec::new();
    for shadow in &job.shadows {
        let Called::Subset(name) = called(job, shadow) else {
            continue;
        };
        if known(name).is_some() {
            notes.push(format!(
                "subset {name} of {} is defined; no ceiling is put on its connections, because it may have live ones",
                service.object.title()
            ));
            continue;
        }
        match primary.labels.as_slice() {
            [(label, value)] if *value == primary.subset => subsets.push(Subset {
                name: name.to_owned(),
                labels: Labels::from([(label.clone(), name.to_owned())]),
                is_shadow: true,
            }),
            _ => {
                return Err(Error::Missing {
                    fact: format!(
                        "a DestinationRule of namespace {} that defines the subset {name} of {}",
                        job.namespace, copying.host
                    ),
                    command: kinds::DESTINATION_RULE.command(&job.namespace),
                });
            }
        }
    }
    if job
        .shadows
        .iter()
        .any(|shadow| matches!(called(job, shadow), Called::Subset(_)))
    {
        copying.pin = Some(primary.subset.clone());
        let labels = known(&primary.subset);
        let is_known = labels.is_some();
        let mut selector = service.selector();
        selector.extend(labels.unwrap_or_else(|| primary.labels.iter().cloned().collect()));
        // Pinned to a subset without pods, live requests would end in 503.
        if !world
            .workloads(&job.namespace)
            .any(|workload| selects(&selector, &workload.labels()))
        {
            return Err(Error::Missing {
                fact: format!("the workload of the primary ({})", written(&selector)),
                command: kinds::DEPLOYMENT.command(&job.namespace),
            });
        }
        if !is_known {
            let primary = Subset {
                name: primary.subset.clone(),
                labels: primary.labels.iter().cloned().collect(),
                is_shadow: false,
            };
            subsets.insert(0, primary);
        }
    }
    copying.subsets = subsets;
    Ok(())
}
