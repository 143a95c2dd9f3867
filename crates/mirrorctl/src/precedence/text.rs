//! A condition on one text of a request, as Envoy reads what Istio writes of it, and whether it follows from another.

use serde_json::Value;

/// A condition on a text: a header, a query parameter, or a part of the request that Envoy has as a header.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Text {
    /// It is there, with any value.
    Present,
    /// It is this.
    Exact(String),
    /// It begins with this.
    Prefix(String),
    /// The whole of it is matched by this expression.
    Regex(String),
    /// What is not understood any further. It follows from nothing but itself.
    Other(Value),
}

// === impl Text ===

impl Text {
    /// A StringMatch of Istio (pilot/pkg/networking/core/route/route.go, `canBeConvertedToPresentMatch`).
    pub(super) fn of_match(value: &Value) -> Self {
        let other = || Self::Other(value.clone());
        let Some(fields) = value.as_object() else {
            return other();
        };
        let mut fields = fields.iter();
        match (fields.next(), fields.next()) {
            (None, _) => Self::Present,
            (Some((key, text)), None) => match (key.as_str(), text.as_str()) {
                (_, None | Some("")) => other(),
                ("exact", Some(text)) => Self::Exact(text.to_owned()),
                ("prefix", Some(text)) => Self::Prefix(text.to_owned()),
                ("regex", Some(text)) => Self::of_regex(text),
                _ => other(),
            },
            _ => other(),
        }
    }

    /// An expression. `*` is Istio's word for anything that is there, and `.*` means the same.
    pub(super) fn of_regex(text: &str) -> Self {
        match text {
            "*" | ".*" => Self::Present,
            _ => Self::Regex(text.to_owned()),
        }
    }

    /// Whether every text that meets this condition meets the other one. `false` if that is not sure.
    pub(super) fn implies(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Exact(text) | Self::Prefix(text), Self::Prefix(prefix)) => text.starts_with(prefix),
            (Self::Exact(_) | Self::Prefix(_) | Self::Regex(_), Self::Present) => true,
            _ => self == other,
        }
    }
}
