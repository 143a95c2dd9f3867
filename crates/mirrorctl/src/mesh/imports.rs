//! Which hosts the Sidecars of pods let their proxies reach. Istio leaves out every cluster that a Sidecar does not
//! import; a copy to a cluster that is not there is dropped.

use serde_json::Value;

use super::destination::{Destination, Scope};
use crate::objects::entry::entry;
use crate::objects::{Labels, Object, World, fully_qualified, host_covers, kinds, list, selects};

/// The keys of a rule below which a destination stands, in every protocol.
const DESTINATIONS: &[&str] = &["route", "mirror", "mirrors"];

/// The Sidecars of the selected pods, of which one does not import a destination.
pub(crate) fn hiding<'a>(namespace: &str, selector: &Labels, to: &Destination, world: &'a World) -> Option<&'a Object> {
    let mut sidecars = sidecars(namespace, selector, world).into_iter();
    sidecars.find(|sidecar| !imports(sidecar, to, world))
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

/// Whether a Sidecar imports a destination: it names its host, or a VirtualService that names it as a destination,
/// whatever its share of the traffic (pilot/pkg/model/sidecar.go). One without `egress` restricts nothing.
fn imports(sidecar: &Object, to: &Destination, world: &World) -> bool {
    let mut listeners = list(&sidecar.value, &["spec", "egress"]).peekable();
    if listeners.peek().is_none() {
        return true;
    }
    let entries: Vec<(&str, &str)> = listeners
        .flat_map(|listener| list(listener, &["hosts"]))
        .filter_map(|entry| entry.as_str()?.split_once('/'))
        .collect();
    let covers = |namespace: &str, host: &str| {
        entries.iter().any(|(of, pattern)| {
            let of_namespace = *of == "*" || *of == namespace || (*of == "." && namespace == sidecar.namespace);
            of_namespace && host_covers(pattern, host)
        })
    };
    covers(namespace_of(&to.host, &sidecar.namespace, world), &to.host)
        || world.all(kinds::VIRTUAL_SERVICE).any(|object| {
            let mut hosts = list(&object.value, &["spec", "hosts"]).filter_map(Value::as_str);
            names(object, to, world)
                && hosts.any(|host| {
                    let host = fully_qualified(host, &object.namespace, &world.domain);
                    covers(&object.namespace, &host)
                })
        })
}

/// Whether a rule of a VirtualService has this destination, of live requests or of copies, whatever share it gets.
pub(crate) fn names(virtual_service: &Object, to: &Destination, world: &World) -> bool {
    let rules = ["http", "tcp", "tls"]
        .into_iter()
        .flat_map(|protocol| list(&virtual_service.value, &["spec", protocol]));
    let mut destinations = rules.flat_map(|rule| {
        let values = DESTINATIONS.iter().filter_map(|key| rule.get(key));
        values.flat_map(|value| match value {
            Value::Array(entries) => entries.iter().filter_map(|entry| entry.get("destination")).collect(),
            destination => vec![destination],
        })
    });
    destinations.any(|destination| {
        let found = Destination::of_virtual_service(destination, Scope::of(virtual_service, world));
        found.host == to.host && (found.port.is_none() || to.port.is_none() || found.port == to.port)
    })
}

/// The namespace of the Service or ServiceEntry that has a host: `demo` of `reviews-v2.demo.svc.cluster.local`.
pub(crate) fn namespace_of<'a>(host: &'a str, client: &str, world: &'a World) -> &'a str {
    match entry(host, client, world) {
        Ok(entry) => &entry.namespace,
        Err(_) => host.split('.').nth(1).unwrap_or_default(),
    }
}
