//! The HTTPRoute whose rules copy (Gateway API): one of ours for each mirrored port where the target has none, else the
//! user's, of which only the rules that send requests to the target gain RequestMirror filters.

use mirror_policy::configuration::values::Percentage;
use serde_json::{Value, json};

use super::change::{ObjectChange, refuse_other_job};
use super::copying::{Copy, Copying};
use super::{Options, Origin, ours, record};
use crate::error::{Error, Result};
use crate::job::{DataPlane, Job};
use crate::objects::reference::{Grant, Reference, needs_grant};
use crate::objects::{Object, World, at, fully_qualified, kinds};
use crate::precedence;

/// A rule has no more filters.
const MAX_FILTERS: usize = 16;

/// The HTTPRoutes of a job.
pub(super) fn manifests(
    job: &Job,
    copying: &Copying,
    world: &World,
    options: &Options,
    notes: &mut Vec<String>,
) -> Result<Vec<ObjectChange>> {
    refuse(copying, options)?;
    let is_gateway = job.data_plane == DataPlane::Gateway;
    let found: Vec<&Object> = if is_gateway {
        world
            .all(kinds::HTTP_ROUTE)
            .filter(|object| {
                let parents = list(object.at(&["spec", "parentRefs"])).iter();
                parents
                    .map(|parent| Reference::parent(parent, object))
                    .any(|parent| parent.is(kinds::GATEWAY))
            })
            .filter(|object| {
                let rules = list(object.at(&["spec", "rules"]));
                rules.iter().any(|rule| ports(rule, job, object).next().is_some())
            })
            .collect()
    } else {
        world.routes(kinds::HTTP_ROUTE, kinds::SERVICE, &job.namespace, &job.target.name)
    };
    let title = format!("the Service {} of namespace {}", job.target.name, job.namespace);
    if !is_gateway {
        super::virtualservice::refuse_grpc_routes(job, world)?;
        refuse_virtual_service(&title, copying, job, world)?;
    }
    let missing = |fact: String| Error::Missing {
        fact,
        command: format!("kubectl get {} -A -o yaml", kinds::HTTP_ROUTE.resource),
    };
    match found.as_slice() {
        [] if is_gateway => Err(missing(format!(
            "an HTTPRoute of a Gateway that sends requests to {title}"
        ))),
        [] if options.no_virtual_service || world.is_whole() => Ok(copying
            .ports
            .iter()
            .map(|port| ObjectChange::ours(new(job, copying, *port)))
            .collect()),
        [] => Err(missing(format!(
            "an HTTPRoute for {title} (if neither one nor a VirtualService routes it, say --no-virtual-service)"
        ))),
        [first, ..] if options.no_virtual_service && !is_gateway => Err(Error::Usage(format!(
            "--no-virtual-service: {} ({}) routes {title}",
            first.title(),
            first.place
        ))),
        found => {
            let mut changes = Vec::new();
            let mut reasons = Vec::new();
            for object in found {
                let change = patched(job, copying, object, world, options, &mut reasons)?;
                if change.is_some() {
                    note_grants(copying, object, world, notes);
                }
                changes.extend(change);
            }
            if changes.is_empty() {
                return Err(Error::Refused(format!("no rule could copy: {}", reasons.join("; "))));
            }
            notes.extend(
                reasons
                    .into_iter()
                    .map(|reason| format!("{reason}; its requests are not copied")),
            );
            Ok(changes)
        }
    }
}

/// What Gateway API cannot say.
fn refuse(copying: &Copying, options: &Options) -> Result<()> {
    let all = || copying.copies.iter().flat_map(|(_, copies)| copies);
    if let Some(subset) = all().find_map(|copy| copy.destination.subset.as_ref()) {
        return Err(Error::Refused(format!(
            "--api gateway: an HTTPRoute knows no subsets such as {subset}; give the shadow a Service of its own and name it by backendRef"
        )));
    }
    let shares = all().any(|copy| copy.percentage.is_some());
    if shares && options.istio.is_before(24, 3) {
        return Err(Error::Refused(format!(
            "spec.shadows: Istio {} reads the share of an HTTPRoute's mirror wrongly, as all before 1.24.3 do (from 1.24.3 on, say the patch level); leave out `percentage` or --api gateway",
            options.istio
        )));
    }
    Ok(())
}

/// Which namespaces must let the copies of a route in, as far as it is not known that they do.
fn note_grants(copying: &Copying, route: &Object, world: &World, notes: &mut Vec<String>) {
    if !needs_grant(route) {
        return;
    }
    for copy in copying.copies.iter().flat_map(|(_, copies)| copies) {
        let filter = filter(copy, &route.namespace);
        let Some(backend) = at(&filter, &["requestMirror", "backendRef"]) else {
            continue;
        };
        if Reference::backend(backend, &route.namespace).grant(kinds::HTTP_ROUTE, &route.namespace, world)
            != Grant::Given
        {
            notes.push(format!(
                "namespace {} must allow it by a ReferenceGrant that HTTPRoutes of namespace {} name its Service {}, else nothing is copied",
                copy.namespace, route.namespace, copy.name
            ));
        }
    }
}

/// An HTTPRoute of a Service goes before its VirtualService: the user's routes would end.
fn refuse_virtual_service(title: &str, copying: &Copying, job: &Job, world: &World) -> Result<()> {
    let found = world
        .virtual_services(&copying.host, &job.namespace)
        .into_iter()
        .find(|object| {
            let gateways = list(object.at(&["spec", "gateways"]));
            gateways.is_empty() || gateways.iter().any(|gateway| gateway == "mesh")
        });
    match found {
        Some(object) => Err(Error::Refused(format!(
            "--api gateway: {title} is routed by {} ({}), which an HTTPRoute would take out of effect; leave out --api",
            object.title(),
            object.place
        ))),
        None => Ok(()),
    }
}

// === one of ours ===

/// An HTTPRoute that routes as Istio does without one, and copies. It is for one port, so the others stay as they are.
fn new(job: &Job, copying: &Copying, port: u16) -> Value {
    let name = match copying.ports.as_slice() {
        [_] => format!("mirror-{}", job.name),
        _ => format!("mirror-{}-{port}", job.name),
    };
    let filters: Vec<Value> = copying
        .of(port)
        .iter()
        .map(|copy| filter(copy, &job.namespace))
        .collect();
    json!({
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": kinds::HTTP_ROUTE.kind,
        "metadata": ours::metadata(job, &name),
        "spec": {
            "parentRefs": [{"group": "", "kind": "Service", "name": job.target.name, "port": port}],
            "rules": [{"backendRefs": [{"name": job.target.name, "port": port}], "filters": filters}],
        },
    })
}

fn filter(copy: &Copy, namespace: &str) -> Value {
    // Istio's own kind for a host that stands for itself, which takes no namespace
    // (pilot/pkg/config/kube/gateway/conversion.go, `buildDestination`).
    let mut backend = match copy.is_host {
        true => json!({"group": kinds::SERVICE_ENTRY.group, "kind": "Hostname", "name": copy.name}),
        false => json!({"name": copy.name}),
    };
    if !copy.is_host && copy.namespace != namespace {
        record::set(&mut backend, &["namespace"], copy.namespace.as_str().into());
    }
    record::set(&mut backend, &["port"], copy.destination.port.into());
    let mut mirror = json!({"backendRef": backend});
    if let Some(percentage) = copy.percentage {
        let (key, value) = share(percentage);
        record::set(&mut mirror, &[key], value);
    }
    json!({"type": "RequestMirror", "requestMirror": mirror})
}

/// `percent` is whole; what is not is a fraction.
fn share(percentage: Percentage) -> (&'static str, Value) {
    let ppm = percentage.ppm();
    if ppm.is_multiple_of(10_000) {
        return ("percent", json!(ppm / 10_000));
    }
    let tens = [1_000, 100, 10, 1]
        .into_iter()
        .find(|ten| ppm.is_multiple_of(*ten))
        .unwrap_or(1);
    (
        "fraction",
        json!({"numerator": ppm / tens, "denominator": 1_000_000 / tens}),
    )
}

// === one of the user's ===

fn patched(
    job: &Job,
    copying: &Copying,
    object: &Object,
    world: &World,
    options: &Options,
    reasons: &mut Vec<String>,
) -> Result<Option<ObjectChange>> {
    refuse_other_job(object, job)?;
    let mut rules = list(object.at(&["spec", "rules"])).to_vec();
    let mut added = Vec::new();
    if !options.gitops {
        refuse_present(&rules, copying, object)?;
    }
    let unreached = precedence::unreached(object, world);
    for (index, rule) in rules.iter_mut().enumerate() {
        let path = format!("spec.rules[{index}]");
        let to: Vec<u16> = ports(rule, job, object).collect();
        let taken = unreached.get(index).and_then(Option::as_ref);
        let taken = taken.map(|reason| format!("is reached by no request: {reason}"));
        let reason = match to.as_slice() {
            _ if list(rule.get("filters"))
                .iter()
                .any(|filter| kind(filter) == "RequestRedirect") =>
            {
                "answers by itself"
            }
            [] => "sends nothing to the target",
            [port, others @ ..] if others.iter().any(|other| other != port) => "sends to several ports of the target",
            [port, ..] if copying.of(*port).is_empty() => "sends to a port that is not mirrored",
            [_, ..] if let Some(taken) = &taken => taken,
            [port, ..] => {
                let copies = copying.of(*port);
                let mut filters = list(rule.get("filters")).to_vec();
                for copy in copies {
                    let filter = filter(copy, &object.namespace);
                    let key = backend(&filter, &object.namespace);
                    // In Git there is no record, so what an earlier run wrote is replaced.
                    filters.retain(|own| backend(own, &object.namespace) != key);
                    filters.push(filter);
                    added.extend(key.filter(|key| !added.contains(key)));
                }
                if filters.len() > MAX_FILTERS {
                    return Err(Error::Refused(format!(
                        "{} ({}): {path} would have {} filters; {MAX_FILTERS} are allowed",
                        object.title(),
                        object.place,
                        filters.len()
                    )));
                }
                record::set(rule, &["filters"], filters.into());
                continue;
            }
        };
        reasons.push(format!("{}: {path} {reason}", object.title()));
    }
    if added.is_empty() {
        return Ok(None);
    }
    let mut changed = object.value.clone();
    record::set(&mut changed, &["spec", "rules"], rules.into());
    Ok(Some(ObjectChange {
        origin: Origin::Patched,
        object: changed,
        original: Some(object.clone()),
        added,
        pinned: None,
    }))
}

/// A copy that is there already is refused, in whatever rule: what is taken out later would be the user's.
fn refuse_present(rules: &[Value], copying: &Copying, object: &Object) -> Result<()> {
    let all = copying.copies.iter().flat_map(|(_, copies)| copies);
    let ours: Vec<_> = all
        .map(|copy| backend(&filter(copy, &object.namespace), &object.namespace))
        .collect();
    for (index, rule) in rules.iter().enumerate() {
        let filters = list(rule.get("filters"))
            .iter()
            .map(|filter| backend(filter, &object.namespace));
        if let Some(same) = filters.flatten().find(|own| ours.contains(&Some(own.clone()))) {
            return Err(Error::Refused(format!(
                "{} ({}): spec.rules[{index}] copies to {same} already; take that filter out, or this shadow",
                object.title(),
                object.place
            )));
        }
    }
    Ok(())
}

/// An HTTPRoute that sends live requests to the target.
pub(super) fn sending<'a>(job: &Job, world: &'a World) -> Option<&'a Object> {
    world.all(kinds::HTTP_ROUTE).find(|object| {
        let rules = list(object.at(&["spec", "rules"]));
        rules.iter().any(|rule| ports(rule, job, object).next().is_some())
    })
}

/// The ports of the target to which a rule sends live requests.
fn ports<'a>(rule: &'a Value, job: &'a Job, object: &'a Object) -> impl Iterator<Item = u16> + 'a {
    list(rule.get("backendRefs")).iter().filter_map(move |value| {
        let backend = Reference::backend(value, &object.namespace);
        let is_target = backend.is(kinds::SERVICE) && backend.name == job.target.name;
        let is_live = value.get("weight").and_then(Value::as_u64) != Some(0);
        let port = u16::try_from(backend.port).ok().filter(|port| *port > 0)?;
        (is_target && backend.namespace == job.namespace && is_live).then_some(port)
    })
}

fn kind(filter: &Value) -> &str {
    filter.get("type").and_then(Value::as_str).unwrap_or_default()
}

/// The backend of a RequestMirror filter: `NAMESPACE/NAME:PORT`. It has one port, so a Service with copies on two of
/// them is two backends.
fn backend(filter: &Value, namespace: &str) -> Option<String> {
    let backend = at(filter, &["requestMirror", "backendRef"])?;
    let name = backend.get("name")?.as_str()?;
    let namespace = backend.get("namespace").and_then(Value::as_str).unwrap_or(namespace);
    let port = backend.get("port").and_then(Value::as_u64).unwrap_or_default();
    Some(format!("{namespace}/{name}:{port}"))
}

/// Takes out of a rule the RequestMirror filters whose backend is ours.
pub(super) fn take_out(rule: &mut Value, namespace: &str, is_ours: &dyn Fn(&str) -> bool) {
    let filters = list(rule.get("filters"));
    let others: Vec<Value> = filters
        .iter()
        .filter(|filter| !backend(filter, namespace).is_some_and(|key| is_ours(&key)))
        .cloned()
        .collect();
    if others.len() == filters.len() {
        return;
    }
    if others.is_empty() {
        record::remove(rule, &["filters"]);
    } else {
        record::set(rule, &["filters"], others.into());
    }
}

/// The backend of a Service, in any port, for what has no record.
pub(super) fn is_service(key: &str, host: &str, domain: &str) -> bool {
    let service = key.rsplit_once(':').and_then(|(service, _)| service.split_once('/'));
    service.is_some_and(|(namespace, name)| fully_qualified(name, namespace, domain) == host)
}

fn list(value: Option<&Value>) -> &[Value] {
    value.and_then(Value::as_array).map_or(&[], Vec::as_slice)
}
