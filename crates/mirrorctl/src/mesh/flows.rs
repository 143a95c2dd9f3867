//! Every stream of copies that the inputs make, whatever makes it: from whose requests, and where to.

mod flow;

pub(crate) mod source;

mod filters;

mod routes;

use super::attached::Attached;
use crate::job::Job;
use crate::objects::{World, kinds};
pub(crate) use flow::Flow;

/// Every stream of copies: those of the objects, in their order, and then those of the jobs.
pub(crate) fn flows<'a>(jobs: impl Iterator<Item = &'a Job>, world: &'a World) -> Vec<Flow<'a>> {
    let mut flows = Vec::new();
    for object in world.iter() {
        if object.is(kinds::VIRTUAL_SERVICE) {
            flows.extend(routes::of_virtual_service(object, world));
        } else if object.is(kinds::HTTP_ROUTE) || object.is(kinds::GRPC_ROUTE) {
            flows.extend(routes::of_route(object, world));
        } else if let Some(attached) = Attached::of(object) {
            flows.extend(filters::of_filter(&attached, world));
        }
    }
    flows.extend(jobs.flat_map(|job| filters::of_job(job, world)));
    flows
}
