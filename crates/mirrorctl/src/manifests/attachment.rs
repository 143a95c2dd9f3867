//! Which proxies run the filter, and on which of their listeners. Istio has three ways to say it; both of its resources
//! say them alike.

use serde_json::{Map, Value, json};

use crate::objects::Labels;

/// Where the filter sits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Attachment {
    /// The namespace of the resource: its own pods' (pilot/pkg/model/policyattachment.go).
    pub namespace: String,
    /// Which proxies of it.
    pub proxies: Proxies,
    /// Which of their listeners; `None` where Istio does not tell them apart.
    pub listeners: Option<(Direction, Vec<u16>)>,
}

/// How proxies are named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Proxies {
    /// By the labels of their pods.
    Selected(Labels),
    /// By what they serve: those that run a Gateway of the Gateway API, or the waypoint of a Service.
    Serving {
        /// Its API group.
        group: &'static str,
        /// Its kind.
        kind: &'static str,
        /// Its name, in the namespace of the resource.
        name: String,
    },
}

/// Whose requests a listener accepts, as Istio classes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    /// Those to the pod itself.
    Server,
    /// Those to others; a gateway's listeners count as such (pilot/pkg/model/extensions.go).
    Client,
}

// === impl Attachment ===

impl Attachment {
    /// The keys of `spec` that say it.
    pub(super) fn spec(&self) -> Map<String, Value> {
        let mut spec = Map::new();
        match &self.proxies {
            Proxies::Selected(labels) => spec.insert("selector".to_owned(), json!({"matchLabels": labels})),
            Proxies::Serving { group, kind, name } => spec.insert(
                "targetRefs".to_owned(),
                json!([{"group": group, "kind": kind, "name": name}]),
            ),
        };
        // Without it, a sidecar's filter would copy the workload's own calls too.
        if let Some((direction, ports)) = &self.listeners {
            let mode = match direction {
                Direction::Server => "SERVER",
                Direction::Client => "CLIENT",
            };
            let ports: Vec<Value> = ports.iter().map(|port| json!({"number": port})).collect();
            spec.insert("match".to_owned(), json!([{"mode": mode, "ports": ports}]));
        }
        spec
    }
}
