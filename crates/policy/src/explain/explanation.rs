//! An explanation: a whole request, and what one mirror does with the request.

use std::time::Duration;

use super::check::Check;
use super::copied::CopyDescription;
use crate::configuration::values::Percentage;
use crate::headers::Headers;
use crate::reasons::{Dropped, Reason, Skipped};

/// A whole request, as a filter receives it.
#[derive(Debug, Clone, Default)]
pub struct WholeRequest {
    /// The headers, pseudo headers first, with names in lower case.
    pub headers: Headers,
    /// The body. It is empty if the request has no body.
    pub body: Vec<u8>,
    /// The port on which the proxy accepted the request. `None` if the port is not known.
    pub port: Option<u16>,
    /// Whether an upstream is to answer the request.
    pub is_routed: bool,
    /// The time of day since the Unix epoch. `None` if the time is not known.
    pub wall: Option<Duration>,
}

/// What one mirror does with a request.
#[derive(Debug, Clone)]
pub struct Explanation {
    /// The place of the mirror in the plan.
    pub mirror: usize,
    /// The entries of `match`. At least one must be true. The list is empty if there is no entry, or if the mirror is
    /// off.
    pub entries: Vec<Entry>,
    /// The other questions in their order, up to the question that decides.
    pub steps: Vec<Check>,
    /// The decision. With a [`chance`](Self::chance), the decision for a request that chance chooses.
    pub decision: Decision,
    /// The share of such requests that chance chooses. `None` if chance decides nothing.
    pub chance: Option<Percentage>,
    /// The copy. `None` if the request is not copied.
    pub copy: Option<CopyDescription>,
}

/// One entry of a mirror's `match`.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The conditions of the entry. All must be true.
    pub conditions: Vec<Check>,
    /// Whether the request meets the entry.
    pub holds: bool,
}

/// What a mirror decides on a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// The mirror or the whole configuration is off. Nothing is counted.
    Off,
    /// The request meets no entry of `match`. Nothing is counted.
    NoMatch,
    /// The policy does not copy the request, for this reason.
    Skipped(Skipped),
    /// The copy is lost for this reason.
    Dropped(Dropped),
    /// A copy of the request is sent.
    Copied,
}

// === impl Decision ===

impl From<Reason> for Decision {
    fn from(reason: Reason) -> Self {
        match reason {
            Reason::Skipped(reason) => Self::Skipped(reason),
            Reason::Dropped(reason) => Self::Dropped(reason),
        }
    }
}
