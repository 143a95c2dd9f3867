//! The filter in a waypoint, for the one Service of the job. A waypoint knows the clusters of what it serves under one
//! name and those that routes refer to under another, and no others at all.

use super::attachment::{Attachment, Proxies};
use super::callable::{destination, http_ports};
use super::gateway::need_authority;
use super::plugin::FilterMirror;
use super::{Bundle, Manifest, Options, Origin, Step, filter, importer, ours};
use crate::error::{Error, Result};
use crate::istio::Place;
use crate::job::{Called, called};
use crate::job::{Job, Shadow};
use crate::objects::waypoint::{self, USE_WAYPOINT, Waypoint};
use crate::objects::{Object, World, kinds};

const WAYPOINT_FOR: &str = "istio.io/waypoint-for";

/// Adds the filter of a job for a waypoint, and what lets the waypoint know the shadows.
pub(super) fn add(job: &Job, world: &World, options: &Options, bundle: &mut Bundle) -> Result<()> {
    options.refuse_place(Place::Waypoint, "spec.dataPlane")?;
    let service = world.service(&job.namespace, &job.target.name)?;
    let title = service.object.title();
    let Some(waypoint) = waypoint::of(&service, world)? else {
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
    refuse_elsewhere(job, &waypoint, gateway, world, options)?;
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
                waypoint::of(&world.service(namespace, &name)?, world)?.as_ref() == Some(&waypoint)
            }
            Called::External(_) => false,
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

/// The resource of the filter is in the namespace of the Service, which its waypoint need not be in.
fn refuse_elsewhere(job: &Job, waypoint: &Waypoint, gateway: &Object, world: &World, options: &Options) -> Result<()> {
    let namespace = &job.namespace;
    if waypoint.namespace == *namespace {
        return Ok(());
    }
    if !waypoint::serves_namespace(gateway, namespace, world) {
        return Err(Error::Refused(format!(
            "spec.dataPlane: {} takes no Services of namespace {namespace}, so requests do not pass it; allow the namespace by `allowedRoutes` of its listener on 15008",
            gateway.title()
        )));
    }
    let refused = options.refuse_place(Place::ForeignWaypoint, "spec.dataPlane");
    refused.map_err(|error| {
        Error::Refused(format!(
            "{error}; here the Service is of namespace {namespace} and the waypoint of {}; a waypoint in {namespace} works",
            waypoint.namespace
        ))
    })
}

fn refuse_port(shadow: &Shadow, path: &str) -> Result<()> {
    match shadow.config.r#match.iter().position(|entry| entry.port.is_some()) {
        Some(index) => Err(Error::Refused(format!(
            "{path}.match[{index}].port: a waypoint accepts everything on one port of its own; leave it out"
        ))),
        None => Ok(()),
    }
}
