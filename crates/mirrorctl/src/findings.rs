//! What is found wrong with an input: each finding has a code of the one table in [`codes`], a place and a message of
//! its own. The table feeds what is printed and `docs/findings.md`.

pub mod codes;

mod report;

use crate::place::Place;
use crate::yaml::Mark;

pub use codes::CODES;
pub use report::{Form, report};

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Good to know; nothing fails for it.
    Note,
    /// It works, and not as most would want it.
    Warning,
    /// It does not work, or does harm.
    Error,
}

/// Whose rule a finding goes by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// Ours: what becomes of the copies and of the primary, which nothing else looks at.
    Own,
    /// The API server's, by its definitions of the kinds.
    ApiServer,
    /// Istio's validation: its webhook refuses the object, and `istioctl analyze` reports IST0106.
    Validation,
    /// That of an analyzer of `istioctl analyze`, which reports this message of a VirtualService.
    Analyzer(&'static str),
}

/// One line of the table.
#[derive(Debug, PartialEq, Eq)]
pub struct Code {
    /// `TM010`; it never changes its meaning.
    pub id: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// Whose rule it is.
    pub rule: Rule,
    /// What it is, in a few words.
    pub title: &'static str,
    /// What comes of it.
    pub meaning: &'static str,
    /// What to do.
    pub advice: &'static str,
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What it is.
    pub code: &'static Code,
    /// The input in which it was found.
    pub place: Place,
    /// Where in the file, if that is known.
    pub mark: Option<Mark>,
    /// What it is in: `the VirtualService reviews of namespace demo`.
    pub object: String,
    /// The key in the user's spelling; empty: the whole.
    pub path: String,
    /// What was found.
    pub message: String,
}

/// A stream of copies: one mirror, and one of those whose requests it copies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stream {
    /// What makes it: `the VirtualService reviews of namespace demo`.
    pub object: String,
    /// The key at which the destination is written.
    pub path: String,
    /// Whose requests are copied, in words.
    pub from: String,
    /// Istio's names of the clusters that get the copies, one for each port.
    pub clusters: Vec<String>,
    /// Why there is no cluster, or why it cannot be told.
    pub reason: Option<String>,
}

// === impl Rule ===

impl Rule {
    /// Who else says so, in a sentence; `None` if nobody does.
    pub fn agreement(self) -> Option<String> {
        match self {
            Self::Own => None,
            Self::ApiServer => Some("The API server refuses it: `kubectl apply --dry-run=server`.".to_owned()),
            Self::Validation => {
                Some("Istio's validating webhook refuses it, and `istioctl analyze` reports IST0106.".to_owned())
            }
            Self::Analyzer(message) => Some(format!(
                "In a VirtualService `istioctl analyze` reports it as {message}."
            )),
        }
    }
}

// === impl Severity ===

impl Severity {
    /// The word for it, as the command line and every output spell it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}
