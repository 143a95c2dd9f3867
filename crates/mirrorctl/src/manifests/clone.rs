//! A clone: an existing Deployment becomes the new version, with labels and a Service of its own (or, if the user asks
//! for it, as a subset of the target's Service). What is made of it is added to the world that the rest is generated
//! from, so that for everything that follows a clone is a Service or a subset like any other.

mod apart;

mod deployment;

mod draft;

mod foreign;

mod risks;

mod service;

use std::borrow::Cow;

use serde_json::Value;

use super::bundle::{Bundle, Manifest, Origin, Step};
use super::ours::taken;
use crate::error::{Error, Result};
use crate::job::{Backend, CloneOf, Isolation, Job};
use crate::objects::{Object, World};
use draft::Draft;

use crate::place::Place;

/// Why a job is to be applied step by step; `None` if one go will do.
pub fn why_stepwise(job: &Job) -> Option<String> {
    let (index, of) = job
        .shadows
        .iter()
        .enumerate()
        .find_map(|(index, shadow)| match &shadow.backend {
            Backend::Clone(of) if of.isolation == Isolation::Subset => Some((index, of)),
            _ => None,
        })?;
    Some(format!(
        "spec.shadows[{index}].clone.isolation: with `subset` the pods of {} are endpoints of the Service {} as soon as they are ready, and get live requests unless routing already keeps these off them; apply --step prepare and wait until the proxies have it, then --step deploy and wait until the pods are ready, then --step mirror; or use isolation `service`, which needs no order",
        of.version, job.target.name
    ))
}

/// Refuses clones as subsets as long as routing does not keep live requests off them.
///
/// # Errors
/// Refused for the first that would get live requests.
pub fn refuse_unpinned(job: &Job, world: &World) -> Result<()> {
    for (index, shadow) in job.shadows.iter().enumerate() {
        if let Backend::Clone(of) = &shadow.backend {
            apart::need_pin(&Draft::new(job, index, shadow, of, world)?, world)?;
        }
    }
    Ok(())
}

/// Routing keeps live requests off a clone as a subset, and only a proxy of the mesh routes. On a real Istio a quarter
/// of the answers to a caller without a proxy were the clone's.
fn reached_without_proxy(job: &Job, of: &CloneOf) -> Option<String> {
    (of.isolation == Isolation::Subset).then(|| {
        format!(
            "is an endpoint of the Service {}, so callers without a proxy of the mesh reach it with live requests, whatever the routes say; use isolation `service` if there may be such callers",
            job.target.name
        )
    })
}

/// Adds what makes the job's clones, and returns the world with them in it.
///
/// # Errors
/// [`Error::Missing`] for an original that is not known; refused for what cannot be cloned or would get live requests.
pub(super) fn add<'w>(job: &Job, world: &'w World, bundle: &mut Bundle) -> Result<Cow<'w, World>> {
    let mut after = Cow::Borrowed(world);
    for (index, shadow) in job.shadows.iter().enumerate() {
        let Backend::Clone(of) = &shadow.backend else {
            continue;
        };
        let draft = Draft::new(job, index, shadow, of, world)?;
        let deployment = deployment::manifest(&draft)?;
        let mut notes = Vec::new();
        risks::check(&draft, &deployment, world, &mut notes)?;
        apart::check(&draft, world, &mut notes)?;
        notes.extend(reached_without_proxy(job, of));
        bundle
            .notes
            .extend(notes.into_iter().map(|note| format!("clone {}: {note}", draft.name)));
        let mut objects = Vec::new();
        if of.isolation == Isolation::Service {
            objects.push((Step::Prepare, service::manifest(&draft, world)?));
        }
        objects.push((Step::Deploy, deployment));
        for (step, object) in objects {
            refuse_taken_name(&draft, &object, &after, world)?;
            after.to_mut().put(Object::of(
                Place::file("what is generated"),
                object.clone(),
                job.namespace.clone(),
            ));
            bundle.add(Manifest {
                step,
                origin: Origin::Ours,
                object,
            });
        }
    }
    Ok(after)
}

/// A clone never takes the name of what exists, nor of another clone of the job.
fn refuse_taken_name(draft: &Draft<'_>, object: &Value, after: &World, world: &World) -> Result<()> {
    let problem = match (taken(object, draft.job, world), taken_by_sibling(object, after, world)) {
        (Some(other), _) => format!("{} ({}) exists and is not of this job", other.title(), other.place),
        (None, Some(other)) => format!("{} is made for another shadow of this job", other.title()),
        (None, None) => return Ok(()),
    };
    Err(Error::Refused(format!(
        "{}.version: {problem}; give the clone another version",
        draft.path
    )))
}

fn taken_by_sibling<'a>(object: &Value, after: &'a World, world: &World) -> Option<&'a Object> {
    let name = crate::objects::at(object, &["metadata", "name"]).and_then(Value::as_str);
    after.iter().find(|other| {
        other.place.file == "what is generated"
            && other.value.get("kind") == object.get("kind")
            && Some(other.name()) == name
            && !world.iter().any(|known| known == *other)
    })
}
