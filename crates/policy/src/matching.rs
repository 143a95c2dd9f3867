//! Matching: whether a request meets an entry of a mirror's `match`. The words are Istio's HTTPMatchRequest. The
//! meaning is Envoy's: a path has neither query nor fragment, header values are joined by a comma, query parameters are
//! not decoded.

mod expression_syntax;
pub mod text;

pub mod weight;

use std::borrow::Cow;

use crate::config_error::ConfigError;
use crate::configuration::{Named, RequestMatch, StringMatch};
use crate::grammar;
use crate::headers::Headers;
use crate::work::Work;
use text::TextMatcher;

/// The parts of a request that an entry of `match` can ask for.
#[derive(Debug, Clone, Copy)]
pub struct RequestHead<'a> {
    /// All headers, pseudo headers first.
    pub headers: &'a Headers,
    /// The port on which the proxy accepted the request. `None` if the plan does not ask for the port, or if the host
    /// does not know the port.
    pub port: Option<u16>,
    /// The path with its query and fragment.
    pub target: &'a [u8],
    /// The path without query and fragment.
    pub path: &'a [u8],
}

/// One compiled entry of `match`. A request meets the entry if all conditions of the entry are true.
#[derive(Debug)]
pub struct RequestMatcher {
    pub(crate) port: Option<u16>,
    pub(crate) method: Option<TextMatcher>,
    pub(crate) authority: Option<TextMatcher>,
    pub(crate) scheme: Option<TextMatcher>,
    pub(crate) path: Option<TextMatcher>,
    pub(crate) headers: Vec<Condition>,
    pub(crate) without_headers: Vec<Condition>,
    pub(crate) query_params: Vec<Condition>,
}

/// A condition on a header or a query parameter.
#[derive(Debug)]
pub(crate) struct Condition {
    pub(crate) name: String,
    /// The comparison of the value. `None` means that the header or parameter only has to be present.
    pub(crate) value: Option<TextMatcher>,
}

/// A path without query and fragment.
fn bare_path(path: &[u8]) -> &[u8] {
    path.split(|byte| matches!(byte, b'?' | b'#'))
        .next()
        .unwrap_or_default()
}

/// The first query parameter of a name, not decoded. A parameter without `=` has an empty value. Returns `None` if the
/// path has no such parameter.
pub(crate) fn query_param<'a>(path: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let path = path.split(|byte| *byte == b'#').next()?;
    let query = path.get(path.iter().position(|byte| *byte == b'?')? + 1..)?;
    query
        .split(|byte| *byte == b'&')
        .find_map(|pair| match pair.strip_prefix(name)? {
            [] => Some(&[][..]),
            [b'=', value @ ..] => Some(value),
            _ => None,
        })
}

// === impl RequestHead ===

impl<'a> RequestHead<'a> {
    /// The head of a request with these headers.
    pub fn new(headers: &'a Headers, port: Option<u16>) -> Self {
        let target = headers.get(b":path").unwrap_or_default();
        Self {
            headers,
            port,
            target,
            path: bare_path(target),
        }
    }
}

// === impl RequestMatcher ===

impl RequestMatcher {
    /// Compiles an entry of `match` at a path of the configuration.
    ///
    /// # Errors
    /// A comparison is empty, has more than one way, or has an expression that cannot be used; a header name is not
    /// valid; or `ignoreUriCase` has nothing to act on.
    pub(crate) fn compile(entry: &RequestMatch, path: &str) -> Result<Self, ConfigError> {
        let required = |key: &str, value: &Option<StringMatch>, ignore_case: bool| {
            let Some(value) = value else { return Ok(None) };
            let path = format!("{path}.{key}");
            match TextMatcher::compile(value, ignore_case, &path)? {
                Some(matcher) => Ok(Some(matcher)),
                None => Err(ConfigError::invalid(
                    path,
                    "is empty; give one of `exact`, `prefix` or `regex`",
                )),
            }
        };
        let conditions = |key: &str, from: &Named<StringMatch>, headers: bool| {
            from.0
                .iter()
                .map(|(name, value)| {
                    let path = format!("{path}.{key}.{name}");
                    let name = if headers {
                        grammar::read_header_name(name, &path)?
                    } else {
                        name.clone()
                    };
                    Ok(Condition {
                        name,
                        value: TextMatcher::compile(value, false, &path)?,
                    })
                })
                .collect::<Result<Vec<_>, ConfigError>>()
        };
        if entry.ignore_uri_case && entry.uri.as_ref().is_none_or(|uri| uri.regex.is_some()) {
            let problem = "goes with `uri.exact` or `uri.prefix`; in a regex write (?i)";
            return Err(ConfigError::invalid(format!("{path}.ignoreUriCase"), problem));
        }
        Ok(Self {
            port: entry.port.and_then(|port| u16::try_from(port.get()).ok()),
            method: required("method", &entry.method, false)?,
            authority: required("authority", &entry.authority, false)?,
            scheme: required("scheme", &entry.scheme, false)?,
            path: required("uri", &entry.uri, entry.ignore_uri_case)?,
            headers: conditions("headers", &entry.headers, true)?,
            without_headers: conditions("withoutHeaders", &entry.without_headers, true)?,
            query_params: conditions("queryParams", &entry.query_params, false)?,
        })
    }

    /// Whether a condition asks for the port.
    pub fn needs_port(&self) -> bool {
        self.port.is_some()
    }

    /// Whether a request meets the entry. If the work is over its limit, the answer says nothing.
    pub fn matches(&self, head: &RequestHead<'_>, work: &Work) -> bool {
        let headers = head.headers;
        let pseudo = |matcher: &Option<TextMatcher>, name: &[u8]| {
            matcher
                .as_ref()
                .is_none_or(|matcher| headers.get(name).is_some_and(|value| matcher.matches(value, work)))
        };
        (self.port.is_none() || self.port == head.port)
            && pseudo(&self.method, b":method")
            && pseudo(&self.authority, b":authority")
            && pseudo(&self.scheme, b":scheme")
            && self
                .path
                .as_ref()
                .is_none_or(|matcher| matcher.matches(head.path, work))
            && self
                .headers
                .iter()
                .all(|condition| condition.holds(condition.header(headers, work), work))
            && self
                .without_headers
                .iter()
                .all(|condition| condition.is_excluded(condition.header(headers, work), work))
            && self
                .query_params
                .iter()
                .all(|condition| condition.holds(condition.query_param(head.target, work).map(Cow::from), work))
    }
}

// === impl Condition ===

impl Condition {
    /// The values of the header that the condition names, joined by a comma. Returns `None` if the request has no such
    /// header, or if the work is over its limit.
    pub(crate) fn header<'a>(&'a self, headers: &'a Headers, work: &Work) -> Option<Cow<'a, [u8]>> {
        let name = self.name.as_bytes();
        let mut values = headers.all(name);
        let first = values.next()?;
        if values.next().is_none() {
            return Some(first.into());
        }
        work.charge(headers.bytes()).ok()?;
        headers.joined(name)
    }

    /// The value of the query parameter that the condition names. Returns `None` if the path has no such parameter, or
    /// if the work is over its limit.
    pub(crate) fn query_param<'a>(&self, target: &'a [u8], work: &Work) -> Option<&'a [u8]> {
        work.charge(target.len() as u64).ok()?;
        query_param(target, self.name.as_bytes())
    }

    /// Whether a value meets the condition. `None` is an absent header or parameter.
    pub(crate) fn holds(&self, value: Option<Cow<'_, [u8]>>, work: &Work) -> bool {
        match (&self.value, value) {
            (_, None) => false,
            (None, Some(_)) => true,
            (Some(matcher), Some(value)) => matcher.matches(&value, work),
        }
    }

    /// Whether a value meets the condition of `withoutHeaders`. `None` is an absent header.
    pub(crate) fn is_excluded(&self, value: Option<Cow<'_, [u8]>>, work: &Work) -> bool {
        match &self.value {
            None => value.is_none(),
            // Istio sets `treat_missing_header_as_empty` for these conditions (pilot/pkg/networking/core/route).
            Some(matcher) => !matcher.matches(&value.unwrap_or_default(), work),
        }
    }
}
