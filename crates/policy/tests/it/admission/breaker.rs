//! The circuit breaker: when it opens, and how a probe closes it.

use mirror_model::requests::headers;
use mirror_policy::breaker::Transition;
use mirror_policy::outcome::CalloutAnswer;
use mirror_policy::outcome::Outcome;
use mirror_policy::reasons::{Class, Dropped, Failure};
use mirror_policy::statistics::Statistic;
use wasm_bindgen_test::wasm_bindgen_test;

use super::{ERROR, Mirror, OK, OPEN, RATE, answered};
use mirror_model::plans;

/// Opens when half of at least four copies within a second failed, for two seconds.
pub(super) const BREAKER: &str =
    r#""circuitBreaker": {"failurePercentage": 50, "minRequests": 4, "window": "1s", "openFor": "2s"}"#;

/// The breaker of [`BREAKER`], opened at this time.
pub(super) fn opened(now: u64) -> Mirror {
    let mut mirror = Mirror::new(BREAKER);
    for _ in 0..4 {
        assert!(mirror.end(ERROR, now));
    }
    let expected = Transition::Opened { failures: 4, ended: 4 };
    assert_eq!(mirror.transitions(), [expected]);
    mirror
}

#[wasm_bindgen_test(unsupported = test)]
fn a_breaker_opens_at_its_share_but_not_before_enough_copies_have_ended() {
    let mut mirror = Mirror::new(BREAKER);
    for outcome in [ERROR, ERROR, ERROR] {
        assert!(mirror.end(outcome, 0));
    }
    assert_eq!(mirror.transitions(), [], "three are not enough");
    assert!(mirror.end(OK, 0));
    let expected = Transition::Opened { failures: 3, ended: 4 };
    assert_eq!(mirror.transitions(), [expected], "the fourth need not fail itself");
    assert_eq!(mirror.count(Statistic::BreakerOpen), 1);
    assert!(!mirror.end(OK, 0));
    assert_eq!(mirror.count(OPEN), 1);

    let mut mirror = Mirror::new(BREAKER);
    for outcome in [OK, ERROR, OK, OK, ERROR, OK, ERROR] {
        assert!(mirror.end(outcome, 0), "never half of them");
    }
    assert!(mirror.end(ERROR, 0));
    let expected = Transition::Opened { failures: 4, ended: 8 };
    assert_eq!(mirror.transitions(), [expected], "half of them is enough");
}

#[wasm_bindgen_test(unsupported = test)]
fn copies_that_ended_before_the_window_do_not_count() {
    let mut mirror = Mirror::new(BREAKER);
    for now in [0, 99, 100] {
        assert!(mirror.end(ERROR, now));
    }
    assert!(
        mirror.end(OK, 1_000),
        "the bucket of 0 to 99 has left, so this is the second"
    );
    assert!(mirror.end(ERROR, 1_050), "the third");
    assert_eq!(mirror.transitions(), []);
    assert!(mirror.end(ERROR, 1_099), "three failures of four");
    let expected = Transition::Opened { failures: 3, ended: 4 };
    assert_eq!(mirror.transitions(), [expected]);

    let mut mirror = Mirror::new(BREAKER);
    for now in 0..100 {
        assert!(mirror.end(ERROR, now * 400), "never four within a second");
    }
    assert_eq!(mirror.transitions(), []);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_breaker_counts_failures_of_the_shadow_alone() {
    for innocent in [
        answered(Class::Success, false),
        answered(Class::ClientError, false),
        answered(Class::GrpcError, false),
        Outcome::Failed(Failure::Cancelled),
    ] {
        let mut mirror = Mirror::new(BREAKER);
        for _ in 0..100 {
            assert!(mirror.end(innocent, 0), "{innocent:?}");
        }
        assert_eq!(mirror.transitions(), [], "{innocent:?}");
    }
    for failure in [Failure::Connect, Failure::Timeout, Failure::Protocol, Failure::Reset] {
        let mut mirror = Mirror::new(BREAKER);
        for _ in 0..4 {
            assert!(mirror.end(Outcome::Failed(failure), 0), "{failure}");
        }
        assert!(!mirror.end(OK, 0), "{failure}");
    }
    let mut mirror = Mirror::new(BREAKER);
    for _ in 0..20 {
        assert!(mirror.end(Outcome::Failed(Failure::Cancelled), 0));
        let copy = mirror.copy(0).expect("admitted");
        mirror.bench.refuse(copy, Dropped::NoCapacity);
    }
    for _ in 0..3 {
        assert!(mirror.end(ERROR, 0));
    }
    assert_eq!(
        mirror.transitions(),
        [],
        "what was not sent or cancelled is no request here"
    );
}

#[wasm_bindgen_test(unsupported = test)]
fn a_grpc_error_counts_if_envoy_would_take_its_status_for_a_5xx() {
    let is_failure = |status: &[(&str, &str)]| {
        let answer = CalloutAnswer::new(
            headers(&[
                (":status", "200"),
                ("content-type", "application/grpc"),
                ("x-envoy-upstream-service-time", "1"),
            ]),
            headers(status),
        );
        answer.outcome().is_failure()
    };
    let failures: Vec<u32> = (0..=20)
        .filter(|status| is_failure(&[("grpc-status", &status.to_string())]) == Some(true))
        .collect();
    // UNKNOWN, DEADLINE_EXCEEDED, UNIMPLEMENTED, INTERNAL, UNAVAILABLE, DATA_LOSS, and what no one knows.
    assert_eq!(failures, [2, 4, 12, 13, 14, 15, 17, 18, 19, 20]);
    for odd in ["", "x", "-1", "300"] {
        assert_eq!(is_failure(&[("grpc-status", odd)]), Some(true), "{odd:?}");
    }
    assert_eq!(is_failure(&[]), Some(true), "without a status");
}

#[wasm_bindgen_test(unsupported = test)]
fn a_single_probe_decides_after_the_breaker_was_open_for_its_time() {
    let mut mirror = opened(100);
    assert!(mirror.copy(2_099).is_none());
    let probe = mirror.send(2_100).expect("the probe");
    assert_eq!(mirror.transitions(), [Transition::HalfOpened]);
    for now in [2_100, 5_000, 60_000] {
        assert!(mirror.copy(now).is_none(), "there is one probe, however long it takes");
    }
    assert_eq!(mirror.count(Statistic::BreakerOpen), 1, "half-open is not closed");
    mirror.settle(probe, ERROR, 60_000);
    assert_eq!(mirror.transitions(), [Transition::Reopened]);
    assert!(mirror.copy(61_999).is_none());
    assert!(mirror.end(OK, 62_000), "another probe");
    assert_eq!(mirror.transitions(), [Transition::HalfOpened, Transition::Closed]);
    assert_eq!(mirror.count(Statistic::BreakerOpen), 0);
    for _ in 0..3 {
        assert!(mirror.end(ERROR, 62_000), "it counts from nothing");
    }
    assert!(mirror.end(ERROR, 62_000));
    assert!(mirror.copy(62_000).is_none());
    mirror.bench.assert_at_rest();
}

#[wasm_bindgen_test(unsupported = test)]
fn a_probe_that_is_lost_gives_its_place_to_the_next_copy() {
    let losses: [fn(&mut Mirror, u64); 6] = [
        |mirror, now| {
            let id = mirror.begin(now).expect("the probe");
            mirror.bench.end(id);
        },
        |mirror, now| {
            let copy = mirror.copy(now).expect("the probe");
            mirror.bench.refuse(copy, Dropped::ClusterMissing);
        },
        |mirror, now| {
            mirror.begin(now).expect("the probe");
            mirror.bench.sweep(now + 30_001);
        },
        |mirror, now| {
            let id = mirror.begin(now).expect("the probe");
            assert!(!mirror.bench.body(id, &[0; 2 << 20], now), "over the cap");
        },
        |mirror, now| {
            let id = mirror.begin(now).expect("the probe");
            assert!(!mirror.bench.unreadable_body(id, 9, None, now), "unreadable");
        },
        |mirror, now| assert!(mirror.end(Outcome::Failed(Failure::Cancelled), now)),
    ];
    for (index, lose) in losses.into_iter().enumerate() {
        let mut mirror = opened(0);
        lose(&mut mirror, 2_000);
        assert_eq!(mirror.count(Statistic::BreakerOpen), 1, "way {index}");
        let next = mirror.send(2_001).expect("the next probe");
        assert!(mirror.copy(2_001).is_none(), "way {index}: a single one");
        mirror.settle(next, OK, 2_002);
        let expected = [Transition::HalfOpened, Transition::Closed];
        assert_eq!(mirror.transitions(), expected, "way {index}: each once");
        mirror.bench.assert_at_rest();
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_copy_counts_only_in_the_state_in_which_it_left() {
    let mut mirror = Mirror::new(BREAKER);
    let early: Vec<u32> = (0..9).map(|_| mirror.send(0).expect("admitted")).collect();
    for &token in &early[..4] {
        mirror.settle(token, ERROR, 0);
    }
    mirror.transitions();
    mirror.settle(early[4], OK, 1_000);
    assert_eq!(mirror.transitions(), [], "open stays open");
    let probe = mirror.send(2_000).expect("the probe");
    mirror.settle(early[5], OK, 2_000);
    mirror.settle(early[6], ERROR, 2_000);
    assert_eq!(mirror.transitions(), [Transition::HalfOpened], "only the probe decides");
    mirror.settle(probe, OK, 2_000);
    for &token in &early[7..] {
        mirror.settle(token, ERROR, 2_000);
    }
    assert!(mirror.end(ERROR, 2_000) && mirror.end(ERROR, 2_000) && mirror.end(ERROR, 2_000));
    assert_eq!(mirror.transitions(), [Transition::Closed], "old failures open nothing");
    mirror.bench.assert_at_rest();
}

#[wasm_bindgen_test(unsupported = test)]
fn a_copy_that_cannot_be_admitted_is_no_probe_and_takes_no_token() {
    let mut mirror = Mirror::new(&format!(
        r#"{BREAKER}, "limits": {{"maxInFlight": 5, "maxRequestsPerSecond": 5}}"#
    ));
    let hold = mirror.send(0).expect("admitted");
    for _ in 0..4 {
        assert!(mirror.end(ERROR, 0));
    }
    assert!(!mirror.end(OK, 0), "open");
    assert_eq!(
        (mirror.count(OPEN), mirror.count(RATE)),
        (1, 0),
        "breaker_open comes before rate"
    );
    mirror.bench.update(plans::mirror(&format!(
        r#"{BREAKER}, "limits": {{"maxInFlight": 1, "maxRequestsPerSecond": 5}}"#
    )));
    assert!(mirror.copy(2_000).is_none());
    assert_eq!(mirror.count(Statistic::Dropped(Dropped::InFlight)), 1);
    mirror.settle(hold, OK, 2_000);
    assert_eq!(mirror.transitions().len(), 1, "no probe yet");
    assert!(mirror.end(OK, 2_000), "the probe");
    assert_eq!(mirror.transitions(), [Transition::HalfOpened, Transition::Closed]);
    assert_eq!(
        (0..9).filter(|_| mirror.end(OK, 2_000)).count(),
        4,
        "four tokens are left"
    );
}
