//! The waypoint of a Service, in ambient mode.

use serde_json::Value;

use super::{Object, Service, World, kinds, label_selector};
use crate::error::{Error, Result};

/// The label that names the waypoint, of a Service or of its namespace.
pub const USE_WAYPOINT: &str = "istio.io/use-waypoint";

/// The label that says in which namespace it is, if not in that of the Service.
const USE_WAYPOINT_NAMESPACE: &str = "istio.io/use-waypoint-namespace";

/// A waypoint: its namespace and its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waypoint {
    /// The namespace of the Gateway that deploys it.
    pub namespace: String,
    /// The name of the Gateway that deploys it.
    pub name: String,
}

/// The waypoint that serves a Service: its own label goes before its namespace's, and `none` is none.
///
/// # Errors
/// [`Error::Missing`] if its namespace, which may name one, is not known.
pub fn of(service: &Service<'_>, world: &World) -> Result<Option<Waypoint>> {
    let namespace = service.object.namespace.as_str();
    let object = match service.object.label(USE_WAYPOINT) {
        Some(_) => service.object,
        None => namespace_object(namespace, world).ok_or_else(|| Error::Missing {
            fact: format!(
                "the Namespace {namespace}, which may name the waypoint of {}",
                service.object.title()
            ),
            command: format!("kubectl get namespace {namespace} -o yaml"),
        })?,
    };
    Ok(object
        .label(USE_WAYPOINT)
        .filter(|name| *name != "none")
        .map(|name| Waypoint {
            namespace: object.label(USE_WAYPOINT_NAMESPACE).unwrap_or(namespace).to_owned(),
            name: name.to_owned(),
        }))
}

/// Whether the Gateway of a waypoint takes Services of a namespace: the `allowedRoutes` of its listener for the mesh
/// say so, by default its own namespace alone (pilot/pkg/serviceregistry/ambient/waypoints.go, `makeAllowedRoutes`). A
/// Gateway that is bound in another way is taken to.
pub fn serves_namespace(gateway: &Object, namespace: &str, world: &World) -> bool {
    if gateway
        .annotation("ambient.istio.io/waypoint-inbound-binding")
        .is_some()
    {
        return true;
    }
    let listeners = gateway.at(&["spec", "listeners"]).and_then(Value::as_array);
    let of_mesh = listeners.into_iter().flatten().find(|listener| {
        let is = |key: &str, value: Value| listener.get(key) == Some(&value);
        is("protocol", "HBONE".into()) && is("port", 15_008.into())
    });
    let allowed = of_mesh.and_then(|listener| super::at(listener, &["allowedRoutes", "namespaces"]));
    let text = |key: &str| allowed.and_then(|allowed| allowed.get(key)).and_then(Value::as_str);
    match text("from") {
        Some("All") => true,
        Some("Selector") => {
            let labels = namespace_object(namespace, world)
                .map(|object| object.labels(&["metadata", "labels"]))
                .unwrap_or_default();
            let selector = allowed.and_then(|allowed| allowed.get("selector"));
            selector.is_some_and(|selector| label_selector(selector, &labels))
        }
        _ => gateway.namespace == namespace,
    }
}

/// A Namespace has a name and no namespace of its own.
fn namespace_object<'a>(name: &str, world: &'a World) -> Option<&'a Object> {
    world.all(kinds::NAMESPACE).find(|object| object.name() == name)
}
