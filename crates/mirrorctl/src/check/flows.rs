//! Every stream of copies that the inputs make, whatever makes it: from whose requests, and where to. What concerns
//! more than one object is checked on these.

pub(super) mod destination;

mod flow;

pub(super) mod source;

mod filters;

pub(super) mod mirror;

mod routes;

use std::collections::BTreeMap;

use super::attachment::Attached;
use super::subject::{Subject, What};
use crate::objects::{Object, World, kinds};
pub(super) use flow::Flow;

/// What tells an object from every other.
fn key(object: &Object) -> (&str, &str, &str, &str) {
    (object.kind(), object.group(), &object.namespace, object.name())
}

/// Every stream of copies, in the order of the objects.
pub(super) fn flows<'a>(subjects: &'a [Subject], world: &'a World) -> Vec<Flow<'a>> {
    let mut flows = Vec::new();
    let of_subjects: BTreeMap<_, &Subject> = subjects
        .iter()
        .filter_map(|subject| Some((key(subject.object()?), subject)))
        .collect();
    for object in world.iter() {
        let subject = of_subjects.get(&key(object)).copied();
        let mut found = if object.is(kinds::VIRTUAL_SERVICE) {
            routes::of_virtual_service(object, world)
        } else if object.is(kinds::HTTP_ROUTE) || object.is(kinds::GRPC_ROUTE) {
            routes::of_route(object, world)
        } else {
            Attached::of(object)
                .map(|attachment| filters::of_filter(&attachment, world))
                .unwrap_or_default()
        };
        for flow in &mut found {
            flow.subject = subject;
        }
        flows.append(&mut found);
    }
    for subject in subjects {
        if let What::Job(Ok(job)) = &subject.what {
            flows.extend(filters::of_job(job, subject, world));
        }
    }
    flows
}
