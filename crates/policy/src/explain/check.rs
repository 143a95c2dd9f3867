//! One question of an explanation, and its answer.

/// One question and its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// The question: a key of the configuration, or a word for a decision without a key.
    pub what: String,
    /// The condition that the request must meet.
    pub wanted: String,
    /// The value that the request has.
    pub found: String,
    /// Whether the request meets the condition.
    pub holds: Holds,
}

/// Whether a request meets a condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holds {
    /// The request meets the condition.
    Yes,
    /// The request does not meet the condition.
    No,
    /// The answer depends on the worker at the time. The explanation assumes that the request meets the condition.
    Assumed,
    /// Chance decides whether the request meets the condition.
    ByChance,
}

/// Bytes in quotation marks. Bytes that are not printable ASCII are escaped.
pub fn quoted(bytes: &[u8]) -> String {
    format!("\"{}\"", bytes.escape_ascii())
}

// === impl Check ===

impl Check {
    pub(super) fn new(what: &str, wanted: impl Into<String>, found: impl Into<String>, holds: bool) -> Self {
        Self {
            what: what.to_owned(),
            wanted: wanted.into(),
            found: found.into(),
            holds: Holds::of(holds),
        }
    }
}

// === impl Holds ===

impl Holds {
    pub(super) const fn of(holds: bool) -> Self {
        if holds { Self::Yes } else { Self::No }
    }
}
