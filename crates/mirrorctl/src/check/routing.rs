//! Where the VirtualServices that are known send live requests.

use serde_json::Value;

use super::flows::{To, list};
use crate::objects::{Labels, Object, Service, World, at, fully_qualified, selects};

/// Whether the VirtualService that sidecars obey sends every request for a Service to subsets without pods of these labels.
/// Without a VirtualService there is nothing that would.
pub(crate) fn keeps_off(world: &World, service: &Object, labels: &Labels) -> bool {
    let Ok(view) = world.service(&service.namespace, service.name()) else {
        return false;
    };
    let host = Service::host(&view);
    let Some(object) = obeyed(world, &host, &service.namespace) else {
        return false;
    };
    let mut rules = at(&object.value, &["spec", "http"])
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .peekable();
    rules.peek().is_some()
        && rules
            .flat_map(|rule| rule.get("route").and_then(Value::as_array).into_iter().flatten())
            .all(|route| {
                let text = |key: &str| at(route, &["destination", key]).and_then(Value::as_str);
                let to = fully_qualified(text("host").unwrap_or_default(), &object.namespace, &world.domain);
                let of_subset =
                    text("subset").and_then(|name| world.subset(&host, &object.namespace, &service.namespace, name));
                let weightless = route.get("weight").and_then(Value::as_u64) == Some(0);
                to != host || weightless || of_subset.is_some_and(|subset| !selects(&subset, labels))
            })
}

/// Whether sidecars look at a VirtualService at all.
pub(super) fn in_mesh(object: &Object) -> bool {
    let gateways = object.at(&["spec", "gateways"]).and_then(Value::as_array);
    gateways.is_none_or(|gateways| gateways.is_empty() || gateways.iter().any(|gateway| gateway == "mesh"))
}

/// The VirtualService that sidecars of a namespace obey for a host: the oldest in the mesh. One that does not exist yet is
/// younger than all that do.
pub(super) fn obeyed<'a>(world: &'a World, host: &str, client_namespace: &str) -> Option<&'a Object> {
    let mut found: Vec<&Object> = world
        .virtual_services(host, client_namespace)
        .into_iter()
        .filter(|object| in_mesh(object))
        .collect();
    // The order is stable: among those with a time, and among those without, it stays.
    found.sort_by_key(|object| object.text(&["metadata", "creationTimestamp"]).is_none());
    found.into_iter().next()
}

/// Whether a VirtualService names a host as a destination, of live requests or of copies.
pub(super) fn names(object: &Object, host: &str, world: &World) -> bool {
    let routes = ["http", "tcp", "tls"]
        .into_iter()
        .flat_map(|key| list(&object.value, &["spec", key]));
    let mut destinations = routes.flat_map(|rule| {
        let route = list(rule, &["route"])
            .chain(list(rule, &["mirrors"]))
            .filter_map(|entry| entry.get("destination"));
        route.chain(rule.get("mirror"))
    });
    destinations.any(|destination| To::of_destination(destination, object, world).host == host)
}
