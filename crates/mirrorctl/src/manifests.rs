//! From a job and the user's world to the objects that make it so, in the order in which they are to be applied. Pure:
//! what is written depends on the arguments alone. [`bundle()`] is the table of what can be generated; each resource
//! has a file of its own that turns a [`Placement`] into one object.

mod args;

mod attachment;

mod authorizationpolicy;

mod bundle;

mod callable;

mod change;

pub mod clone;

mod copying;

mod destinationrule;

mod envoy;

mod external;

mod filter;

mod gateway;

mod gitops;

mod httproute;

mod importer;

mod native;

pub mod offline;

mod options;

mod ours;

mod outside;

mod placement;

mod plugin;

mod reach;

mod record;

mod routes;

mod sidecar;

mod trafficextension;

mod virtualservice;

mod wasmplugin;

mod waypoint;

use std::collections::HashSet;

use crate::error::Result;
use crate::job::{DataPlane, Engine, Job};
use crate::objects::World;

pub use args::OptionArgs;
pub use authorizationpolicy::identities;
pub use bundle::{Bundle, Manifest, Origin, Step};
pub use destinationrule::ceiling;
pub use options::{ExtensionApi, Module, Options, RoutingApi};
pub use ours::metadata;
pub use placement::{PlacedShadow, Placement, place};
pub use record::Record;

/// Everything that a job needs. Each line of the table adds what its engine and data plane need, step by step.
///
/// # Errors
/// [`crate::error::Error::Missing`] for a fact that is needed, refused for what cannot be or would do harm.
pub fn bundle(job: &Job, world: &World, options: &Options) -> Result<Bundle> {
    let mut bundle = Bundle::default();
    authorizationpolicy::refuse_unfit(job, options)?;
    let world = clone::add(job, world, &mut bundle)?;
    let world = external::add(job, world, options, &mut bundle)?;
    let world = world.as_ref();
    match (job.engine, job.data_plane) {
        (Engine::Wasm, DataPlane::Sidecar) => {
            let world = native::pinned(job, world, options, &mut bundle)?;
            sidecar::add(job, &world, options, &mut bundle)?;
        }
        (Engine::Wasm, DataPlane::Gateway) => gateway::add(job, world, options, &mut bundle)?,
        (Engine::Wasm, DataPlane::Waypoint) => waypoint::add(job, world, options, &mut bundle)?,
        (Engine::Wasm, DataPlane::Envoy) => envoy::add(job, options, &mut bundle)?,
        (Engine::Native, _) => native::bundle(job, world, options, &mut bundle)?,
    }
    if options.gitops {
        gitops::set_waves(&mut bundle);
    }
    let mut seen = HashSet::new();
    bundle.notes.retain(|note| seen.insert(note.clone()));
    Ok(bundle)
}
