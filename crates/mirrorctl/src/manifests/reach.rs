//! Whether the proxies that copy know the shadow's cluster. Istio leaves out what a Service does not export to their
//! namespace, and what a Sidecar does not let them reach; a copy to a cluster that is not there is dropped.

use serde_json::Value;

use super::cluster::RouteDestination;
use super::placement::Placement;
use crate::error::{Error, Result};
use crate::job::Job;
use crate::objects::entry::entry;
use crate::objects::{Labels, Object, World, fully_qualified, host_covers, kinds, selects};

/// The keys of a rule below which a destination stands, in every protocol.
const DESTINATIONS: &[&str] = &["route", "mirror", "mirrors"];

/// A shadow that a Sidecar keeps from the primary's proxies would get nothing.
pub(super) fn refuse_restricted(job: &Job, placement: &Placement, world: &World) -> Result<()> {
    for sidecar in sidecars(&job.namespace, &placement.selector, world) {
        let Some(egress) = egress_hosts(sidecar) else {
            continue;
        };
        let hidden = placement
            .entries
            .iter()
            .find(|entry| !reaches(sidecar, &egress, &entry.destination, world));
        if let Some(entry) = hidden {
            let host = &entry.destination.host;
            return Err(Error::Refused(format!(
                "spec.shadows[{}]: {} does not let the primary's proxies reach {host}, so every copy would be dropped; add \"{}/{host}\" to its spec.egress[].hosts",
                entry.shadow,
                sidecar.title(),
                namespace_of(host, &job.namespace, world)
            )));
        }
    }
    Ok(())
}

/// The Sidecars of the selected pods: their labels are those of the known workloads, or at least the selector.
fn sidecars<'a>(namespace: &str, selector: &Labels, world: &'a World) -> Vec<&'a Object> {
    let mut pods: Vec<Labels> = world
        .workloads(namespace)
        .map(|workload| workload.labels())
        .filter(|labels| selects(selector, labels))
        .collect();
    if pods.is_empty() {
        pods.push(selector.clone());
    }
    let mut found: Vec<&Object> = Vec::new();
    for sidecar in pods.iter().filter_map(|labels| world.sidecar(namespace, labels)) {
        if !found.iter().any(|other| std::ptr::eq(*other, sidecar)) {
            found.push(sidecar);
        }
    }
    found
}

/// The `NAMESPACE/HOST` of all its listeners; `None` if it restricts nothing.
fn egress_hosts(sidecar: &Object) -> Option<Vec<&str>> {
    let egress = sidecar.at(&["spec", "egress"])?.as_array()?;
    let hosts = egress
        .iter()
        .flat_map(|listener| listener.get("hosts").and_then(Value::as_array).into_iter().flatten());
    (!egress.is_empty()).then(|| hosts.filter_map(Value::as_str).collect())
}

/// Whether it is among the hosts, or a VirtualService among them names it: what one refers to is imported with it,
/// whatever its share of the traffic (pilot/pkg/model/sidecar.go).
fn reaches(sidecar: &Object, egress: &[&str], shadow: &RouteDestination, world: &World) -> bool {
    let covers = |namespace: &str, host: &str| {
        egress
            .iter()
            .filter_map(|entry| entry.split_once('/'))
            .any(|(of, name)| {
                let of_namespace = of == "*" || of == namespace || (of == "." && namespace == sidecar.namespace);
                of_namespace && host_covers(name, host)
            })
    };
    covers(namespace_of(&shadow.host, &sidecar.namespace, world), &shadow.host)
        || world.all(kinds::VIRTUAL_SERVICE).any(|object| {
            let hosts = object.at(&["spec", "hosts"]).and_then(Value::as_array);
            let mut hosts = hosts.into_iter().flatten().filter_map(Value::as_str);
            refers_to(object, shadow, &world.domain)
                && hosts.any(|host| {
                    let host = fully_qualified(host, &object.namespace, &world.domain);
                    covers(&object.namespace, &host)
                })
        })
}

/// Whether a rule of a VirtualService has this destination, whatever share it gets.
pub(super) fn refers_to(virtual_service: &Object, shadow: &RouteDestination, domain: &str) -> bool {
    let rules = ["http", "tcp", "tls"].into_iter().flat_map(|protocol| {
        let rules = virtual_service.at(&["spec", protocol]).and_then(Value::as_array);
        rules.into_iter().flatten()
    });
    let mut destinations = rules.flat_map(|rule| {
        let values = DESTINATIONS.iter().filter_map(|key| rule.get(key));
        values.flat_map(|value| match value {
            Value::Array(entries) => entries.iter().filter_map(|entry| entry.get("destination")).collect(),
            destination => vec![destination],
        })
    });
    destinations.any(|destination| {
        let host = destination.get("host").and_then(Value::as_str).unwrap_or_default();
        let port = destination.get("port").and_then(|port| port.get("number"));
        fully_qualified(host, &virtual_service.namespace, domain) == shadow.host
            && port.is_none_or(|port| port.as_u64() == Some(u64::from(shadow.port)))
    })
}

/// `demo` of `reviews-v2.demo.svc.cluster.local`; of a host outside, the namespace of its ServiceEntry.
fn namespace_of<'a>(host: &'a str, client: &str, world: &'a World) -> &'a str {
    match entry(host, client, world) {
        Ok(entry) => &entry.namespace,
        Err(_) => host.split('.').nth(1).unwrap_or_default(),
    }
}
