//! A destination as it is written: in a cluster's name, a VirtualService, or a route of the Gateway API.

use serde_json::Value;

use crate::objects::reference::Reference;
use crate::objects::{Object, World, at, fully_qualified};

/// A destination, as Istio names clusters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::check) struct Destination {
    /// The host, completed as Istio completes it.
    pub(in crate::check) host: String,
    /// The port of the Service. `None` if no port is written.
    pub(in crate::check) port: Option<u64>,
    /// The subset.
    pub(in crate::check) subset: Option<String>,
}

// === impl Destination ===

impl Destination {
    /// The destination of `outbound|PORT|SUBSET|HOST`, or at the waypoint of that very Service of
    /// `inbound-vip|PORT|http/SUBSET|HOST`. Returns `None` for a cluster that is not Istio's.
    pub(super) fn of_cluster(name: &str) -> Option<Self> {
        let parts: Vec<&str> = name.split('|').collect();
        let (port, subset, host) = match parts.as_slice() {
            ["outbound", port, subset, host] => (port, *subset, host),
            ["inbound-vip", port, "http", host] => (port, "", host),
            ["inbound-vip", port, protocol, host] => (port, protocol.strip_prefix("http/")?, host),
            _ => return None,
        };
        Some(Self {
            host: (*host).to_owned(),
            port: port.parse().ok(),
            subset: (!subset.is_empty()).then(|| subset.to_owned()),
        })
    }

    /// A destination of a VirtualService.
    pub(in crate::check) fn of_virtual_service(destination: &Value, object: &Object, world: &World) -> Self {
        let text = |key: &str| {
            let text = destination.get(key).and_then(Value::as_str);
            text.filter(|text| !text.is_empty())
        };
        Self {
            host: fully_qualified(text("host").unwrap_or_default(), &object.namespace, &world.domain),
            port: at(destination, &["port", "number"]).and_then(Value::as_u64),
            subset: text("subset").map(str::to_owned),
        }
    }

    /// A backend of a route of the Gateway API: a Service, or a host that stands for itself (`kind: Hostname`).
    pub(in crate::check) fn of_backend(backend: &Value, object: &Object, world: &World) -> Self {
        let Reference {
            kind,
            namespace,
            name,
            port,
            ..
        } = Reference::backend(backend, object);
        Self {
            host: match kind {
                "Hostname" => name.to_owned(),
                _ => format!("{name}.{namespace}.svc.{}", world.domain),
            },
            port: (port != 0).then_some(port),
            subset: None,
        }
    }

    /// A host alone: any port, and no subset.
    pub(in crate::check) fn of_host(host: &str) -> Self {
        Self {
            host: host.to_owned(),
            port: None,
            subset: None,
        }
    }

    /// In a message.
    pub(in crate::check) fn title(&self) -> String {
        match &self.subset {
            Some(subset) => format!("subset {subset} of {}", self.host),
            None => self.host.clone(),
        }
    }
}
