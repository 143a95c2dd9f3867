//! What has a mirror, and whose requests it copies.

use serde_json::{Value, json};

use super::targets::To;
use super::{PORT, Proxy, Shared, object};

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Way {
    /// A VirtualService, for requests of the mesh or at a Gateway, or to which another delegates.
    Mesh,
    Gateway,
    Delegate,
    /// A VirtualService for requests at a waypoint, which serves every Service, or only the one of the requests.
    Waypoint,
    WaypointOfLive,
    /// Routes for requests of the mesh.
    HttpRoute,
    GrpcRoute,
    /// A route of a Gateway of the Gateway API; of its second listener, whose host it takes.
    AtGateway,
    AtListener,
    /// A plugin of the proxies of the mesh, with `destination` or `cluster`, or of those of a gateway.
    Destination,
    Cluster,
    AtGatewayProxies,
}

// === impl Way ===

impl Way {
    /// Whether a plugin has the mirror, of which only the name of the cluster can be known.
    pub(super) fn is_plugin(self) -> bool {
        [Self::Destination, Self::Cluster, Self::AtGatewayProxies].contains(&self)
    }

    /// Which proxy copies.
    pub(super) fn proxy(self) -> Proxy {
        match self {
            Self::Gateway | Self::AtGateway | Self::AtListener | Self::AtGatewayProxies => Proxy::Gateway,
            Self::Waypoint | Self::WaypointOfLive => Proxy::Waypoint,
            _ => Proxy::Sidecar,
        }
    }

    /// Whether a waypoint serves the Service of this name.
    pub(super) fn is_served(self, name: &Value) -> bool {
        self == Self::Waypoint || (self == Self::WaypointOfLive && name == "live")
    }

    /// The host of the requests.
    pub(super) fn host(self, namespace: &str) -> String {
        match self {
            Self::Gateway => format!("{namespace}.public.example"),
            Self::AtGateway => format!("{namespace}.routes.example"),
            Self::AtListener => "listener.example".to_owned(),
            _ => format!("live.{namespace}.svc.cluster.local"),
        }
    }

    /// The objects that have the mirror to a host.
    pub(super) fn objects(self, to: To, namespace: &str, shared: &Shared, mirror: &Value) -> Vec<Value> {
        let live =
            json!([{"destination": {"host": format!("live.{namespace}.svc.cluster.local"), "port": {"number": PORT}}}]);
        let rule = json!({"route": live, "mirror": mirror});
        let virtual_service = |name: &str, spec: Value| object("networking.istio.io/v1", "VirtualService", name, spec);
        match self {
            Self::Mesh | Self::Waypoint | Self::WaypointOfLive => {
                vec![virtual_service("mirror", json!({"hosts": ["live"], "http": [rule]}))]
            }
            Self::Gateway => {
                let gateways = [format!("{}/public", shared.namespace)];
                let spec = json!({"hosts": [self.host(namespace)], "gateways": gateways, "http": [rule]});
                vec![virtual_service("mirror", spec)]
            }
            Self::Delegate => vec![
                virtual_service(
                    "root",
                    json!({"hosts": ["live"], "http": [{"delegate": {"name": "mirror"}}]}),
                ),
                virtual_service("mirror", json!({"http": [rule]})),
            ],
            Self::HttpRoute | Self::GrpcRoute | Self::AtGateway | Self::AtListener => {
                let mut backend = json!({"name": mirror["host"], "port": mirror["port"]["number"]});
                if to.is_outside() {
                    backend["group"] = json!("networking.istio.io");
                    backend["kind"] = json!("Hostname");
                }
                let filter = json!({"type": "RequestMirror", "requestMirror": {"backendRef": backend}});
                let parent = match self {
                    Self::AtGateway => {
                        json!({"name": "routes", "namespace": shared.namespace, "sectionName": "wildcard"})
                    }
                    Self::AtListener => {
                        json!({"name": "routes", "namespace": shared.namespace, "sectionName": "exact"})
                    }
                    _ => json!({"group": "", "kind": "Service", "name": "live", "port": PORT}),
                };
                let mut spec = json!({
                    "parentRefs": [parent],
                    "rules": [{"backendRefs": [{"name": "live", "port": PORT}], "filters": [filter]}],
                });
                if self == Self::AtGateway {
                    spec["hostnames"] = json!([self.host(namespace)]);
                }
                let kind = match self {
                    Self::GrpcRoute => "GRPCRoute",
                    _ => "HTTPRoute",
                };
                vec![object("gateway.networking.k8s.io/v1", kind, "mirror", spec)]
            }
            Self::Destination | Self::Cluster | Self::AtGatewayProxies => vec![self.plugin(namespace, shared, mirror)],
        }
    }

    /// A plugin in the namespace of the proxies. Only `mirrorctl` sees it: which clusters a proxy has does not depend
    /// on plugins.
    fn plugin(self, namespace: &str, shared: &Shared, mirror: &Value) -> Value {
        let own = match self {
            Self::Cluster => json!({"name": "copy", "cluster": cluster(mirror)}),
            _ => json!({"name": "copy", "destination": mirror}),
        };
        let wasm = json!({"url": "oci://registry.example/filter", "failStrategy": "FAIL_OPEN", "pluginConfig": {"mirrors": [own]}});
        let spec = match self {
            Self::AtGatewayProxies => {
                let gateway = json!({"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": "routes"});
                json!({"targetRefs": [gateway], "wasm": wasm})
            }
            _ => json!({"selector": {"matchLabels": {"app": "reviews"}}, "wasm": wasm}),
        };
        let mut plugin = object("extensions.istio.io/v1alpha1", "TrafficExtension", namespace, spec);
        plugin["metadata"]["namespace"] = json!(shared.namespace);
        plugin
    }
}

/// The name of the cluster of a destination, as it is written.
pub(super) fn cluster(mirror: &Value) -> String {
    let subset = mirror["subset"].as_str().unwrap_or_default();
    format!(
        "outbound|{}|{subset}|{}",
        mirror["port"]["number"],
        mirror["host"].as_str().unwrap_or_default()
    )
}
