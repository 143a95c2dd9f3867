//! The condition of a rule: one entry of its `match` or `matches`, in one form for every kind of route.

use serde_json::Value;

use super::text::Text;
use crate::objects::{Labels, labels, list};

/// All that a request, and the proxy that gets it, must meet.
#[derive(Debug, Clone, Default)]
pub(super) struct Condition {
    /// The path of the request.
    pub(super) path: Path,
    /// The other parts of the request.
    pub(super) texts: Vec<(Part, Text)>,
    /// The port on which the proxy listens.
    pub(super) port: Option<u64>,
    /// The labels of the proxy.
    pub(super) labels: Labels,
    /// The namespace of the proxy.
    pub(super) namespace: Option<String>,
    /// What is there besides and not understood, so that more than this may be asked for.
    pub(super) has_more: bool,
}

/// A part of a request.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Part {
    /// A header, by its name in lower case, or one of Istio's own names such as `@request.auth.claims.group`.
    Header(String),
    /// A header that must not match.
    Without(String),
    /// A query parameter.
    Query(String),
    /// The method.
    Method,
    /// The authority.
    Authority,
    /// The scheme.
    Scheme,
}

/// A condition on the path of a request.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) enum Path {
    /// None: every path begins with `/`.
    #[default]
    Any,
    /// The path is this.
    Exact { text: String, ignores_case: bool },
    /// The path begins with this.
    Prefix { text: String, ignores_case: bool },
    /// The path is this, or goes on with `/`.
    Segments(String),
    /// The whole path is matched by this expression.
    Regex(String),
    /// What is not understood.
    Other(Value),
}

/// The keys of a match that say nothing about requests, or are read in another place.
const PLAIN: &[&str] = &["name", "statPrefix", "gateways"];

// === impl Condition ===

impl Condition {
    /// An entry of `match` of a VirtualService (route.go, `TranslateRouteMatch`, `sourceMatchHTTP`).
    pub(super) fn of_virtual_service(entry: &Value) -> Self {
        let mut condition = Self::default();
        let ignores_case = entry.get("ignoreUriCase").and_then(Value::as_bool).unwrap_or_default();
        for (key, value) in entry.as_object().into_iter().flatten() {
            let named = |part: fn(&str) -> Part| -> Vec<(Part, Text)> {
                let fields = value.as_object().into_iter().flatten();
                let text = |part: &Part, value: &Value| match part {
                    // A claim can be a list, and a missing header counts as empty here: that is no plain text.
                    Part::Without(_) => Text::Other(value.clone()),
                    Part::Header(name) if name.starts_with('@') => Text::Other(value.clone()),
                    _ => Text::of_match(value),
                };
                fields
                    .map(|(name, value)| (part(name), value))
                    .map(|(part, value)| (part.clone(), text(&part, value)))
                    .collect()
            };
            match key.as_str() {
                "uri" => condition.path = Path::of_match(value, ignores_case),
                "method" => condition.texts.push((Part::Method, Text::of_match(value))),
                "authority" => condition.texts.push((Part::Authority, Text::of_match(value))),
                "scheme" => condition.texts.push((Part::Scheme, Text::of_match(value))),
                "headers" => condition.texts.extend(named(|name| Part::Header(header(name)))),
                "withoutHeaders" => condition.texts.extend(named(|name| Part::Without(header(name)))),
                "queryParams" => condition.texts.extend(named(|name| Part::Query(name.to_owned()))),
                "port" => condition.port = value.as_u64().filter(|port| *port != 0),
                "ignoreUriCase" => {}
                // Where gateways are named, the pods that send are not looked at.
                "sourceLabels" if list(entry, &["gateways"]).next().is_none() => condition.labels = labels(Some(value)),
                "sourceNamespace" if list(entry, &["gateways"]).next().is_none() => {
                    condition.namespace = value.as_str().filter(|text| !text.is_empty()).map(str::to_owned);
                }
                "sourceLabels" | "sourceNamespace" => {}
                key => condition.has_more |= !PLAIN.contains(&key),
            }
        }
        condition
    }

    /// Whether every request that meets the other condition meets this one too. `false` if that is not sure.
    pub(super) fn covers(&self, other: &Self) -> bool {
        let follows = |part: &Part, text: &Text| {
            let mut others = other.texts.iter();
            others.any(|(other_part, other)| part == other_part && other.implies(text))
        };
        !self.has_more
            && self.path.covers(&other.path)
            && self.texts.iter().all(|(part, text)| follows(part, text))
            && self.port.is_none_or(|port| other.port == Some(port))
            && self
                .labels
                .iter()
                .all(|(name, value)| other.labels.get(name) == Some(value))
            && self
                .namespace
                .as_ref()
                .is_none_or(|own| other.namespace.as_ref() == Some(own))
    }

    /// Whether it holds for every request on some port of some proxy, so that Istio sorts it last or stops there
    /// (route.go, `IsCatchAllRoute`).
    pub(super) fn is_catch_all(&self) -> bool {
        self.path == Path::Any && self.texts.is_empty()
    }
}

// === impl Path ===

impl Path {
    fn of_match(value: &Value, ignores_case: bool) -> Self {
        match Text::of_match(value) {
            // Without a kind of match Istio leaves its default, the prefix `/`; `.*` is a catch-all to it too. An
            // expression `*` is none for Envoy, and its listener is refused.
            Text::Present if value.get("regex").and_then(Value::as_str) == Some("*") => Self::Other(value.clone()),
            Text::Present => Self::Any,
            Text::Prefix(text) if text == "/" => Self::Any,
            Text::Exact(text) => Self::Exact { text, ignores_case },
            Text::Prefix(text) => Self::Prefix { text, ignores_case },
            Text::Regex(text) => Self::Regex(text),
            Text::Other(value) => Self::Other(value),
        }
    }

    /// Whether every path that meets the other condition meets this one too. `false` if that is not sure.
    fn covers(&self, other: &Self) -> bool {
        // One that looks at letters' case says nothing of paths in another case.
        let begins = |text: &str, ignores: bool, prefix: &str, prefix_ignores: bool| match prefix_ignores {
            true => text.to_ascii_lowercase().starts_with(&prefix.to_ascii_lowercase()),
            false => !ignores && text.starts_with(prefix),
        };
        match (self, other) {
            (Self::Any, _) => true,
            // The Gateway API has it as an expression, which is sorted behind the prefixes.
            (Self::Regex(own), _) if own == ".*" => true,
            (
                Self::Exact {
                    text: own,
                    ignores_case: true,
                },
                Self::Exact { text, .. },
            ) => own.eq_ignore_ascii_case(text),
            (
                Self::Prefix {
                    text: own,
                    ignores_case: own_ignores,
                },
                Self::Exact { text, ignores_case } | Self::Prefix { text, ignores_case },
            ) => begins(text, *ignores_case, own, *own_ignores),
            (
                Self::Prefix {
                    text: own,
                    ignores_case,
                },
                Self::Segments(text),
            ) => begins(text, false, own, *ignores_case),
            (
                Self::Segments(own),
                Self::Exact {
                    text,
                    ignores_case: false,
                }
                | Self::Segments(text),
            ) => {
                text == own
                    || text
                        .strip_prefix(own.as_str())
                        .is_some_and(|rest| rest.starts_with('/'))
            }
            (
                Self::Segments(own),
                Self::Prefix {
                    text,
                    ignores_case: false,
                },
            ) => text
                .strip_prefix(own.as_str())
                .is_some_and(|rest| rest.starts_with('/')),
            _ => self == other,
        }
    }
}

/// The name of a header: in any case the same one, but for Istio's own names.
pub(super) fn header(name: &str) -> String {
    match name.starts_with('@') {
        true => name.to_owned(),
        false => name.to_ascii_lowercase(),
    }
}
