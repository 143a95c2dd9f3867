//! The questions of a trail, in the order in which the filter asks them: whether the mirror is on, its `match`, and what
//! lies behind.

use std::time::Duration;

use super::{Check, Entry, Holds, Request, Verdict, quoted};
use crate::config::{MirrorConfig, WhenLarger};
use crate::copy::{self, MAX_HEADER_BYTES, MAX_HEADERS};
use crate::headers::Headers;
use crate::ledger;
use crate::matching::RequestHead;
use crate::plan::{Mirror, Plan};
use crate::sample::{Dice, Key, Sampling, bucket, key_bucket};

/// The first question.
pub(super) fn enabled(plan: &Plan, mirror: &Mirror) -> Check {
    let (what, holds) = if plan.enabled {
        ("mirror.enabled", mirror.config.enabled)
    } else {
        ("enabled", false)
    };
    Check::new(what, "true", holds.to_string(), holds)
}

pub(super) fn entries(mirror: &Mirror, head: &RequestHead<'_>, index: usize) -> Vec<Entry> {
    let entries = mirror.matchers.iter().enumerate();
    entries
        .map(|(entry, matcher)| Entry {
            conditions: matcher.checks(head, &format!("mirrors[{index}].match[{entry}]")),
            holds: matcher.matches(head),
        })
        .collect()
}

/// The questions behind `match`, in the order of the ledger; those behind the first No are not asked.
pub(super) fn behind_match(plan: &Plan, mirror: &Mirror, request: &Request, rolled: Option<Dice>) -> Vec<Check> {
    let (headers, config) = (&request.headers, &mirror.config);
    vec![
        loop_check(plan, headers),
        Check::new(
            "upgrade",
            "no CONNECT and no upgrade",
            headers.get(b":method").map_or_else(|| "absent".to_owned(), quoted),
            !ledger::is_tunnel(headers),
        ),
        Check::new(
            "route",
            "an upstream is to answer",
            if request.is_routed { "taken as given" } else { "none" },
            request.is_routed,
        ),
        expiry(mirror, request.wall),
        sample(mirror, headers, rolled),
        breaker(config),
        Check::new(
            "headers",
            format!("at most {MAX_HEADERS} headers of {MAX_HEADER_BYTES} bytes"),
            format!("{} of {} bytes", headers.len(), headers.bytes()),
            headers.len() <= MAX_HEADERS && headers.bytes() <= MAX_HEADER_BYTES as u64,
        ),
        body(config, request),
        assumed(
            "limits.maxInFlight",
            format!(
                "fewer than {} copies held by the worker",
                config.limits.max_in_flight.get()
            ),
        ),
        buffered(config, request),
        rate(config),
    ]
}

fn loop_check(plan: &Plan, headers: &Headers) -> Check {
    let markers = plan.mirrors.iter().map(|mirror| mirror.config.marker.as_str());
    let found = markers
        .clone()
        .find_map(|marker| Some((marker, headers.get(marker.as_bytes())?)));
    let mut names: Vec<&str> = markers.collect();
    names.sort_unstable();
    names.dedup();
    Check::new(
        "loop",
        format!("no marker ({})", names.join(", ")),
        found.map_or_else(
            || "none".to_owned(),
            |(name, value)| format!("{name}: {}", quoted(value)),
        ),
        found.is_none(),
    )
}

fn expiry(mirror: &Mirror, wall: Option<Duration>) -> Check {
    let Some(end) = &mirror.config.expires_at else {
        return not_configured("expiresAt");
    };
    let found = match wall {
        Some(now) => format!("{} seconds since 1970", now.as_secs()),
        None => "the time of day is not known".to_owned(),
    };
    let wanted = format!("before {}", end.as_str());
    Check::new("expiresAt", wanted, found, !mirror.is_expired(wall))
}

fn sample(mirror: &Mirror, headers: &Headers, rolled: Option<Dice>) -> Check {
    let percentage = mirror.config.percentage;
    let ppm = percentage.ppm();
    let wanted = format!("a bucket below {ppm} of 1000000 ({percentage} %)");
    match &mirror.sampling {
        Sampling::Chance => match rolled {
            Some(mut dice) => {
                let bucket = bucket(dice.roll());
                Check::new("percentage", wanted, format!("rolled bucket {bucket}"), bucket < ppm)
            }
            None => Check {
                what: "percentage".to_owned(),
                wanted,
                found: format!("by chance: {percentage} % of such requests"),
                holds: match ppm {
                    0 => Holds::No,
                    1_000_000 => Holds::Yes,
                    _ => Holds::ByChance,
                },
            },
        },
        Sampling::Key { key, salt } => {
            let place = match key {
                Key::Header(name) => format!("header {name}"),
                Key::Cookie(name) => format!("cookie {name}"),
                Key::QueryParam(name) => format!("query parameter {name}"),
            };
            let Some(value) = key.find(headers) else {
                return Check::new("sample", wanted, format!("{place}: absent"), false);
            };
            let bucket = key_bucket(salt.as_bytes(), &value);
            let salt = if salt.is_empty() {
                String::new()
            } else {
                format!(", salt {}", quoted(salt.as_bytes()))
            };
            let found = format!("bucket {bucket} of {place} {}{salt}", quoted(&value));
            Check::new("percentage", wanted, found, bucket < ppm)
        }
    }
}

fn breaker(config: &MirrorConfig) -> Check {
    let Some(breaker) = &config.circuit_breaker else {
        return not_configured("circuitBreaker");
    };
    assumed(
        "circuitBreaker",
        format!(
            "closed; it opens for {} ms when {} % of at least {} copies within {} ms fail",
            breaker.open_for.millis(),
            breaker.failure_percentage,
            breaker.min_requests.get(),
            breaker.window.millis()
        ),
    )
}

fn body(config: &MirrorConfig, request: &Request) -> Check {
    let (max, length) = (config.body.max_bytes.get(), request.body.len() as u64);
    let declared = copy::declared_length(&request.headers);
    let fits = length.max(declared.unwrap_or(0)) <= max;
    let (or_else, holds) = match config.body.when_larger {
        WhenLarger::Drop => ("", fits),
        WhenLarger::HeadersOnly => ("; a larger one is left out", true),
    };
    let found = match declared {
        Some(declared) => format!("{length} bytes, {declared} declared"),
        None => format!("{length} bytes"),
    };
    Check::new("body.maxBytes", format!("at most {max} bytes{or_else}"), found, holds)
}

fn buffered(config: &MirrorConfig, request: &Request) -> Check {
    let max = config.limits.max_buffered_bytes.get();
    let length = request.body.len() as u64;
    let kept = if length <= config.body.max_bytes.get() {
        length
    } else {
        0
    };
    let bytes = request.headers.bytes().saturating_add(kept);
    Check {
        what: "limits.maxBufferedBytes".to_owned(),
        wanted: format!("at most {max} bytes held by the worker"),
        found: format!("{bytes} bytes for this copy alone"),
        holds: if bytes <= max { Holds::Assumed } else { Holds::No },
    }
}

fn rate(config: &MirrorConfig) -> Check {
    match config.limits.max_requests_per_second {
        None => not_configured("limits.maxRequestsPerSecond"),
        Some(rate) => assumed(
            "limits.maxRequestsPerSecond",
            format!(
                "at most {} copies in a second on the worker",
                f64::from(rate.thousandths()) / 1000.0
            ),
        ),
    }
}

/// What is asked when the request is complete: whether the copy that was made of it can be sent.
pub(super) fn finished(verdict: Verdict) -> Check {
    let found = match verdict {
        Verdict::Dropped(reason) => reason.meaning(),
        Verdict::Skipped(reason) => reason.meaning(),
        _ => "it can",
    };
    Check::new(
        "copy",
        "one that can be made and sent",
        found,
        verdict == Verdict::Copied,
    )
}

/// Holds because nothing is asked for.
fn not_configured(what: &str) -> Check {
    Check::new(what, "-", "not configured", true)
}

/// Depends on what the worker holds at the time.
fn assumed(what: &str, wanted: String) -> Check {
    Check {
        what: what.to_owned(),
        wanted,
        found: "taken as given".to_owned(),
        holds: Holds::Assumed,
    }
}
