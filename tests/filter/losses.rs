//! Requests that are not sent, and why. Policy skips some of them, and some copies are lost. One request has one
//! reason.

use std::time::Duration;

use serde_json::{Value, json};

use crate::books::{mirror, mirrors, one};
use crate::host::callouts::Cluster;
use crate::host::messages::{End, Reply, Request};
use crate::host::{FakeHost, SHADOW};

/// A host on which this one request was served under this mirror.
fn after(keys: &Value, request: &Request) -> FakeHost {
    let mut host = FakeHost::new();
    let root = host.start(&one(keys));
    host.serve(root, request);
    host.books().assert_balanced();
    host
}

#[test]
fn a_copy_is_not_copied_again_by_any_mirror() {
    let mut host = FakeHost::new();
    let root = host.start(&mirrors(&[
        mirror("one", &json!({})),
        mirror("two", &json!({ "marker": "x-copy" })),
    ]));
    host.serve(root, &Request::get("/").header("x-copy", "whoever"));
    for mirror in ["one", "two"] {
        assert_eq!(host.books_of(mirror).skipped("loop"), 1);
        host.books_of(mirror).assert_settled();
    }
    assert_eq!(host.sent().len(), 0);
}

#[test]
fn connect_and_upgrades_are_skipped() {
    let web_socket = Request::get("/")
        .header("connection", "keep-alive, Upgrade")
        .header("upgrade", "websocket");
    for request in [web_socket, Request::new("CONNECT", "/")] {
        assert_eq!(after(&json!({}), &request).books().skipped("upgrade"), 1);
    }
}

#[test]
fn a_request_that_no_upstream_answers_is_skipped() {
    let mut host = after(&json!({}), &unrouted());
    assert_eq!(host.books().skipped("no_route"), 1);
}

/// A request without a route to an upstream.
fn unrouted() -> Request {
    Request::get("/")
        .property("xds.cluster_name", None)
        .property("xds.cluster_metadata", None)
}

#[test]
fn a_cluster_with_metadata_is_asked_for_by_its_name_from_then_on() {
    let with_metadata = || Request::get("/").property("xds.cluster_metadata", Some(b"metadata"));
    let mut host = FakeHost::new();
    let root = host.start(&one(&json!({})));
    for request in [
        Request::get("/"),
        unrouted(),
        with_metadata(),
        with_metadata(),
        unrouted(),
        Request::get("/"),
    ] {
        host.serve(root, &request);
    }
    assert_eq!((host.sent().len(), host.books().skipped("no_route")), (4, 2));
    let questions = host.world().journal.calls.iter();
    let questions = questions.filter(|call| call.function == "proxy_get_property");
    let questions: Vec<&str> = questions.map(|call| call.arguments.as_str()).collect();
    let asked = |path: &str| questions.iter().filter(|arguments| arguments.contains(path)).count();
    assert_eq!(
        (asked("cluster_metadata"), asked("cluster_name")),
        (3, 3),
        "{questions:?}"
    );
}

#[test]
fn a_retry_is_neither_copied_nor_counted() {
    for (attempt, copies) in [(1u64, 1), (2, 0), (3, 0)] {
        let request = Request::get("/").property("upstream.request_attempt_count", Some(&attempt.to_le_bytes()));
        let mut host = after(&json!({}), &request);
        assert_eq!(
            (host.books().matched(), host.sent().len()),
            (copies, copies as usize),
            "{attempt}"
        );
    }
}

/// The number of questions for the attempt that these requests cost, and the number of requests that were counted.
fn questions(attempts: &[Option<u64>]) -> (usize, u64) {
    let mut host = FakeHost::new();
    let root = host.start(&one(&json!({ "percentage": 0 })));
    host.take_calls();
    for attempt in attempts {
        let number = attempt.map(u64::to_le_bytes);
        let attempt = number.as_ref().map(<[u8; 8]>::as_slice);
        host.serve(
            root,
            &Request::get("/").property("upstream.request_attempt_count", attempt),
        );
    }
    (host.calls("proxy_get_property"), host.books().matched())
}

#[test]
fn the_first_request_before_the_router_answers_for_all_whether_it_is_a_retry() {
    assert_eq!(questions(&[None; 5]), (1, 5));
    assert_eq!(questions(&[Some(0); 5]), (1, 5));
}

#[test]
fn each_request_behind_the_router_is_asked_whether_it_is_a_retry() {
    assert_eq!(questions(&[Some(1), Some(2), Some(3), Some(1)]), (4, 2));
    assert_eq!(questions(&[Some(2), Some(1)]), (2, 1));
}

#[test]
fn a_request_that_no_mirror_matches_is_asked_nothing_behind_the_router() {
    let config = json!({ "match": [{ "uri": { "prefix": "/mirrored" } }], "expiresAt": "2099-01-01T00:00:00Z" });
    let mut host = FakeHost::new();
    let root = host.start(&one(&config));
    host.take_calls();
    let attempt = 1u64.to_le_bytes();
    host.serve(
        root,
        &Request::get("/other").property("upstream.request_attempt_count", Some(&attempt)),
    );
    let questions = host.calls("proxy_get_property") + host.calls("clock_time_get");
    assert_eq!(questions, 0);
}

#[test]
fn a_request_without_the_sample_key_is_skipped() {
    let sample = json!({ "percentage": 50, "sample": { "by": "header", "name": "x-user" } });
    assert_eq!(after(&sample, &Request::get("/")).books().skipped("no_sample_key"), 1);
}

#[test]
fn zero_percent_sends_nothing() {
    let mut host = after(&json!({ "percentage": 0 }), &Request::get("/"));
    assert_eq!(host.books().skipped("not_sampled"), 1);
}

#[test]
fn a_mirror_that_is_off_counts_nothing() {
    let mut host = after(&json!({ "enabled": false }), &Request::get("/"));
    assert_eq!(host.books().matched(), 0);
    assert_eq!(host.sent().len(), 0);
}

#[test]
fn an_unknown_cluster_drops_the_copy() {
    let mut host = FakeHost::new();
    host.set_cluster(SHADOW, None);
    let root = host.start(&one(&json!({})));
    host.serve(root, &Request::post("/", b"body", 4));
    assert_eq!(host.books().dropped("cluster_missing"), 1);
    host.books().assert_settled();
}

#[test]
fn a_cluster_without_capacity_drops_the_copy() {
    let mut host = FakeHost::new();
    host.set_cluster(SHADOW, Some(Cluster::Full));
    let root = host.start(&one(&json!({})));
    host.serve(root, &Request::post("/", b"body", 4));
    assert_eq!(host.books().dropped("no_capacity"), 1);
    host.books().assert_settled();
}

#[test]
fn one_mirror_without_its_cluster_does_not_harm_the_other() {
    let mut host = FakeHost::new();
    let root = host.start(&mirrors(&[
        mirror("lost", &json!({ "cluster": "nowhere" })),
        mirror("shadow", &json!({})),
    ]));
    host.serve(root, &Request::get("/"));
    assert_eq!(host.books_of("lost").dropped("cluster_missing"), 1);
    assert_eq!(host.books().sent(), 1);
    host.books_of("lost").assert_settled();
}

#[test]
fn a_copy_that_envoy_would_not_take_for_its_headers_is_not_blamed_on_the_cluster() {
    let long = Request::get("/").header("x-long", vec![b'x'; 1 << 20]);
    let many = (0..1100).fold(Request::get("/"), |request, _| request.header("x", "y"));
    let nowhere = Request::get("/").without(":authority");
    for (request, reason) in [
        (long, "headers_too_large"),
        (many, "headers_too_large"),
        (nowhere, "headers_missing"),
    ] {
        let mut host = after(&json!({}), &request);
        assert_eq!(host.books().dropped(reason), 1, "{reason}");
        host.books().assert_settled();
    }
}

#[test]
fn a_body_over_the_cap_is_dropped_whether_declared_or_not() {
    let cap = json!({ "body": { "maxBytes": 10 } });
    let declared = Request::post("/", b"eleven bytes", 4);
    let undeclared = Request::new("POST", "/").chunked(&[b"eleven", b" bytes"], End::WithLastChunk);
    for request in [declared, undeclared] {
        let mut host = after(&cap, &request);
        assert_eq!(host.books().dropped("body_too_large"), 1);
        host.books().assert_settled();
    }
    let just = after(&cap, &Request::post("/", b"ten  bytes", 4));
    assert_eq!(just.only_sent().body, b"ten  bytes");
}

#[test]
fn copies_over_max_in_flight_are_dropped_until_an_answer_comes() {
    let mut host = FakeHost::new();
    let root = host.start(&one(&json!({ "limits": { "maxInFlight": 1 } })));
    let collecting = host.request(root, &Request::new("POST", "/").chunked(&[b"half"], End::Never));
    host.serve(root, &Request::get("/"));
    host.serve(root, &Request::get("/"));
    assert_eq!((host.books().sent(), host.books().dropped("in_flight")), (1, 1));
    host.reply_to_all(&Reply::upstream(200));
    host.serve(root, &Request::get("/"));
    assert_eq!((host.books().sent(), host.books().dropped("in_flight")), (2, 1));
    host.close(collecting);
    host.reply_to_all(&Reply::upstream(200));
    host.books().assert_settled();
}

#[test]
fn a_copy_over_the_bytes_is_dropped_at_the_chunk_that_is_too_much() {
    let mut host = FakeHost::new();
    let root = host.start(&one(
        &json!({ "limits": { "maxBufferedBytes": 1600 }, "body": { "maxBytes": 1400 } }),
    ));
    let stream = host.request(
        root,
        &Request::new("POST", "/").chunked(&[&[b'x'; 600], &[b'x'; 600]], End::Never),
    );
    assert_eq!(host.books().collecting(), 1);
    assert!(host.books().buffered_bytes() > 1200);
    host.request_body(stream, &[b'x'; 200], false);
    assert_eq!(host.books().dropped("bytes"), 1);
    host.books().assert_settled();
    host.request_body(stream, b"", true);
    host.close(stream);
    assert_eq!(host.sent().len(), 0);
}

#[test]
fn headers_and_body_are_charged_until_the_answer_comes() {
    let mut host = FakeHost::new();
    let root = host.start(&one(&json!({})));
    let request = Request::post("/", &[b'x'; 700], 100);
    let stream = host.request(root, &request);
    host.respond(stream, 200);
    host.close(stream);
    assert!(host.books().buffered_bytes() >= 700 + request.header_bytes());
    host.reply_to_all(&Reply::upstream(200));
    host.books().assert_settled();
}

#[test]
fn a_request_that_ends_early_drops_its_copy() {
    let mut host = FakeHost::new();
    let root = host.start(&one(&json!({})));
    let stream = host.request(root, &Request::new("POST", "/").chunked(&[b"half"], End::Never));
    host.close(stream);
    assert_eq!(host.books().dropped("request_reset"), 1);
    host.books().assert_settled();
}

#[test]
fn an_overdue_copy_is_freed_by_the_tick_although_its_stream_is_silent() {
    let mut host = FakeHost::new();
    let root = host.start(&one(&json!({ "body": { "maxWait": "2s" } })));
    let stream = host.request(root, &Request::new("POST", "/").chunked(&[b"half"], End::Never));
    host.pass(Duration::from_millis(1900));
    assert_eq!(host.books().collecting(), 1);
    host.pass(Duration::from_millis(1200));
    assert_eq!(host.books().dropped("body_wait"), 1);
    host.books().assert_settled();
    host.request_body(stream, b"late", true);
    host.close(stream);
    assert_eq!(host.sent().len(), 0);
    host.books().assert_settled();
}

#[test]
fn an_overdue_copy_is_not_sent_even_if_no_tick_came() {
    let mut host = FakeHost::new();
    let root = host.start(&one(&json!({ "body": { "maxWait": "2s" } })));
    let stream = host.request(root, &Request::new("POST", "/").chunked(&[b"half"], End::Never));
    host.jump(Duration::from_secs(3));
    host.request_body(stream, b"late", true);
    host.close(stream);
    assert_eq!(host.books().dropped("body_wait"), 1);
    assert_eq!(host.sent().len(), 0);
    host.books().assert_settled();
}

#[test]
fn a_copy_that_gives_up_its_body_gives_back_its_bytes_at_once() {
    let mut host = FakeHost::new();
    let root = host.start(&one(
        &json!({ "body": { "maxBytes": 10, "whenLarger": "headersOnly" } }),
    ));
    let stream = host.request(root, &Request::new("POST", "/").without_end());
    let headers = host.books().buffered_bytes();
    host.request_body(stream, b"ten  bytes", false);
    assert_eq!(host.books().buffered_bytes(), headers + 10);
    host.request_body(stream, b"!", false);
    assert_eq!(host.books().buffered_bytes(), headers);
    host.request_body(stream, b"", true);
    assert_eq!(host.only_sent().body, b"");
    host.close(stream);
    host.reply_to_all(&Reply::upstream(200));
    host.books().assert_settled();
}
