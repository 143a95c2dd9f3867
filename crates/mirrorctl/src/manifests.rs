//! From a job and the user's world to the objects that make it so, in the order in which they are to be applied. Pure:
//! what is written depends on the arguments alone. [`bundle`] is the table of what can be generated; each resource has
//! a file of its own that turns a [`Placement`] into one object.

mod attachment;

mod authorizationpolicy;

mod change;

pub mod clone;

mod cluster;

mod destinationrule;

mod envoy;

mod gateway;

mod gitops;

mod httproute;

mod importer;

mod native;

pub mod offline;

mod options;

mod ours;

mod placement;

mod plugin;

mod reach;

mod record;

mod routes;

mod trafficextension;

mod virtualservice;

mod wasmplugin;

mod waypoint;

use std::collections::HashSet;

use serde_json::Value;

use attachment::{Attachment, Direction, Proxies};
use plugin::Mirror;

use crate::error::Result;
use crate::job::{DataPlane, Engine, Job};
use crate::objects::World;

pub use authorizationpolicy::identities;
pub use cluster::Destination;
pub use destinationrule::ceiling;
pub use options::{ExtensionApi, IstioVersion, Module, Options, RoutingApi};
pub use ours::{JOB_LABEL, MANAGED_BY, is_of_job, metadata};
pub use placement::{Entry, Placement, place};
pub use record::{ORIGINAL, Record};

/// The stages of applying a job. A stage begins when the one before it is applied and, where that takes time, in effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub enum Step {
    /// Live traffic is told apart from what comes: subsets, pins.
    Prepare,
    /// The shadow starts.
    Deploy,
    /// Copies begin to flow.
    Mirror,
}

/// Whose an object is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// Made by us, labelled so, and deleted when the job goes offline.
    Ours,
    /// The user's, with a change; never labelled, and restored when the job goes offline.
    Patched,
}

/// One object to apply.
#[derive(Debug, Clone, PartialEq)]
pub struct Manifest {
    /// When.
    pub step: Step,
    /// Whose.
    pub origin: Origin,
    /// The whole object.
    pub object: Value,
}

/// What a job comes to.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Bundle {
    manifests: Vec<Manifest>,
    /// What the user should know and what is no reason to refuse: one sentence each.
    pub notes: Vec<String>,
}

// === impl Bundle ===

impl Bundle {
    /// Adds an object behind those of the same and of earlier steps.
    pub fn add(&mut self, manifest: Manifest) {
        let later = self.manifests.iter().position(|other| other.step > manifest.step);
        self.manifests.insert(later.unwrap_or(self.manifests.len()), manifest);
    }

    /// The same objects, to be changed.
    fn manifests_mut(&mut self) -> impl Iterator<Item = &mut Manifest> {
        self.manifests.iter_mut()
    }

    /// The objects in apply order: all, or those of one step.
    pub fn manifests(&self, step: Option<Step>) -> impl Iterator<Item = &Manifest> {
        self.manifests
            .iter()
            .filter(move |manifest| step.is_none_or(|step| manifest.step == step))
    }
}

/// Everything that a job needs. Each line of the table adds what its engine and data plane need, step by step.
///
/// # Errors
/// [`crate::error::Error::Missing`] for a fact that is needed, refused for what cannot be or would do harm.
pub fn bundle(job: &Job, world: &World, options: &Options) -> Result<Bundle> {
    let mut bundle = Bundle::default();
    authorizationpolicy::refuse_unfit(job, options)?;
    let world = clone::add(job, world, &mut bundle)?;
    let world = world.as_ref();
    match (job.engine, job.data_plane) {
        (Engine::Wasm, DataPlane::Sidecar) => {
            let world = native::pinned(job, world, options, &mut bundle)?;
            sidecar_filter(job, &world, options, &mut bundle)?;
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

/// The filter in the sidecars of the primary's pods.
fn sidecar_filter(job: &Job, world: &World, options: &Options, bundle: &mut Bundle) -> Result<()> {
    let placement = place(job, world, &mut bundle.notes)?;
    authorizationpolicy::add(job, world, &placement, options, bundle)?;
    reach::refuse_restricted(job, &placement, world)?;
    let mirrors = plugin::mirrors(job, &placement);
    let attachment = Attachment {
        namespace: job.namespace.clone(),
        proxies: Proxies::Selected(placement.selector.clone()),
        listeners: Some((
            Direction::Server,
            placement.ports.iter().map(|port| port.accepted).collect(),
        )),
    };
    add_filter(job, world, options, &attachment, &mirrors, bundle)
}

/// The filter, in whatever proxies.
fn add_filter(
    job: &Job,
    world: &World,
    options: &Options,
    attachment: &Attachment,
    mirrors: &[Mirror],
    bundle: &mut Bundle,
) -> Result<()> {
    let plugin = plugin::plugin(job, mirrors, options)?;
    let object = match options.extension_api()? {
        ExtensionApi::TrafficExtension => trafficextension::manifest(job, attachment, &plugin),
        ExtensionApi::WasmPlugin => wasmplugin::manifest(job, attachment, &plugin),
    };
    ours::refuse_taken_name(&object, job, world)?;
    bundle.add(Manifest {
        step: Step::Mirror,
        origin: Origin::Ours,
        object,
    });
    Ok(())
}
