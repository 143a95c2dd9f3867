//! The native engine: Envoy's own mirroring, where routes are chosen, which is in the callers' proxies. Here a job is
//! placed and the resources are chosen; each resource writes itself. Live requests reach what they reached before,
//! after every single object that is applied; the one exception is `--pin-primary`, which is asked for.

mod place;

use std::borrow::Cow;

use super::bundle::{Bundle, Manifest, Step};
use super::change::ObjectChange;
use super::clone::why_stepwise;
use super::copying::{Copying, Subset};
use super::offline::stop;
use super::options::{Options, RoutingApi};
use super::{destinationrule, gitops, httproute, virtualservice};
use crate::error::{Error, Result};
use crate::job::{DataPlane, Expiry, Job};
use crate::marks::is_of_job;
use crate::objects::{Object, World, kinds};
use crate::place::Place;

/// Everything that a job of the native engine needs.
pub(super) fn bundle(job: &Job, world: &World, options: &Options, bundle: &mut Bundle) -> Result<()> {
    refuse_versions(job, options)?;
    let base = stop::before(job, world);
    // A route of ours says that there was none before.
    let options = &Options {
        no_virtual_service: options.no_virtual_service || routes_by_us(job, world),
        ..options.clone()
    };
    let copying = place::place(job, &base, &mut bundle.notes)?;
    refuse_healing(job, &copying, world)?;
    if job.expires_at != Expiry::Never {
        bundle.notes.push(
            "spec.expiresAt: engine `native` stops nothing by itself; take the job offline then (mirrorctl offline)"
                .to_owned(),
        );
    }
    let mut steps = Vec::new();
    let subsets = destinationrule::manifest(job, &copying, &base, &mut bundle.notes)?;
    steps.extend(subsets.into_iter().map(|change| (Step::Prepare, change)));
    let routes = |copying: &Copying, notes: &mut Vec<String>| match options.api {
        RoutingApi::Istio => virtualservice::manifests(job, copying, &base, options, notes),
        RoutingApi::Gateway => httproute::manifests(job, copying, &base, options, notes),
    };
    if why_stepwise(job).is_some() {
        // Live requests are pinned before the pods are there that they must not reach.
        let pinned = routes(&copying.without_copies(), &mut bundle.notes)?;
        refuse_ways_round(job, &copying, &pinned, &base)?;
        steps.extend(pinned.into_iter().map(|change| (Step::Prepare, change)));
    }
    let copies = routes(&copying, &mut bundle.notes)?;
    steps.extend(copies.into_iter().map(|change| (Step::Mirror, change)));
    for (step, change) in steps {
        let origin = change.origin;
        if let Some(original) = &change.original {
            gitops::note_controller(original, world, options, &mut bundle.notes);
        }
        let object = change.finish(job, world, options, &mut bundle.notes)?;
        bundle.add(Manifest { step, origin, object });
    }
    Ok(())
}

/// What a clone that becomes a subset needs with the filter too, before its pods are there: its subset, and live
/// requests pinned to the primary's. Returns the world with them in it.
pub(super) fn pinned<'w>(
    job: &Job,
    world: &'w World,
    options: &Options,
    bundle: &mut Bundle,
) -> Result<Cow<'w, World>> {
    if why_stepwise(job).is_none() {
        return Ok(Cow::Borrowed(world));
    }
    let base = stop::before(job, world);
    let options = &Options {
        no_virtual_service: options.no_virtual_service || routes_by_us(job, world),
        ..options.clone()
    };
    let copying = place::place(job, &base, &mut bundle.notes)?.without_copies();
    refuse_healing(job, &copying, world)?;
    let subsets = destinationrule::manifest(job, &copying, &base, &mut bundle.notes)?;
    let routes = virtualservice::manifests(job, &copying, &base, options, &mut bundle.notes)?;
    refuse_ways_round(job, &copying, &routes, &base)?;
    let mut after = Cow::Borrowed(world);
    for change in subsets.into_iter().chain(routes) {
        let is_same = |original: &Object| original.value == change.object;
        if change.original.as_ref().is_some_and(is_same) {
            continue;
        }
        let origin = change.origin;
        if let Some(original) = &change.original {
            gitops::note_controller(original, world, options, &mut bundle.notes);
        }
        let object = change.finish(job, world, options, &mut bundle.notes)?;
        after.to_mut().put(Object::of(
            Place::file("what is generated"),
            object.clone(),
            job.namespace.clone(),
        ));
        bundle.add(Manifest {
            step: Step::Prepare,
            origin,
            object,
        });
    }
    Ok(after)
}

/// A subset to which live requests go and which nothing defines has no pods for them; defined, it would have.
fn refuse_healing(job: &Job, copying: &Copying, world: &World) -> Result<()> {
    for Subset { name, .. } in &copying.subsets {
        if world
            .subset(&copying.host, &job.namespace, &job.namespace, name)
            .is_some()
        {
            continue;
        }
        if let Some(object) = virtualservice::sending(&copying.host, Some(name), world) {
            return Err(Error::Missing {
                fact: format!(
                    "a DestinationRule that defines the subset {name} of {}, to which {} ({}) sends live requests,",
                    copying.host,
                    object.title(),
                    object.place
                ),
                command: kinds::DESTINATION_RULE.command(&job.namespace),
            });
        }
    }
    Ok(())
}

/// A clone as a subset must not be reached on any way that is not pinned.
fn refuse_ways_round(job: &Job, copying: &Copying, pinned: &[ObjectChange], base: &World) -> Result<()> {
    let mut after = base.clone();
    for change in pinned {
        after.put(Object::of(
            Place::file("what is generated"),
            change.object.clone(),
            change
                .original
                .as_ref()
                .map_or(&job.namespace, |object| &object.namespace)
                .clone(),
        ));
    }
    let unrouted = pinned.iter().find_map(|change| {
        let port = virtualservice::unrouted(&change.object, &copying.listeners)?;
        Some(format!(
            "no rule of its VirtualService is for port {port}, so requests there reach all its pods"
        ))
    });
    let way = match virtualservice::sending(&copying.host, None, &after).or(httproute::sending(job, &after)) {
        Some(object) => format!("{} ({}) sends requests to all its pods", object.title(), object.place),
        None if job.data_plane == DataPlane::Gateway => {
            "requests that come through no gateway reach all its pods".to_owned()
        }
        None => match unrouted {
            Some(way) => way,
            None if copying.has_other_ports => {
                "connections to its ports that are not HTTP reach all its pods".to_owned()
            }
            None => return Ok(()),
        },
    };
    Err(Error::Refused(format!(
        "spec.shadows: a clone with isolation `subset` is an endpoint of the Service {} of namespace {}, and {way}; send them to subset {} first, or use isolation `service`",
        job.target.name,
        job.namespace,
        copying.pin.as_deref().unwrap_or_default()
    )))
}

/// Whether the job has a route of its own already.
fn routes_by_us(job: &Job, world: &World) -> bool {
    [kinds::VIRTUAL_SERVICE, kinds::HTTP_ROUTE]
        .into_iter()
        .any(|kind| world.all(kind).any(|object| is_of_job(object, job)))
}

/// What follows from the version of Istio.
fn refuse_versions(job: &Job, options: &Options) -> Result<()> {
    if job.data_plane == DataPlane::Waypoint && options.istio.is_before(24, 0) {
        return Err(Error::Refused(format!(
            "spec.dataPlane: the waypoints of Istio {} do not mirror; they do since 1.24",
            options.istio
        )));
    }
    Ok(())
}
