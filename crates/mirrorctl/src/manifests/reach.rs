//! Whether the proxies that copy know the shadow's cluster: a Sidecar may keep it from them.

use super::placement::Placement;
use crate::error::{Error, Result};
use crate::job::Job;
use crate::mesh::imports::{hiding, namespace_of};
use crate::objects::World;

/// A shadow that a Sidecar keeps from the primary's proxies would get nothing.
pub(super) fn refuse_restricted(job: &Job, placement: &Placement, world: &World) -> Result<()> {
    for entry in &placement.entries {
        let to = &entry.destination;
        if let Some(sidecar) = hiding(&job.namespace, &placement.selector, &to.written(), world) {
            return Err(Error::Refused(format!(
                "spec.shadows[{}]: {} does not let the primary's proxies reach {host}, so every copy would be dropped; add \"{}/{host}\" to its spec.egress[].hosts",
                entry.shadow,
                sidecar.title(),
                namespace_of(&to.host, &job.namespace, world),
                host = to.host
            )));
        }
    }
    Ok(())
}
