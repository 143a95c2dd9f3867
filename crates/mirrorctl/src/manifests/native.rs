//! The native engine: Envoy's own mirroring, where routes are chosen, which is in the callers' proxies. Here a job is placed
//! and the resources are chosen; each resource writes itself. Live requests reach what they reached before, after every
//! single object that is applied; the one exception is `--pin-primary`, which is asked for.

use std::borrow::Cow;

use mirror_policy::values::Percentage;
use serde_json::{Value, json};

use super::clone::{Called, called, why_stepwise};
use super::placement::{backend_destination, headless, http_ports, not_of_istio, written};
use super::{Bundle, Destination, IstioVersion, Manifest, Options, RoutingApi, Step, is_of_job};
use super::{destinationrule, httproute, offline, virtualservice};
use crate::error::{Error, Result};
use crate::input::Place;
use crate::job::{Backend, DataPlane, Expiry, Job, Shadow};
use crate::objects::{Labels, Object, Protocol, Service, World, kinds, selects};

/// A job of the native engine, placed in the user's world.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Copying {
    /// The fully qualified host of the target.
    pub host: String,
    /// The ports whose requests are copied, in the order of the Service.
    pub ports: Vec<u16>,
    /// All ports on which proxies see requests: a VirtualService for the host is asked on each of them.
    pub listeners: Vec<u16>,
    /// Whether the Service has no other port of any kind.
    pub is_single: bool,
    /// What is sent for each mirrored port.
    pub copies: Vec<(u16, Vec<Copy>)>,
    /// The subsets that must be defined and are not.
    pub subsets: Vec<Subset>,
    /// The primary's subset, if a shadow's pods are endpoints of the target too.
    pub pin: Option<String>,
    /// Whether the copies come in a later step.
    pub is_only_pinned: bool,
}

/// A copy for each request.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Copy {
    /// The Service.
    pub name: String,
    /// Its namespace.
    pub namespace: String,
    /// The same as a cluster.
    pub destination: Destination,
    /// Only what the job says.
    pub percentage: Option<Percentage>,
}

/// A subset to be defined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Subset {
    /// Its name.
    pub name: String,
    /// The labels of its pods.
    pub labels: Labels,
    /// Whether copies go there: they get a ceiling.
    pub is_shadow: bool,
}

/// Everything that a job of the native engine needs.
pub(super) fn bundle(job: &Job, world: &World, options: &Options, bundle: &mut Bundle) -> Result<()> {
    refuse_versions(job, options)?;
    let base = offline::before(job, world);
    // A route of ours says that there was none before.
    let options = &Options {
        no_virtual_service: options.no_virtual_service || routes_by_us(job, world),
        ..options.clone()
    };
    let copying = place(job, &base, &mut bundle.notes)?;
    if job.expires_at != Expiry::Never {
        bundle.notes.push(
            "spec.expiresAt: engine `native` stops nothing by itself; take the job offline then (mirrorctl offline)"
                .to_owned(),
        );
    }
    let mut steps = Vec::new();
    let subsets = destinationrule::manifest(job, &copying, &base, &mut bundle.notes)?;
    steps.extend(subsets.into_iter().map(|change| (Step::Prepare, change)));
    let routes = |copying: &Copying, notes: &mut Vec<String>| match options.api {
        RoutingApi::Istio => virtualservice::manifests(job, copying, &base, options, notes),
        RoutingApi::Gateway => httproute::manifests(job, copying, &base, options, notes),
    };
    if why_stepwise(job).is_some() {
        // Live requests are pinned before the pods are there that they must not reach.
        let pinned = routes(&copying.without_copies(), &mut bundle.notes)?;
        steps.extend(pinned.into_iter().map(|change| (Step::Prepare, change)));
    }
    let copies = routes(&copying, &mut bundle.notes)?;
    steps.extend(copies.into_iter().map(|change| (Step::Mirror, change)));
    for (step, change) in steps {
        let origin = change.origin;
        let object = change.finish(job, world, options, &mut bundle.notes)?;
        bundle.add(Manifest { step, origin, object });
    }
    Ok(())
}

/// What a clone that becomes a subset needs with the filter too, before its pods are there: its subset, and live requests
/// pinned to the primary's. Returns the world with them in it.
pub(super) fn pinned<'w>(
    job: &Job,
    world: &'w World,
    options: &Options,
    bundle: &mut Bundle,
) -> Result<Cow<'w, World>> {
    if why_stepwise(job).is_none() {
        return Ok(Cow::Borrowed(world));
    }
    let base = offline::before(job, world);
    let options = &Options {
        no_virtual_service: options.no_virtual_service || routes_by_us(job, world),
        ..options.clone()
    };
    let copying = place(job, &base, &mut bundle.notes)?.without_copies();
    let subsets = destinationrule::manifest(job, &copying, &base, &mut bundle.notes)?;
    let routes = virtualservice::manifests(job, &copying, &base, options, &mut bundle.notes)?;
    let mut after = Cow::Borrowed(world);
    for change in subsets.into_iter().chain(routes) {
        let is_same = |original: &Object| original.value == change.object;
        if change.original.as_ref().is_some_and(is_same) {
            continue;
        }
        let origin = change.origin;
        let object = change.finish(job, world, options, &mut bundle.notes)?;
        after.to_mut().put(Object {
            place: Place::file("what is generated"),
            value: object.clone(),
            namespace: job.namespace.clone(),
        });
        bundle.add(Manifest {
            step: Step::Prepare,
            origin,
            object,
        });
    }
    Ok(after)
}

/// Whether the job has a route of its own already.
fn routes_by_us(job: &Job, world: &World) -> bool {
    [kinds::VIRTUAL_SERVICE, kinds::HTTP_ROUTE]
        .into_iter()
        .any(|kind| world.all(kind).any(|object| is_of_job(object, job)))
}

// === impl Copy ===

impl Copy {
    /// As an entry of `mirrors`.
    pub fn mirror(&self, namespace: &str) -> Value {
        let mut copy = json!({"destination": destination(&self.name, &self.namespace, &self.destination, namespace)});
        if let (Some(percentage), Some(fields)) = (self.percentage, copy.as_object_mut()) {
            fields.insert("percentage".to_owned(), json!({"value": number(percentage)}));
        }
        copy
    }
}

// === impl Copying ===

impl Copying {
    /// The same without its copies: what is only pinned.
    fn without_copies(&self) -> Self {
        Self {
            is_only_pinned: true,
            ..self.clone()
        }
    }

    /// What is sent for a port.
    pub fn of(&self, port: u16) -> &[Copy] {
        let found = self.copies.iter().find(|(other, _)| *other == port);
        found.map_or(&[], |(_, copies)| copies.as_slice())
    }

    /// Every destination of a copy, as a cluster, once.
    pub fn clusters(&self) -> Vec<String> {
        let mut clusters = Vec::new();
        for copy in self.copies.iter().flat_map(|(_, copies)| copies) {
            let cluster = copy.destination.cluster();
            if !clusters.contains(&cluster) {
                clusters.push(cluster);
            }
        }
        clusters
    }
}

/// A destination as a VirtualService of a namespace writes it: short if the Service is in the same one.
pub(super) fn destination(name: &str, of: &str, to: &Destination, namespace: &str) -> Value {
    let host = if of == namespace { name } else { to.host.as_str() };
    let mut value = json!({"host": host, "port": {"number": to.port}});
    if let (Some(subset), Some(fields)) = (&to.subset, value.as_object_mut()) {
        fields.insert("subset".to_owned(), subset.as_str().into());
    }
    value
}

/// A percentage as the user wrote it: whole if it is.
pub(super) fn number(percentage: Percentage) -> Value {
    let ppm = percentage.ppm();
    if ppm.is_multiple_of(10_000) {
        json!(ppm / 10_000)
    } else {
        json!(f64::from(ppm) / 10_000.0)
    }
}

// === placing ===

/// What follows from the version of Istio.
fn refuse_versions(job: &Job, options: &Options) -> Result<()> {
    let before = |minor: u16| options.istio < IstioVersion { major: 1, minor };
    let istio = options.istio;
    if job.shadows.len() > 1 && before(20) {
        return Err(Error::Refused(format!(
            "spec.shadows: Istio {istio} copies a request to one shadow at most; several came with 1.20"
        )));
    }
    if job.data_plane == DataPlane::Waypoint && before(24) {
        return Err(Error::Refused(format!(
            "spec.dataPlane: the waypoints of Istio {istio} do not mirror; they do since 1.24. Use engine `wasm`"
        )));
    }
    Ok(())
}

fn place(job: &Job, world: &World, notes: &mut Vec<String>) -> Result<Copying> {
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
        copies: Vec::new(),
        subsets: Vec::new(),
        pin: None,
        is_only_pinned: false,
        ports,
    };
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
            let key = match shadow.backend {
                Backend::Clone(_) => "clone",
                _ => "backendRef",
            };
            let destination = backend_destination(&backend, own.unwrap_or(port), &format!("{path}.{key}"), notes)?;
            (name.into_owned(), namespace, destination)
        }
        Called::Subset(subset) => {
            if service.is_headless() {
                return Err(headless(&path, service));
            }
            let destination = Destination {
                host: service.host(),
                port,
                subset: Some(subset.to_owned()),
            };
            (job.target.name.clone(), job.namespace.as_str(), destination)
        }
        Called::Endpoint(_) => return Err(not_of_istio(&path)),
    };
    Ok(Copy {
        name,
        namespace: namespace.to_owned(),
        destination,
        percentage,
    })
}

/// The subsets of the target that the job needs. A version that is given as one label, `version: v1`, says how the others
/// are labelled; else a DestinationRule must say it.
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
