//! The table of worlds: ways of a request × destinations of a mirror × ports × subsets.

mod targets;
mod ways;

use serde_json::{Value, json};

use targets::To;
use ways::Way;

/// A namespace with a Service `live`, what a mirror may go to, and one object with the mirror.
pub(super) struct World {
    /// What it is, for people.
    pub(super) title: String,
    pub(super) namespace: String,
    pub(super) mirror: Mirror,
    pub(super) proxy: Proxy,
    /// What both istiod and `mirrorctl` see.
    pub(super) objects: Vec<Value>,
    /// What `mirrorctl` sees alone.
    pub(super) plugins: Vec<Value>,
}

/// Which proxy copies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Proxy {
    Sidecar,
    Gateway,
    Waypoint,
}

/// How the mirror is found in a proxy.
pub(super) enum Mirror {
    /// In the routes for a host.
    RoutesFor(String),
    /// In a plugin, which names the cluster.
    Cluster(String),
}

/// What all worlds share.
pub(super) struct Shared {
    /// The namespace of the proxies, of the Istio Gateway `public`, and of the Gateways `routes` and `waypoint` of the
    /// Gateway API.
    pub(super) namespace: String,
}

/// The port of the requests, and another.
const PORT: u64 = 9080;
const OTHER: u64 = 8000;

/// All of them. Their namespaces begin with that of the proxies.
pub(super) fn all(shared: &Shared) -> Vec<World> {
    let mut worlds = Vec::new();
    let mut add = |way: Way, to: To, port: Option<u64>, subset: Option<&str>| {
        let namespace = format!("{}-{:03}", shared.namespace, worlds.len());
        worlds.push(world(namespace, shared, way, to, port, subset));
    };
    for to in To::COMMON {
        for port in [Some(PORT), Some(OTHER), None] {
            add(Way::Mesh, to, port, None);
            add(Way::Gateway, to, port, None);
        }
        for port in [PORT, OTHER] {
            // A name of a route is that of an object in its own namespace.
            if !to.is_spelling() {
                add(Way::HttpRoute, to, Some(port), None);
                add(Way::AtGateway, to, Some(port), None);
            }
            add(Way::Destination, to, Some(port), None);
            add(Way::Cluster, to, Some(port), None);
            add(Way::AtGatewayProxies, to, Some(port), None);
        }
        if !to.is_spelling() {
            add(Way::GrpcRoute, to, Some(PORT), None);
        }
    }
    add(Way::AtListener, To::Same, Some(PORT), None);
    for to in [To::Same, To::Other, To::Both, To::Entry, To::Absent] {
        for port in [Some(PORT), Some(OTHER), None] {
            add(Way::Waypoint, to, port, None);
            add(Way::WaypointOfLive, to, port, None);
        }
    }
    for way in [Way::Waypoint, Way::WaypointOfLive] {
        add(way, To::Same, Some(PORT), Some("v2"));
        add(way, To::Same, Some(PORT), Some("unknown"));
    }
    for to in To::ENTRIES {
        for port in [PORT, OTHER] {
            add(Way::Gateway, to, Some(port), None);
            add(Way::AtGateway, to, Some(port), None);
            add(Way::Destination, to, Some(port), None);
            add(Way::AtGatewayProxies, to, Some(port), None);
            // Callers in the namespace of the route would see it.
            if to != To::EntryPrivate && to != To::EntryExported {
                add(Way::Mesh, to, Some(port), None);
                add(Way::HttpRoute, to, Some(port), None);
            }
        }
    }
    for to in To::WITH_SUBSETS {
        for port in [Some(PORT), None] {
            add(Way::Delegate, to, port, None);
            for subset in ["v2", "unknown"] {
                for way in [Way::Mesh, Way::Gateway] {
                    add(way, to, port, Some(subset));
                }
                if port.is_some() {
                    add(Way::Destination, to, port, Some(subset));
                    add(Way::AtGatewayProxies, to, port, Some(subset));
                }
            }
        }
    }
    worlds
}

fn world(namespace: String, shared: &Shared, way: Way, to: To, port: Option<u64>, subset: Option<&str>) -> World {
    let port_title = port.map_or("no port".to_owned(), |port| format!("port {port}"));
    let title = format!(
        "{namespace}: {way:?} to {to:?}, {port_title}, subset {}",
        subset.unwrap_or("none")
    );
    let mut objects = vec![service("live", &[PORT])];
    objects.extend(to.objects(&namespace, &shared.namespace));
    let mut host = to.host(&namespace);
    if way.is_plugin() && !to.is_outside() && !to.is_spelling() {
        // The name of a cluster has the whole host.
        host = To::Whole.host(&namespace);
    }
    if subset.is_some() {
        let host = to.host_of_subsets(&namespace);
        let spec = json!({"host": host, "subsets": [{"name": "v2", "labels": {"version": "v2"}}]});
        objects.push(object("networking.istio.io/v1", "DestinationRule", "subsets", spec));
    }
    let mut mirror = json!({"host": host});
    if let Some(port) = port {
        mirror["port"] = json!({"number": port});
    }
    if let Some(subset) = subset {
        mirror["subset"] = json!(subset);
    }
    for object in &mut objects {
        object["metadata"]["namespace"] = json!(namespace);
        if object["kind"] == "Service" && way.is_served(&object["metadata"]["name"]) {
            object["metadata"]["labels"] = json!({
                "istio.io/use-waypoint": "waypoint", "istio.io/use-waypoint-namespace": shared.namespace,
            });
        }
    }
    let mut own = way.objects(to, &namespace, shared, &mirror);
    let plugins = match way.is_plugin() {
        true => own,
        false => {
            for object in &mut own {
                object["metadata"]["namespace"] = json!(namespace);
            }
            objects.append(&mut own);
            Vec::new()
        }
    };
    World {
        title,
        mirror: match way.is_plugin() {
            true => Mirror::Cluster(ways::cluster(&mirror)),
            false => Mirror::RoutesFor(way.host(&namespace)),
        },
        namespace,
        proxy: way.proxy(),
        objects,
        plugins,
    }
}

fn service(name: &str, ports: &[u64]) -> Value {
    let port = |port: &u64| json!({"name": format!("http-{port}"), "port": port});
    let ports: Vec<Value> = ports.iter().map(port).collect();
    object(
        "v1",
        "Service",
        name,
        json!({"selector": {"app": name}, "ports": ports}),
    )
}

fn object(api_version: &str, kind: &str, name: &str, spec: Value) -> Value {
    json!({"apiVersion": api_version, "kind": kind, "metadata": {"name": name}, "spec": spec})
}
