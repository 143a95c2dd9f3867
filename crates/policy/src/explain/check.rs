//! One question of an explanation, and its answer.

/// One question and its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// The question: a key of the configuration, or a word for a decision without a key.
    pub what: String,
    /// The condition.
    pub wanted: String,
    /// What the request has.
    pub found: String,
    /// Whether the condition holds.
    pub holds: Holds,
}

/// Whether a condition holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holds {
    /// The condition holds.
    Yes,
    /// The condition does not hold.
    No,
    /// The answer depends on the worker at the time. The explanation assumes that the condition holds.
    Assumed,
    /// Chance decides.
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
