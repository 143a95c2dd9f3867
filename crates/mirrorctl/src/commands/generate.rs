//! `generate`: a job and the objects that exist, in; the objects to apply, out.

use serde_json::Value;

use super::environment::Environment;
use crate::cli::{BundleArgs, GenerateArgs};
use crate::error::{Error, Result};
use crate::input;
use crate::job::{self, DataPlane, Expiry, Job, JobFlags, Override};
use crate::manifests::{self, Step};
use crate::output::{self, Answer, Format};
use crate::time::Time;

pub(super) fn run(args: &GenerateArgs, mut environment: Environment<'_>) -> Result<Answer> {
    let now = args.from.now.unwrap_or(environment.now);
    let (job, overrides) = job(args.file.as_deref(), &args.from, now, &mut environment)?;
    refuse_expired(&job, now)?;
    if args.step.is_none()
        && let Some(why) = manifests::clone::why_stepwise(&job)
    {
        return Err(Error::Usage(format!("--step is missing; {why}")));
    }
    let world = args.from.world.world_of(&job, &mut environment.sources())?;
    let options = args.from.options.options();
    let bundle = manifests::bundle(&job, &world, &options).map_err(|error| world.explained(error))?;
    if args.step.is_some_and(|step| step > Step::Prepare) {
        manifests::clone::refuse_unpinned(&job, &world)?;
    }
    let objects: Vec<&Value> = bundle.manifests(args.step).map(|manifest| &manifest.object).collect();
    let data = match (job.data_plane, args.output, objects.as_slice()) {
        // What Envoy reads is one file each, and no List of Kubernetes.
        (DataPlane::Envoy, Format::Json, [file]) => output::value(file),
        (DataPlane::Envoy, Format::Json, _) => {
            return Err(Error::Usage(
                "-o json: Envoy reads two files; print one with --step prepare or --step mirror".to_owned(),
            ));
        }
        (_, format, objects) => output::objects(objects.iter().copied(), format),
    };
    let notes = override_notes(args.file.as_deref(), &overrides);
    Ok(Answer {
        data,
        notes: notes
            .iter()
            .chain(&options.istio.note())
            .chain(&bundle.notes)
            .map(|note| format!("note: {note}"))
            .collect(),
        ..Answer::default()
    })
}

/// The job of a file, or of flags, or of a file with the fields that flags change; and what they changed. A job by
/// flags is in the namespace of the kubeconfig's context, if no other is named and that cluster is asked.
///
/// # Errors
/// If neither is given, and what reading refuses.
pub(super) fn job(
    file: Option<&str>,
    from: &BundleArgs,
    now: Time,
    environment: &mut Environment<'_>,
) -> Result<(Job, Vec<Override>)> {
    let flags = &from.job;
    match (file, &flags.name) {
        (Some(file), _) => job::over_file(input::document(file, "one job", &mut environment.stdin)?, flags, now),
        (None, Some(_)) if flags.namespace.is_none() && flags.service.is_some() => {
            let namespace = from.world.namespace(&environment.kubeconfigs)?;
            let flags = JobFlags {
                namespace,
                ..flags.clone()
            };
            Ok((job::from_flags(&flags, now)?, Vec::new()))
        }
        (None, Some(_)) => Ok((job::from_flags(flags, now)?, Vec::new())),
        (None, None) => Err(Error::Usage(
            "there is no job; give a file with -f, or NAME and the flags that --help lists".to_owned(),
        )),
    }
}

/// A sentence for each field of a file that a flag changed.
pub(super) fn override_notes(file: Option<&str>, overrides: &[Override]) -> Vec<String> {
    let file = match file {
        None | Some("-") => "standard input",
        Some(file) => file,
    };
    overrides.iter().map(|change| change.note(file)).collect()
}

/// A job that is over would copy nothing.
pub(super) fn refuse_expired(job: &Job, now: Time) -> Result<()> {
    match job.expires_at {
        Expiry::At(end) if end <= now => Err(Error::Refused(format!(
            "spec.expiresAt: {end} is past, it is {now}; nothing would be copied"
        ))),
        _ => Ok(()),
    }
}
