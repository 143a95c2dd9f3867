//! The VirtualService that changes no route: it refers to the shadows, with no share of the traffic, so that a waypoint
//! gets their clusters. A waypoint has clusters only for what it serves and for what the routes of that refer to
//! (pilot/pkg/networking/core/waypoint.go, `filterWaypointOutboundServices`).

use serde_json::{Map, Value, json};

use super::{Options, metadata};
use crate::error::{Error, Result};
use crate::job::Job;
use crate::mesh::RouteDestination;
use crate::mesh::imports::names;
use crate::objects::{Protocol, Service, World, kinds};

/// The VirtualService, if one is needed. One that exists decides the routes, and a second would not be heard: the user
/// adds the reference there.
pub(super) fn manifest(
    job: &Job,
    service: &Service<'_>,
    port: u16,
    mut imports: Vec<RouteDestination>,
    world: &World,
    options: &Options,
    notes: &mut Vec<String>,
) -> Result<Option<Value>> {
    let host = service.host();
    let of_host = world.virtual_services(&host, &job.namespace);
    let ours = |object: &&crate::objects::Object| crate::marks::is_of_job(object, job);
    let existing: Vec<_> = of_host.iter().filter(|object| !ours(object)).collect();
    imports.retain(|shadow| !existing.iter().any(|object| names(object, &shadow.written(), world)));
    let Some(first) = imports.first() else {
        return Ok(None);
    };
    if let Some(object) = existing.first() {
        return Err(Error::Refused(format!(
            "{}, in {}, routes {host}, and its waypoint knows only what is referred to there; add `{}` to one of its rules with a `route`",
            object.title(),
            object.place,
            json!({"mirrors": [zero(first)]})
        )));
    }
    if let Some(route) = world
        .routes(kinds::HTTP_ROUTE, kinds::SERVICE, &job.namespace, &job.target.name)
        .first()
    {
        let (name, namespace) = first.host.split_once('.').unwrap_or_default();
        let namespace = namespace.split('.').next().unwrap_or_default();
        let backend = json!({"name": name, "namespace": namespace, "port": first.port});
        return Err(Error::Refused(format!(
            "{}, in {}, routes {host}, and its waypoint knows only what is referred to there; add the filter `{}` to one of its rules with backendRefs",
            route.title(),
            route.place,
            json!({"type": "RequestMirror", "requestMirror": {"backendRef": backend, "percent": 0}})
        )));
    }
    let routes_known = options.no_virtual_service || world.is_whole() || of_host.len() > existing.len();
    if !routes_known {
        return Err(Error::Missing {
            fact: format!(
                "a VirtualService or HTTPRoute for {host}, or the word that there is none (--no-virtual-service),"
            ),
            command: format!(
                "kubectl get {},{} -A -o yaml",
                kinds::VIRTUAL_SERVICE.resource,
                kinds::HTTP_ROUTE.resource
            ),
        });
    }
    let ports = routed_ports(service)?;
    let rules: Vec<Value> = ports
        .iter()
        .map(|number| {
            let mut rule = Map::new();
            let mut put = |key: &str, value: Value| rule.insert(key.to_owned(), value);
            if ports.len() > 1 {
                put("match", json!([{"port": number}]));
            }
            put(
                "route",
                json!([{"destination": {"host": host, "port": {"number": number}}}]),
            );
            if *number == port {
                put("mirrors", imports.iter().map(zero).collect());
            }
            rule.into()
        })
        .collect();
    let name = format!("mirror-{}", job.name);
    notes.push(format!(
        "the VirtualService {name} changes no route; it refers to the shadows, so that the waypoint gets their clusters"
    ));
    Ok(Some(json!({
        "apiVersion": "networking.istio.io/v1",
        "kind": "VirtualService",
        "metadata": metadata(job, &name),
        "spec": {"hosts": [host], "http": rules},
    })))
}

/// The ports that a VirtualService for the Service is asked on.
pub(super) fn routed_ports(service: &Service<'_>) -> Result<Vec<u16>> {
    let ports = service.ports()?.into_iter();
    let routed = ports.filter(|port| matches!(port.protocol, Protocol::Http | Protocol::Undeclared));
    Ok(routed.map(|port| port.number).collect())
}

/// A mirror that gets nothing: Istio then writes no mirror policy (pilot/pkg/networking/core/route/route.go).
fn zero(shadow: &RouteDestination) -> Value {
    json!({
        "destination": {"host": shadow.host, "port": {"number": shadow.port}},
        "percentage": {"value": 0},
    })
}
