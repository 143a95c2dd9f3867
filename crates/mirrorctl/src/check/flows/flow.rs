//! One stream of copies.

use serde_json::Value;

use super::super::subject::Subject;
use super::destination::Destination;
use super::source::FlowSource;
use crate::objects::Object;

/// One stream of copies: one mirror, and one of the senders whose requests it copies.
pub(in crate::check) struct Flow<'a> {
    /// What makes it. `None`: a job, from which other objects will come.
    pub(in crate::check) object: Option<&'a Object>,
    /// What is reported on. `None`: it is only known to exist.
    pub(in crate::check) subject: Option<&'a Subject>,
    /// Where its destination is written.
    pub(in crate::check) path: String,
    /// Whose requests are copied.
    pub(in crate::check) source: FlowSource,
    /// The conditions on a request, as they are written. Null without any.
    pub(in crate::check) conditions: Value,
    /// Where the rule sends the live requests. Empty where no rule says so.
    pub(in crate::check) live: Vec<Destination>,
    /// Where the copies go.
    pub(in crate::check) to: Destination,
}
