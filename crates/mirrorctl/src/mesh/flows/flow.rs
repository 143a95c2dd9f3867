//! One stream of copies.

use serde_json::Value;

use super::source::FlowSource;
use crate::job::Job;
use crate::mesh::destination::Destination;
use crate::objects::{Object, kinds};

/// One stream of copies: one mirror, and one of the senders whose requests it copies.
pub(crate) struct Flow<'a> {
    /// The object that makes it. `None`: a job, from which other objects will come.
    pub(crate) object: Option<&'a Object>,
    /// The job that makes it. `None`: an object.
    pub(crate) job: Option<&'a Job>,
    /// Where its destination is written.
    pub(crate) path: String,
    /// Whose requests are copied.
    pub(crate) source: FlowSource,
    /// The conditions on a request, as they are written. Null without any.
    pub(crate) conditions: Value,
    /// Where the rule sends the live requests. Empty where no rule says so.
    pub(crate) live: Vec<Destination>,
    /// Whether the filter copies requests as clients sent them. False for what is not the filter's, and for jobs.
    pub(crate) is_unredacted: bool,
    /// Where the copies go.
    pub(crate) to: Destination,
}

// === impl Flow ===

impl Flow<'_> {
    /// Whether it is a mirror of Envoy's own, for which Istio writes the name of the cluster.
    pub(crate) fn is_native(&self) -> bool {
        let routes = [kinds::VIRTUAL_SERVICE, kinds::HTTP_ROUTE, kinds::GRPC_ROUTE];
        match self.object {
            Some(object) => routes.into_iter().any(|kind| object.is(kind)),
            None => matches!(self.source, FlowSource::Host { native: true, .. }),
        }
    }
}
