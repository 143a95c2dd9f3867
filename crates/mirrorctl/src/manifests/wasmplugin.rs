//! The filter as a WasmPlugin: the same keys as a TrafficExtension's, one level up.

use serde_json::{Value, json};

use super::attachment::Attachment;
use super::ours::metadata_in;
use super::plugin::Plugin;
use crate::job::Job;

/// Without `phase` and `priority`, as the TrafficExtension.
pub(super) fn manifest(job: &Job, attachment: &Attachment, plugin: &Plugin) -> Value {
    let mut spec = attachment.spec();
    spec.extend(plugin.clone());
    json!({
        "apiVersion": "extensions.istio.io/v1alpha1",
        "kind": "WasmPlugin",
        "metadata": metadata_in(&attachment.namespace, job, &format!("mirror-{}", job.name)),
        "spec": spec,
    })
}
