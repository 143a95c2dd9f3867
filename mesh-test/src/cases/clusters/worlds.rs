//! The table of worlds: ways of a request × destinations of a mirror × ports × subsets.

use serde_json::{Value, json};

/// A namespace with a Service `live`, what a mirror may go to, and one object with the mirror.
pub(super) struct World {
    /// What it is, for people.
    pub(super) title: String,
    pub(super) namespace: String,
    /// The host of the requests.
    pub(super) host: String,
    /// Whether a gateway has the route, and not the sidecars.
    pub(super) is_at_gateway: bool,
    pub(super) objects: Vec<Value>,
}

/// What has the mirror, and whose requests it copies.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Way {
    Mesh,
    Gateway,
    Delegate,
    HttpRoute,
    GrpcRoute,
}

/// What the mirror goes to.
#[derive(Clone, Copy, Debug, PartialEq)]
enum To {
    /// A Service with the port of the requests; its name is short, with its namespace, or whole.
    Same,
    InNamespace,
    Whole,
    /// A Service with another port only.
    Other,
    /// A Service with both ports.
    Both,
    Headless,
    /// A Service that stands for a host, which a ServiceEntry has or nothing has.
    Alias,
    BareAlias,
    Entry,
    /// A host that the wildcard of a ServiceEntry covers.
    Covered,
    Absent,
}

/// The port of the requests, and another.
const PORT: u64 = 9080;
const OTHER: u64 = 8000;

const EVERYTHING: [To; 11] = [
    To::Same,
    To::InNamespace,
    To::Whole,
    To::Other,
    To::Both,
    To::Headless,
    To::Alias,
    To::BareAlias,
    To::Entry,
    To::Covered,
    To::Absent,
];

/// All of them. Their namespaces begin with the prefix; `gateway` is the Gateway of those that have one.
pub(super) fn all(prefix: &str, gateway: &str) -> Vec<World> {
    let mut worlds = Vec::new();
    let mut add = |way: Way, to: To, port: Option<u64>, subset: Option<&str>| {
        let namespace = format!("{prefix}-{:03}", worlds.len());
        worlds.push(world(namespace, gateway, way, to, port, subset));
    };
    for to in EVERYTHING {
        for port in [Some(PORT), Some(OTHER), None] {
            add(Way::Mesh, to, port, None);
            add(Way::Gateway, to, port, None);
        }
        // A name of a route is that of an object in its own namespace.
        if ![To::InNamespace, To::Whole].contains(&to) {
            add(Way::HttpRoute, to, Some(PORT), None);
            add(Way::HttpRoute, to, Some(OTHER), None);
            add(Way::GrpcRoute, to, Some(PORT), None);
        }
    }
    for to in [To::Same, To::Other, To::Entry] {
        for port in [Some(PORT), None] {
            add(Way::Delegate, to, port, None);
            for way in [Way::Mesh, Way::Gateway] {
                add(way, to, port, Some("v2"));
                add(way, to, port, Some("unknown"));
            }
        }
    }
    worlds
}

fn world(namespace: String, gateway: &str, way: Way, to: To, port: Option<u64>, subset: Option<&str>) -> World {
    let port_title = port.map_or("no port".to_owned(), |port| format!("port {port}"));
    let title = format!("{way:?} to {to:?}, {port_title}, subset {}", subset.unwrap_or("none"));
    let mut objects = vec![service("live", &[PORT])];
    let outside = format!("api.{namespace}.example");
    let entry = |host: &str| {
        object(
            "networking.istio.io/v1",
            "ServiceEntry",
            "outside",
            json!({"hosts": [host], "location": "MESH_EXTERNAL", "resolution": "STATIC", "endpoints": [{"address": "192.0.2.1"}],
                "ports": [{"number": PORT, "name": "http", "protocol": "HTTP"}]}),
        )
    };
    let host = match to {
        To::Same | To::Other | To::Both | To::Headless | To::Alias | To::BareAlias | To::Absent => "shadow".to_owned(),
        To::InNamespace => format!("shadow.{namespace}"),
        To::Whole => format!("shadow.{namespace}.svc.cluster.local"),
        To::Entry => outside.clone(),
        To::Covered => format!("one.{namespace}.example"),
    };
    match to {
        To::Same | To::InNamespace | To::Whole => objects.push(service("shadow", &[PORT])),
        To::Other => objects.push(service("shadow", &[OTHER])),
        To::Both => objects.push(service("shadow", &[PORT, OTHER])),
        To::Headless => {
            let mut headless = service("shadow", &[PORT]);
            headless["spec"]["clusterIP"] = json!("None");
            objects.push(headless);
        }
        To::Alias | To::BareAlias => {
            let mut alias = service("shadow", &[PORT]);
            alias["spec"] = json!({"type": "ExternalName", "externalName": outside, "ports": alias["spec"]["ports"]});
            objects.push(alias);
            if to == To::Alias {
                objects.push(entry(&outside));
            }
        }
        To::Entry => objects.push(entry(&outside)),
        To::Covered => objects.push(entry(&format!("*.{namespace}.example"))),
        To::Absent => {}
    }
    if subset.is_some() {
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
    objects.extend(routes(way, to, &namespace, gateway, &host, &mirror));
    for object in &mut objects {
        object["metadata"]["namespace"] = json!(namespace);
    }
    let is_at_gateway = way == Way::Gateway;
    World {
        title,
        host: match is_at_gateway {
            true => format!("{namespace}.public.example"),
            false => format!("live.{namespace}.svc.cluster.local"),
        },
        namespace,
        is_at_gateway,
        objects,
    }
}

fn routes(way: Way, to: To, namespace: &str, gateway: &str, host: &str, mirror: &Value) -> Vec<Value> {
    let live =
        json!([{"destination": {"host": format!("live.{namespace}.svc.cluster.local"), "port": {"number": PORT}}}]);
    let rule = json!({"route": live, "mirror": mirror});
    let virtual_service = |name: &str, spec: Value| object("networking.istio.io/v1", "VirtualService", name, spec);
    match way {
        Way::Mesh => vec![virtual_service("mirror", json!({"hosts": ["live"], "http": [rule]}))],
        Way::Gateway => {
            let hosts = [format!("{namespace}.public.example")];
            let spec = json!({"hosts": hosts, "gateways": [gateway], "http": [rule]});
            vec![virtual_service("mirror", spec)]
        }
        Way::Delegate => vec![
            virtual_service(
                "root",
                json!({"hosts": ["live"], "http": [{"delegate": {"name": "mirror"}}]}),
            ),
            virtual_service("mirror", json!({"http": [rule]})),
        ],
        Way::HttpRoute | Way::GrpcRoute => {
            let kind = if way == Way::HttpRoute {
                "HTTPRoute"
            } else {
                "GRPCRoute"
            };
            let mut backend = json!({"name": host, "port": mirror["port"]["number"]});
            if [To::Entry, To::Covered].contains(&to) {
                backend["group"] = json!("networking.istio.io");
                backend["kind"] = json!("Hostname");
            }
            let filter = json!({"type": "RequestMirror", "requestMirror": {"backendRef": backend}});
            let spec = json!({
                "parentRefs": [{"group": "", "kind": "Service", "name": "live", "port": PORT}],
                "rules": [{"backendRefs": [{"name": "live", "port": PORT}], "filters": [filter]}],
            });
            vec![object("gateway.networking.k8s.io/v1", kind, "mirror", spec)]
        }
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
