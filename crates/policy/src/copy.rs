//! The copy of a request: its headers and its body. A body is whole or absent, never a part. Tests compare the copy
//! with Envoy's own mirror.

pub mod copied_headers;

pub mod redacted_request;

pub(crate) mod body;

use std::rc::Rc;

use crate::active_plan::ActiveMirror;
use crate::budget::Permit;
use crate::headers::Headers;
use crate::reasons::Dropped;
use copied_headers::{CopiedBody, CopiedHeader};
use redacted_request::RedactedRequest;

/// A request as it came in, complete. All its copies share it.
#[derive(Debug, Default)]
pub struct Original {
    /// The headers of the request.
    pub headers: Headers,
    /// The body of the request. It is empty if no copy has the body.
    pub body: Vec<u8>,
}

/// A copy that can be sent. [`VmState::sent`](crate::vm_state::VmState::sent) or
/// [`VmState::refused`](crate::vm_state::VmState::refused) ends it.
#[derive(Debug)]
#[must_use = "a copy that is neither sent nor refused is lost to its budget"]
pub struct RequestCopy {
    /// The mirror that wants the copy.
    pub mirror: Rc<ActiveMirror>,
    /// The place of the copy in the mirror's budget.
    pub(crate) permit: Permit,
    /// The request that is copied.
    pub(crate) original: Rc<Original>,
    /// Whether the copy has the request's body.
    pub(crate) with_body: bool,
    /// The request after redaction. `None` if the mirror does not redact.
    pub(crate) redacted: Option<Rc<RedactedRequest>>,
}

// === impl RequestCopy ===

impl RequestCopy {
    /// The headers of the copy.
    ///
    /// # Errors
    /// The request has no method, path or authority, or the headers are more than Envoy takes.
    pub fn headers(&self) -> Result<Vec<CopiedHeader<'_>>, Dropped> {
        let body = CopiedBody {
            bytes: self.body().len(),
            is_original: self.with_body && self.redacted_body().is_none(),
        };
        let edits = self.redacted.as_ref().map_or(&[][..], |redacted| &redacted.headers);
        copied_headers::of(&self.mirror.mirror, &self.original.headers, edits, body)
    }

    /// The body of the copy. It is empty if the copy has no body.
    pub fn body(&self) -> &[u8] {
        match self.redacted_body() {
            Some(redacted) => redacted,
            None if self.with_body => &self.original.body,
            None => &[],
        }
    }

    /// The redacted body. Returns `None` if the copy has no body, or the body of the request.
    fn redacted_body(&self) -> Option<&[u8]> {
        let redacted = self.redacted.as_ref().filter(|_| self.with_body)?;
        redacted.body.as_deref()
    }
}
