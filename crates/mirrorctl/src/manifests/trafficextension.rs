//! The filter as a TrafficExtension, since Istio 1.30.

use serde_json::{Value, json};

use super::plugin::{Plugin, server_match};
use super::{Placement, metadata};
use crate::job::Job;

/// In the sidecars of the primary's pods. Without `phase` and `priority` it runs last, so that a request that is refused
/// by authentication or authorization is not copied (an absent priority is the lowest: push_context.go).
pub(super) fn manifest(job: &Job, placement: &Placement, plugin: &Plugin) -> Value {
    json!({
        "apiVersion": "extensions.istio.io/v1alpha1",
        "kind": "TrafficExtension",
        "metadata": metadata(job, &format!("mirror-{}", job.name)),
        "spec": {
            "selector": {"matchLabels": placement.selector},
            "match": server_match(placement),
            "wasm": plugin,
        },
    })
}
