//! What the primary's answer counts for the copies of its request.

use mirror_model::bench::{Bench, RequestId};
use mirror_model::plans::plan;
use mirror_model::requests::{headers, post};
use mirror_policy::headers::Headers;
use mirror_policy::reasons::{Class, Dropped};
use mirror_policy::statistics::Statistic;
use wasm_bindgen_test::wasm_bindgen_test;

const RESPONSES: &str = "traffic_mirror_primary_responses_total";

/// A request that two mirrors copy, and which waits for its body.
fn collected() -> (Bench, RequestId) {
    let mirrors = r#"{"mirrors": [{"name": "a", "cluster": "a"}, {"name": "b", "cluster": "b"}]}"#;
    let mut bench = Bench::new(plan(mirrors));
    let request = bench.begin(post(&[]), 0).expect("collected");
    (bench, request)
}

/// The copies of the request leave.
fn send(bench: &mut Bench, request: RequestId, now: u64) {
    for copy in bench.complete(request, now) {
        bench.send(copy);
    }
}

fn status(status: &str) -> Headers {
    headers(&[(":status", status)])
}

#[wasm_bindgen_test(unsupported = test)]
fn the_first_answer_of_the_primary_is_counted_once_for_each_copy() {
    let (mut bench, request) = collected();
    send(&mut bench, request, 10);
    assert!(bench.awaits_answer(request));
    bench.response_headers(request, &status("200"), true, 25);
    assert!(!bench.awaits_answer(request), "nothing more can come");
    bench.response_headers(request, &status("500"), true, 30);
    bench.end(request);
    for account in [0, 1] {
        let of = |statistic| bench.totals.of(account, statistic);
        assert_eq!(of(Statistic::PrimaryResponses(Class::Success)), 1);
        assert_eq!(of(Statistic::PrimaryDuration), 15);
        assert_eq!(bench.totals.sum(account, RESPONSES), 1);
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn an_answer_before_the_request_is_complete_has_no_duration() {
    let (mut bench, request) = collected();
    bench.response_headers(request, &status("413"), false, 5);
    assert!(bench.totals.sum(0, RESPONSES) == 0, "no copy is sent yet");
    send(&mut bench, request, 10);
    for account in [0, 1] {
        let of = |statistic| bench.totals.of(account, statistic);
        assert_eq!(of(Statistic::PrimaryResponses(Class::ClientError)), 1);
        assert_eq!(of(Statistic::PrimaryDuration), 0);
    }
    assert!(!bench.awaits_answer(request));
}

#[wasm_bindgen_test(unsupported = test)]
fn only_a_copy_that_was_sent_counts_the_answer() {
    let (mut bench, request) = collected();
    bench.response_headers(request, &status("200"), false, 5);
    let mut copies = bench.complete(request, 10);
    bench.refuse(copies.remove(0), Dropped::NoCapacity);
    bench.send(copies.remove(0));
    bench.end(request);
    assert_eq!([0, 1].map(|account| bench.totals.sum(account, RESPONSES)), [0, 1]);
}

#[wasm_bindgen_test(unsupported = test)]
fn without_a_copy_or_an_answer_the_primary_counts_nothing() {
    let (mut bench, request) = collected();
    bench.response_headers(request, &status("200"), true, 5);
    bench.end(request);
    let (mut unanswered, request) = collected();
    send(&mut unanswered, request, 0);
    unanswered.end(request);
    for account in [0, 1] {
        assert_eq!(bench.totals.sum(account, RESPONSES), 0, "no copy was sent");
        assert_eq!(unanswered.totals.sum(account, RESPONSES), 0, "no answer came");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_grpc_answer_of_the_primary_is_counted_by_its_trailers() {
    let grpc = headers(&[(":status", "200"), ("content-type", "application/grpc")]);
    for (trailers, class) in [
        (Some(headers(&[("grpc-status", "0")])), Class::GrpcOk),
        (Some(headers(&[("grpc-status", "2")])), Class::GrpcError),
        (None, Class::GrpcError),
    ] {
        let (mut bench, request) = collected();
        send(&mut bench, request, 0);
        bench.response_headers(request, &grpc, false, 1);
        if let Some(trailers) = &trailers {
            bench.response_trailers(request, trailers);
        }
        bench.end(request);
        assert_eq!(bench.count(Statistic::PrimaryResponses(class)), 1, "{class}");
        assert_eq!(bench.totals.sum(0, RESPONSES), 1);
    }
}
