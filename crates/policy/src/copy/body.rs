//! The cap of a body: whether a copy has the body of its request.

use crate::configuration::{Body, WhenLarger};
use crate::headers::Headers;
use crate::reasons::Dropped;

/// The length that a request declares for its body. Returns `None` if the request declares no length.
pub(crate) fn declared_length(headers: &Headers) -> Option<u64> {
    headers.number(b"content-length")
}

/// Whether a copy has a body of this length, in bytes.
///
/// # Errors
/// The body is larger than `body.maxBytes`, and `body.whenLarger` is `drop`.
pub(crate) fn is_copied(config: &Body, length: u64) -> Result<bool, Dropped> {
    match config.when_larger {
        _ if length <= config.max_bytes.get() => Ok(true),
        WhenLarger::HeadersOnly => Ok(false),
        WhenLarger::Drop => Err(Dropped::BodyTooLarge),
    }
}
