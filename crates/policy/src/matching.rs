//! Stage 2: which mirrors a request belongs to. The vocabulary is Istio's HTTPMatchRequest, the meaning is Envoy's:
//! paths without query and fragment, header values joined by a comma, query parameters undecoded.

mod explain;

use std::borrow::Cow;

use regex_lite::{Regex, RegexBuilder};

use crate::config::{Named, RequestMatch, StringMatch};
use crate::headers::Headers;
use crate::plan::{ConfigError, Plan};
use crate::syntax;

/// A pattern may be this long, in bytes.
pub const MAX_REGEX_BYTES: usize = 1024;

/// A compiled pattern may take this many bytes.
const MAX_REGEX_PROGRAM_BYTES: usize = 64 << 10;

/// A longer text never matches a regular expression: the time of a match grows with pattern times text, and it is the
/// worker's time.
pub const MAX_REGEX_TEXT_BYTES: usize = 8 << 10;

/// What a request is matched by.
#[derive(Debug, Clone, Copy)]
pub struct RequestHead<'a> {
    /// All headers, pseudo headers first.
    pub headers: &'a Headers,
    /// The port on which this proxy accepted the request, if a plan needs it and the host knows it.
    pub port: Option<u16>,
}

/// The mirrors of a plan that a request belongs to, as a set of their indexes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MirrorSet(u16);

/// One entry of `match`, compiled. All its conditions must hold.
#[derive(Debug)]
pub struct RequestMatcher {
    port: Option<u16>,
    method: Option<TextMatcher>,
    authority: Option<TextMatcher>,
    scheme: Option<TextMatcher>,
    path: Option<TextMatcher>,
    headers: Vec<Condition>,
    without_headers: Vec<Condition>,
    query_params: Vec<Condition>,
}

/// A condition on something that has a name: a header or a query parameter.
#[derive(Debug)]
struct Condition {
    name: String,
    /// `None`: it only has to be there.
    value: Option<TextMatcher>,
}

#[derive(Debug)]
enum TextMatcher {
    Exact { text: String, ignore_case: bool },
    Prefix { text: String, ignore_case: bool },
    Regex(Regex),
}

/// The mirrors of the plan that a request belongs to. Mirrors that are off belong to no request.
pub fn select(plan: &Plan, head: &RequestHead<'_>) -> MirrorSet {
    let mut set = MirrorSet::default();
    if !plan.enabled {
        return set;
    }
    for (index, mirror) in plan.mirrors.iter().enumerate() {
        let selected = mirror.matchers.is_empty() || mirror.matchers.iter().any(|matcher| matcher.matches(head));
        if mirror.config.enabled && selected {
            set.insert(index);
        }
    }
    set
}

/// A path without query and fragment.
fn bare_path(path: &[u8]) -> &[u8] {
    path.split(|byte| matches!(byte, b'?' | b'#'))
        .next()
        .unwrap_or_default()
}

/// The first query parameter of a name, as it stands in the path. One without `=` has an empty value.
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

// === impl MirrorSet ===

impl MirrorSet {
    /// One mirror alone.
    pub(crate) fn only(index: usize) -> Self {
        let mut set = Self::default();
        set.insert(index);
        set
    }

    fn insert(&mut self, index: usize) {
        self.0 |= u32::try_from(index)
            .ok()
            .and_then(|index| 1u16.checked_shl(index))
            .unwrap_or(0);
    }

    /// Whether the request belongs to no mirror.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The indexes in the plan, in order.
    pub fn iter(self) -> impl Iterator<Item = usize> {
        (0..16).filter(move |index| self.0 & (1 << index) != 0)
    }
}

// === impl RequestMatcher ===

impl RequestMatcher {
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
                        syntax::header_name(name, &path)?
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

    /// Whether the entry asks for the port.
    pub fn needs_port(&self) -> bool {
        self.port.is_some()
    }

    /// Whether all conditions hold.
    pub fn matches(&self, head: &RequestHead<'_>) -> bool {
        let headers = head.headers;
        let pseudo = |matcher: &Option<TextMatcher>, name: &[u8]| {
            matcher
                .as_ref()
                .is_none_or(|matcher| headers.get(name).is_some_and(|value| matcher.matches(value)))
        };
        let path = headers.get(b":path").unwrap_or_default();
        (self.port.is_none() || self.port == head.port)
            && pseudo(&self.method, b":method")
            && pseudo(&self.authority, b":authority")
            && pseudo(&self.scheme, b":scheme")
            && self
                .path
                .as_ref()
                .is_none_or(|matcher| matcher.matches(bare_path(path)))
            && self
                .headers
                .iter()
                .all(|condition| condition.holds(headers.joined(condition.name.as_bytes())))
            && self
                .without_headers
                .iter()
                .all(|condition| condition.is_kept_out(headers.joined(condition.name.as_bytes())))
            && self
                .query_params
                .iter()
                .all(|condition| condition.holds(query_param(path, condition.name.as_bytes()).map(Cow::from)))
    }
}

// === impl Condition ===

impl Condition {
    fn holds(&self, value: Option<Cow<'_, [u8]>>) -> bool {
        match (&self.value, value) {
            (_, None) => false,
            (None, Some(_)) => true,
            (Some(matcher), Some(value)) => matcher.matches(&value),
        }
    }

    /// Whether a value that must not be there is not.
    fn is_kept_out(&self, value: Option<Cow<'_, [u8]>>) -> bool {
        match &self.value {
            None => value.is_none(),
            // Istio sets `treat_missing_header_as_empty` here (pilot/pkg/networking/core/route).
            Some(matcher) => !matcher.matches(&value.unwrap_or_default()),
        }
    }
}

// === impl TextMatcher ===

impl TextMatcher {
    /// `None` if no way to compare is given.
    fn compile(config: &StringMatch, ignore_case: bool, path: &str) -> Result<Option<Self>, ConfigError> {
        match (&config.exact, &config.prefix, &config.regex) {
            (None, None, None) => Ok(None),
            (Some(text), None, None) => Ok(Some(Self::Exact {
                text: text.clone(),
                ignore_case,
            })),
            (None, Some(text), None) => Ok(Some(Self::Prefix {
                text: text.clone(),
                ignore_case,
            })),
            (None, None, Some(pattern)) => compile_regex(pattern, &format!("{path}.regex"))
                .map(Self::Regex)
                .map(Some),
            _ => Err(ConfigError::invalid(
                path,
                "has more than one of `exact`, `prefix` and `regex`; give one",
            )),
        }
    }

    fn matches(&self, value: &[u8]) -> bool {
        match self {
            Self::Exact {
                text,
                ignore_case: false,
            } => value == text.as_bytes(),
            Self::Exact {
                text,
                ignore_case: true,
            } => value.eq_ignore_ascii_case(text.as_bytes()),
            Self::Prefix {
                text,
                ignore_case: false,
            } => value.starts_with(text.as_bytes()),
            Self::Prefix {
                text,
                ignore_case: true,
            } => value
                .get(..text.len())
                .is_some_and(|prefix| prefix.eq_ignore_ascii_case(text.as_bytes())),
            Self::Regex(regex) => {
                value.len() <= MAX_REGEX_TEXT_BYTES
                    && std::str::from_utf8(value).is_ok_and(|value| regex.is_match(value))
            }
        }
    }
}

/// Compiles a pattern that the whole text must match, as Envoy's RE2 does. A pattern that would mean something else in
/// RE2 is refused, not reinterpreted.
fn compile_regex(pattern: &str, path: &str) -> Result<Regex, ConfigError> {
    if pattern.len() > MAX_REGEX_BYTES {
        let problem = format!("{} bytes are more than {MAX_REGEX_BYTES}", pattern.len());
        return Err(ConfigError::invalid(path, problem));
    }
    if !pattern.is_ascii() && pattern.as_bytes().windows(2).any(|pair| pair == b"(?") && pattern.contains('i') {
        let problem = "ignores case for ASCII only, and this pattern has other letters; list them in a class";
        return Err(ConfigError::invalid(path, problem));
    }
    // Alone first: `a)|(b` would become valid inside the group below.
    let alone = RegexBuilder::new(pattern).size_limit(MAX_REGEX_PROGRAM_BYTES).build();
    let whole = alone.and_then(|_| {
        RegexBuilder::new(&format!("^(?:{pattern})$"))
            .size_limit(MAX_REGEX_PROGRAM_BYTES)
            .build()
    });
    whole.map_err(|error| {
        let problem = format!(
            "`{}` is not a pattern that can be used here: {error}",
            pattern.escape_debug()
        );
        ConfigError::invalid(path, problem)
    })
}
