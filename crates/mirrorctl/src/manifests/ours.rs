//! What tells our objects from the user's: two labels, on ours and never on another's.

use serde_json::{Value, json};

use crate::error::{Error, Result};
use crate::job::Job;
use crate::marks::{JOB_LABEL, MANAGED_BY, is_of_job};
use crate::objects::{Object, World, at};

/// The metadata of an object of ours.
pub fn metadata(job: &Job, name: &str) -> Value {
    metadata_in(&job.namespace, job, name)
}

/// The same in another namespace than the job's.
pub(super) fn metadata_in(namespace: &str, job: &Job, name: &str) -> Value {
    let (managed_by, us) = MANAGED_BY;
    json!({
        "name": name,
        "namespace": namespace,
        "labels": {managed_by: us, JOB_LABEL: job.name},
    })
}

/// An object of ours never takes the name of one that exists and is another's.
pub(super) fn refuse_taken_name(object: &Value, job: &Job, world: &World) -> Result<()> {
    match taken(object, job, world) {
        Some(other) => Err(Error::Refused(format!(
            "{} ({}) exists and is not of this job; give the job another name",
            other.title(),
            other.place
        ))),
        None => Ok(()),
    }
}

/// The object that has the name of this one and is not of the job.
pub(super) fn taken<'w>(object: &Value, job: &Job, world: &'w World) -> Option<&'w Object> {
    let text = |keys: &[&str]| at(object, keys).and_then(Value::as_str).unwrap_or_default();
    let (kind, name) = (text(&["kind"]), text(&["metadata", "name"]));
    let namespace = at(object, &["metadata", "namespace"]).and_then(Value::as_str);
    let namespace = namespace.unwrap_or(&job.namespace);
    let group = text(&["apiVersion"]).split_once('/').map_or("", |(group, _)| group);
    world
        .iter()
        .find(|other| {
            other.kind() == kind && other.group() == group && other.namespace == namespace && other.name() == name
        })
        .filter(|other| !is_of_job(other, job))
}
