//! What a request costs in host calls, callback by callback. Each call crosses into the proxy and back, and every request
//! pays for it.

use serde_json::json;

use crate::books::one;
use crate::host::FakeHost;
use crate::host::messages::{End, Reply, Request};
use crate::host::plugins::RootId;

/// The functions that were called, each with its number of calls, in the order of their first call.
fn bill(host: &mut FakeHost) -> Vec<(&'static str, usize)> {
    let mut bill: Vec<(&'static str, usize)> = Vec::new();
    for call in host.take_calls() {
        match bill.iter_mut().find(|(function, _)| *function == call.function) {
            Some((_, times)) => *times += 1,
            None => bill.push((call.function, 1)),
        }
    }
    bill
}

#[test]
fn a_request_that_no_mirror_matches_costs_one_read_of_its_headers() {
    let mut host = FakeHost::new();
    let root = host.start(&one(&json!({ "match": [{ "uri": { "prefix": "/mirrored" } }] })));
    host.take_calls();
    host.serve(root, &Request::post("/other", b"body", 2));
    assert_eq!(bill(&mut host), [("proxy_get_header_map_pairs", 1)]);
}

#[test]
fn a_request_under_a_configuration_that_is_off_costs_nothing() {
    let mut host = FakeHost::new();
    let root = host.start(&one(&json!({ "enabled": false })));
    host.take_calls();
    host.serve(root, &Request::post("/", b"body", 2));
    assert_eq!(bill(&mut host), []);
}

#[test]
fn a_mirrored_get_costs_eight_calls_and_the_answers_ten() {
    let mut host = FakeHost::new();
    let root = host.start(&one(&json!({})));
    host.serve(root, &Request::get("/"));
    host.reply_to_all(&Reply::upstream(200));
    host.take_calls();

    let stream = host.request(root, &Request::get("/"));
    let steps = ["matched_total +1", "buffered_bytes", "in_flight +1", "sent_total +1"];
    let calls = host.world().journal.calls.iter();
    let increments: Vec<_> = calls.filter(|call| call.function == "proxy_increment_metric").collect();
    assert_eq!(
        increments.len(),
        steps.len(),
        "a copy that leaves at once was never collected"
    );
    for step in steps {
        assert!(
            increments.iter().any(|call| call.arguments.contains(step)),
            "no {step} in {increments:?}"
        );
    }
    let request = bill(&mut host);
    assert_eq!(
        request,
        [
            ("proxy_get_header_map_pairs", 1),
            ("proxy_get_property", 1),
            ("clock_time_get", 1),
            ("proxy_http_call", 1),
            ("proxy_increment_metric", 4),
        ]
    );

    host.respond(stream, 200);
    host.close(stream);
    let response = [
        ("proxy_get_header_map_pairs", 1),
        ("clock_time_get", 1),
        ("proxy_record_metric", 1),
        ("proxy_increment_metric", 1),
    ];
    assert_eq!(bill(&mut host), response, "the primary's answer");

    host.reply_to_all(&Reply::upstream(200));
    let answer = [
        ("proxy_set_effective_context", 1),
        ("proxy_get_header_map_pairs", 1),
        ("proxy_increment_metric", 3),
        ("proxy_record_metric", 1),
    ];
    assert_eq!(bill(&mut host), answer, "the shadow's answer");
}

#[test]
fn a_chunk_costs_one_read_one_look_at_the_clock_and_one_step_of_a_gauge() {
    let mut host = FakeHost::new();
    let root = host.start(&one(&json!({})));
    let stream = host.request(root, &Request::new("POST", "/").chunked(&[b"first"], End::Never));
    host.take_calls();
    host.request_body(stream, b"second", false);
    let chunk = [
        ("clock_time_get", 1),
        ("proxy_get_buffer_bytes", 1),
        ("proxy_increment_metric", 1),
    ];
    assert_eq!(bill(&mut host), chunk);
}

#[test]
fn redaction_costs_one_step_of_a_gauge_if_it_changes_the_length_of_a_body() {
    let billed = |keys| {
        let mut host = FakeHost::new();
        let root = host.start(&one(&keys));
        host.take_calls();
        let request = Request::post("/?token=1", br#"{"a":1}"#, 7).header("cookie", "a=b");
        host.request(root, &request);
        bill(&mut host)
    };
    let plain = billed(json!({}));
    let credentials = billed(json!({ "redact": { "preset": "credentials", "json": ["/b"] } }));
    assert_eq!(credentials, plain);
    let mut shorter = billed(json!({ "redact": { "json": ["/a"] } }));
    for (function, times) in &mut shorter {
        *times -= usize::from(*function == "proxy_increment_metric");
    }
    assert_eq!(shorter, plain);
}

#[test]
fn a_chunk_that_no_copy_wants_is_not_read() {
    let mut host = FakeHost::new();
    let root = host.start(&one(&json!({ "body": { "maxBytes": 5, "whenLarger": "headersOnly" } })));
    let stream = host.request(
        root,
        &Request::new("POST", "/").chunked(&[b"first", b"over"], End::Never),
    );
    host.take_calls();
    host.request_body(stream, b"third", false);
    assert_eq!(bill(&mut host), [("clock_time_get", 1)]);
}

#[test]
fn a_tick_costs_one_look_at_the_clock() {
    let mut host = FakeHost::new();
    let root = host.start(&one(&json!({})));
    host.tick(root);
    host.take_calls();
    host.tick(root);
    assert_eq!(bill(&mut host), [("clock_time_get", 1)]);
}

// === with the keys that cost more ===

/// The first request of a VM asks for more.
fn warm_up(host: &mut FakeHost, root: RootId) {
    host.serve(root, &Request::get("/a"));
    host.reply_to_all(&Reply::upstream(200));
    host.take_calls();
}

#[test]
fn a_rate_costs_no_call() {
    let mut host = FakeHost::new();
    let root = host.start(&one(&json!({ "limits": { "maxRequestsPerSecond": 4 } })));
    warm_up(&mut host, root);
    host.request(root, &Request::get("/"));
    let sent = [
        ("proxy_get_header_map_pairs", 1),
        ("proxy_get_property", 1),
        ("clock_time_get", 1),
        ("proxy_http_call", 1),
        ("proxy_increment_metric", 4),
    ];
    assert_eq!(bill(&mut host), sent);
    for _ in 0..9 {
        host.request(root, &Request::get("/"));
    }
    host.take_calls();
    host.request(root, &Request::get("/"));
    let dropped = [
        ("proxy_get_header_map_pairs", 1),
        ("proxy_get_property", 1),
        ("clock_time_get", 1),
        ("proxy_increment_metric", 2),
    ];
    assert_eq!(bill(&mut host), dropped);
}

#[test]
fn an_expiry_costs_one_look_at_the_time_of_day() {
    let mut host = FakeHost::new();
    let later = one(&json!({ "expiresAt": "2099-01-01T00:00:00Z", "match": [{ "uri": { "prefix": "/a" } }] }));
    let root = host.start(&later);
    warm_up(&mut host, root);
    host.request(root, &Request::get("/a"));
    let sent = [
        ("proxy_get_header_map_pairs", 1),
        ("proxy_get_property", 1),
        ("clock_time_get", 2),
        ("proxy_http_call", 1),
        ("proxy_increment_metric", 4),
    ];
    assert_eq!(bill(&mut host), sent);
    host.request(root, &Request::get("/b"));
    assert_eq!(
        bill(&mut host),
        [("proxy_get_header_map_pairs", 1)],
        "no match, no look"
    );
    host.reply_to_all(&Reply::upstream(200));
    assert!(
        bill(&mut host)
            .iter()
            .all(|(function, _)| *function != "clock_time_get")
    );
}

#[test]
fn a_circuit_breaker_costs_one_look_at_the_clock_per_answer() {
    let mut host = FakeHost::new();
    let breaker = json!({ "failurePercentage": 50, "minRequests": 9, "window": "10s", "openFor": "5s" });
    let root = host.start(&one(&json!({ "circuitBreaker": breaker })));
    warm_up(&mut host, root);
    host.request(root, &Request::get("/"));
    let sent = [
        ("proxy_get_header_map_pairs", 1),
        ("proxy_get_property", 1),
        ("clock_time_get", 1),
        ("proxy_http_call", 1),
        ("proxy_increment_metric", 4),
    ];
    assert_eq!(bill(&mut host), sent);
    host.reply_to_all(&Reply::upstream(200));
    let answer = [
        ("proxy_set_effective_context", 1),
        ("proxy_get_header_map_pairs", 1),
        ("clock_time_get", 1),
        ("proxy_increment_metric", 3),
        ("proxy_record_metric", 1),
    ];
    assert_eq!(bill(&mut host), answer);
}
