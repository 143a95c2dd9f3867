//! The key `redact`: the parts of a request that the shadow must not see.

use serde::Serialize;

use super::values::Secret;

/// The parts of a copy that are removed or replaced by tokens. At least one part is named.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Redact {
    /// A list of headers and query parameters that comes with the filter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preset: Option<RedactPreset>,
    /// Names of headers that are redacted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<String>,
    /// Names of cookies in the header `cookie`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cookies: Vec<String>,
    /// Names of query parameters that are redacted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub query_params: Vec<String>,
    /// Values in a JSON body, as pointers of RFC 6901. The segment `*` is any key or index.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub json: Vec<String>,
    /// The only parts that the copy has. Every other part of their kind is removed.
    #[serde(skip_serializing_if = "Keep::is_empty")]
    pub keep: Keep,
    /// Whether a copy is dropped if a pointer of `json` finds nothing in its body.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub require: bool,
    /// What happens to these parts.
    pub mode: RedactMode,
    /// With mode `hash`: the key of the tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hash_key: Option<Secret>,
}

/// The only parts of each kind that a copy has. A kind without a list is not limited. An empty list keeps nothing.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Keep {
    /// Names of headers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub headers: Option<Vec<String>>,
    /// Names of cookies in the header `cookie`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cookies: Option<Vec<String>>,
    /// Names of parameters of a query or a form.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub query_params: Option<Vec<String>>,
    /// Values in a JSON body, as in [`Redact::json`]. At least one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub json: Option<Vec<String>>,
}

/// A list that comes with the filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum RedactPreset {
    /// Headers and parameters whose names are those of credentials: the rules of `redaction::credentials`.
    Credentials,
}

/// What happens to the parts that are redacted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum RedactMode {
    /// The part is removed from the copy.
    #[default]
    Remove,
    /// A token takes the place of the value. Equal values have equal tokens under one key.
    Hash,
}

// === impl Redact ===

impl Redact {
    /// The lists of names, each with its key in the configuration.
    pub(crate) fn lists(&mut self) -> [(&'static str, &mut Vec<String>); 4] {
        [
            ("headers", &mut self.headers),
            ("cookies", &mut self.cookies),
            ("queryParams", &mut self.query_params),
            ("json", &mut self.json),
        ]
    }
}

// === impl Keep ===

impl Keep {
    /// Whether no kind of part is limited.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The lists of names, each with its key in the configuration.
    pub(crate) fn lists(&mut self) -> [(&'static str, &mut Option<Vec<String>>); 4] {
        [
            ("headers", &mut self.headers),
            ("cookies", &mut self.cookies),
            ("queryParams", &mut self.query_params),
            ("json", &mut self.json),
        ]
    }
}
