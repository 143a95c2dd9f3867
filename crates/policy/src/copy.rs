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
use copied_headers::{CopiedBody, CopiedHeader, CopiedHeaders};
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

/// What of a copy goes to the shadow.
#[derive(Debug)]
pub struct Outgoing<'a> {
    /// The headers, in their order.
    pub headers: Vec<CopiedHeader<'a>>,
    /// The body. It is empty if the copy has no body.
    pub body: &'a [u8],
}

// === impl RequestCopy ===

impl RequestCopy {
    /// Makes what leaves. The budget is charged for the headers of the copy in place of those of the request. The
    /// caller does this once.
    ///
    /// # Errors
    /// The request has no method, path or authority. The headers are more than Envoy takes. The bytes would be over the
    /// limit of the mirror.
    pub fn leave(&mut self) -> Result<Outgoing<'_>, Dropped> {
        let Self {
            mirror,
            permit,
            original,
            with_body,
            redacted,
        } = self;
        let redacted_body = redacted.as_ref().and_then(|redacted| redacted.body.as_deref());
        let body = match redacted_body {
            _ if !*with_body => &[],
            Some(redacted) => redacted,
            None => original.body.as_slice(),
        };
        let copied = CopiedBody {
            bytes: body.len(),
            is_original: *with_body && redacted_body.is_none(),
        };
        let edits = redacted.as_ref().map_or(&[][..], |redacted| &redacted.headers);
        let CopiedHeaders { headers, bytes } = copied_headers::of(&mirror.mirror, &original.headers, edits, copied)?;
        let before = original.headers.bytes();
        mirror.state.with(|state| state.recharge(permit, before, bytes))?;
        Ok(Outgoing { headers, body })
    }
}
