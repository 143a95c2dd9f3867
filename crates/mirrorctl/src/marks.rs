//! By what mirrorctl knows again what it wrote: labels of its own objects, and annotations of those that it changed.

use crate::job::{Allowed, Job, word};
use crate::objects::Object;

/// The label that says who made an object.
pub const MANAGED_BY: (&str, &str) = ("app.kubernetes.io/managed-by", "mirrorctl");

/// The label that says for which job; its value is the job's name.
pub const JOB_LABEL: &str = "traffic-mirror.dev/job";

/// The label of a clone's pods: the shadow's name.
pub const SHADOW_LABEL: &str = "traffic-mirror.dev/shadow";

/// The annotation of a clone with what the user allowed it: the words of [`Allowed`], with commas.
pub const ALLOW: &str = "traffic-mirror.dev/allow";

/// The annotation of a user's object that was changed: what the object was before.
pub const ORIGINAL: &str = "traffic-mirror.dev/original";

/// Whether mirrorctl made an object for this job.
pub fn is_of_job(object: &Object, job: &Job) -> bool {
    object.label(MANAGED_BY.0) == Some(MANAGED_BY.1) && object.label(JOB_LABEL) == Some(job.name.as_str())
}

/// Whether the user allowed this to a clone that was made.
pub fn is_allowed(clone: &Object, what: Allowed) -> bool {
    let words = clone.annotation(ALLOW).unwrap_or_default();
    words.split(',').any(|other| other == word(Allowed::WORDS, &what))
}
