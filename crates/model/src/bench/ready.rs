//! A request of the bench, and its copies once the request is complete.

use std::rc::Rc;

use mirror_policy::copy::copied_headers::CopiedHeader;
use mirror_policy::copy::{Outgoing, RequestCopy};
use mirror_policy::reasons::Dropped;
use mirror_policy::vm_state::{RootId, StreamId};

/// A request whose copies are collected, or whose answer is awaited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestId {
    pub(super) stream: StreamId,
    pub(super) root: RootId,
}

/// A copy whose request is complete. A test sends or refuses the copy.
#[derive(Debug)]
#[must_use = "a copy that is neither sent nor refused stays on the gauges"]
pub struct Ready {
    pub(super) copy: RequestCopy,
    pub(super) outgoing: Result<OwnedOutgoing, Dropped>,
    pub(super) request: RequestId,
    pub(super) account: usize,
    /// Shared by the copies of the request that are neither sent nor refused.
    pub(super) unsent: Rc<()>,
}

/// What of a copy goes to the shadow.
#[derive(Debug)]
pub(super) struct OwnedOutgoing {
    headers: Vec<(Vec<u8>, Vec<u8>)>,
    body: Vec<u8>,
    /// Where the policy has the body in memory.
    body_address: usize,
}

// === impl Ready ===

impl Ready {
    /// The account that is charged.
    pub const fn account(&self) -> usize {
        self.account
    }

    /// The headers of the copy, in their order.
    ///
    /// # Errors
    /// The reason for which the copy cannot leave.
    pub fn headers(&self) -> Result<Vec<CopiedHeader<'_>>, Dropped> {
        let headers = &self.outgoing.as_ref().map_err(|reason| *reason)?.headers;
        let borrowed = headers
            .iter()
            .map(|(name, value)| (name.as_slice(), value.as_slice().into()));
        Ok(borrowed.collect())
    }

    /// The body of the copy. It is empty if the copy has no body, or cannot leave.
    pub fn body(&self) -> &[u8] {
        self.outgoing.as_ref().map_or(&[], |outgoing| &outgoing.body)
    }

    /// Where the policy has the body in memory. Copies that share their body have one address.
    pub fn body_address(&self) -> usize {
        self.outgoing.as_ref().map_or(0, |outgoing| outgoing.body_address)
    }
}

/// What of a copy goes to the shadow, outside of the policy.
pub(super) fn owned(outgoing: Outgoing<'_>) -> OwnedOutgoing {
    let headers = outgoing.headers.iter();
    let headers = headers.map(|(name, value)| (name.to_vec(), value.to_vec()));
    OwnedOutgoing {
        headers: headers.collect(),
        body: outgoing.body.to_vec(),
        body_address: outgoing.body.as_ptr().addr(),
    }
}
