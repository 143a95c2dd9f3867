//! What a mirror's rate, circuit breaker and expiry let through, to the millisecond; and that what they count is never reset
//! by an update and never lost with a copy.

use std::time::Duration;

use crate::common::{self, Bench, at, get, headers, mirror, parse, post};
use mirror_policy::answer::Answer;
use mirror_policy::breaker::Transition;
use mirror_policy::exchange::Outgoing;
use mirror_policy::ledger::ExchangeId;
use mirror_policy::reason::{Class, Dropped, Failure, Outcome, Skipped};
use mirror_policy::stats::Statistic;
use wasm_bindgen_test::wasm_bindgen_test;

const RATE: Statistic = Statistic::Dropped(Dropped::Rate);
const OPEN: Statistic = Statistic::Dropped(Dropped::BreakerOpen);

const OK: Outcome = answered(Class::Success, false);
const ERROR: Outcome = answered(Class::ServerError, true);

const fn answered(class: Class, is_error: bool) -> Outcome {
    Outcome::Answered {
        class,
        is_error,
        milliseconds: Some(1),
    }
}

/// A bench of one mirror, and short words for what happens to it.
struct Mirror {
    bench: Bench,
    token: u32,
}

impl Mirror {
    fn new(keys: &str) -> Self {
        Self {
            bench: Bench::new(mirror(keys)),
            token: 0,
        }
    }

    /// A request whose body is still to come.
    fn begin(&mut self, now: u64) -> Option<ExchangeId> {
        self.bench.begin(post(&[]), now)
    }

    /// A request that is complete: its copy, if one was admitted.
    fn copy(&mut self, now: u64) -> Option<Outgoing> {
        let id = self.begin(now)?;
        self.bench.complete(id, now).pop()
    }

    /// Its copy is sent. Returns the token.
    fn send(&mut self, now: u64) -> Option<u32> {
        let copy = self.copy(now)?;
        self.token += 1;
        let token = self.token;
        self.bench.step(|ledger, effects| ledger.sent(copy, token, 1, effects));
        Some(token)
    }

    fn settle(&mut self, token: u32, outcome: Outcome, now: u64) {
        self.bench.step(|ledger, effects| {
            let now = ledger.is_timed(token).then(|| at(now));
            ledger.settle(token, outcome, now, effects);
        });
    }

    /// A request whose copy is sent and ends at once. Returns whether it was admitted.
    fn end(&mut self, outcome: Outcome, now: u64) -> bool {
        let token = self.send(now);
        token.is_some_and(|token| {
            self.settle(token, outcome, now);
            true
        })
    }

    fn count(&self, statistic: Statistic) -> i64 {
        self.bench.count(statistic)
    }

    /// What the breaker did since the last time.
    fn transitions(&mut self) -> Vec<Transition> {
        let transitions = std::mem::take(&mut self.bench.totals.transitions);
        transitions.into_iter().map(|(_, transition)| transition).collect()
    }
}

// === rate ===

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
    mirror.bench.step(|ledger, effects| ledger.reset(id, effects));
    assert!(mirror.copy(0).is_none(), "the lost copy's token is gone");
    assert_eq!(mirror.count(RATE), 1);
    mirror.bench.assert_at_rest();
}

#[wasm_bindgen_test(unsupported = test)]
fn an_update_resets_no_tokens_and_cuts_those_above_the_new_burst() {
    let limited = |rate: &str| common::mirror(&format!(r#""limits": {{"maxRequestsPerSecond": {rate}}}"#));
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
    mirror.bench.update(common::mirror(""));
    assert_eq!(admitted(&mut mirror, 10_000), 100, "any number");
    mirror.bench.update(limited("2"));
    assert_eq!(admitted(&mut mirror, 10_000), 0, "nor does a detour over no limit");
}

// === circuit breaker ===

/// Opens when half of at least four copies within a second failed, for two seconds.
const BREAKER: &str =
    r#""circuitBreaker": {"failurePercentage": 50, "minRequests": 4, "window": "1s", "openFor": "2s"}"#;

/// The breaker of [`BREAKER`], opened at this time.
fn opened(now: u64) -> Mirror {
    let mut mirror = Mirror::new(BREAKER);
    for _ in 0..4 {
        assert!(mirror.end(ERROR, now));
    }
    let expected = Transition::Opened { failures: 4, ended: 4 };
    assert_eq!(mirror.transitions(), [expected]);
    mirror
}

#[wasm_bindgen_test(unsupported = test)]
fn it_opens_at_the_share_but_not_before_enough_copies_have_ended() {
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
fn what_ended_before_the_window_does_not_count() {
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
fn what_tells_nothing_about_the_shadow_is_not_counted() {
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
        mirror
            .bench
            .step(|ledger, effects| ledger.refused(copy, Dropped::NoCapacity, effects));
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
        let answer = Answer {
            headers: headers(&[
                (":status", "200"),
                ("content-type", "application/grpc"),
                ("x-envoy-upstream-service-time", "1"),
            ]),
            trailers: headers(status),
            body: Vec::new(),
        };
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
fn after_its_time_a_single_probe_decides() {
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
            mirror.bench.step(|ledger, effects| ledger.reset(id, effects));
        },
        |mirror, now| {
            let copy = mirror.copy(now).expect("the probe");
            mirror
                .bench
                .step(|ledger, effects| ledger.refused(copy, Dropped::ClusterMissing, effects));
        },
        |mirror, now| {
            mirror.begin(now).expect("the probe");
            mirror
                .bench
                .step(|ledger, effects| ledger.sweep(at(now + 30_001), effects));
        },
        |mirror, now| {
            let id = mirror.begin(now).expect("the probe");
            assert!(!mirror.bench.body(id, &[0; 2 << 20], now), "over the cap");
        },
        |mirror, now| {
            let id = mirror.begin(now).expect("the probe");
            let broken = |ledger: &mut mirror_policy::ledger::Ledger, effects: &mut _| {
                ledger.body(id, 9, None, at(now), effects)
            };
            assert!(!mirror.bench.step(broken), "unreadable");
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
fn a_copy_speaks_only_for_the_state_in_which_it_was_admitted() {
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
    mirror.bench.update(common::mirror(&format!(
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

#[wasm_bindgen_test(unsupported = test)]
fn no_update_resets_a_breaker_but_its_limits_are_read_again() {
    let breaker = |min: u32, window: &str, open_for: &str| {
        common::mirror(&format!(
            r#""circuitBreaker": {{"failurePercentage": 50, "minRequests": {min}, "window": "{window}", "openFor": "{open_for}"}}"#
        ))
    };
    let mut mirror = Mirror::new(BREAKER);
    for _ in 0..3 {
        assert!(mirror.end(ERROR, 0));
    }
    mirror.bench.update(breaker(5, "10s", "2s"));
    assert!(mirror.end(ERROR, 0), "four of five");
    assert_eq!(mirror.transitions(), []);
    assert!(mirror.end(ERROR, 9_000), "the new window");
    assert_eq!(mirror.transitions(), [Transition::Opened { failures: 5, ended: 5 }]);
    mirror.bench.update(breaker(5, "10s", "1s"));
    assert_eq!(mirror.count(Statistic::BreakerOpen), 1);
    assert!(mirror.copy(9_999).is_none(), "still open");
    let probe = mirror.send(10_000).expect("the new openFor");
    mirror.bench.update(breaker(1, "1s", "1s"));
    assert!(mirror.copy(10_000).is_none(), "the probe is still awaited");
    mirror.settle(probe, OK, 10_000);
    assert_eq!(mirror.transitions(), [Transition::HalfOpened, Transition::Closed]);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_breaker_that_is_not_configured_any_more_is_closed_by_the_next_tick() {
    let mut mirror = opened(0);
    let plan = common::mirror("");
    let accounts = mirror.bench.ledger.adopt("plugin", &plan);
    assert_eq!(accounts, *mirror.bench.binding.accounts);
    assert_eq!(
        mirror.count(Statistic::BreakerOpen),
        1,
        "a configuration may only be tried"
    );
    mirror.bench.update(plan);
    assert!(mirror.end(OK, 0), "nothing is stopped");
    mirror.bench.step(|ledger, effects| ledger.sweep(at(1), effects));
    assert_eq!(mirror.transitions(), [Transition::Closed]);
    assert_eq!(mirror.count(Statistic::BreakerOpen), 0);
}

/// The probe's end came while no breaker was configured: it must not stay half-open for ever.
#[wasm_bindgen_test(unsupported = test)]
fn a_probe_that_ends_while_no_breaker_is_configured_gives_its_place_back() {
    let mut mirror = opened(0);
    let probe = mirror.send(2_000).expect("the probe");
    mirror.bench.update(common::mirror(""));
    mirror.settle(probe, ERROR, 2_000);
    mirror.bench.update(common::mirror(BREAKER));
    assert!(mirror.end(OK, 2_000), "another probe");
    assert_eq!(mirror.transitions(), [Transition::HalfOpened, Transition::Closed]);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_mirror_that_is_gone_has_no_open_breaker_and_neither_has_a_vm_that_ends() {
    let mut mirror = opened(0);
    let accounts = mirror.bench.binding.accounts.clone();
    mirror.bench.step(|ledger, effects| ledger.retire(&accounts, effects));
    assert_eq!(mirror.count(Statistic::BreakerOpen), 0);
    assert_eq!(mirror.transitions(), [Transition::Closed]);

    let mut mirror = opened(0);
    mirror.send(2_000).expect("the probe");
    mirror.bench.step(|ledger, effects| ledger.cancel(effects));
    assert_eq!(mirror.count(Statistic::BreakerOpen), 0);
    mirror.bench.assert_at_rest();
}

#[wasm_bindgen_test(unsupported = test)]
fn each_mirror_has_a_breaker_and_a_rate_of_its_own() {
    let plan = format!(
        r#"{{"mirrors": [
            {{"name": "a", "cluster": "a", {BREAKER}}},
            {{"name": "b", "cluster": "b", "limits": {{"maxRequestsPerSecond": 2}}}}]}}"#
    );
    let mut bench = Bench::new(parse(&plan).unwrap());
    for token in (0..20).step_by(2) {
        let id = bench.begin(get("/", &[]), 0);
        let copies = id.map(|id| bench.complete(id, 0)).unwrap_or_default();
        for (index, copy) in copies.into_iter().enumerate() {
            let token = token + index as u32;
            bench.step(|ledger, effects| ledger.sent(copy, token, 1, effects));
            bench.step(|ledger, effects| ledger.settle(token, ERROR, Some(at(0)), effects));
        }
    }
    let of = |account, statistic| bench.totals.of(account, statistic);
    assert_eq!((of(0, Statistic::Sent), of(0, OPEN), of(0, RATE)), (4, 6, 0));
    assert_eq!((of(1, Statistic::Sent), of(1, OPEN), of(1, RATE)), (2, 0, 8));
    bench.assert_at_rest();
}

// === expiry ===

#[wasm_bindgen_test(unsupported = test)]
fn a_mirror_ends_at_its_moment_and_not_before() {
    let mut mirror = Mirror::new(r#""expiresAt": "2026-12-01T18:00:00.5Z""#);
    assert!(mirror.bench.binding.plan.needs_wall_clock());
    let end = Duration::new(1_796_148_000, 500_000_000);
    mirror.bench.wall = Some(end.checked_sub(Duration::from_nanos(1)).unwrap());
    let id = mirror.begin(0).expect("not yet");
    mirror.bench.wall = Some(end);
    assert!(mirror.copy(0).is_none());
    assert_eq!(mirror.bench.complete(id, 0).len(), 1, "what began in time goes on");
    mirror.bench.wall = Some(end.checked_sub(Duration::from_secs(9)).unwrap());
    assert!(
        mirror.begin(0).is_some(),
        "a clock that was set back counts as it stands"
    );
    mirror.bench.wall = None;
    assert!(mirror.copy(0).is_none(), "without a clock nothing is sent");
    assert_eq!(mirror.count(Statistic::Skipped(Skipped::Expired)), 2);

    let mut mirror = Mirror::new("");
    assert!(!mirror.bench.binding.plan.needs_wall_clock());
    assert!(mirror.copy(0).is_some(), "never");
}

#[wasm_bindgen_test(unsupported = test)]
fn the_expiry_is_shown_in_seconds_and_never_as_zero() {
    let bench = Bench::new(
        parse(
            r#"{"mirrors": [
                {"name": "a", "cluster": "a", "expiresAt": "2026-12-01T18:00:00.9Z"},
                {"name": "b", "cluster": "b"}]}"#,
        )
        .unwrap(),
    );
    let shown = |plan| {
        let settings = bench.ledger.accounts().settings("plugin", plan);
        let of_expiry = settings
            .into_iter()
            .filter(|setting| setting.statistic == Statistic::ExpiryTimestampSeconds);
        of_expiry.map(|setting| setting.value).collect::<Vec<_>>()
    };
    assert_eq!(shown(&bench.binding.plan), [1_796_148_000, 0]);
    let gone = parse(r#"{"mirrors": [{"name": "b", "cluster": "b"}]}"#).unwrap();
    assert_eq!(shown(&gone), [0, 0]);
}
