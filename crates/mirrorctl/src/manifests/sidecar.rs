//! The filter in the sidecars of the primary's pods.

use super::attachment::{Attachment, Direction, Proxies};
use super::bundle::Bundle;
use super::options::Options;
use super::placement::place;
use super::{authorizationpolicy, filter, plugin, reach};
use crate::error::Result;
use crate::job::Job;
use crate::objects::World;

/// Adds the filter of a job for sidecars.
pub(super) fn add(job: &Job, world: &World, options: &Options, bundle: &mut Bundle) -> Result<()> {
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
    filter::add(job, world, options, &attachment, &mirrors, bundle)
}
