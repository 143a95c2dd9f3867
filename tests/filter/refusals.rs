//! A bad configuration is refused as a whole, with the place in the log, and never changes one that runs.

use serde_json::{Value, json};

use crate::books::{mirror, mirrors, one};
use crate::host::FakeHost;
use crate::host::messages::{Reply, Request};
use crate::host::world::Plugin;

/// Bad configurations, each with what the log must name.
fn bad() -> Vec<(Value, &'static str)> {
    vec![
        (one(&json!({ "percentage": 140 })), "mirrors[0].percentage"),
        (one(&json!({ "percentage": 0.00001 })), "mirrors[0].percentage"),
        (
            mirrors(&[mirror("a", &json!({})), mirror("b", &json!({ "percentage": -1 }))]),
            "mirrors[1].percentage",
        ),
        (one(&json!({ "percentige": 10 })), "mirrors[0].percentige"),
        (one(&json!({ "timeout": "0s" })), "mirrors[0].timeout"),
        (one(&json!({ "timeout": 5 })), "mirrors[0].timeout"),
        (one(&json!({ "name": "Not A Label" })), "mirrors[0].name"),
        (
            mirrors(&[mirror("a", &json!({})), mirror("a", &json!({}))]),
            "mirrors[1].name",
        ),
        (
            one(&json!({ "limits": { "maxInFlight": 0 } })),
            "mirrors[0].limits.maxInFlight",
        ),
        (
            one(&json!({ "body": { "maxBytes": 1 << 30 } })),
            "mirrors[0].body.maxBytes",
        ),
        (
            one(&json!({ "match": [{ "uri": { "regex": "(" } }] })),
            "mirrors[0].match[0].uri.regex",
        ),
        (
            one(&json!({ "headers": { "set": { ":path": "/" } } })),
            "mirrors[0].headers.set",
        ),
        (one(&json!({ "redact": {} })), "mirrors[0].redact: names nothing"),
        (json!({ "mirrors": [] }), "mirrors"),
        (json!({ "mirrors": [{ "name": "a" }] }), "mirrors[0]"),
        (json!({}), "mirrors"),
        (
            one(&json!({ "circuitBreaker": {} })),
            "mirrors[0].circuitBreaker: `failurePercentage` is missing",
        ),
        (one(&json!({ "expiresAt": "2026-12-01" })), "mirrors[0].expiresAt"),
        // Later keys are unknown until they are built.
        (one(&json!({ "compare": {} })), "mirrors[0].compare"),
        (
            one(&json!({ "limits": { "maxRequestsPerSecond": 0 } })),
            "mirrors[0].limits.maxRequestsPerSecond",
        ),
    ]
}

#[test]
fn a_bad_configuration_is_refused_with_its_place_in_the_log() {
    for (configuration, place) in bad() {
        let mut host = FakeHost::new();
        let (_, accepted) = host.try_start(Plugin::new("mirror", &configuration));
        assert!(!accepted, "{configuration} was accepted");
        let log = host.log_text();
        assert!(log.contains(place), "{configuration}: no {place} in:\n{log}");
    }
}

#[test]
fn bytes_that_are_no_configuration_are_refused() {
    let garbage: [&[u8]; 6] = [b"", b"{", b"null", b"[]", b"\xff\xfe\x00", b"\n\x7b\x0a"];
    for bytes in garbage {
        let mut host = FakeHost::new();
        let plugin = Plugin {
            configuration: bytes.to_vec(),
            ..Plugin::new("mirror", "")
        };
        let (_, accepted) = host.try_start(plugin);
        assert!(!accepted, "{bytes:?} was accepted");
        assert!(host.log_text().contains("traffic-mirror"), "{}", host.log_text());
    }
}

#[test]
fn a_root_whose_configuration_was_refused_lets_everything_through() {
    for (configuration, _) in bad() {
        let mut host = FakeHost::new();
        let (root, _) = host.try_start(Plugin::new("mirror", &configuration));
        host.serve(root, &Request::post("/", b"body", 2));
        host.tick(root);
        assert_eq!(host.sent().len(), 0);
        assert_eq!(host.calls("proxy_set_tick_period_milliseconds"), 0);
        assert_eq!(
            host.stats().names().count(),
            0,
            "statistics of a configuration that does not run"
        );
        host.shut_down();
        assert_eq!(host.roots(), []);
    }
}

#[test]
fn a_bad_configuration_never_changes_the_one_that_runs() {
    let mut host = FakeHost::new();
    let root = host.start(&one(&json!({ "percentage": 100, "limits": { "maxInFlight": 2 } })));
    host.serve(root, &Request::get("/"));
    let gauges = host.stats().gauges().clone();
    for (configuration, place) in bad() {
        // First in a canary, as Envoy does it, then even in the same VM.
        let (accepted, log) = host.canary(&configuration);
        assert!(!accepted && log.contains(place));
        let (refused, accepted) = host.try_start(Plugin::new("mirror", &configuration));
        assert!(!accepted);
        assert_eq!(*host.stats().gauges(), gauges, "{configuration}");
        host.retire(refused);
    }
    assert_eq!(host.books().in_flight(), 1, "the root that runs still holds its copy");
    host.serve(root, &Request::get("/"));
    host.reply_to_all(&Reply::upstream(200));
    assert_eq!((host.books().sent(), host.books().responses("2xx")), (2, 2));
    host.books().assert_settled();
}

#[test]
fn a_root_that_was_refused_does_not_count_as_one_that_serves() {
    let mut host = FakeHost::new();
    let root = host.start(&one(&json!({})));
    host.try_start(Plugin::new("mirror", one(&json!({ "percentage": 140 }))));
    host.serve(root, &Request::get("/"));
    host.retire(root);
    assert_eq!(host.phase(root), None, "the last one that served does not wait");
    assert_eq!(host.books().failures("cancelled"), 1);
    host.books().assert_settled();
}
