//! A whole and its parts, which must always agree.

use std::fmt;

/// One equation with its numbers.
pub struct Balance {
    pub whole: (&'static str, u64),
    pub parts: Vec<(&'static str, u64)>,
}

// === impl Balance ===

impl Balance {
    /// Whether the parts make up the whole.
    pub fn holds(&self) -> bool {
        self.whole.1 == self.parts.iter().map(|(_, value)| value).sum::<u64>()
    }
}

impl fmt::Display for Balance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} {} {} ",
            self.whole.0,
            self.whole.1,
            if self.holds() { "=" } else { "≠" }
        )?;
        let parts: Vec<_> = self
            .parts
            .iter()
            .map(|(name, value)| format!("{name} {value}"))
            .collect();
        f.write_str(&parts.join(" + "))
    }
}
