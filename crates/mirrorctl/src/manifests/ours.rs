//! What tells our objects from the user's: two labels, on ours and never on another's.

use serde_json::{Value, json};

use crate::error::{Error, Result};
use crate::job::Job;
use crate::objects::{Object, World, title};

/// The label that says who made an object.
pub const MANAGED_BY: (&str, &str) = ("app.kubernetes.io/managed-by", "mirrorctl");

/// The label that says for which job; its value is the job's name.
pub const JOB_LABEL: &str = "traffic-mirror.dev/job";

/// The metadata of an object of ours.
pub fn metadata(job: &Job, name: &str) -> Value {
    let (managed_by, us) = MANAGED_BY;
    json!({
        "name": name,
        "namespace": job.namespace,
        "labels": {managed_by: us, JOB_LABEL: job.name},
    })
}

/// Whether an object was made by us for this job.
pub fn is_of_job(object: &Object, job: &Job) -> bool {
    object.label(MANAGED_BY.0) == Some(MANAGED_BY.1) && object.label(JOB_LABEL) == Some(job.name.as_str())
}

/// An object of ours never takes the name of one that exists and is another's.
pub(super) fn refuse_taken_name(object: &Value, job: &Job, world: &World) -> Result<()> {
    let text = |keys: &[&str]| {
        crate::objects::at(object, keys)
            .and_then(Value::as_str)
            .unwrap_or_default()
    };
    let (kind, name) = (text(&["kind"]), text(&["metadata", "name"]));
    let group = text(&["apiVersion"]).split_once('/').map_or("", |(group, _)| group);
    let taken = world.objects.iter().find(|other| {
        other.kind() == kind && other.group() == group && other.namespace == job.namespace && other.name() == name
    });
    match taken {
        Some(other) if !is_of_job(other, job) => Err(Error::Refused(format!(
            "{} ({}) exists and is not of this job; give the job another name",
            title(kind, &job.namespace, name),
            other.place
        ))),
        _ => Ok(()),
    }
}
