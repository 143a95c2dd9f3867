//! What a request costs in host calls, callback by callback. Each call crosses into the proxy and back, and every
//! request pays for it.

use serde_json::{Value, json};

use crate::books::{mirror, mirrors, one};
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

/// A host that has served one request under this configuration. The first request of a root costs one question more.
fn warm(configuration: &Value) -> (FakeHost, RootId) {
    let mut host = FakeHost::new();
    let root = host.start(configuration);
    host.serve(root, &Request::get("/a"));
    host.reply_to_all(&Reply::upstream(200));
    host.tick_all();
    host.take_calls();
    (host, root)
}

/// A request that is copied: its headers, whether an upstream is to answer, the time, and the copy.
const COPIED: [(&str, usize); 4] = [
    ("proxy_get_header_map_pairs", 1),
    ("proxy_get_property", 1),
    ("clock_time_get", 1),
    ("proxy_http_call", 1),
];

// === A request that is not copied ===

#[test]
fn a_request_that_no_mirror_matches_costs_one_read_of_its_headers() {
    let (mut host, root) = warm(&one(&json!({ "match": [{ "uri": { "prefix": "/mirrored" } }] })));
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
fn zero_percent_without_a_match_costs_nothing_after_the_first_request() {
    let mut host = FakeHost::new();
    let root = host.start(&one(&json!({ "percentage": 0 })));
    host.take_calls();
    host.serve(root, &Request::get("/"));
    assert_eq!(bill(&mut host), [("proxy_get_property", 1)], "whether it is a retry");
    host.serve(root, &Request::post("/", b"body", 2));
    assert_eq!(bill(&mut host), []);
}

#[test]
fn sixteen_mirrors_at_zero_percent_cost_no_more_than_one() {
    let names: Vec<String> = (0..16).map(|index| format!("m{index}")).collect();
    let sixteen: Vec<Value> = names
        .iter()
        .map(|name| mirror(name, &json!({ "percentage": 0 })))
        .collect();
    let (mut host, root) = warm(&mirrors(&sixteen));
    host.serve(root, &Request::post("/", b"body", 2));
    assert_eq!(bill(&mut host), []);
}

#[test]
fn zero_percent_with_a_match_costs_one_read_of_the_headers() {
    let (mut host, root) = warm(&one(
        &json!({ "percentage": 0, "match": [{ "uri": { "prefix": "/" } }] }),
    ));
    host.serve(root, &Request::post("/", b"body", 2));
    assert_eq!(bill(&mut host), [("proxy_get_header_map_pairs", 1)]);
}

// === A request that is copied ===

#[test]
fn a_mirrored_get_costs_four_calls_and_the_answers_five() {
    let (mut host, root) = warm(&one(&json!({})));
    let stream = host.request(root, &Request::get("/"));
    assert_eq!(bill(&mut host), COPIED);

    host.respond(stream, 200);
    host.close(stream);
    let response = [("proxy_get_header_map_pairs", 1), ("clock_time_get", 1)];
    assert_eq!(bill(&mut host), response, "the primary's answer");

    host.reply_to_all(&Reply::upstream(200));
    let answer = [("proxy_set_effective_context", 1), ("proxy_get_header_map_pairs", 1)];
    assert_eq!(bill(&mut host), answer, "the shadow's answer");
}

#[test]
fn each_further_mirror_costs_its_callout_alone() {
    let three = ["a", "b", "c"].map(|name| mirror(name, &json!({})));
    let (mut host, root) = warm(&mirrors(&three));
    host.request(root, &Request::get("/"));
    let [headers, route, time, _] = COPIED;
    assert_eq!(bill(&mut host), [headers, route, time, ("proxy_http_call", 3)]);
}

#[test]
fn a_chunk_costs_one_read_and_one_look_at_the_clock() {
    let mut host = FakeHost::new();
    let root = host.start(&one(&json!({})));
    let stream = host.request(root, &Request::new("POST", "/").chunked(&[b"first"], End::Never));
    host.take_calls();
    host.request_body(stream, b"second", false);
    assert_eq!(bill(&mut host), [("clock_time_get", 1), ("proxy_get_buffer_bytes", 1)]);
}

#[test]
fn redaction_costs_no_call() {
    let billed = |keys| {
        let (mut host, root) = warm(&one(&keys));
        let request = Request::post("/?token=1", br#"{"a":1}"#, 7).header("cookie", "a=b");
        host.request(root, &request);
        bill(&mut host)
    };
    let plain = billed(json!({}));
    for json in ["/a", "/b"] {
        let redacted = billed(json!({ "redact": { "preset": "credentials", "json": [json] } }));
        assert_eq!(redacted, plain, "{json}");
    }
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

// === With the keys that cost more ===

#[test]
fn a_rate_costs_no_call() {
    let (mut host, root) = warm(&one(&json!({ "limits": { "maxRequestsPerSecond": 4 } })));
    host.request(root, &Request::get("/"));
    assert_eq!(bill(&mut host), COPIED);
    for _ in 0..9 {
        host.request(root, &Request::get("/"));
    }
    host.take_calls();
    host.request(root, &Request::get("/"));
    assert_eq!(bill(&mut host), COPIED[..3], "dropped");
    assert_eq!(host.books().dropped("rate"), 8);
}

#[test]
fn an_expiry_costs_one_look_at_the_time_of_day() {
    let later = json!({ "expiresAt": "2099-01-01T00:00:00Z", "match": [{ "uri": { "prefix": "/a" } }] });
    let (mut host, root) = warm(&one(&later));
    host.request(root, &Request::get("/a"));
    let sent = [
        ("proxy_get_header_map_pairs", 1),
        ("clock_time_get", 2),
        ("proxy_get_property", 1),
        ("proxy_http_call", 1),
    ];
    assert_eq!(bill(&mut host), sent);
    host.reply_to_all(&Reply::upstream(200));
    let bill = bill(&mut host);
    assert!(bill.iter().all(|(function, _)| *function != "clock_time_get"));
}

#[test]
fn a_circuit_breaker_costs_one_look_at_the_clock_per_answer() {
    let breaker = json!({ "failurePercentage": 50, "minRequests": 9, "window": "10s", "openFor": "5s" });
    let (mut host, root) = warm(&one(&json!({ "circuitBreaker": breaker })));
    host.request(root, &Request::get("/"));
    assert_eq!(bill(&mut host), COPIED);
    host.reply_to_all(&Reply::upstream(200));
    let answer = [
        ("proxy_set_effective_context", 1),
        ("proxy_get_header_map_pairs", 1),
        ("clock_time_get", 1),
    ];
    assert_eq!(bill(&mut host), answer);
}

// === The statistics ===

#[test]
fn a_tick_costs_one_look_at_the_clock() {
    let (mut host, root) = warm(&one(&json!({})));
    host.tick(root);
    assert_eq!(bill(&mut host), [("clock_time_get", 1)]);
}

#[test]
fn a_tick_costs_one_call_for_each_counter_that_changed_however_many_requests_there_were() {
    for requests in [1, 50] {
        let (mut host, root) = warm(&one(&json!({ "percentage": 0 })));
        for _ in 0..requests {
            host.serve(root, &Request::get("/"));
        }
        host.tick(root);
        // `matched` and `skipped{not_sampled}`.
        let tick = [("clock_time_get", 1), ("proxy_increment_metric", 2)];
        assert_eq!(bill(&mut host), tick, "{requests} requests");
    }
}

#[test]
fn a_tick_costs_one_call_for_each_value_of_a_histogram_and_none_for_a_gauge_that_is_back() {
    let (mut host, root) = warm(&one(&json!({})));
    for _ in 0..3 {
        host.serve(root, &Request::get("/"));
    }
    host.reply_to_all(&Reply::upstream(200));
    host.take_calls();
    host.tick(root);
    // `matched`, `sent`, the shadow's 2xx and the primary's 2xx, and both durations of each request.
    let tick = [
        ("clock_time_get", 1),
        ("proxy_increment_metric", 4),
        ("proxy_record_metric", 6),
    ];
    assert_eq!(bill(&mut host), tick);
}

#[test]
fn the_values_of_histograms_wait_for_a_tick_up_to_256() {
    let (mut host, root) = warm(&one(&json!({})));
    let mut serve = |requests: usize| {
        for _ in 0..requests {
            host.serve(root, &Request::get("/"));
            host.reply_to_all(&Reply::upstream(200));
        }
        let calls = host.take_calls();
        calls
            .iter()
            .filter(|call| call.function == "proxy_record_metric")
            .count()
    };
    assert_eq!(serve(127), 0, "two values for each request");
    assert_eq!(serve(1), 256);
    assert_eq!(serve(127), 0);
}
