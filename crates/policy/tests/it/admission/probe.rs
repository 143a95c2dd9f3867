//! The probe of a circuit breaker is the first copy that leaves. An upload that goes on for long holds no probe.

use mirror_policy::breaker::Transition;
use wasm_bindgen_test::wasm_bindgen_test;

use super::{ERROR, Mirror, OK, OPEN};

const BREAKER: &str =
    r#""circuitBreaker": {"failurePercentage": 1, "minRequests": 1, "window": "10s", "openFor": "1s"}"#;

#[wasm_bindgen_test(unsupported = test)]
fn an_upload_that_goes_on_holds_no_probe() {
    let mut mirror = Mirror::new(BREAKER);
    assert!(mirror.end(ERROR, 0), "the breaker opens");
    let upload = mirror.begin(1_000).expect("the breaker lets an upload through");
    mirror.transitions();
    assert!(mirror.end(OK, 1_000), "another copy is the probe");
    assert_eq!(mirror.transitions(), [Transition::HalfOpened, Transition::Closed]);
    let copy = mirror
        .bench
        .complete(upload, 1_000)
        .pop()
        .expect("the breaker is closed");
    let token = mirror.bench.send(copy);
    mirror.settle(token, OK, 1_000);
    mirror.bench.assert_at_rest();
}

#[wasm_bindgen_test(unsupported = test)]
fn of_two_uploads_the_first_that_ends_is_the_probe_and_the_other_is_lost() {
    let mut mirror = Mirror::new(BREAKER);
    assert!(mirror.end(ERROR, 0));
    let uploads = [(); 2].map(|()| mirror.begin(1_000).expect("collected"));
    let probe = mirror.bench.complete(uploads[1], 1_000).pop().expect("the probe");
    assert!(mirror.bench.complete(uploads[0], 1_000).is_empty());
    assert_eq!(mirror.count(OPEN), 1);
    let token = mirror.bench.send(probe);
    mirror.settle(token, OK, 1_001);
    assert!(mirror.end(OK, 1_001), "closed");
    mirror.bench.assert_at_rest();
}

#[wasm_bindgen_test(unsupported = test)]
fn an_upload_that_ends_while_the_breaker_is_open_is_lost() {
    let mut mirror = Mirror::new(BREAKER);
    let upload = mirror.begin(0).expect("collected");
    assert!(mirror.end(ERROR, 0));
    assert!(mirror.bench.complete(upload, 500).is_empty());
    assert_eq!(mirror.count(OPEN), 1);
    mirror.bench.assert_at_rest();
}
