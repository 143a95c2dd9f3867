//! The VirtualService whose routes copy: one of ours where the target has none, else the user's, of which only the
//! rules that send requests to the target gain a mirror. Sidecars obey a single one for a host, so there is never a
//! second.

mod patched;

use serde_json::{Value, json};

use super::change::ObjectChange;
use super::copying::{Copying, destination};
use super::routes::{self, bound, rules};
use super::{Options, destinationrule, ours, record};
use crate::error::{Error, Result};
use crate::job::{DataPlane, Job};
use crate::mesh::RouteDestination;
use crate::mesh::destination::Scope;
use crate::objects::{Object, World, at, fully_qualified, host_covers, kinds, routing};

/// The VirtualServices of a job.
pub(super) fn manifests(
    job: &Job,
    copying: &Copying,
    world: &World,
    options: &Options,
    notes: &mut Vec<String>,
) -> Result<Vec<ObjectChange>> {
    let found: Vec<&Object> = match job.data_plane {
        DataPlane::Gateway => at_gateways(copying, world)?,
        _ => match obeyed(job, copying, world, options, notes)? {
            Some(found) => vec![found],
            None => return Ok(vec![ObjectChange::ours(new(job, copying, world, options, notes)?)]),
        },
    };
    with_delegates(&found, copying, world)
        .into_iter()
        .map(|object| patched::patched(job, copying, object, world, options, notes))
        .collect()
}

/// These VirtualServices, and those to which they delegate and that send requests to the target. One that sends nothing
/// to the target itself is left out if a delegate of it does.
fn with_delegates<'a>(found: &[&'a Object], copying: &Copying, world: &'a World) -> Vec<&'a Object> {
    let mut all: Vec<&Object> = Vec::new();
    for root in found {
        let delegates = delegates(root, copying, world);
        let own = (delegates.is_empty() || sends_to(root, copying, world)).then_some(*root);
        for object in own.into_iter().chain(delegates) {
            if !all.iter().any(|other| std::ptr::eq(*other, object)) {
                all.push(object);
            }
        }
    }
    all
}

/// The VirtualServices to which rules of a VirtualService delegate, and that send requests to the target.
fn delegates<'a>(root: &Object, copying: &Copying, world: &'a World) -> Vec<&'a Object> {
    rules(root)
        .iter()
        .filter_map(|rule| routing::delegate(rule, root))
        .filter_map(|(namespace, name)| world.find(kinds::VIRTUAL_SERVICE, namespace, name))
        .filter(|object| sends_to(object, copying, world))
        .collect()
}

/// Whether a rule of a VirtualService sends requests to the target.
fn sends_to(object: &Object, copying: &Copying, world: &World) -> bool {
    let scope = Scope::of(object, world);
    let mut to = rules(object).iter().flat_map(routes::destinations);
    to.any(|destination| scope.host(destination) == copying.host)
}

/// The one that the callers' sidecars, or the waypoint, obey.
fn obeyed<'a>(
    job: &Job,
    copying: &Copying,
    world: &'a World,
    options: &Options,
    notes: &mut Vec<String>,
) -> Result<Option<&'a Object>> {
    let title = format!("the Service {} of namespace {}", job.target.name, job.namespace);
    refuse_grpc_routes(job, world)?;
    if let Some(route) = world
        .routes(kinds::HTTP_ROUTE, kinds::SERVICE, &job.namespace, &job.target.name)
        .first()
    {
        return Err(Error::Refused(format!(
            "{title} is routed by {} ({}), which goes before any VirtualService; use --api gateway",
            route.title(),
            route.place
        )));
    }
    let mut exact = Vec::new();
    let mut wide = None;
    for object in world.virtual_services(&copying.host, &job.namespace) {
        if !is_for(object, |gateway| gateway == "mesh") {
            continue;
        }
        if hosts(object).any(|host| fully_qualified(host, &object.namespace, &world.domain) == copying.host) {
            exact.push(object);
        } else if hosts(object).any(|host| host_covers(host, &copying.host)) {
            wide = wide.or(Some(object));
        }
    }
    match (exact.as_slice(), wide) {
        ([], None) if options.no_virtual_service || world.is_whole() => Ok(None),
        ([], None) => Err(Error::Missing {
            fact: format!("a VirtualService for {title} (if there is none, say --no-virtual-service)"),
            command: format!("kubectl get {} -A -o yaml", kinds::VIRTUAL_SERVICE.resource),
        }),
        ([], Some(wide)) => Err(Error::Refused(format!(
            "{} ({}) routes {title} by a wildcard; a mirror in it would copy the requests of other hosts, and a VirtualService for {} alone would take its routes away. Write one for this host with the same routes, and run this again",
            wide.title(),
            wide.place,
            copying.host
        ))),
        ([first, ..], _) if options.no_virtual_service => Err(Error::Usage(format!(
            "--no-virtual-service: {} ({}) routes {title}",
            first.title(),
            first.place
        ))),
        ([first, ..], Some(wide)) if copying.pin.is_some() => Err(Error::Refused(format!(
            "{title} is routed by {} and, by a wildcard, by {} ({}); which one sidecars obey depends on their age and the version of Istio, so live requests cannot be pinned surely. Leave one of them",
            first.title(),
            wide.title(),
            wide.place
        ))),
        ([first, others @ ..], wide) => {
            if let Some(wide) = wide {
                notes.push(format!(
                    "{} covers {title} too, by a wildcard; where sidecars obey that one, nothing is copied",
                    wide.title()
                ));
            }
            for other in others {
                notes.push(format!("{} does nothing: {} is older", other.title(), first.title()));
            }
            Ok(Some(first))
        }
    }
}

/// A GRPCRoute of the target goes before any VirtualService, and an HTTPRoute beside it changes the answer to what it
/// does not match: until Istio 1.30.2 the older route is obeyed alone, since 1.30.3 both are merged.
pub(super) fn refuse_grpc_routes(job: &Job, world: &World) -> Result<()> {
    let routes = world.routes(kinds::GRPC_ROUTE, kinds::SERVICE, &job.namespace, &job.target.name);
    let Some(route) = routes.first() else { return Ok(()) };
    Err(Error::Refused(format!(
        "the Service {} of namespace {} is routed by {} ({}), and engine `native` writes no GRPCRoute; add a filter `requestMirror` to its rules, or use engine wasm",
        job.target.name,
        job.namespace,
        route.title(),
        route.place
    )))
}

/// Which VirtualService sends live requests to a host's subset; without a subset: to any of its pods.
pub(super) fn sending<'a>(host: &str, subset: Option<&str>, world: &'a World) -> Option<&'a Object> {
    world.all(kinds::VIRTUAL_SERVICE).find(|object| {
        let scope = Scope::of(object, world);
        let mut to = rules(object).iter().flat_map(routes::destinations);
        to.any(|destination| {
            let found = destination.get("subset").and_then(Value::as_str).unwrap_or_default();
            scope.host(destination) == host && found == subset.unwrap_or_default()
        })
    })
}

/// A port on which no rule of a VirtualService can match a call from the mesh: it is routed as if there were none.
pub(super) fn unrouted(object: &Value, listeners: &[u16]) -> Option<u16> {
    let rules = at(object, &["spec", "http"]).and_then(Value::as_array);
    let mut rules = rules.cloned().unwrap_or_default();
    rules.retain_mut(|rule| match rule.get_mut("match").and_then(Value::as_array_mut) {
        Some(entries) if !entries.is_empty() => {
            entries.retain(|entry| bound(entry, &["gateways"], &|gateway| gateway == "mesh"));
            !entries.is_empty()
        }
        _ => true,
    });
    let routed: Vec<u16> = rules
        .iter()
        .flat_map(|rule| routes::listeners(rule, listeners))
        .collect();
    listeners.iter().copied().find(|port| !routed.contains(port))
}

/// Those of gateways that send requests to the target.
fn at_gateways<'a>(copying: &Copying, world: &'a World) -> Result<Vec<&'a Object>> {
    let found: Vec<&Object> = world
        .all(kinds::VIRTUAL_SERVICE)
        .filter(|object| is_for(object, |gateway| gateway != "mesh"))
        .filter(|object| sends_to(object, copying, world) || !delegates(object, copying, world).is_empty())
        .collect();
    if found.is_empty() {
        return Err(Error::Missing {
            fact: format!("a VirtualService of a gateway that sends requests to {}", copying.host),
            command: format!("kubectl get {} -A -o yaml", kinds::VIRTUAL_SERVICE.resource),
        });
    }
    Ok(found)
}

/// Whether it is bound to a gateway of this sort; without any it is bound to the mesh.
fn is_for(object: &Object, sort: impl Fn(&str) -> bool) -> bool {
    bound(&object.value, &["spec", "gateways"], &sort)
}

fn hosts(object: &Object) -> impl Iterator<Item = &str> {
    let hosts = object.at(&["spec", "hosts"]).and_then(Value::as_array);
    hosts.into_iter().flatten().filter_map(Value::as_str)
}

// === one of ours ===

/// A VirtualService that routes as Istio does without one, and copies. It is asked on every port that speaks HTTP, so
/// it has a rule for each of them: a port without one would answer 404.
fn new(job: &Job, copying: &Copying, world: &World, options: &Options, notes: &mut Vec<String>) -> Result<Value> {
    if let Some(subset) = &copying.pin {
        copying.need_pin(job, options)?;
        destinationrule::refuse_hidden_pin(job, copying, subset, None, world)?;
        if copying.has_other_ports {
            notes.push(
                "ports that are not HTTP are not pinned: their connections reach the shadow's pods too".to_owned(),
            );
        }
    }
    let mut rules = Vec::new();
    for port in &copying.listeners {
        let to = RouteDestination {
            host: copying.host.clone(),
            port: *port,
            subset: copying.pin.clone(),
        };
        let mut rule = json!({});
        if !copying.is_single {
            record::set(&mut rule, &["match"], json!([{"port": port}]));
        }
        let to = destination(&job.target.name, &job.namespace, &to, &job.namespace);
        record::set(&mut rule, &["route"], json!([{"destination": to, "weight": 100}]));
        if let Some(fields) = rule.as_object_mut() {
            let copies: Vec<Value> = copying
                .of(*port)
                .iter()
                .map(|copy| copy.mirror(&job.namespace))
                .collect();
            if !copies.is_empty() && !copying.is_only_pinned {
                routes::add(fields, &copies);
            }
        }
        rules.push(rule);
    }
    Ok(json!({
        "apiVersion": "networking.istio.io/v1",
        "kind": kinds::VIRTUAL_SERVICE.kind,
        "metadata": ours::metadata(job, &format!("mirror-{}", job.name)),
        "spec": {"hosts": [job.target.name], "http": rules},
    }))
}
