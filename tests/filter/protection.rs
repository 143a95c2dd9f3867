//! The rate, the circuit breaker and the expiry in the built filter, by its own clock, statistics and log.

use std::time::Duration;

use serde_json::{Value, json};

use crate::books::{mirror, mirrors, one};
use crate::host::FakeHost;
use crate::host::abi::Status;
use crate::host::messages::{End, Reply, Request};
use crate::host::plugins::RootId;

/// Opens when half of at least three copies within ten seconds failed, for two seconds.
fn with_breaker() -> Value {
    one(&json!({ "circuitBreaker": { "failurePercentage": 50, "minRequests": 3, "window": "10s", "openFor": "2s" } }))
}

/// One request, and the reply to its copy, if there is one. Returns whether there was.
fn exchange(host: &mut FakeHost, root: RootId, reply: &Reply) -> bool {
    let sent = host.sent().len();
    host.serve(root, &Request::get("/"));
    host.reply_to_all(reply);
    host.books().assert_balanced();
    host.sent().len() > sent
}

/// A host whose breaker is open.
fn opened() -> (FakeHost, RootId) {
    let mut host = FakeHost::new();
    let root = host.start(&with_breaker());
    for _ in 0..3 {
        assert!(exchange(&mut host, root, &Reply::upstream(503)));
    }
    assert_eq!(host.books().gauge("breaker_open"), 1);
    (host, root)
}

/// What the log says of breakers.
fn said(host: &FakeHost) -> Vec<String> {
    let lines = host.log_text();
    let of_breaker = lines
        .lines()
        .filter_map(|line| line.split_once("the circuit breaker is "));
    of_breaker.map(|(_, what)| what.to_owned()).collect()
}

#[test]
fn copies_over_the_rate_are_dropped_at_once_and_time_brings_new_tokens() {
    let mut host = FakeHost::new();
    let root = host.start(&one(&json!({ "limits": { "maxRequestsPerSecond": "2.5" } })));
    let burst = |host: &mut FakeHost| (0..5).filter(|_| exchange(host, root, &Reply::upstream(200))).count();
    assert_eq!(burst(&mut host), 2);
    assert_eq!(host.books().dropped("rate"), 3);
    host.jump(Duration::from_millis(199));
    assert_eq!(burst(&mut host), 0, "0.5 and 0.4975 make no token");
    host.jump(Duration::from_millis(1));
    assert_eq!(burst(&mut host), 1);
    host.jump(Duration::from_secs(3600));
    assert_eq!(burst(&mut host), 2);
}

#[test]
fn an_update_brings_no_new_tokens() {
    let mut host = FakeHost::new();
    let limited = one(&json!({ "limits": { "maxRequestsPerSecond": 1 } }));
    let root = host.start(&limited);
    assert!(exchange(&mut host, root, &Reply::upstream(200)));
    let root = host.update(root, &limited);
    assert!(!exchange(&mut host, root, &Reply::upstream(200)));
}

#[test]
fn a_shadow_that_fails_is_left_alone_until_a_probe_finds_it_well() {
    let (mut host, root) = opened();
    assert!(!exchange(&mut host, root, &Reply::upstream(200)));
    assert_eq!(host.books().dropped("breaker_open"), 1);
    host.pass(Duration::from_secs(2));
    host.serve(root, &Request::get("/"));
    assert_eq!(host.books().in_flight(), 1, "the probe");
    host.serve(root, &Request::get("/"));
    assert_eq!(host.books().dropped("breaker_open"), 2, "there is only one");
    host.reply_to_all(&Reply::timed_out());
    assert!(!exchange(&mut host, root, &Reply::upstream(200)), "it failed");
    host.pass(Duration::from_secs(2));
    assert!(exchange(&mut host, root, &Reply::upstream(404)), "the next one");
    assert_eq!(host.books().gauge("breaker_open"), 0);
    assert!(exchange(&mut host, root, &Reply::upstream(200)));
    let expected = [
        "open: 3 of 3 copies failed",
        "half-open: one copy is sent as a probe",
        "open again: the probe failed",
        "half-open: one copy is sent as a probe",
        "closed",
    ];
    assert_eq!(said(&host), expected, "each change once");
    assert!(
        host.log_text()
            .contains("traffic-mirror: shadow: the circuit breaker is closed"),
        "with the mirror's name"
    );
}

#[test]
fn an_upload_that_goes_on_for_long_holds_no_probe() {
    let (mut host, root) = opened();
    host.pass(Duration::from_secs(2));
    let stream = host.request(root, &Request::new("POST", "/").chunked(&[b"half"], End::Never));
    assert!(exchange(&mut host, root, &Reply::upstream(200)), "the probe");
    assert_eq!(host.books().gauge("breaker_open"), 0);
    host.close(stream);
    assert_eq!(host.books().dropped("request_reset"), 1);
    host.books().assert_settled();
}

#[test]
fn every_worker_has_a_breaker_and_the_gauge_counts_them() {
    let (mut host, root) = opened();
    let mut sibling = host.sibling();
    let other = sibling.start(&with_breaker());
    for _ in 0..3 {
        assert!(exchange(&mut sibling, other, &Reply::reset()));
    }
    assert_eq!(host.books().gauge("breaker_open"), 2);
    sibling.shut_down();
    assert_eq!(host.books().gauge("breaker_open"), 1, "a VM takes its own along");
    assert!(!exchange(&mut host, root, &Reply::upstream(200)));
    host.shut_down();
    assert_eq!(host.books().gauge("breaker_open"), 0);
    host.books().assert_settled();
}

#[test]
fn no_update_and_no_canary_touches_an_open_breaker() {
    let (mut host, root) = opened();
    host.canary(&with_breaker());
    host.canary(&one(&json!({})));
    assert_eq!(host.books().gauge("breaker_open"), 1);
    let root = host.update(root, &with_breaker());
    assert_eq!(host.books().gauge("breaker_open"), 1);
    assert!(!exchange(&mut host, root, &Reply::upstream(200)));
    assert_eq!(said(&host).len(), 1, "an update is no change of the breaker");
}

#[test]
fn a_breaker_that_is_taken_away_is_closed() {
    let (mut host, root) = opened();
    let root = host.update(root, &one(&json!({})));
    assert!(exchange(&mut host, root, &Reply::upstream(200)), "at once");
    host.pass(Duration::from_secs(1));
    assert_eq!(host.books().gauge("breaker_open"), 0);
    assert_eq!(said(&host).last().map(String::as_str), Some("closed"));
}

#[test]
fn a_mirror_that_leaves_the_configuration_leaves_no_open_breaker() {
    let (mut host, root) = opened();
    let another = mirrors(&[mirror("another", &json!({}))]);
    host.update(root, &another);
    assert_eq!(host.books().gauge("breaker_open"), 0);
    host.books().assert_settled();
}

#[test]
fn a_running_mirror_stops_at_its_moment() {
    let mut host = FakeHost::new();
    // The fake clock begins at 14:13:20.
    let root = host.start(&one(&json!({ "expiresAt": "2026-09-21T16:13:30.25+02:00" })));
    assert_eq!(host.books().gauge("expiry_timestamp_seconds"), 1_790_000_010);
    assert!(!host.log_text().contains("expired"));
    host.jump(Duration::from_millis(10_249));
    assert!(exchange(&mut host, root, &Reply::upstream(200)));
    let stream = host.request(root, &Request::new("POST", "/").chunked(&[b"half"], End::Never));
    host.jump(Duration::from_millis(1));
    assert!(!exchange(&mut host, root, &Reply::upstream(200)), "without an update");
    assert_eq!(host.books().skipped("expired"), 1);
    host.request_body(stream, b"done", true);
    assert_eq!(host.sent().len(), 2, "what began in time goes on");
}

#[test]
fn an_expiry_in_the_past_is_accepted_with_a_warning_and_sends_nothing() {
    let mut host = FakeHost::new();
    let root = host.start(&mirrors(&[
        mirror("old", &json!({ "expiresAt": "2026-09-21T14:13:20Z" })),
        mirror("shadow", &json!({})),
    ]));
    let warning = "[3] traffic-mirror: old expired at 2026-09-21T14:13:20Z and copies nothing\n";
    assert_eq!(host.log_text(), warning);
    assert!(
        exchange(&mut host, root, &Reply::upstream(200)),
        "the other mirror goes on"
    );
    assert_eq!(host.sent().len(), 1);
    assert_eq!(
        (host.books_of("old").matched(), host.books_of("old").skipped("expired")),
        (1, 1)
    );
    host.books_of("old").assert_settled();
}

#[test]
fn a_mirror_that_expires_sends_nothing_without_a_clock() {
    let mut host = FakeHost::new();
    let root = host.start(&mirrors(&[
        mirror("ends", &json!({ "expiresAt": "2099-01-01T00:00:00Z" })),
        mirror("shadow", &json!({})),
    ]));
    assert!(exchange(&mut host, root, &Reply::upstream(200)));
    assert_eq!(host.sent().len(), 2);
    host.deny("clock_time_get", Status::InternalFailure);
    assert!(
        exchange(&mut host, root, &Reply::upstream(200)),
        "the other mirror goes on"
    );
    assert_eq!((host.sent().len(), host.books_of("ends").skipped("expired")), (3, 1));
}
