//! `offline`: the objects as they are, in; what ends a job and takes it away, out.

use super::Environment;
use crate::cli::{OfflineArgs, OfflineStep};
use crate::error::{Error, Result};
use crate::input;
use crate::job;
use crate::manifests::offline::{self, Target};
use crate::objects::World;
use crate::output::{self, Answer};

/// Of objects that name no namespace, when no job is given.
const DEFAULT_NAMESPACE: &str = "default";

pub(super) fn run(args: &OfflineArgs, mut environment: Environment<'_>) -> Result<Answer> {
    let job = match &args.file {
        Some(file) => Some(job::read(input::document(file, "one job", &mut environment.stdin)?)?),
        None => None,
    };
    let name = job.as_ref().map(|job| &job.name).or(args.name.as_ref());
    let target = Target {
        name: name.map_or("", String::as_str),
        job: job.as_ref(),
    };
    let namespace = job.as_ref().map_or(DEFAULT_NAMESPACE, |job| &job.namespace);
    let world = World::read(
        &args.world.objects,
        namespace,
        &args.world.cluster_domain,
        &mut environment.stdin,
    )?;
    let known = target.job.is_some() || world.objects.iter().any(|object| target.origin(object).is_some());
    if !known {
        return Err(Error::NotFound(format!(
            "none of the {} objects is of the job {}; give its objects by --objects, and the job itself by -f if they are kept in Git",
            world.objects.len(),
            target.name
        )));
    }
    let undo = match args.step {
        _ if args.restore_original => offline::restore(target, &world)?,
        OfflineStep::Stop => offline::stop(target, &world),
        OfflineStep::Remove => offline::remove(target, &world),
    };
    let mut notes: Vec<String> = undo.notes.iter().map(|note| format!("note: {note}")).collect();
    if undo.objects.is_empty() {
        notes.push(format!("note: nothing is to be done for the job {}", target.name));
    }
    let data = match undo.objects.as_slice() {
        [] => String::new(),
        objects => output::objects(objects.iter(), args.output),
    };
    Ok(Answer {
        data,
        notes,
        findings: false,
    })
}
