//! One request from its first header to the answer of its copy, and each reason for which it is not copied.

use mirror_model::bench::{Bench, Incoming, Ready};
use mirror_model::plans::{mirror, plan};
use mirror_model::requests::{get, headers, post};
use mirror_policy::Plan;
use mirror_policy::headers::Headers;
use mirror_policy::reason::{Class, Dropped, Failure, Outcome, Skipped};
use mirror_policy::stats::Statistic;
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
    bench.send_as(copies.remove(0), 4, 1);
    bench.assert_balanced();
    assert_eq!(
        (bench.count(Statistic::Collecting), bench.count(Statistic::InFlight)),
        (0, 1)
    );
    assert_eq!(
        bench.count(Statistic::BufferedBytes),
        bytes,
        "Envoy holds the body until the answer has come"
    );
    assert_eq!(bench.in_flight_of(1), 1);
    bench.settle(4, OK, 0);
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

#[wasm_bindgen_test(unsupported = test)]
fn one_request_has_one_reason_in_the_agreed_order() {
    let everything = [
        ("x-mirrored-by", "other"),
        ("connection", "Upgrade"),
        ("upgrade", "websocket"),
        ("content-length", "99"),
    ];
    // Each case takes the first reason away, so that the next one shows.
    for (skip, is_routed, reason) in [
        (0, false, Statistic::Skipped(Skipped::Loop)),
        (1, false, Statistic::Skipped(Skipped::Upgrade)),
        (3, false, Statistic::Skipped(Skipped::NoRoute)),
        (3, true, Statistic::Skipped(Skipped::Expired)),
    ] {
        let mut bench = Bench::new(mirror(
            r#""expiresAt": "2026-01-01T00:00:00Z", "percentage": 0, "sample": {"by": "header", "name": "x-user"}, "body": {"maxBytes": 9}, "limits": {"maxBufferedBytes": 9}"#,
        ));
        let incoming = Incoming {
            is_routed,
            ..Incoming::new(get("/", &everything[skip..]))
        };
        assert!(bench.begin_as(incoming, 0).is_none());
        assert_eq!(bench.count(reason), 1, "{reason:?}");
        assert_eq!(bench.count(Statistic::Matched), 1);
        bench.assert_at_rest();
    }
    for (keys, reason) in [
        (
            r#""percentage": 0, "sample": {"by": "header", "name": "x-user"}, "body": {"maxBytes": 9}, "limits": {"maxBufferedBytes": 9}"#,
            Statistic::Skipped(Skipped::NoSampleKey),
        ),
        (
            r#""percentage": 0, "body": {"maxBytes": 9}, "limits": {"maxBufferedBytes": 9}"#,
            Statistic::Skipped(Skipped::NotSampled),
        ),
        (
            r#""body": {"maxBytes": 9}, "limits": {"maxBufferedBytes": 9}"#,
            Statistic::Dropped(Dropped::BodyTooLarge),
        ),
        (
            r#""body": {"maxBytes": 99}, "limits": {"maxBufferedBytes": 99}"#,
            Statistic::Dropped(Dropped::Bytes),
        ),
    ] {
        let mut bench = Bench::new(mirror(keys));
        assert!(bench.begin(get("/", &everything[3..]), 0).is_none());
        assert_eq!(bench.count(reason), 1, "{reason:?}");
        bench.assert_at_rest();
    }
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
fn a_retry_is_neither_copied_nor_counted() {
    let mut bench = Bench::new(mirror(""));
    let retry = Incoming {
        is_retry: true,
        ..Incoming::new(get("/", &[]))
    };
    assert!(bench.begin_as(retry, 0).is_none());
    assert!(bench.totals.is_empty());
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
    let mut bench = Bench::new(mirror(r#""limits": {"maxInFlight": 2}"#));
    let first = bench.begin(get("/", &[]), 0).expect("collected");
    let second = one(&mut bench, get("/", &[]));
    bench.send_as(second, 1, 1);
    assert!(bench.begin(get("/", &[]), 0).is_none());
    assert_eq!(bench.count(Statistic::Dropped(Dropped::InFlight)), 1);
    bench.settle(1, OK, 0);
    assert!(bench.begin(get("/", &[]), 0).is_some(), "there is room again");
    bench.reset(first);
    bench.assert_balanced();
}

#[wasm_bindgen_test(unsupported = test)]
fn a_copy_over_the_limit_of_bytes_is_dropped_at_its_head_or_in_its_body() {
    let head = post(&[]).bytes();
    let mut bench = Bench::new(mirror(&format!(
        r#""body": {{"maxBytes": 10}}, "limits": {{"maxBufferedBytes": {}}}"#,
        2 * head + 10
    )));
    let ids = [0, 1].map(|_| bench.begin(post(&[]), 0).expect("collected"));
    assert!(bench.begin(post(&[]), 0).is_none());
    assert!(bench.body(ids[0], b"1234567890", 0));
    assert!(!bench.body(ids[1], b"1", 0), "the first one has used the bytes up");
    assert_eq!(bench.count(Statistic::Dropped(Dropped::Bytes)), 2);
    bench.reset(ids[0]);
    bench.assert_at_rest();
}

#[wasm_bindgen_test(unsupported = test)]
fn an_update_resets_no_budget_and_lower_limits_wait() {
    let mut bench = Bench::new(mirror(r#""limits": {"maxInFlight": 3}"#));
    for token in 0..3 {
        let copy = one(&mut bench, get("/", &[]));
        bench.send_as(copy, token, 1);
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

    let other = mirror("");
    assert_eq!(
        bench.try_plan("another plugin", &other),
        [1],
        "plugins have accounts of their own"
    );
}

#[wasm_bindgen_test(unsupported = test)]
fn gauges_show_what_is_configured_and_a_mirror_that_is_gone_is_off() {
    let mut bench = Bench::new(mirror(r#""percentage": 12.5"#));
    let values = |bench: &Bench, plan: &Plan| {
        let settings = bench.settings(plan).into_iter();
        settings.map(|(_, _, value)| value).collect::<Vec<_>>()
    };
    assert_eq!(
        values(&bench, &mirror(r#""percentage": 12.5"#)),
        [1, 125_000, 128, 16 << 20, 0]
    );
    let renamed = plan(r#"{"mirrors": [{"name": "v3", "cluster": "c", "enabled": false}]}"#);
    bench.try_plan("plugin", &renamed);
    assert_eq!(
        values(&bench, &renamed),
        [0, 0, 0, 0, 0, 0, 1_000_000, 128, 16 << 20, 0]
    );
    let off = plan(r#"{"enabled": false, "mirrors": [{"name": "v3", "cluster": "c"}]}"#);
    assert_eq!(values(&bench, &off)[5], 0);
}

#[wasm_bindgen_test(unsupported = test)]
fn the_end_of_a_vm_ends_every_copy() {
    let mut bench = Bench::new(mirror(""));
    bench.begin(post(&[]), 0).expect("collected");
    let copy = one(&mut bench, get("/", &[]));
    bench.send_as(copy, 9, 1);
    bench.cancel();
    assert_eq!(bench.count(Statistic::Failures(Failure::Cancelled)), 1);
    assert_eq!(bench.count(Statistic::Dropped(Dropped::RequestReset)), 1);
    bench.assert_at_rest();
    bench.settle(9, OK, 0);
    bench.assert_at_rest();
}
