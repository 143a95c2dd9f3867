//! The conditions of a mirror's `match`, one by one. A decision ends at the first condition that fails. An explanation
//! shows all of them, by the same comparisons.

use std::borrow::Cow;

use super::check::{Check, Holds, quoted};
use crate::grammar::written_header_name;
use crate::matching::text::{MAX_REGEX_TEXT_BYTES, TextMatcher};
use crate::matching::{Condition, RequestHead, RequestMatcher, query_param};
use crate::work::Work;

// === impl RequestMatcher ===

impl RequestMatcher {
    /// All conditions of the entry, in the order of the decision. `path` is the path of the entry.
    pub(super) fn checks(&self, head: &RequestHead<'_>, path: &str) -> Vec<Check> {
        let headers = head.headers;
        let mut checks = Vec::new();
        let work = Work::new(u64::MAX);
        if let Some(port) = self.port {
            checks.push(Check {
                what: format!("{path}.port"),
                wanted: port.to_string(),
                found: head
                    .port
                    .map_or_else(|| "the port is not known".to_owned(), |port| port.to_string()),
                holds: Holds::of(head.port == Some(port)),
            });
        }
        for (key, matcher, found) in [
            ("method", &self.method, headers.get(b":method")),
            ("authority", &self.authority, headers.get(b":authority")),
            ("scheme", &self.scheme, headers.get(b":scheme")),
            ("uri", &self.path, Some(head.path)),
        ] {
            if let Some(matcher) = matcher {
                let holds = found.is_some_and(|value| matcher.matches(value, &work));
                checks.push(check(
                    format!("{path}.{key}"),
                    Some(matcher),
                    found.map(Cow::from),
                    holds,
                ));
            }
        }
        for condition in &self.headers {
            let found = headers.joined(condition.name.as_bytes());
            checks.push(condition.check(
                format!("{path}.headers.{}", written_header_name(&condition.name)),
                found,
            ));
        }
        for condition in &self.without_headers {
            let found = headers.joined(condition.name.as_bytes());
            let holds = condition.is_excluded(found.clone(), &work);
            let mut check = check(
                format!("{path}.withoutHeaders.{}", written_header_name(&condition.name)),
                condition.value.as_ref(),
                found,
                holds,
            );
            check.wanted = match &condition.value {
                None => "absent".to_owned(),
                Some(_) => format!("not {}", check.wanted),
            };
            checks.push(check);
        }
        for condition in &self.query_params {
            let found = query_param(head.target, condition.name.as_bytes()).map(Cow::from);
            checks.push(condition.check(format!("{path}.queryParams.{}", condition.name), found));
        }
        checks
    }
}

// === impl Condition ===

impl Condition {
    fn check(&self, what: String, found: Option<Cow<'_, [u8]>>) -> Check {
        let holds = self.holds(found.clone(), &Work::new(u64::MAX));
        check(what, self.value.as_ref(), found, holds)
    }
}

// === impl TextMatcher ===

impl TextMatcher {
    /// The comparison in the words of the configuration.
    fn written(&self) -> String {
        let but_for_case = |ignore_case: &bool| if *ignore_case { ", in any case" } else { "" };
        match self {
            Self::Exact { text, ignore_case } => {
                format!("exact {}{}", quoted(text.as_bytes()), but_for_case(ignore_case))
            }
            Self::Prefix { text, ignore_case } => {
                format!("prefix {}{}", quoted(text.as_bytes()), but_for_case(ignore_case))
            }
            Self::Regex(expression) => format!("regex {}", quoted(expression.to_string().as_bytes())),
        }
    }

    /// Why no comparison can match a value. Returns `None` if a comparison could match.
    fn obstacle(&self, value: &[u8]) -> Option<&'static str> {
        match self {
            Self::Regex(_) if value.len() > MAX_REGEX_TEXT_BYTES => Some("more than 8 KiB never match a regex"),
            _ => None,
        }
    }
}

fn check(what: String, matcher: Option<&TextMatcher>, found: Option<Cow<'_, [u8]>>, holds: bool) -> Check {
    let obstacle = matcher
        .zip(found.as_ref())
        .and_then(|(matcher, found)| matcher.obstacle(found));
    let shown = found.map_or_else(|| "absent".to_owned(), |value| quoted(&value));
    Check {
        what,
        wanted: matcher.map_or_else(|| "present".to_owned(), TextMatcher::written),
        found: match obstacle {
            Some(obstacle) => format!("{shown} ({obstacle})"),
            None => shown,
        },
        holds: Holds::of(holds),
    }
}
