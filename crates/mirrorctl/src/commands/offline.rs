//! `offline`: the objects as they are, in; what ends a job and takes it away, out.

use super::environment::Environment;
use crate::cli::{OfflineArgs, OfflineStep};
use crate::cluster::Selection;
use crate::error::{Error, Result};
use crate::input;
use crate::job;
use crate::manifests::offline::{self, OfflineJob};
use crate::objects::World;
use crate::output::{self, Answer};

/// Of objects that name no namespace, when no job is given.
const DEFAULT_NAMESPACE: &str = "default";

pub(super) fn run(args: &OfflineArgs, mut environment: Environment<'_>) -> Result<Answer> {
    if args.force && args.step != OfflineStep::Remove {
        return Err(Error::Usage(
            "--force is for --step remove; give that too, or leave --force out".to_owned(),
        ));
    }
    let job = match &args.file {
        Some(file) => Some(job::read(input::document(file, "one job", &mut environment.stdin)?)?),
        None => None,
    };
    let name = job.as_ref().map(|job| &job.name).or(args.name.as_ref());
    let offline_job = OfflineJob {
        name: name.map_or("", String::as_str),
        job: job.as_ref(),
        namespace: args.namespace.as_deref(),
    };
    let namespace = match (&job, &args.namespace) {
        (Some(job), _) => &job.namespace,
        (None, Some(namespace)) => namespace,
        (None, None) => DEFAULT_NAMESPACE,
    };
    let selection = match (&job, &args.namespace) {
        (Some(job), _) => Selection::of_job(job),
        (None, Some(namespace)) => Selection::of_namespace(namespace),
        (None, None) => Selection::everywhere(),
    };
    let (documents, cluster) = args.world.documents(&selection, &mut environment.sources())?;
    // What Envoy without Istio discovers is no object.
    let (discovered, documents): (Vec<_>, Vec<_>) = documents
        .into_iter()
        .partition(|document| document.value.get("resources").is_some());
    let stopped: Vec<_> = discovered
        .iter()
        .filter_map(|document| offline::stop_discovered(offline_job, &document.value))
        .collect();
    let mut world = World::of(documents, namespace, &args.world.cluster_domain)?;
    world.cluster = cluster;
    let known = offline_job.job.is_some()
        || !stopped.is_empty()
        || world.iter().any(|object| offline_job.origin(object).is_some());
    if !known {
        return Err(absent(offline_job, &world));
    }
    let mut undo = match args.step {
        _ if args.restore_original => offline::restore(offline_job, &world)?,
        OfflineStep::Stop => offline::stop(offline_job, &world),
        OfflineStep::Remove => {
            if !args.force {
                offline::refuse_enabled(offline_job, &world)?;
            }
            offline::remove(offline_job, &world)
        }
    };
    undo.make_applied(args.keep_resource_version);
    match args.step {
        OfflineStep::Stop if !args.restore_original => undo.objects.extend(stopped),
        _ if !stopped.is_empty() => undo.notes.push(
            "the files that Envoy discovers are yours to take away, once the filter in them is stopped".to_owned(),
        ),
        _ => {}
    }
    let mut notes: Vec<String> = undo.notes.iter().map(|note| format!("note: {note}")).collect();
    if undo.objects.is_empty() {
        notes.push(format!("note: nothing is to be done for the job {}", offline_job.name));
    }
    let data = match undo.objects.as_slice() {
        [] => String::new(),
        objects => output::objects(objects.iter(), args.output),
    };
    Ok(Answer {
        data,
        notes,
        ..Answer::default()
    })
}

/// Why nothing is found of a job, and what to do about it.
fn absent(offline_job: OfflineJob<'_>, world: &World) -> Error {
    let name = offline_job.name;
    let of_namespace = offline_job.namespace;
    let of_namespace = of_namespace.map_or_else(String::new, |namespace| format!(" of namespace {namespace}"));
    let count = world.objects.len();
    Error::NotFound(match &world.cluster {
        Some(context) => format!(
            "no object in the cluster of context {context} is of the job {name}{of_namespace}; give the job itself by -f if its objects are kept in Git"
        ),
        None => format!(
            "none of the {count} objects is of the job {name}{of_namespace}; give its objects by --objects, and the job itself by -f if they are kept in Git"
        ),
    })
}
