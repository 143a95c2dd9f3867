//! Which proxies a WasmPlugin or TrafficExtension puts the filter into.

use serde_json::Value;

use crate::objects::{Object, kinds};

/// A resource that loads the filter, taken apart.
pub(crate) struct Attached<'a> {
    /// The whole resource.
    pub(crate) object: &'a Object,
    /// What is the same in both kinds: `spec` of a WasmPlugin, `spec.wasm` of a TrafficExtension.
    pub(crate) plugin: &'a Value,
    /// Where that stands.
    pub(crate) path: &'static str,
    /// The proxies.
    pub(crate) at: At,
}

/// The proxies into which a filter is put.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum At {
    /// The sidecars of pods.
    Sidecar,
    /// A gateway.
    Gateway,
    /// The waypoint of a Service.
    Waypoint,
}

impl<'a> Attached<'a> {
    /// `None` if the object loads no wasm module, or none that is ours: one of ours has `mirrors` in its configuration.
    pub(crate) fn of(object: &'a Object) -> Option<Self> {
        let (path, plugin) = if object.is(kinds::TRAFFIC_EXTENSION) {
            ("spec.wasm", object.at(&["spec", "wasm"])?)
        } else if object.is(kinds::WASM_PLUGIN) {
            ("spec", object.at(&["spec"])?)
        } else {
            return None;
        };
        plugin.get("pluginConfig")?.get("mirrors")?;
        let references = object
            .at(&["spec", "targetRefs"])
            .and_then(Value::as_array)
            .map(Vec::as_slice);
        let reference = references
            .unwrap_or_default()
            .first()
            .or(object.at(&["spec", "targetRef"]));
        let kind = reference
            .and_then(|reference| reference.get("kind"))
            .and_then(Value::as_str);
        let at = match kind {
            Some("Gateway" | "GatewayClass") => At::Gateway,
            Some(_) => At::Waypoint,
            None if is_gateway(object) => At::Gateway,
            None => At::Sidecar,
        };
        Some(Self {
            object,
            plugin,
            path,
            at,
        })
    }

    /// A path below the plugin.
    pub(crate) fn below(&self, key: &str) -> String {
        format!("{}.{key}", self.path)
    }

    /// The entries of `match`: the mode and the ports.
    pub(crate) fn matches(&self) -> Vec<(&'a str, Vec<u64>)> {
        let entries = self
            .object
            .at(&["spec", "match"])
            .and_then(Value::as_array)
            .into_iter()
            .flatten();
        entries
            .map(|entry| {
                let mode = entry.get("mode").and_then(Value::as_str).unwrap_or("UNDEFINED");
                let ports = entry.get("ports").and_then(Value::as_array).into_iter().flatten();
                (mode, ports.filter_map(|port| port.get("number")?.as_u64()).collect())
            })
            .collect()
    }
}

/// Whether the selector names the pods of a gateway as Istio's charts label them.
fn is_gateway(object: &Object) -> bool {
    let labels = object.labels(&["spec", "selector", "matchLabels"]);
    labels.contains_key("gateway.networking.k8s.io/gateway-name")
        || labels.get("istio").is_some_and(|value| value.ends_with("gateway"))
}
