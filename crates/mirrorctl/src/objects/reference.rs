//! The references of an HTTPRoute, as Istio reads them: what each key stands for if it is absent, and what a
//! ReferenceGrant allows.

use serde_json::Value;

use super::{Kind, Object, World, kinds};

/// A reference to an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference<'a> {
    /// The API group; empty for the core group.
    pub group: &'a str,
    /// The kind.
    pub kind: &'a str,
    /// The namespace; by default that of the route.
    pub namespace: &'a str,
    /// The name.
    pub name: &'a str,
    /// The port; 0 if none is named.
    pub port: u64,
}

/// Whether an object may refer to one of another namespace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grant {
    /// Nothing is to be allowed, or it is allowed.
    Given,
    /// The ReferenceGrants of the namespace are known, and none allows it.
    Denied,
    /// No ReferenceGrant of the namespace is known.
    Unknown,
}

// === impl Reference ===

impl<'a> Reference<'a> {
    /// An entry of `parentRefs`: without group and kind a Gateway of the Gateway API. A kind alone keeps that group
    /// (pilot/pkg/config/kube/gatewaycommon/references.go, `NormalizeReference`).
    pub fn parent(value: &'a Value, route: &'a Object) -> Self {
        Self::read(value, &route.namespace, kinds::GATEWAY)
    }

    /// A backend of a route in a namespace: without group and kind a Service.
    pub fn backend(value: &'a Value, of_route: &'a str) -> Self {
        Self::read(value, of_route, kinds::SERVICE)
    }

    fn read(value: &'a Value, of_route: &'a str, default: Kind) -> Self {
        let text = |key: &str, default: &'a str| value.get(key).and_then(Value::as_str).unwrap_or(default);
        Self {
            group: text("group", default.group),
            kind: text("kind", default.kind),
            namespace: text("namespace", of_route),
            name: text("name", ""),
            port: value.get("port").and_then(Value::as_u64).unwrap_or_default(),
        }
    }

    /// Whether it is to an object of this kind.
    pub fn is(&self, kind: Kind) -> bool {
        self.group == kind.group && self.kind == kind.kind
    }

    /// Whether a route of this kind and namespace may refer to it.
    pub fn grant(&self, from: Kind, namespace: &str, world: &World) -> Grant {
        if self.namespace == namespace {
            return Grant::Given;
        }
        let mut is_known = world.is_whole();
        for grant in world.all(kinds::REFERENCE_GRANT) {
            if grant.namespace != self.namespace {
                continue;
            }
            is_known = true;
            let any = |key: &str, fits: &dyn Fn(&Value) -> bool| {
                let entries = grant.at(&["spec", key]).and_then(Value::as_array);
                entries.into_iter().flatten().any(fits)
            };
            let is = |entry: &Value, key: &str, wanted: &str| {
                entry.get(key).and_then(Value::as_str).unwrap_or_default() == wanted
            };
            let lets = any("from", &|entry| {
                is(entry, "group", from.group) && is(entry, "kind", from.kind) && is(entry, "namespace", namespace)
            });
            let reaches = any("to", &|entry| {
                let is_named = entry.get("name").is_none() || is(entry, "name", self.name);
                is(entry, "group", self.group) && is(entry, "kind", self.kind) && is_named
            });
            if lets && reaches {
                return Grant::Given;
            }
        }
        match is_known {
            true => Grant::Denied,
            false => Grant::Unknown,
        }
    }
}

/// Whether Istio asks for a ReferenceGrant: for routes of gateways alone, not for those of the mesh
/// (pilot/pkg/config/kube/gateway/route_collections.go).
pub fn needs_grant(route: &Object) -> bool {
    let parents = route.at(&["spec", "parentRefs"]).and_then(Value::as_array);
    let mut parents = parents.into_iter().flatten();
    parents.any(|parent| {
        let parent = Reference::parent(parent, route);
        !parent.is(kinds::SERVICE) && !parent.is(kinds::SERVICE_ENTRY)
    })
}
