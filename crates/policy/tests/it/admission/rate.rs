//! The rate: tokens, bursts and updates.

use mirror_model::requests::{headers, post};
use mirror_policy::reasons::Dropped;
use mirror_policy::statistics::Statistic;
use wasm_bindgen_test::wasm_bindgen_test;

use super::{Mirror, OK, RATE};
use mirror_model::plans;

#[wasm_bindgen_test(unsupported = test)]
fn a_second_brings_as_many_copies_as_configured_and_never_more_than_one_burst() {
    let mut mirror = Mirror::new(r#""limits": {"maxRequestsPerSecond": 3}"#);
    let admitted = |mirror: &mut Mirror, now| (0..10).filter(|_| mirror.end(OK, now)).count();
    assert_eq!(admitted(&mut mirror, 5_000), 3, "one second's burst");
    assert_eq!(mirror.count(RATE), 7, "what is over is dropped at once");
    assert_eq!(admitted(&mut mirror, 5_333), 0);
    assert_eq!(admitted(&mut mirror, 5_334), 1);
    assert_eq!(admitted(&mut mirror, 5_666), 0, "0.002 + 0.996");
    assert_eq!(admitted(&mut mirror, 5_667), 1);
    assert_eq!(
        admitted(&mut mirror, 86_400_000),
        3,
        "a quiet day is no more than a burst"
    );
    mirror.bench.assert_at_rest();
}

#[wasm_bindgen_test(unsupported = test)]
fn a_rate_below_one_still_lets_one_copy_through_at_a_time() {
    let mut mirror = Mirror::new(r#""limits": {"maxRequestsPerSecond": "0.5"}"#);
    let times = [0, 1, 1_999, 2_000, 2_001, 3_999, 4_000, 60_000, 60_001, 61_999, 62_000];
    let admitted: Vec<u64> = times.into_iter().filter(|now| mirror.end(OK, *now)).collect();
    assert_eq!(admitted, [0, 2_000, 4_000, 60_000, 62_000]);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_token_is_taken_by_an_admitted_copy_only_and_not_given_back() {
    let mut mirror = Mirror::new(
        r#""limits": {"maxInFlight": 1, "maxBufferedBytes": 200, "maxRequestsPerSecond": 2}, "body": {"maxBytes": 100}"#,
    );
    let first = mirror.send(0).expect("admitted");
    for _ in 0..5 {
        assert!(mirror.send(0).is_none());
    }
    assert_eq!(mirror.count(Statistic::Dropped(Dropped::InFlight)), 5);
    mirror.settle(first, OK, 0);
    let large = headers(&[
        (":method", "GET"),
        (":path", "/"),
        (":authority", "a"),
        ("x", &"x".repeat(300)),
    ]);
    assert!(mirror.bench.begin(large, 0).is_none());
    assert_eq!(mirror.count(Statistic::Dropped(Dropped::Bytes)), 1);
    assert!(mirror.bench.begin(post(&[("content-length", "101")]), 0).is_none());
    assert_eq!(mirror.count(Statistic::Dropped(Dropped::BodyTooLarge)), 1);

    let id = mirror.begin(0).expect("the second token is still there");
    mirror.bench.end(id);
    assert!(mirror.copy(0).is_none(), "the lost copy's token is gone");
    assert_eq!(mirror.count(RATE), 1);
    mirror.bench.assert_at_rest();
}

#[wasm_bindgen_test(unsupported = test)]
fn an_update_resets_no_tokens_and_cuts_those_above_the_new_burst() {
    let limited = |rate: &str| plans::mirror(&format!(r#""limits": {{"maxRequestsPerSecond": {rate}}}"#));
    let mut mirror = Mirror::new(r#""limits": {"maxRequestsPerSecond": 10}"#);
    let admitted = |mirror: &mut Mirror, now| (0..100).filter(|_| mirror.end(OK, now)).count();
    assert_eq!(admitted(&mut mirror, 0), 10);
    mirror.bench.update(limited("10"));
    assert_eq!(admitted(&mut mirror, 0), 0, "the same configuration once more");
    mirror.bench.update(limited("50"));
    assert_eq!(admitted(&mut mirror, 0), 0);
    assert_eq!(admitted(&mut mirror, 100), 5, "the new rate");
    mirror.bench.update(limited("2"));
    assert_eq!(admitted(&mut mirror, 10_000), 2, "the new burst");
    mirror.bench.update(plans::mirror(""));
    assert_eq!(admitted(&mut mirror, 10_000), 100, "any number");
    mirror.bench.update(limited("2"));
    assert_eq!(admitted(&mut mirror, 10_000), 0, "nor does a detour over no limit");
}
