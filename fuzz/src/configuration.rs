//! Any bytes as a plugin configuration. What is accepted keeps the documented bounds, and printed and read again it is
//! the same, as JSON and as a Struct. What is refused is refused in one line, so that it cannot forge another in the
//! log.

use std::collections::BTreeSet;

use mirror_policy::Plan;
use mirror_policy::configuration::{Config, MAX_BUFFERED_BYTES};
use mirror_policy::plan::{MAX_MATCHES, MAX_MIRRORS};
use serde_json::Value;

use crate::copying::is_reserved;
use crate::struct_bytes;

/// Checks one input.
pub fn check(bytes: &[u8]) {
    match Plan::parse(bytes) {
        Ok(plan) => {
            within_bounds(&plan);
            prints_back(&plan.config());
        }
        Err(error) => {
            let text = error.to_string();
            assert!(!text.is_empty(), "a refusal without a word");
            assert!(!text.contains(char::is_control), "a refusal of several lines: {text:?}");
        }
    }
}

/// The ranges of docs/configuration.md.
fn within_bounds(plan: &Plan) {
    assert!((1..=MAX_MIRRORS).contains(&plan.mirrors.len()), "number of mirrors");
    let names: BTreeSet<&str> = plan.mirrors.iter().map(|mirror| mirror.config.name.as_str()).collect();
    assert_eq!(names.len(), plan.mirrors.len(), "a name stands twice");
    for mirror in &plan.mirrors {
        let config = &mirror.config;
        assert!((1..=63).contains(&config.name.len()), "the name is no DNS label");
        assert!(!mirror.cluster.is_empty(), "no cluster");
        assert!(config.percentage.ppm() <= 1_000_000, "more than all requests");
        assert!(config.r#match.len() <= MAX_MATCHES, "number of match entries");
        assert!(
            config.body.max_bytes.get() <= config.limits.max_buffered_bytes.get(),
            "a body over the budget"
        );
        assert!(
            (1..=MAX_BUFFERED_BYTES).contains(&config.limits.max_buffered_bytes.get()),
            "budget"
        );
        assert!((1..=65_536).contains(&config.limits.max_in_flight.get()), "copies");
        for span in [config.timeout, config.body.max_wait] {
            assert!((1..=3_600_000).contains(&span.duration().as_millis()), "time span");
        }
        if let Some(breaker) = &config.circuit_breaker {
            assert!(
                (1..=1_000_000).contains(&breaker.failure_percentage.ppm()),
                "share of failures"
            );
            assert!(
                (1..=1_000_000).contains(&breaker.min_requests.get()),
                "number of copies"
            );
        }
        if let Some(rate) = &config.limits.max_requests_per_second {
            assert!((1..=1_000_000_000).contains(&rate.thousandths()), "copies per second");
        }
        if let Some(time) = &config.expires_at {
            assert!(
                time.unix().as_secs() >= 946_684_800 - 86_400,
                "an expiry before the year 2000"
            );
        }
        let operations = &config.headers;
        let changed = operations.set.0.iter().chain(&operations.add.0).map(|(name, _)| name);
        for name in changed.chain(&operations.remove) {
            assert!(
                !is_reserved(name.as_bytes()) && *name != config.marker,
                "{name} may not be changed"
            );
        }
        assert!(!is_reserved(config.marker.as_bytes()), "the marker is reserved");
    }
}

/// What was read can be printed and read again.
fn prints_back(config: &Config) {
    let printed = serde_json::to_vec(config).expect("a configuration prints");
    let again = Plan::parse(&printed).expect("what was printed is accepted");
    assert_eq!(again.config(), *config, "printed and read again");
    let value: Value = serde_json::from_slice(&printed).expect("what was printed is JSON");
    let as_struct = Plan::parse(&struct_bytes::encode(&value)).expect("the same as a Struct is accepted");
    assert_eq!(as_struct.config(), *config, "the same as a Struct");
}
