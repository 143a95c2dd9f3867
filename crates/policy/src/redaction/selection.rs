//! Which parts of one kind are redacted: headers, cookies, or the parameters of queries and forms.

use super::credentials::is_credential;
use super::names::Names;

/// What happens to a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// The part stays as it is.
    Stay,
    /// The part is removed, or a token takes the place of its value, as `mode` says.
    Redact,
    /// The part is removed, whatever `mode` says.
    Remove,
}

/// The names of the parts of one kind that are redacted or kept.
#[derive(Debug)]
pub(super) struct Selection {
    named: Names,
    /// Whether every name is redacted.
    is_every: bool,
    /// The names that stay. `None` if every name stays that is not redacted.
    kept: Option<Names>,
    has_preset: bool,
}

// === impl Selection ===

impl Selection {
    /// What a user names is redacted. With `kept`, what is in neither list is removed, and the preset adds nothing.
    pub(super) fn new(named: &[String], kept: Option<&[String]>, has_preset: bool) -> Self {
        Self {
            named: Names::new(named),
            is_every: false,
            kept: kept.map(Names::new),
            has_preset,
        }
    }

    /// Every part is redacted.
    pub(super) fn every() -> Self {
        Self {
            is_every: true,
            ..Self::new(&[], None, false)
        }
    }

    /// Whether a part can have another fate than to stay.
    pub(super) const fn is_needed(&self) -> bool {
        self.is_every || self.has_preset || self.kept.is_some() || !self.named.is_empty()
    }

    /// Whether a user names the part for redaction.
    pub(super) fn names(&self, name: &[u8]) -> bool {
        self.named.contains(name)
    }

    /// The fate of a part. `decoded` is the name without its encoding, if the name is encoded.
    // One copy of the rules is enough for a module whose size is limited.
    #[inline(never)]
    pub(super) fn fate(&self, name: &[u8], decoded: Option<&[u8]>) -> Fate {
        let is_in = |names: &Names| names.contains(name) || decoded.is_some_and(|name| names.contains(name));
        if self.is_every || is_in(&self.named) {
            return Fate::Redact;
        }
        match &self.kept {
            Some(kept) if is_in(kept) => Fate::Stay,
            Some(_) => Fate::Remove,
            None if self.has_preset && is_credential(decoded.unwrap_or(name)) => Fate::Redact,
            None => Fate::Stay,
        }
    }
}
