//! Who finds room beside whom: uploads, requests that are complete with their headers, and copies in flight.

use mirror_model::bench::{Bench, Incoming, RequestId};
use mirror_model::plans::mirror;
use mirror_model::requests::{get, post};
use mirror_policy::headers::Headers;
use mirror_policy::reasons::Dropped;
use mirror_policy::statistics::Statistic;
use wasm_bindgen_test::wasm_bindgen_test;

use super::OK;

fn lost(bench: &Bench, reason: Dropped) -> i64 {
    bench.count(Statistic::Dropped(reason))
}

/// A request that is complete with its headers. Returns its token if its copy is sent.
fn complete(bench: &mut Bench, headers: Headers) -> Option<u32> {
    let incoming = Incoming {
        is_complete: true,
        ..Incoming::new(headers)
    };
    let id = bench.begin_as(incoming, 0)?;
    let copy = bench.complete(id, 0).pop()?;
    Some(bench.send(copy))
}

#[wasm_bindgen_test(unsupported = test)]
fn a_complete_request_finds_room_beside_as_many_uploads_as_may_be_collected() {
    let mut bench = Bench::new(mirror(r#""limits": {"maxInFlight": 2, "maxCollecting": 3}"#));
    let uploads: Vec<RequestId> = (0..3).filter_map(|_| bench.begin(post(&[]), 0)).collect();
    assert_eq!(uploads.len(), 3);
    assert!(bench.begin(post(&[]), 0).is_none());
    assert_eq!(lost(&bench, Dropped::Collecting), 1);
    let tokens = [(); 2].map(|()| complete(&mut bench, get("/", &[])).expect("a place in flight"));
    assert!(complete(&mut bench, get("/", &[])).is_none());
    assert_eq!(lost(&bench, Dropped::InFlight), 1);
    // An upload that ends while all places in flight are taken is lost too.
    assert!(bench.complete(uploads[0], 0).is_empty());
    assert_eq!(lost(&bench, Dropped::InFlight), 2);
    tokens.into_iter().for_each(|token| bench.settle(token, OK, 0));
    let copy = bench.complete(uploads[1], 0).pop().expect("a place in flight");
    let token = bench.send(copy);
    bench.settle(token, OK, 0);
    bench.end(uploads[2]);
    bench.assert_at_rest();
}

#[wasm_bindgen_test(unsupported = test)]
fn uploads_leave_a_part_of_the_bytes_to_complete_requests() {
    let mut bench = Bench::new(mirror(r#""limits": {"maxBufferedBytes": 16000}"#));
    let upload = bench.begin(post(&[]), 0).expect("collected");
    let rest = 15_000 - post(&[]).bytes() as usize;
    assert!(bench.body(upload, &vec![b'x'; rest - 1_100], 0));
    assert!(bench.body(upload, &[b'x'; 100], 0));
    let other = bench.begin(post(&[]), 0).expect("collected");
    assert!(!bench.body(other, &vec![b'x'; 1_000], 0), "uploads have their part");
    assert_eq!(lost(&bench, Dropped::Bytes), 1);
    let token = complete(&mut bench, get("/", &[("x-long", &"v".repeat(1_500))]));
    bench.settle(token.expect("room in the last part"), OK, 0);
    bench.end(upload);
    bench.assert_at_rest();
}

#[wasm_bindgen_test(unsupported = test)]
fn a_body_of_the_largest_size_fits_with_its_headers() {
    for (limit, largest, headers) in [
        (1 << 20, 917_504, 65_000),
        (16 << 20, 15 << 20, 500_000),
        (16_000, 14_000, 900),
    ] {
        let keys = format!(r#""body": {{"maxBytes": {largest}}}, "limits": {{"maxBufferedBytes": {limit}}}"#);
        let mut bench = Bench::new(mirror(&keys));
        let id = bench.begin(post(&[("x-long", &"v".repeat(headers - 200))]), 0);
        let id = id.expect("collected");
        assert!(bench.body(id, &vec![b'x'; largest], 0), "{limit}");
        let copy = bench.complete(id, 0).pop().expect("the copy");
        let token = bench.send(copy);
        bench.settle(token, OK, 0);
        assert_eq!(bench.count(Statistic::Sent), 1, "{limit}");
        bench.assert_at_rest();
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_small_budget_lowers_the_default_of_the_largest_body() {
    for (limit, largest) in [(16 << 20, 1 << 20), (1 << 20, 917_504), (1_600, 1_400), (1, 1)] {
        let plan = mirror(&format!(r#""limits": {{"maxBufferedBytes": {limit}}}"#));
        assert_eq!(plan.mirrors[0].config.body.max_bytes.get(), largest, "{limit}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn headers_that_grow_are_charged_as_they_leave() {
    let value = "v".repeat(2_500);
    let keys = format!(
        r#""headers": {{"set": {{"x-set": "{value}"}}, "add": {{"x-set": "{value}"}}}}, "limits": {{"maxBufferedBytes": 12000}}"#
    );
    let mut bench = Bench::new(mirror(&keys));
    let tokens = [(); 2].map(|()| complete(&mut bench, get("/", &[])).expect("copied"));
    let held = bench.count(Statistic::BufferedBytes);
    assert!((10_000..12_000).contains(&held), "{held}");
    let incoming = Incoming {
        is_complete: true,
        ..Incoming::new(get("/", &[]))
    };
    let id = bench.begin_as(incoming, 0).expect("the request itself has room");
    let copy = bench.complete(id, 0).pop().expect("a place in flight");
    assert_eq!(copy.headers().map(drop), Err(Dropped::Bytes));
    bench.send(copy);
    assert_eq!(lost(&bench, Dropped::Bytes), 1);
    assert_eq!(bench.count(Statistic::BufferedBytes), held);
    tokens.into_iter().for_each(|token| bench.settle(token, OK, 0));
    bench.end(id);
    bench.assert_at_rest();
}
