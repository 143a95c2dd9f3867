//! A destination: as it is written in a cluster's name, a VirtualService, or a route of the Gateway API; and as a proxy
//! calls it.

use serde_json::Value;

use crate::objects::reference::Reference;
use crate::objects::{Object, World, at, fully_qualified};

/// A destination, as Istio names clusters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Destination {
    /// The host, completed as Istio completes it.
    pub(crate) host: String,
    /// The port of the Service. `None` if no port is written.
    pub(crate) port: Option<u64>,
    /// The subset.
    pub(crate) subset: Option<String>,
}

/// A port of a Service, or of a subset of it, as a proxy calls it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteDestination {
    /// The fully qualified host of the Service.
    pub host: String,
    /// The port of the Service, never that of its pods.
    pub port: u16,
    /// The subset, if it is one.
    pub subset: Option<String>,
}

/// Where short names of hosts are read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scope<'a> {
    /// The namespace of the object that writes them.
    pub(crate) namespace: &'a str,
    /// The domain of the cluster's Services.
    pub(crate) domain: &'a str,
}

// === impl Scope ===

impl<'a> Scope<'a> {
    /// That of an object.
    pub(crate) fn of(object: &'a Object, world: &'a World) -> Self {
        Self {
            namespace: &object.namespace,
            domain: &world.domain,
        }
    }

    /// The whole host of a destination of a VirtualService.
    pub(crate) fn host(self, destination: &Value) -> String {
        Destination::of_virtual_service(destination, self).host
    }

    /// Envoy's name of the cluster of a destination of a VirtualService.
    pub(crate) fn cluster(self, destination: &Value) -> String {
        Destination::of_virtual_service(destination, self).cluster()
    }
}

// === impl Destination ===

impl Destination {
    /// The destination of `outbound|PORT|SUBSET|HOST`, or at the waypoint of that very Service of
    /// `inbound-vip|PORT|http/SUBSET|HOST`. Returns `None` for a cluster that is not Istio's.
    pub(crate) fn of_cluster(name: &str) -> Option<Self> {
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
    pub(crate) fn of_virtual_service(destination: &Value, scope: Scope<'_>) -> Self {
        let text = |key: &str| {
            let text = destination.get(key).and_then(Value::as_str);
            text.filter(|text| !text.is_empty())
        };
        Self {
            host: fully_qualified(text("host").unwrap_or_default(), scope.namespace, scope.domain),
            port: at(destination, &["port", "number"]).and_then(Value::as_u64),
            subset: text("subset").map(str::to_owned),
        }
    }

    /// A backend of a route of the Gateway API: a Service, or a host that stands for itself (`kind: Hostname`).
    pub(crate) fn of_backend(backend: &Value, scope: Scope<'_>) -> Self {
        let Reference {
            kind,
            namespace,
            name,
            port,
            ..
        } = Reference::backend(backend, scope.namespace);
        Self {
            host: match kind {
                "Hostname" => name.to_owned(),
                _ => format!("{name}.{namespace}.svc.{}", scope.domain),
            },
            port: (port != 0).then_some(port),
            subset: None,
        }
    }

    /// A host alone: any port, and no subset.
    pub(crate) fn of_host(host: &str) -> Self {
        Self {
            host: host.to_owned(),
            port: None,
            subset: None,
        }
    }

    /// Envoy's name of its cluster. A port that is not written is 0.
    pub(crate) fn cluster(&self) -> String {
        let subset = self.subset.as_deref().unwrap_or_default();
        cluster_name(self.port.unwrap_or_default(), subset, &self.host)
    }

    /// In a message.
    pub(crate) fn title(&self) -> String {
        match &self.subset {
            Some(subset) => format!("subset {subset} of {}", self.host),
            None => self.host.clone(),
        }
    }
}

// === impl RouteDestination ===

impl RouteDestination {
    /// The same as it would be written.
    pub(crate) fn written(&self) -> Destination {
        Destination {
            host: self.host.clone(),
            port: Some(self.port.into()),
            subset: self.subset.clone(),
        }
    }

    /// As every proxy but a waypoint calls it.
    pub fn cluster(&self) -> String {
        let subset = self.subset.as_deref().unwrap_or_default();
        cluster_name(self.port.into(), subset, &self.host)
    }

    /// The same as the waypoint that serves the Service calls it.
    pub fn cluster_of_waypoint(&self) -> String {
        let subset = self.subset.as_deref().unwrap_or_default();
        waypoint_cluster_name(self.port.into(), subset, &self.host)
    }
}

/// `outbound|PORT|SUBSET|HOST` (pilot/pkg/model/service.go, `BuildSubsetKey`); the subset is empty if there is none.
pub(crate) fn cluster_name(port: u64, subset: &str, host: &str) -> String {
    format!("outbound|{port}|{subset}|{host}")
}

/// `inbound-vip|PORT|http|HOST`, with `http/SUBSET` for a subset (pilot/pkg/networking/core/listener_waypoint.go).
pub(crate) fn waypoint_cluster_name(port: u64, subset: &str, host: &str) -> String {
    match subset {
        "" => format!("inbound-vip|{port}|http|{host}"),
        subset => format!("inbound-vip|{port}|http/{subset}|{host}"),
    }
}
