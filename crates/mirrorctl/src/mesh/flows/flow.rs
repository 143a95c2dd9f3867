//! One stream of copies.

use serde_json::Value;

use super::source::FlowSource;
use crate::job::Job;
use crate::mesh::destination::Destination;
use crate::objects::Object;

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
    /// Where the copies go.
    pub(crate) to: Destination,
}
