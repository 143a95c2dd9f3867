//! One request from its first header to the answer of its copy, and each reason for which it is not copied.

use mirror_model::bench::{Bench, Incoming, Ready};
use mirror_model::plans::{mirror, plan};
use mirror_model::requests::{get, headers, post};
use mirror_policy::headers::Headers;
use mirror_policy::outcome::Outcome;
use mirror_policy::reasons::{Class, Dropped, Failure, Skipped};
use mirror_policy::statistics::Statistic;
use wasm_bindgen_test::wasm_bindgen_test;

pub mod body;

const OK: Outcome = Outcome::Answered {
    class: Class::Success,
    is_error: false,
    milliseconds: Some(3),
};

/// The one copy of a request without a body.
fn one(bench: &mut Bench, headers: Headers) -> Ready {
    let id = bench.begin(headers, 0).expect("collected");
    let mut copies = bench.complete(id, 0);
    assert_eq!(copies.len(), 1);
    copies.remove(0)
}

#[wasm_bindgen_test(unsupported = test)]
fn a_copy_is_collected_sent_and_answered() {
    let mut bench = Bench::new(mirror(""));
    let id = bench.begin(post(&[]), 0).expect("collected");
    assert!(bench.body(id, b"hello ", 1) && bench.body(id, b"world", 2));
    assert_eq!(bench.count(Statistic::Collecting), 1);
    let bytes = bench.count(Statistic::BufferedBytes);
    assert_eq!(bytes, post(&[]).bytes() as i64 + 11);
    let mut copies = bench.complete(id, 3);
    assert_eq!(copies[0].body(), b"hello world");
    let headers = copies[0].headers().unwrap();
    let leaving = Headers::encode(headers.iter().map(|(name, value)| (*name, &value[..]))).bytes() as i64 + 11;
    bench.send_as(copies.remove(0), 4);
    bench.assert_balanced();
    assert_eq!(
        (bench.count(Statistic::Collecting), bench.count(Statistic::InFlight)),
        (0, 1)
    );
    assert_eq!(
        bench.count(Statistic::BufferedBytes),
        leaving,
        "Envoy holds the copy until the answer has come"
    );
    assert!(!bench.is_drained(bench.root()));
    bench.settle(4, OK, 0);
    assert!(bench.is_drained(bench.root()));
    assert_eq!(bench.count(Statistic::Responses(Class::Success)), 1);
    assert_eq!(bench.count(Statistic::ShadowDuration), 3);
    bench.settle(4, OK, 0);
    assert_eq!(
        bench.count(Statistic::Responses(Class::Success)),
        1,
        "an answer is counted once"
    );
    bench.assert_at_rest();
}

/// A request that each gate but the rate refuses, and keys for which each gate refuses the request. Each case takes the
/// first reason away, so the next one shows.
#[wasm_bindgen_test(unsupported = test)]
fn one_request_has_one_reason_in_the_agreed_order() {
    let everything = [
        ("x-mirrored-by", "other"),
        ("connection", "Upgrade"),
        ("upgrade", "websocket"),
        ("content-length", "99"),
    ];
    let expired = r#""expiresAt": "2026-01-01T00:00:00Z", "#;
    let keyed = r#""sample": {"by": "header", "name": "x-user"}, "#;
    let none = r#""percentage": 0, "#;
    let small = r#""body": {"maxBytes": 9}, "#;
    let full = r#""limits": {"maxBufferedBytes": 99}"#;
    let skipped = Statistic::Skipped;
    let dropped = Statistic::Dropped;
    for (keys, skip, is_routed, reason) in [
        ([expired, none, keyed, small], 0, false, skipped(Skipped::Expired)),
        ([none, keyed, small, ""], 0, false, skipped(Skipped::NoSampleKey)),
        ([none, small, "", ""], 0, false, skipped(Skipped::NotSampled)),
        ([small, "", "", ""], 0, false, skipped(Skipped::Loop)),
        ([small, "", "", ""], 1, false, skipped(Skipped::Upgrade)),
        ([small, "", "", ""], 3, false, skipped(Skipped::NoRoute)),
        ([small, "", "", ""], 3, true, dropped(Dropped::BodyTooLarge)),
        (
            [r#""body": {"maxBytes": 87, "whenLarger": "headersOnly"}, "#, "", "", ""],
            3,
            true,
            dropped(Dropped::Bytes),
        ),
    ] {
        let mut bench = Bench::new(mirror(&[keys.concat().as_str(), full].concat()));
        let incoming = Incoming {
            is_routed,
            ..Incoming::new(get("/", &everything[skip..]))
        };
        assert!(bench.begin_as(incoming, 0).is_none());
        assert_eq!(bench.count(reason), 1, "{reason:?}");
        assert_eq!(bench.count(Statistic::Matched), 1);
        bench.assert_at_rest();
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn an_open_breaker_comes_before_the_body_and_a_full_budget_before_the_rate() {
    let breaker = r#""circuitBreaker": {"failurePercentage": 1, "minRequests": 1, "window": "10s", "openFor": "10s"}"#;
    let limits = r#""limits": {"maxInFlight": 1, "maxRequestsPerSecond": 1}"#;
    let mut bench = Bench::new(mirror(&format!(r#""body": {{"maxBytes": 9}}, {breaker}, {limits}"#)));
    let copy = one(&mut bench, get("/", &[]));
    let token = bench.send(copy);
    assert!(bench.begin(get("/", &[]), 0).is_none());
    assert_eq!(bench.count(Statistic::Dropped(Dropped::InFlight)), 1);
    bench.settle(token, Outcome::Failed(Failure::Timeout), 0);
    assert!(bench.begin(get("/", &[("content-length", "99")]), 0).is_none());
    assert_eq!(bench.count(Statistic::Dropped(Dropped::BreakerOpen)), 1);
    bench.assert_at_rest();
}

/// A plan without a question for the headers decides without the headers.
#[wasm_bindgen_test(unsupported = test)]
fn a_request_that_is_not_sampled_is_so_even_with_a_marker() {
    let mut bench = Bench::new(mirror(r#""percentage": 0"#));
    assert!(!bench.active_plan().needs_headers);
    assert!(bench.begin(get("/", &[("x-mirrored-by", "v2")]), 0).is_none());
    assert_eq!(bench.count(Statistic::Skipped(Skipped::NotSampled)), 1);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_request_with_the_marker_of_any_mirror_is_copied_by_none() {
    let mut bench = Bench::new(plan(
        r#"{"mirrors": [{"name": "a", "cluster": "a", "marker": "x-a"}, {"name": "b", "cluster": "b", "enabled": false, "marker": "x-b"}]}"#,
    ));
    for marker in ["x-a", "x-b"] {
        assert!(bench.begin(get("/", &[(marker, "")]), 0).is_none());
    }
    assert_eq!(bench.count(Statistic::Skipped(Skipped::Loop)), 2);
    assert!(bench.begin(get("/", &[("x-c", "")]), 0).is_some());
}

#[wasm_bindgen_test(unsupported = test)]
fn connect_and_upgrades_are_not_copied() {
    let mut bench = Bench::new(mirror(""));
    let connect = headers(&[(":method", "CONNECT"), (":authority", "a:1")]);
    let websocket = get("/", &[("upgrade", "websocket"), ("connection", "keep-alive, Upgrade")]);
    for tunnel in [connect, websocket] {
        assert!(bench.begin(tunnel, 0).is_none());
    }
    assert_eq!(bench.count(Statistic::Skipped(Skipped::Upgrade)), 2);
    let named_only = get("/", &[("upgrade", "h2c"), ("connection", "keep-alive")]);
    let without_a_protocol = get("/", &[("connection", "upgrade")]);
    for request in [named_only, without_a_protocol] {
        assert!(bench.begin(request, 0).is_some());
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_copy_over_the_limit_of_copies_is_dropped_at_once() {
    let mut bench = Bench::new(mirror(r#""limits": {"maxInFlight": 1}"#));
    let first = bench.begin(get("/", &[]), 0).expect("collected");
    let second = one(&mut bench, get("/", &[]));
    bench.send_as(second, 1);
    assert!(bench.begin(get("/", &[]), 0).is_none());
    assert_eq!(bench.count(Statistic::Dropped(Dropped::InFlight)), 1);
    bench.settle(1, OK, 0);
    assert!(bench.begin(get("/", &[]), 0).is_some(), "there is room again");
    bench.end(first);
    bench.assert_balanced();
}

#[wasm_bindgen_test(unsupported = test)]
fn a_copy_over_the_limit_of_bytes_is_dropped_at_its_head_or_in_its_body() {
    let head = post(&[]).bytes();
    let mut bench = Bench::new(mirror(&format!(
        r#""body": {{"maxBytes": 10}}, "limits": {{"maxBufferedBytes": {}}}"#,
        (2 * head + 10) * 16 / 15
    )));
    let ids = [0, 1].map(|_| bench.begin(post(&[]), 0).expect("collected"));
    assert!(bench.begin(post(&[]), 0).is_none());
    assert!(bench.body(ids[0], b"1234567890", 0));
    assert!(!bench.body(ids[1], b"1", 0), "the first one has used the bytes up");
    assert_eq!(bench.count(Statistic::Dropped(Dropped::Bytes)), 2);
    bench.end(ids[0]);
    bench.assert_at_rest();
}

#[wasm_bindgen_test(unsupported = test)]
fn an_update_resets_no_budget_and_lower_limits_wait() {
    let mut bench = Bench::new(mirror(r#""limits": {"maxInFlight": 3}"#));
    for token in 0..3 {
        let copy = one(&mut bench, get("/", &[]));
        bench.send_as(copy, token);
    }
    bench.update(mirror(r#""limits": {"maxInFlight": 1}"#));
    assert_eq!(bench.accounts(), [0], "the account is adopted");
    assert!(bench.begin(get("/", &[]), 0).is_none());
    for token in 0..2 {
        bench.settle(token, OK, 0);
        assert!(bench.begin(get("/", &[]), 0).is_none(), "still one in flight");
    }
    bench.settle(2, OK, 0);
    let copy = one(&mut bench, get("/", &[]));
    bench.refuse(copy, Dropped::NoCapacity);
    bench.assert_at_rest();

    assert_eq!(
        bench.try_plan("another plugin", mirror("")),
        [1],
        "plugins have accounts of their own"
    );
}

#[wasm_bindgen_test(unsupported = test)]
fn gauges_show_what_is_configured_and_a_mirror_that_is_gone_is_off() {
    let mut bench = Bench::new(mirror(r#""percentage": 12.5"#));
    let values = |bench: &Bench| bench.settings().iter().map(|(_, _, value)| *value).collect::<Vec<_>>();
    assert_eq!(values(&bench), [1, 125_000, 128, 128, 16 << 20, 0]);
    bench.update(plan(
        r#"{"mirrors": [{"name": "v3", "cluster": "c", "enabled": false}]}"#,
    ));
    assert_eq!(
        values(&bench),
        [0, 0, 0, 0, 0, 0, 0, 0, 1_000_000, 128, 128, 16 << 20, 0]
    );
    bench.update(plan(
        r#"{"enabled": false, "mirrors": [{"name": "v3", "cluster": "c"}]}"#,
    ));
    assert_eq!(values(&bench), [0, 1_000_000, 128, 128, 16 << 20, 0]);
}

#[wasm_bindgen_test(unsupported = test)]
fn the_end_of_a_vm_ends_every_copy() {
    let mut bench = Bench::new(mirror(""));
    bench.begin(post(&[]), 0).expect("collected");
    let copy = one(&mut bench, get("/", &[]));
    bench.send_as(copy, 9);
    bench.cancel();
    assert_eq!(bench.count(Statistic::Failures(Failure::Cancelled)), 1);
    assert_eq!(bench.count(Statistic::Dropped(Dropped::RequestReset)), 1);
    bench.assert_at_rest();
    bench.settle(9, OK, 0);
    bench.assert_at_rest();
}
