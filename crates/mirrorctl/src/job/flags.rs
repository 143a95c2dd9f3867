//! The job by flags: the common case without a file, or what a file says changed field by field. The flags are written
//! into the very document that a file holds, which is then read as such. So both ways know the same rules and refuse
//! with the same words.

mod args;

mod edits;

mod over_file;

use serde_json::json;

use super::{API_VERSION, Job, KIND, read};
use crate::error::{Error, Result};
use crate::input::Document;
use crate::place::Place;
use crate::time::Time;
use edits::edits;

pub use args::JobFlags;
pub use over_file::{Override, over_file};

/// The job of the flags alone. `now` is what `--for` counts from.
///
/// # Errors
/// What is missing by its flag, a flag of a clone without `--clone`, and what [`read()`] refuses by its place in the
/// job.
pub fn from_flags(flags: &JobFlags, now: Time) -> Result<Job> {
    need("NAME", flags.name.is_some())?;
    if flags.listener.is_none() {
        need("--namespace", flags.namespace.is_some())?;
        need("--service", flags.service.is_some())?;
    }
    need("--for", flags.span.is_some() || flags.expires_at.is_some())?;
    if flags.clone.is_some() {
        need("--version", flags.version.is_some())?;
    } else if let Some((flag, _)) = flags.of_clone().iter().find(|(_, is_given)| *is_given) {
        return Err(Error::Usage(format!(
            "{flag} says something of a clone; name its Deployment with --clone, or leave {flag} out"
        )));
    }
    let shadow = [
        &flags.backend,
        &flags.external,
        &flags.endpoint,
        &flags.subset,
        &flags.clone,
    ];
    need("the shadow", shadow.iter().any(|backend| backend.is_some()))?;
    let spec = match flags.listener {
        Some(_) => json!({"targetRef": {"kind": "Listener"}, "dataPlane": "envoy", "shadows": [{}]}),
        None => json!({"targetRef": {"kind": "Service"}, "shadows": [{}]}),
    };
    let mut value = json!({"apiVersion": API_VERSION, "kind": KIND, "metadata": {}, "spec": spec});
    for edit in edits(flags, &value, now)? {
        edit.apply(&mut value);
    }
    read(Document {
        place: Place::file("the job of the flags"),
        value,
    })
}

/// A flag that a job cannot do without.
fn need(flag: &str, is_given: bool) -> Result<()> {
    if is_given {
        return Ok(());
    }
    Err(Error::Usage(format!(
        "{flag} is missing; a job needs NAME, --namespace, --service (or --listener), a shadow (--backend, --external, --subset, --clone or --endpoint), and --for or --expires-at; or give a file with -f"
    )))
}
