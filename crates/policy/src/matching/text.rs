//! Comparisons of texts: exact, by prefix, and by regular expression.

use std::borrow::Cow;
use std::fmt;

use regex_lite::{Regex, RegexBuilder};

use super::{expression_syntax, weight};
use crate::config_error::ConfigError;
use crate::configuration::StringMatch;
use crate::work::Work;

/// A regular expression has at most this many bytes.
pub const MAX_REGEX_BYTES: usize = 1024;

/// A compiled regular expression has at most this many bytes.
const MAX_REGEX_PROGRAM_BYTES: usize = 64 << 10;

/// A longer text matches no regular expression. The time of a match grows with expression times text, and the worker
/// spends that time.
pub const MAX_REGEX_TEXT_BYTES: usize = 8 << 10;

/// A compiled comparison of a text.
#[derive(Debug)]
pub enum TextMatcher {
    /// The text is equal to this text.
    Exact {
        /// The text of the configuration.
        text: String,
        /// Whether the case of ASCII letters makes no difference.
        ignore_case: bool,
    },
    /// The text begins with this text.
    Prefix {
        /// The text of the configuration.
        text: String,
        /// Whether the case of ASCII letters makes no difference.
        ignore_case: bool,
    },
    /// The whole text matches an expression.
    Regex(Expression),
}

/// A regular expression for a whole text.
#[derive(Debug)]
pub struct Expression {
    /// The expression as the user wrote it.
    pattern: String,
    regex: Regex,
    /// Every text that matches begins with this text. It is compared first, because that costs far less.
    prefix: String,
    /// The work for one byte of a text, in examined bytes.
    work_per_byte: u64,
}

/// The work for one byte of a text and one unit of an expression's [weight](weight::weight), in examined bytes.
const WORK_PER_WEIGHT: u64 = 4;

// === impl TextMatcher ===

impl TextMatcher {
    /// Compiles a comparison. Returns `None` if the configuration gives none.
    ///
    /// # Errors
    /// The configuration gives more than one comparison, or the expression cannot be used.
    pub(crate) fn compile(config: &StringMatch, ignore_case: bool, path: &str) -> Result<Option<Self>, ConfigError> {
        Ok(match (&config.exact, &config.prefix, &config.regex) {
            (None, None, None) => None,
            (Some(text), None, None) => Some(Self::Exact {
                text: text.clone(),
                ignore_case,
            }),
            (None, Some(text), None) => Some(Self::Prefix {
                text: text.clone(),
                ignore_case,
            }),
            (None, None, Some(pattern)) => Some(Self::Regex(Expression::compile(pattern, &format!("{path}.regex"))?)),
            _ => {
                let problem = "has more than one of `exact`, `prefix` and `regex`; give one";
                return Err(ConfigError::invalid(path, problem));
            }
        })
    }

    /// Whether a text meets the comparison. If the work is over its limit, the answer says nothing.
    pub fn matches(&self, value: &[u8], work: &Work) -> bool {
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
            } => {
                let start = value.get(..text.len());
                start.is_some_and(|start| start.eq_ignore_ascii_case(text.as_bytes()))
            }
            Self::Regex(expression) => expression.matches(value, work),
        }
    }
}

// === impl Expression ===

impl Expression {
    /// Compiles an expression that the whole text must match, as in Envoy's RE2. An expression with another meaning in
    /// RE2 is refused.
    fn compile(pattern: &str, path: &str) -> Result<Self, ConfigError> {
        if pattern.len() > MAX_REGEX_BYTES {
            let problem = format!("{} bytes are more than {MAX_REGEX_BYTES}", pattern.len());
            return Err(ConfigError::invalid(path, problem));
        }
        expression_syntax::check(pattern).map_err(|problem| {
            let problem = format!("`{}` {problem}", pattern.escape_debug());
            ConfigError::invalid(path, problem)
        })?;
        let build = |pattern: &str| RegexBuilder::new(pattern).size_limit(MAX_REGEX_PROGRAM_BYTES).build();
        // The expression is compiled alone first, because `a)|(b` would become valid inside the group.
        let letters = latin1(pattern.as_bytes());
        let regex = build(&letters).and_then(|_| build(&format!("^(?:{letters})$")));
        match regex {
            Ok(regex) => Ok(Self {
                pattern: pattern.to_owned(),
                regex,
                prefix: literal_prefix(pattern),
                work_per_byte: work_per_byte(pattern),
            }),
            Err(error) => {
                let pattern = pattern.escape_debug();
                let problem = format!("`{pattern}` is not a pattern that can be used here: {error}");
                Err(ConfigError::invalid(path, problem))
            }
        }
    }

    /// The work for a text of a length in bytes, in examined bytes.
    fn work(&self, length: usize) -> u64 {
        (length as u64 + 1).saturating_mul(self.work_per_byte)
    }

    fn matches(&self, value: &[u8], work: &Work) -> bool {
        value.starts_with(self.prefix.as_bytes())
            && value.len() <= MAX_REGEX_TEXT_BYTES
            && work.charge(self.work(value.len())).is_ok()
            && self.regex.is_match(&latin1(value))
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.pattern)
    }
}

/// The work for one byte of a text that is compared with an expression, in examined bytes: at least 4.
pub fn work_per_byte(pattern: &str) -> u64 {
    WORK_PER_WEIGHT * weight::weight(pattern)
}

/// Bytes as letters of Latin-1, one for each byte. Envoy's RE2 reads expressions and texts in this way
/// (source/common/common/regex.cc): `.` is one byte, and every header value is a text.
fn latin1(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) if text.is_ascii() => Cow::Borrowed(text),
        _ => Cow::Owned(bytes.iter().copied().map(char::from).collect()),
    }
}

/// A text with which every match of an expression begins. It may be shorter than the longest such text.
fn literal_prefix(pattern: &str) -> String {
    if has_top_level_alternation(pattern) {
        return String::new();
    }
    let pattern = pattern.strip_prefix('^').unwrap_or(pattern);
    let is_literal = |letter: char| letter.is_ascii_alphanumeric() || "/-_:=&,;@%~!<> \"'".contains(letter);
    let end = pattern.find(|letter| !is_literal(letter)).unwrap_or(pattern.len());
    let (prefix, rest) = pattern.split_at_checked(end).unwrap_or_default();
    let mut prefix = prefix.to_owned();
    // A repetition makes the last letter optional. It may also stand behind a `+` or behind flags.
    if rest.starts_with(['*', '?', '{', '+']) || rest.starts_with("(?") {
        prefix.pop();
    }
    prefix
}

/// Whether an expression may have a `|` outside of all groups. An expression with a `|` and a class, or a `#` that may
/// begin a comment, is not looked at closely.
fn has_top_level_alternation(pattern: &str) -> bool {
    if pattern.contains(['[', '#']) {
        return pattern.contains('|');
    }
    let (mut depth, mut is_escaped) = (0_usize, false);
    for letter in pattern.chars() {
        match letter {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            '|' if depth == 0 => return true,
            _ => {}
        }
    }
    false
}
