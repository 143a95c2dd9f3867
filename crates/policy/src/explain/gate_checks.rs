//! The questions of the gates: what each gate asks, what would pass, and what the request has. The gate itself decides.

use super::check::{Check, Holds, quoted};
use super::explanation::Decision;
use crate::active_plan::ActivePlan;
use crate::configuration::{MirrorConfig, WhenLarger};
use crate::gates::{Facts, Gate};
use crate::grammar::written_header_name;
use crate::headers::{Headers, MAX_HEADER_BYTES, MAX_HEADERS};
use crate::plan::{Mirror, Plan};
use crate::sample::{Dice, Key, Sampling, bucket, key_bucket};

/// The first question: whether the mirror is on.
pub(super) fn enabled(plan: &Plan, mirror: &Mirror) -> Check {
    let (what, holds) = if plan.enabled {
        ("mirror.enabled", mirror.config.enabled)
    } else {
        ("enabled", false)
    };
    Check::new(what, "true", holds.to_string(), holds)
}

/// The question of a gate, with the gate's decision. `rolled` are the dice before the decision; without dice, chance is
/// left open.
pub(super) fn check(
    gate: Gate,
    plan: &ActivePlan,
    mirror: &Mirror,
    facts: &Facts<'_>,
    rolled: Option<Dice>,
    is_passed: bool,
) -> Check {
    let (headers, config) = (facts.headers, &mirror.config);
    let mut check = match gate {
        Gate::Expired => expiry(mirror, facts),
        Gate::Sample => sample(mirror, headers, rolled),
        Gate::Loop => marker(plan, headers),
        Gate::Upgrade => Check::new(
            "upgrade",
            "no CONNECT and no upgrade",
            headers.get(b":method").map_or_else(|| "absent".to_owned(), quoted),
            is_passed,
        ),
        Gate::Route => Check::new(
            "route",
            "an upstream is to answer",
            if facts.late.is_routed { "taken as given" } else { "none" },
            is_passed,
        ),
        Gate::Breaker => breaker(config),
        Gate::Head => head(config, facts),
        Gate::Budget => assumed(
            "limits",
            format!(
                "fewer than {} copies and at most {} bytes on the worker",
                config.limits.max_in_flight.get(),
                config.limits.max_buffered_bytes.get()
            ),
            format!("{} bytes of headers", headers.bytes()),
        ),
        Gate::Rate => rate(config),
    };
    if !is_passed {
        check.holds = Holds::No;
    }
    check
}

fn marker(plan: &ActivePlan, headers: &Headers) -> Check {
    let found = plan
        .markers
        .iter()
        .find_map(|marker| Some((marker, headers.get(marker.as_bytes())?)));
    Check::new(
        "loop",
        format!("no marker ({})", plan.markers.join(", ")),
        found.map_or_else(
            || "none".to_owned(),
            |(name, value)| format!("{name}: {}", quoted(value)),
        ),
        found.is_none(),
    )
}

fn expiry(mirror: &Mirror, facts: &Facts<'_>) -> Check {
    let Some(end) = &mirror.config.expires_at else {
        return not_configured("expiresAt");
    };
    let found = match facts.wall {
        Some(now) => format!("{} seconds since 1970", now.as_secs()),
        None => "the time of day is not known".to_owned(),
    };
    let wanted = format!("before {}", end.as_str());
    Check::new("expiresAt", wanted, found, true)
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
                Key::Header(name) => format!("header {}", written_header_name(name)),
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
        "taken as given".to_owned(),
    )
}

fn head(config: &MirrorConfig, facts: &Facts<'_>) -> Check {
    let headers = facts.headers;
    let or_else = match config.body.when_larger {
        WhenLarger::Drop => "",
        WhenLarger::HeadersOnly => "; a larger body is left out",
    };
    let max = config.body.max_bytes.get();
    let length = match facts.late.declared_length {
        Some(declared) => format!("a body of {declared} bytes"),
        None => "no declared length".to_owned(),
    };
    Check::new(
        "head",
        format!(
            "at most {MAX_HEADERS} headers of {MAX_HEADER_BYTES} bytes, and a body of at most {max} bytes{or_else}"
        ),
        format!("{} headers of {} bytes, {length}", headers.len(), headers.bytes()),
        true,
    )
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
            "taken as given".to_owned(),
        ),
    }
}

/// The last question: whether the copy of the complete request can be sent.
pub(super) fn finished(decision: Decision) -> Check {
    let found = match decision {
        Decision::Dropped(reason) => reason.meaning(),
        Decision::Skipped(reason) => reason.meaning(),
        _ => "it can",
    };
    Check::new(
        "copy",
        "one that can be made and sent",
        found,
        decision == Decision::Copied,
    )
}

/// A question that the configuration does not ask.
fn not_configured(what: &str) -> Check {
    Check::new(what, "-", "not configured", true)
}

/// A question whose answer depends on the worker at the time.
fn assumed(what: &str, wanted: String, found: String) -> Check {
    Check {
        what: what.to_owned(),
        wanted,
        found,
        holds: Holds::Assumed,
    }
}
