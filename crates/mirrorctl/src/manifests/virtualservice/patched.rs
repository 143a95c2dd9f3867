//! A VirtualService of the user: the rules that send requests to the target copy them; all else stays as it is.

use serde_json::Value;

use crate::error::{Error, Result};
use crate::job::{DataPlane, Job};
use crate::manifests::change::{ObjectChange, refuse_other_job};
use crate::manifests::copying::{Copy, Copying};
use crate::manifests::routes::{self, bound, rules};
use crate::manifests::{Options, Origin, destinationrule, record};
use crate::mesh::destination::Scope;
use crate::objects::{Object, World};
use crate::precedence;

/// The user's VirtualService; the rules that send requests to the target copy them.
pub(super) fn patched(
    job: &Job,
    copying: &Copying,
    object: &Object,
    world: &World,
    options: &Options,
    notes: &mut Vec<String>,
) -> Result<ObjectChange> {
    refuse_other_job(object, job)?;
    let scope = Scope::of(object, world);
    let mut rules = rules(object).to_vec();
    if !options.gitops {
        refuse_present(&rules, copying, object, scope)?;
    } else {
        rules.retain(|rule| routes::narrowed_port(rule, &job.name).is_none());
    }
    let unreached = unreached(object, &rules, world, options);
    let mut pinned = None;
    if let Some(subset) = &copying.pin
        && routes::pin(&mut rules, &copying.host, subset, scope)
    {
        copying.need_pin(job, options)?;
        destinationrule::refuse_hidden_pin(job, copying, subset, object.at(&["spec", "exportTo"]), world)?;
        pinned = Some(subset.clone());
    }
    let change = |rules: Vec<Value>| {
        let mut changed = object.value.clone();
        record::set(&mut changed, &["spec", "http"], rules.into());
        ObjectChange {
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
        let fit = fit(job, copying, &rule, scope).unless(unreached.get(index));
        match fit {
            Fit::Not(reason) => reasons.push(format!("{path} {reason}")),
            Fit::Port(port) => {
                fits += 1;
                let mut rule = rule;
                add(&mut rule, copying.of(port), scope);
                all.push(rule);
                continue;
            }
            Fit::Ports(ports) => {
                fits += 1;
                for port in ports {
                    let mut narrowed = routes::narrowed(&rule, &job.name, port);
                    add(&mut narrowed, copying.of(port), scope);
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

/// Why no request reaches a rule, for each of these rules.
fn unreached(object: &Object, rules: &[Value], world: &World, options: &Options) -> Vec<Option<String>> {
    if !options.gitops {
        return precedence::unreached(object, world);
    }
    // What an earlier run wrote goes before the user's own rules, and is written anew. Of a delegate the world has all.
    if object.at(&["spec", "hosts"]).is_none() {
        return Vec::new();
    }
    let mut own = object.clone();
    record::set(&mut own.value, &["spec", "http"], rules.to_vec().into());
    precedence::unreached(&own, world)
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

// === impl Fit ===

impl Fit {
    /// Not at all, if no request reaches the rule.
    fn unless(self, unreached: Option<&Option<String>>) -> Self {
        match (self, unreached) {
            (Self::Port(_) | Self::Ports(_), Some(Some(reason))) => {
                Self::Not(format!("is reached by no request: {reason}"))
            }
            (fit, _) => fit,
        }
    }
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
        // Without a port in the destination, a request keeps the port that was called (route.go,
        // `GetDestinationCluster`).
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

/// A copy that is there already is refused, in whatever rule: what is taken out later would be the user's.
fn refuse_present(rules: &[Value], copying: &Copying, object: &Object, scope: Scope<'_>) -> Result<()> {
    // Without a port a mirror copies to the port of each request, or to the only one of its Service.
    let is_same = |own: &Value, copy: &Copy| {
        let to = &copy.destination;
        let subset = own
            .get("subset")
            .and_then(Value::as_str)
            .filter(|subset| !subset.is_empty());
        scope.host(own) == to.host
            && subset == to.subset.as_deref()
            && routes::port(own).is_none_or(|port| port == to.port)
    };
    let ours = || copying.copies.iter().flat_map(|(_, copies)| copies);
    for (index, rule) in rules.iter().enumerate() {
        let copies = routes::copies(rule);
        let own = copies.iter().filter_map(|copy| copy.get("destination"));
        let mut same = own.filter_map(|own| Some((own, ours().find(|copy| is_same(own, copy))?)));
        if let Some((own, copy)) = same.next() {
            let cluster = copy.destination.cluster();
            let why = match routes::port(own) {
                Some(_) => "",
                None => ", because its mirror names no port",
            };
            return Err(Error::Refused(format!(
                "{} ({}): spec.http[{index}] copies to {cluster} already{why}; take that mirror out, or this shadow",
                object.title(),
                object.place
            )));
        }
    }
    Ok(())
}

/// Adds copies to a rule.
fn add(rule: &mut Value, copies: &[Copy], scope: Scope<'_>) {
    let clusters: Vec<String> = copies.iter().map(|copy| copy.destination.cluster()).collect();
    // In Git there is no record, so what an earlier run wrote is replaced.
    routes::take_out(rule, &|destination| clusters.contains(&scope.cluster(destination)));
    let copies: Vec<Value> = copies.iter().map(|copy| copy.mirror(scope.namespace)).collect();
    if let Some(fields) = rule.as_object_mut() {
        routes::add(fields, &copies);
    }
}
