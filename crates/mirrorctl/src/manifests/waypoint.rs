//! The filter in a waypoint, for the one Service of the job. A waypoint knows the clusters of what it serves under one
//! name and those that routes refer to under another, and no others at all.

use super::attachment::{Attachment, Proxies};
use super::callable::{destination, http_ports};
use super::clone::{Called, called};
use super::gateway::need_authority;
use super::plugin::FilterMirror;
use super::{Bundle, IstioVersion, Manifest, Options, Origin, Step, filter, importer, ours};
use crate::error::{Error, Result};
use crate::job::{Job, Shadow};
use crate::objects::{Service, World, kinds};

const USE_WAYPOINT: &str = "istio.io/use-waypoint";
const USE_WAYPOINT_NAMESPACE: &str = "istio.io/use-waypoint-namespace";
const WAYPOINT_FOR: &str = "istio.io/waypoint-for";

/// A waypoint: its namespace and its name.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Waypoint {
    namespace: String,
    name: String,
}

/// Adds the filter of a job for a waypoint, and what lets the waypoint know the shadows.
pub(super) fn add(job: &Job, world: &World, options: &Options, bundle: &mut Bundle) -> Result<()> {
    let since = IstioVersion { major: 1, minor: 24 };
    if options.istio < since {
        return Err(Error::Refused(format!(
            "spec.dataPlane: waypoints are supported from Istio {since} on, which made ambient mode generally available; this is {}",
            options.istio
        )));
    }
    let service = world.service(&job.namespace, &job.target.name)?;
    let title = service.object.title();
    let Some(waypoint) = waypoint_of(&service, world)? else {
        return Err(Error::Refused(format!(
            "spec.dataPlane: {title} has no waypoint ({USE_WAYPOINT}), so nobody sees its requests in ambient mode; label it: kubectl label service {} -n {} {USE_WAYPOINT}=waypoint",
            job.target.name, job.namespace
        )));
    };
    let gateway = world.need(kinds::GATEWAY, &waypoint.namespace, &waypoint.name)?;
    if let Some(other @ ("workload" | "none")) = gateway.label(WAYPOINT_FOR) {
        return Err(Error::Refused(format!(
            "spec.dataPlane: {} is for `{other}` ({WAYPOINT_FOR}), and requests to a Service do not pass it; label it `service` or `all`",
            gateway.title()
        )));
    }
    let ports = http_ports(job, &service, &mut bundle.notes)?;
    let [port] = ports.as_slice() else {
        return Err(Error::Refused(format!(
            "spec.targetRef: {title} has several HTTP ports, and a waypoint's filter is not told to which a request goes; name one by spec.targetRef.port"
        )));
    };
    let others = importer::routed_ports(&service)?.len() > 1;
    let mut mirrors = Vec::new();
    let mut imports = Vec::new();
    for (index, shadow) in job.shadows.iter().enumerate() {
        let path = format!("spec.shadows[{index}]");
        refuse_port(shadow, &path)?;
        if others {
            let example = format!("{}:{}", job.target.name, port.number);
            let why =
                format!("the filter of a waypoint sees the requests to every port of {title} (such as `{example}`)");
            need_authority(shadow, &path, &why)?;
        }
        let at = (&service, port.number);
        let to = destination(job, shadow, &path, at, &waypoint.namespace, world, &mut bundle.notes)?;
        let is_own = match called(job, shadow) {
            Called::Service { name, namespace, .. } => {
                waypoint_of(&world.service(namespace, &name)?, world)?.as_ref() == Some(&waypoint)
            }
            // What is of the target's own Service is the waypoint's as that is.
            Called::Subset(_) | Called::Endpoint(_) => true,
        };
        let cluster = if is_own { to.cluster_of_waypoint() } else { to.cluster() };
        if !is_own && !imports.contains(&to) {
            imports.push(to);
        }
        mirrors.push(FilterMirror {
            shadow: index,
            name: shadow.name.clone(),
            cluster,
            port: None,
            looks_at_port: false,
        });
    }
    bundle.notes.dedup();
    if let Some(object) = importer::manifest(job, &service, port.number, imports, world, options, &mut bundle.notes)? {
        ours::refuse_taken_name(&object, job, world)?;
        bundle.add(Manifest {
            step: Step::Prepare,
            origin: Origin::Ours,
            object,
        });
    }
    let attachment = Attachment {
        namespace: job.namespace.clone(),
        proxies: Proxies::Serving {
            group: kinds::SERVICE.group,
            kind: kinds::SERVICE.kind,
            name: job.target.name.clone(),
        },
        // A waypoint's listener has neither a port nor a direction: a condition on them is never met.
        listeners: None,
    };
    filter::add(job, world, options, &attachment, &mirrors, bundle)
}

/// The waypoint that serves a Service: its own label goes before its namespace's, and `none` is none.
fn waypoint_of(service: &Service<'_>, world: &World) -> Result<Option<Waypoint>> {
    let namespace = service.object.namespace.as_str();
    let object = match service.object.label(USE_WAYPOINT) {
        Some(_) => service.object,
        None => {
            let mut all = world.all(kinds::NAMESPACE);
            all.find(|object| object.name() == namespace)
                .ok_or_else(|| Error::Missing {
                    fact: format!(
                        "the Namespace {namespace}, which may name the waypoint of {}",
                        service.object.title()
                    ),
                    command: format!("kubectl get namespace {namespace} -o yaml"),
                })?
        }
    };
    Ok(object
        .label(USE_WAYPOINT)
        .filter(|name| *name != "none")
        .map(|name| Waypoint {
            namespace: object.label(USE_WAYPOINT_NAMESPACE).unwrap_or(namespace).to_owned(),
            name: name.to_owned(),
        }))
}

fn refuse_port(shadow: &Shadow, path: &str) -> Result<()> {
    match shadow.config.r#match.iter().position(|entry| entry.port.is_some()) {
        Some(index) => Err(Error::Refused(format!(
            "{path}.match[{index}].port: a waypoint accepts everything on one port of its own; leave it out"
        ))),
        None => Ok(()),
    }
}
