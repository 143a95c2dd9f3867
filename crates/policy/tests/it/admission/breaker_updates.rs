//! The circuit breaker under updates, and with several mirrors.

use mirror_model::bench::Bench;
use mirror_model::requests::get;
use mirror_policy::breaker::Transition;
use mirror_policy::statistics::Statistic;
use wasm_bindgen_test::wasm_bindgen_test;

use super::breaker::{BREAKER, opened};
use super::{ERROR, Mirror, OK, OPEN, RATE};
use mirror_model::plans;

#[wasm_bindgen_test(unsupported = test)]
fn no_update_resets_a_breaker_but_its_limits_are_read_again() {
    let breaker = |min: u32, window: &str, open_for: &str| {
        plans::mirror(&format!(
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
    let accounts = mirror.bench.try_plan("plugin", plans::mirror(""));
    assert_eq!(accounts, mirror.bench.accounts());
    assert_eq!(
        mirror.count(Statistic::BreakerOpen),
        1,
        "a configuration may only be tried"
    );
    mirror.bench.update(plans::mirror(""));
    assert!(mirror.end(OK, 0), "nothing is stopped");
    mirror.bench.sweep(1);
    assert_eq!(mirror.transitions(), [Transition::Closed]);
    assert_eq!(mirror.count(Statistic::BreakerOpen), 0);
}

/// The probe's end came while no breaker was configured: it must not stay half-open for ever.
#[wasm_bindgen_test(unsupported = test)]
fn a_probe_that_ends_while_no_breaker_is_configured_gives_its_place_back() {
    let mut mirror = opened(0);
    let probe = mirror.send(2_000).expect("the probe");
    mirror.bench.update(plans::mirror(""));
    mirror.settle(probe, ERROR, 2_000);
    mirror.bench.update(plans::mirror(BREAKER));
    assert!(mirror.end(OK, 2_000), "another probe");
    assert_eq!(mirror.transitions(), [Transition::HalfOpened, Transition::Closed]);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_mirror_that_is_gone_has_no_open_breaker_and_neither_has_a_vm_that_ends() {
    let mut mirror = opened(0);
    mirror
        .bench
        .update(plans::plan(r#"{"mirrors": [{"name": "other", "cluster": "c"}]}"#));
    assert_eq!(
        mirror.count(Statistic::BreakerOpen),
        1,
        "its root may still have requests"
    );
    mirror.bench.retire();
    assert_eq!(mirror.count(Statistic::BreakerOpen), 0);
    assert_eq!(mirror.transitions(), [Transition::Closed]);

    let mut mirror = opened(0);
    mirror.send(2_000).expect("the probe");
    mirror.bench.cancel();
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
    let mut bench = Bench::new(plans::plan(&plan));
    for token in (0..20).step_by(2) {
        let id = bench.begin(get("/", &[]), 0);
        let copies = id.map(|id| bench.complete(id, 0)).unwrap_or_default();
        for (index, copy) in copies.into_iter().enumerate() {
            let token = token + index as u32;
            bench.send_as(copy, token);
            bench.settle(token, ERROR, 0);
        }
    }
    let of = |account, statistic| bench.totals.of(account, statistic);
    assert_eq!((of(0, Statistic::Sent), of(0, OPEN), of(0, RATE)), (4, 6, 0));
    assert_eq!((of(1, Statistic::Sent), of(1, OPEN), of(1, RATE)), (2, 0, 8));
    bench.assert_at_rest();
}
