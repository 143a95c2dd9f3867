//! The cap of a body: whether a copy has the body of its request.

use crate::configuration::{Body, WhenLarger};
use crate::reasons::Dropped;

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
