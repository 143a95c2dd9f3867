//! A clone gets no live request: nothing that exists selects its pods but its own Service. A subset's pods are
//! endpoints of the target too, which is what the user asked for, and of nothing else.

use super::draft::Draft;
use crate::error::{Error, Result};
use crate::findings::codes;
use crate::job::Isolation;
use crate::marks::is_of_job;
use crate::objects::{Effect, Object, World, kinds, routing};

/// Refuses a clone that a Service or a workload of the world would take for its own.
pub(super) fn check(draft: &Draft<'_>, world: &World, notes: &mut Vec<String>) -> Result<()> {
    let of_original = draft.original.labels();
    let is_target = |object: &Object| object.is(kinds::SERVICE) && object.name() == draft.job.target.name;
    let is_subset = draft.of.isolation == Isolation::Subset;
    let mut lost = Vec::new();
    for selecting in world.selecting(&draft.job.namespace) {
        let object = selecting.object;
        if is_of_job(object, draft.job) || (is_subset && is_target(object)) {
            continue;
        }
        let (before, now) = (selecting.selects(&of_original), selecting.selects(&draft.labels));
        match (selecting.effect, now) {
            (Effect::Serves | Effect::Owns, true) => {
                let harm = match selecting.effect {
                    Effect::Serves => "would send the clone live requests",
                    _ => "would take the clone's pods for its own",
                };
                return Err(Error::Refused(format!(
                    "{}: {} ({}) selects {} and {harm}; {}",
                    draft.path,
                    object.title(),
                    object.place,
                    selecting.selector(),
                    if is_subset {
                        "use isolation `service`, which gives the pods labels of their own"
                    } else {
                        "give the clone another version, or change that selector"
                    }
                )));
            }
            (Effect::Counts, true) => notes.push(format!(
                "{} counts its pods too: as long as they run, more of the others may be evicted at once",
                object.title()
            )),
            (Effect::Applies, false) if before => lost.push(format!("{} {}", object.kind(), object.name())),
            _ => {}
        }
    }
    if !lost.is_empty() {
        notes.push(format!(
            "its pods have labels of their own, so these apply to {} and not to it: {}",
            draft.of.deployment,
            lost.join(", ")
        ));
    }
    Ok(())
}

/// A subset's pods are endpoints of the target as soon as they are ready: by then, routing must send every live request
/// elsewhere.
pub(super) fn need_pin(draft: &Draft<'_>, world: &World) -> Result<()> {
    let target = world.service(&draft.job.namespace, &draft.job.target.name)?;
    if draft.of.isolation == Isolation::Service || routing::keeps_off(world, target.object, &draft.labels) {
        return Ok(());
    }
    let primary = draft
        .job
        .primary
        .as_ref()
        .map_or("the primary's", |primary| primary.subset.as_str());
    Err(Error::Refused(format!(
        "{}.isolation: {}: no VirtualService among the objects sends every request for {} to subset {primary}, so the clone's pods would get live ones; apply what --step prepare prints and read the objects anew, or use isolation `service`, which needs no routing",
        draft.path,
        codes::CLONE_LIVE.id,
        target.object.title()
    )))
}
