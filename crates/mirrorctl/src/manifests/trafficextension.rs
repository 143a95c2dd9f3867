//! The filter as a TrafficExtension, since Istio 1.30.

use serde_json::{Value, json};

use super::attachment::Attachment;
use super::ours::metadata_in;
use super::plugin::Plugin;
use crate::job::Job;

/// Without `phase` and `priority` it runs last, so that a request that is refused by authentication or authorization is
/// not copied (an absent priority is the lowest: push_context.go).
pub(super) fn manifest(job: &Job, attachment: &Attachment, plugin: &Plugin) -> Value {
    let mut spec = attachment.spec();
    spec.insert("wasm".to_owned(), plugin.clone().into());
    json!({
        "apiVersion": "extensions.istio.io/v1alpha1",
        "kind": "TrafficExtension",
        "metadata": metadata_in(&attachment.namespace, job, &format!("mirror-{}", job.name)),
        "spec": spec,
    })
}
