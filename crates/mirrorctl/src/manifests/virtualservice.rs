//! The VirtualService whose routes copy: one of ours where the target has none, else the user's, of which only the rules
//! that send requests to the target gain a mirror. Sidecars obey a single one for a host, so there is never a second.

use serde_json::{Value, json};

use super::change::{Change, refuse_other_job};
use super::native::{Copy, Copying, destination};
use super::routes::{self, Scope};
use super::{Destination, Options, Origin, ours, record};
use crate::error::{Error, Result};
use crate::job::{DataPlane, Job};
use crate::objects::{Object, World, at, fully_qualified, host_covers, kinds};

/// The VirtualServices of a job.
pub(super) fn manifests(
    job: &Job,
    copying: &Copying,
    world: &World,
    options: &Options,
    notes: &mut Vec<String>,
) -> Result<Vec<Change>> {
    let found: Vec<&Object> = match job.data_plane {
        DataPlane::Gateway => at_gateways(copying, world)?,
        _ => match obeyed(job, copying, world, options, notes)? {
            Some(found) => vec![found],
            None => return Ok(vec![Change::ours(new(job, copying, options, notes)?)]),
        },
    };
    found
        .into_iter()
        .map(|object| patched(job, copying, object, world, options, notes))
        .collect()
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
    if let Some(route) = world
        .http_routes(kinds::SERVICE, &job.namespace, &job.target.name)
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
        ([], None) if options.no_virtual_service => Ok(None),
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
        ([first, others @ ..], _) => {
            for other in others {
                notes.push(format!("{} does nothing: {} is older", other.title(), first.title()));
            }
            Ok(Some(first))
        }
    }
}

/// Those of gateways that send requests to the target.
fn at_gateways<'a>(copying: &Copying, world: &'a World) -> Result<Vec<&'a Object>> {
    let found: Vec<&Object> = world
        .all(kinds::VIRTUAL_SERVICE)
        .filter(|object| is_for(object, |gateway| gateway != "mesh"))
        .filter(|object| {
            let scope = scope(object, world);
            rules(object)
                .iter()
                .flat_map(routes::destinations)
                .any(|destination| scope.host(destination) == copying.host)
        })
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

fn bound(value: &Value, keys: &[&str], sort: &impl Fn(&str) -> bool) -> bool {
    match at(value, keys).and_then(Value::as_array).map(Vec::as_slice) {
        None | Some([]) => sort("mesh"),
        Some(gateways) => gateways.iter().filter_map(Value::as_str).any(sort),
    }
}

fn hosts(object: &Object) -> impl Iterator<Item = &str> {
    let hosts = object.at(&["spec", "hosts"]).and_then(Value::as_array);
    hosts.into_iter().flatten().filter_map(Value::as_str)
}

fn rules(object: &Object) -> &[Value] {
    let rules = object.at(&["spec", "http"]).and_then(Value::as_array);
    rules.map_or(&[], Vec::as_slice)
}

fn scope<'a>(object: &'a Object, world: &'a World) -> Scope<'a> {
    Scope {
        namespace: &object.namespace,
        domain: &world.domain,
    }
}

// === one of ours ===

/// A VirtualService that routes as Istio does without one, and copies. It is asked on every port that speaks HTTP, so it has a
/// rule for each of them: a port without one would answer 404.
fn new(job: &Job, copying: &Copying, options: &Options, notes: &mut Vec<String>) -> Result<Value> {
    if copying.pin.is_some() {
        need_pin(job, copying, options)?;
        if !copying.is_single {
            notes.push(
                "ports that are not HTTP are not pinned: their connections reach the shadow's pods too".to_owned(),
            );
        }
    }
    let mut rules = Vec::new();
    for port in &copying.listeners {
        let to = Destination {
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

/// The tutorial's shape: it must be asked for.
fn need_pin(job: &Job, copying: &Copying, options: &Options) -> Result<()> {
    let subset = copying.pin.as_deref().unwrap_or_default();
    if options.pin_primary {
        return Ok(());
    }
    Err(Error::Refused(format!(
        "the shadow's pods are endpoints of the Service {} of namespace {} too, and live requests to it go to all of them. --pin-primary sends live requests to subset {subset} alone, which changes where they go if other pods answer now; a shadow with a Service of its own (`backendRef`) needs no such change",
        job.target.name, job.namespace
    )))
}

// === one of the user's ===

/// The user's VirtualService; the rules that send requests to the target copy them.
fn patched(
    job: &Job,
    copying: &Copying,
    object: &Object,
    world: &World,
    options: &Options,
    notes: &mut Vec<String>,
) -> Result<Change> {
    refuse_other_job(object, job)?;
    let scope = scope(object, world);
    let mut rules = rules(object).to_vec();
    let mut pinned = None;
    if let Some(subset) = &copying.pin
        && routes::pin(&mut rules, &copying.host, subset, scope)
    {
        need_pin(job, copying, options)?;
        pinned = Some(subset.clone());
    }
    let change = |rules: Vec<Value>| {
        let mut changed = object.value.clone();
        record::set(&mut changed, &["spec", "http"], rules.into());
        Change {
            origin: Origin::Patched,
            object: changed,
            original: Some(object.clone()),
            added: copying.clusters(),
            pinned: pinned.clone(),
        }
    };
    if copying.is_only_pinned {
        return Ok(change(rules));
    }
    let mut reasons = Vec::new();
    let mut all = Vec::new();
    let mut fits = 0;
    for (index, rule) in rules.into_iter().enumerate() {
        let path = format!("spec.http[{index}]");
        match fit(job, copying, &rule, scope) {
            Fit::Not(reason) => reasons.push(format!("{path} {reason}")),
            Fit::Port(port) => {
                fits += 1;
                let mut rule = rule;
                add(&mut rule, copying.of(port), object, scope, &path, options)?;
                all.push(rule);
                continue;
            }
            Fit::Ports(ports) => {
                fits += 1;
                for port in ports {
                    let mut narrowed = routes::narrowed(&rule, &job.name, port);
                    add(&mut narrowed, copying.of(port), object, scope, &path, options)?;
                    all.push(narrowed);
                }
            }
        }
        all.push(rule);
    }
    let title = object.title();
    if fits == 0 {
        if ["tcp", "tls"].iter().any(|key| object.at(&["spec", key]).is_some()) {
            reasons.push("its rules for tcp and tls cannot copy, because a proxy sees no requests there".to_owned());
        }
        return Err(Error::Refused(format!(
            "{title} ({}) has no rule that could copy: {}",
            object.place,
            if reasons.is_empty() {
                "it has none for http".to_owned()
            } else {
                reasons.join("; ")
            }
        )));
    }
    notes.extend(
        reasons
            .into_iter()
            .map(|reason| format!("{title}: {reason}; its requests are not copied")),
    );
    Ok(change(all))
}

/// How a rule copies.
enum Fit {
    /// Not at all, and why.
    Not(String),
    /// All that it matches, as the requests of a mirrored port.
    Port(u16),
    /// Each of these ports otherwise: a rule for each of them goes before it.
    Ports(Vec<u16>),
}

fn fit(job: &Job, copying: &Copying, rule: &Value, scope: Scope<'_>) -> Fit {
    let not = |reason: &str| Fit::Not(reason.to_owned());
    if rule.get("delegate").is_some_and(Value::is_object) {
        return not("delegates, and the other VirtualService routes");
    }
    if ["redirect", "directResponse"]
        .iter()
        .any(|key| rule.get(key).is_some_and(Value::is_object))
    {
        return not("answers by itself");
    }
    let is_gateway = job.data_plane == DataPlane::Gateway;
    let entries = rule
        .get("match")
        .and_then(Value::as_array)
        .map_or(&[][..], Vec::as_slice);
    let seen = |entry: &Value| {
        entry.get("gateways").is_none() || bound(entry, &["gateways"], &|gateway| (gateway == "mesh") != is_gateway)
    };
    if !entries.is_empty() && !entries.iter().any(seen) {
        return not("is for other gateways");
    }
    let destinations = routes::destinations(rule);
    let to: Vec<Option<u16>> = destinations
        .into_iter()
        .filter(|destination| scope.host(destination) == copying.host)
        .map(routes::port)
        .collect();
    let Some(first) = to.first() else {
        return not("sends nothing to the target");
    };
    if to.iter().any(|port| port != first) {
        return not("sends to several ports of the target");
    }
    let mirrored = |port: u16| !copying.of(port).is_empty();
    match first {
        Some(port) if mirrored(*port) => Fit::Port(*port),
        Some(port) => Fit::Not(format!("sends to port {port}, which is not mirrored")),
        // Without a port in the destination, a request keeps the port that was called (route.go, `GetDestinationCluster`).
        None if is_gateway => match copying.listeners.as_slice() {
            [port] if copying.is_single && mirrored(*port) => Fit::Port(*port),
            _ => not("names no port of a Service that has several"),
        },
        None => {
            let called = routes::listeners(rule, &copying.listeners);
            let ports: Vec<u16> = called.iter().copied().filter(|port| mirrored(*port)).collect();
            match ports.as_slice() {
                [] => not("matches no mirrored port"),
                [port, others @ ..]
                    if ports.len() == called.len()
                        && others.iter().all(|other| copying.of(*other) == copying.of(*port)) =>
                {
                    Fit::Port(*port)
                }
                _ => Fit::Ports(ports),
            }
        }
    }
}

/// Adds copies to a rule, which must not have them already: what is taken out later would be the user's.
fn add(
    rule: &mut Value,
    copies: &[Copy],
    object: &Object,
    scope: Scope<'_>,
    path: &str,
    options: &Options,
) -> Result<()> {
    let clusters: Vec<String> = copies.iter().map(|copy| copy.destination.cluster()).collect();
    let is_ours = |destination: &Value| clusters.contains(&scope.cluster(destination));
    let own = routes::copies(rule);
    if let Some(same) = own
        .iter()
        .filter_map(|copy| copy.get("destination"))
        .find(|own| is_ours(own))
    {
        // In Git there is no record, so what an earlier run wrote is replaced.
        if !options.gitops {
            return Err(Error::Refused(format!(
                "{} ({}): {path} copies to {} already; take that mirror out, or this shadow",
                object.title(),
                object.place,
                scope.cluster(same)
            )));
        }
        routes::take_out(rule, &is_ours);
    }
    let several = own.len() + copies.len() > 1;
    if several && options.istio < (super::IstioVersion { major: 1, minor: 20 }) {
        return Err(Error::Refused(format!(
            "{}: {path} copies already, and Istio {} copies to one shadow at most; several came with 1.20",
            object.title(),
            options.istio
        )));
    }
    let copies: Vec<Value> = copies.iter().map(|copy| copy.mirror(scope.namespace)).collect();
    if let Some(fields) = rule.as_object_mut() {
        routes::add(fields, &copies);
    }
    Ok(())
}
