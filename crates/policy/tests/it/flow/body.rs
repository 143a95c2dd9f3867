//! The body of a request: what the cap, the longest wait and the host make of it.

use mirror_model::bench::Bench;
use mirror_model::plans::{mirror, plan};
use mirror_model::requests::post;
use mirror_policy::reasons::Dropped;
use mirror_policy::statistics::Statistic;
use wasm_bindgen_test::wasm_bindgen_test;

use super::OK;

#[wasm_bindgen_test(unsupported = test)]
fn a_body_over_the_cap_loses_the_copy() {
    for (cap, length, is_sent) in [(10, 10, true), (10, 11, false), (0, 1, false), (0, 0, true)] {
        for chunk in [1, 3, 11] {
            let mut bench = Bench::new(mirror(&format!(r#""body": {{"maxBytes": {cap}}}"#)));
            let id = bench.begin(post(&[]), 0).expect("collected");
            let body = vec![b'x'; length];
            for part in body.chunks(chunk) {
                bench.body(id, part, 0);
            }
            let copies = bench.complete(id, 0);
            assert_eq!(
                copies.len(),
                usize::from(is_sent),
                "cap {cap}, {length} bytes by {chunk}"
            );
            for copy in copies {
                assert_eq!(copy.body(), body);
                bench.refuse(copy, Dropped::NoCapacity);
            }
            assert_eq!(
                bench.count(Statistic::Dropped(Dropped::BodyTooLarge)),
                i64::from(!is_sent)
            );
            bench.assert_at_rest();
        }
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_body_over_the_cap_is_left_out_if_the_headers_are_enough() {
    let mut bench = Bench::new(mirror(r#""body": {"maxBytes": 10, "whenLarger": "headersOnly"}"#));
    let id = bench.begin(post(&[]), 0).expect("collected");
    assert!(bench.body(id, b"123456", 0));
    assert!(!bench.takes(id, 5));
    assert!(bench.body(id, b"78901", 0));
    assert_eq!(
        bench.count(Statistic::BufferedBytes),
        post(&[]).bytes() as i64,
        "the bytes are given back"
    );
    assert!(!bench.takes(id, 1), "and no more are read");
    assert!(bench.body(id, b"2", 0));
    let copy = bench.complete(id, 0).remove(0);
    assert_eq!(copy.body(), b"");
    bench.send_as(copy, 1);
    bench.settle(1, OK, 0);
    bench.assert_at_rest();
}

#[wasm_bindgen_test(unsupported = test)]
fn mirrors_that_share_a_body_obey_their_own_limits() {
    let mut bench = Bench::new(plan(
        r#"{"mirrors": [
            {"name": "a", "cluster": "a", "body": {"maxBytes": 4}},
            {"name": "b", "cluster": "b", "body": {"maxBytes": 4, "whenLarger": "headersOnly"}},
            {"name": "c", "cluster": "c"},
            {"name": "d", "cluster": "d", "body": {"maxWait": "5ms"}},
            {"name": "e", "cluster": "e", "match": [{"method": {"exact": "GET"}}]}]}"#,
    ));
    let id = bench.begin(post(&[]), 0).expect("collected");
    assert!(bench.body(id, b"1234", 1) && bench.body(id, b"56", 2));
    let copies = bench.complete(id, 9);
    let bodies: Vec<(usize, &[u8])> = copies.iter().map(|copy| (copy.account(), copy.body())).collect();
    assert_eq!(bodies, [(1, &b""[..]), (2, b"123456")]);
    assert_eq!(bench.totals.of(0, Statistic::Dropped(Dropped::BodyTooLarge)), 1);
    assert_eq!(bench.totals.of(3, Statistic::Dropped(Dropped::BodyWait)), 1);
    assert_eq!(bench.totals.of(4, Statistic::Matched), 0);
    for copy in copies {
        bench.refuse(copy, Dropped::ClusterMissing);
    }
    bench.assert_at_rest();
}

#[wasm_bindgen_test(unsupported = test)]
fn an_overdue_copy_is_lost_at_a_tick_a_chunk_or_the_end_of_its_request() {
    let mut bench = Bench::new(mirror(r#""body": {"maxWait": "100ms"}"#));
    let id = bench.begin(post(&[]), 1_000).expect("collected");
    bench.body(id, b"abc", 1_050);
    bench.sweep(1_100);
    assert_eq!(bench.count(Statistic::Collecting), 1, "not overdue yet");
    bench.sweep(1_101);
    assert_eq!(bench.count(Statistic::Dropped(Dropped::BodyWait)), 1);
    bench.assert_at_rest();
    assert!(!bench.body(id, b"def", 1_102));
    assert!(bench.complete(id, 1_103).is_empty());

    let id = bench.begin(post(&[]), 2_000).expect("collected");
    assert!(!bench.body(id, b"late", 2_101), "a late chunk finds it as well");
    let id = bench.begin(post(&[]), 3_000).expect("collected");
    assert!(bench.complete(id, 3_101).is_empty(), "and so does a late end");
    assert_eq!(bench.count(Statistic::Dropped(Dropped::BodyWait)), 3);
    bench.assert_at_rest();
}

#[wasm_bindgen_test(unsupported = test)]
fn a_copy_is_lost_if_the_host_does_not_give_a_part_of_the_body() {
    let mut bench = Bench::new(mirror(""));
    let id = bench.begin(post(&[]), 0).expect("collected");
    assert!(bench.unreadable_body(id, 0, None, 0), "an empty part is none");
    assert!(!bench.unreadable_body(id, 3, Some(b"ab"), 0));
    assert_eq!(bench.count(Statistic::Dropped(Dropped::BodyUnreadable)), 1);
    bench.assert_at_rest();
}
