//! What bounds a mirror: the sizes of bodies, the counts, bytes and work of its copies, and the circuit breaker.

use serde::Serialize;

use super::values::{PerSecond, Percentage, Span, Whole};

/// The largest budget of a mirror on one worker: 256 MiB.
pub const MAX_BUFFERED_BYTES: u64 = 256 << 20;

/// Which bodies are copied, and how long they may take.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Body {
    /// The largest body that is copied: 0 to 256 MiB, and no more than has room beside its headers in
    /// `limits.maxBufferedBytes`. The default is 1 MiB, or less where less has room.
    pub max_bytes: Whole<0, MAX_BUFFERED_BYTES>,
    /// What happens to a request with a larger body.
    pub when_larger: WhenLarger,
    /// How long the filter waits for the end of a request.
    pub max_wait: Span,
}

/// What happens to a request with a body that is larger than `maxBytes`. No copy ever has a part of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum WhenLarger {
    /// The request is not copied.
    #[default]
    Drop,
    /// The request is copied without its body.
    HeadersOnly,
}

/// The limits of one mirror on one worker.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Limits {
    /// How many copies may await an answer: 1 to 65536.
    pub max_in_flight: Whole<1, 65_536>,
    /// How many copies may be collected, until their request is complete: 1 to 65536. A request that is complete with
    /// its headers needs no such place.
    pub max_collecting: Whole<1, 65_536>,
    /// How many header and body bytes all these copies may have: 1 byte to 256 MiB.
    pub max_buffered_bytes: Whole<1, MAX_BUFFERED_BYTES>,
    /// How many bytes the filter may examine for one copy, and for the `match` of one request: 64 KiB to 1 GiB.
    pub max_examined_bytes: Whole<65_536, 1_073_741_824>,
    /// How many bytes the plugin may examine in a second, for all its copies and matches: 64 KiB to 1 TiB.
    pub max_examined_bytes_per_second: Whole<65_536, 1_099_511_627_776>,
    /// How many copies may begin in a second: 0.001 to 1,000,000 in steps of 0.001. If absent, any number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_requests_per_second: Option<PerSecond>,
}

/// When a failing shadow gets no copies, and for how long.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CircuitBreaker {
    /// The breaker opens when this share of the copies that ended within the window failed: above 0, up to 100 percent.
    pub failure_percentage: Percentage,
    /// How many copies must have ended within the window: 1 to 1,000,000.
    pub min_requests: Whole<1, 1_000_000>,
    /// The time over which ended copies are counted.
    pub window: Span,
    /// How long the breaker stays open before one copy is sent as a probe.
    pub open_for: Span,
}

// === impl Body ===

impl Body {
    /// The defaults of a mirror with these limits.
    pub fn within(limits: &Limits) -> Self {
        Self {
            max_bytes: Whole::clamped(limits.largest_body().min(1 << 20)),
            when_larger: WhenLarger::Drop,
            max_wait: Span::from_millis(30_000).unwrap_or(Span::MAX),
        }
    }
}

impl Default for Body {
    fn default() -> Self {
        Self::within(&Limits::default())
    }
}

// === impl Limits ===

impl Limits {
    /// The bytes that uploads may have. The rest, a sixteenth of `maxBufferedBytes` and at most 512 KiB, is for
    /// requests that are complete with their headers.
    pub const fn upload_bytes(&self) -> u64 {
        self.max_buffered_bytes.get() - self.part()
    }

    /// The largest body that has room in an empty budget, when its headers take as much as is kept for requests that
    /// are complete with their headers.
    pub const fn largest_body(&self) -> u64 {
        self.upload_bytes() - self.part()
    }

    const fn part(&self) -> u64 {
        let (sixteenth, most) = (self.max_buffered_bytes.get() / 16, 512 << 10);
        if sixteenth < most { sixteenth } else { most }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_in_flight: Whole::clamped(128),
            max_collecting: Whole::clamped(128),
            max_buffered_bytes: Whole::clamped(16 << 20),
            max_examined_bytes: Whole::clamped(4 << 20),
            max_examined_bytes_per_second: Whole::clamped(64 << 20),
            max_requests_per_second: None,
        }
    }
}
