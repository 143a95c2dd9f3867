//! The filter as a WasmPlugin: the same keys as a TrafficExtension's, one level up.

use serde_json::{Value, json};

use super::plugin::{Plugin, server_match};
use super::{Placement, metadata};
use crate::job::Job;

/// In the sidecars of the primary's pods; without `phase` and `priority`, as the TrafficExtension.
pub(super) fn manifest(job: &Job, placement: &Placement, plugin: &Plugin) -> Value {
    let mut spec = json!({
        "selector": {"matchLabels": placement.selector},
        "match": server_match(placement),
    });
    if let Some(fields) = spec.as_object_mut() {
        fields.extend(plugin.clone());
    }
    json!({
        "apiVersion": "extensions.istio.io/v1alpha1",
        "kind": "WasmPlugin",
        "metadata": metadata(job, &format!("mirror-{}", job.name)),
        "spec": spec,
    })
}
