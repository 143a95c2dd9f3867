//! What the primary's answer counts for the copies of its request.

use mirror_model::bench::Primary;
use mirror_model::requests::headers;
use mirror_model::totals::Totals;
use mirror_policy::headers::Headers;
use mirror_policy::reason::Class;
use mirror_policy::stats::Statistic;
use wasm_bindgen_test::wasm_bindgen_test;

/// What the primary's side of one request counts.
fn counted(events: impl FnOnce(&mut Primary)) -> Totals {
    let mut primary = Primary::default();
    events(&mut primary);
    primary.end();
    primary.totals()
}

fn status(status: &str) -> Headers {
    headers(&[(":status", status)])
}

const RESPONSES: &str = "traffic_mirror_primary_responses_total";

#[wasm_bindgen_test(unsupported = test)]
fn the_first_answer_of_the_primary_is_counted_once_for_each_copy() {
    let totals = counted(|primary| {
        primary.sent(&[0, 1], 10);
        primary.response_headers(&status("200"), true, 25);
        primary.response_headers(&status("500"), true, 30);
    });
    for account in [0, 1] {
        assert_eq!(totals.of(account, Statistic::PrimaryResponses(Class::Success)), 1);
        assert_eq!(totals.of(account, Statistic::PrimaryDuration), 15);
        assert_eq!(totals.sum(account, RESPONSES), 1);
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn an_answer_before_the_request_is_complete_has_no_duration() {
    let totals = counted(|primary| {
        primary.response_headers(&status("413"), false, 5);
        primary.sent(&[0, 1], 10);
    });
    assert_eq!(totals.of(1, Statistic::PrimaryResponses(Class::ClientError)), 1);
    assert_eq!(totals.of(1, Statistic::PrimaryDuration), 0);
}

#[wasm_bindgen_test(unsupported = test)]
fn without_a_copy_or_an_answer_the_primary_counts_nothing() {
    let never_sent = counted(|primary| primary.response_headers(&status("200"), true, 5));
    assert!(never_sent.is_empty());
    let no_answer = counted(|primary| primary.sent(&[0], 0));
    assert!(no_answer.is_empty());
}

#[wasm_bindgen_test(unsupported = test)]
fn a_grpc_answer_of_the_primary_is_counted_by_its_trailers() {
    let grpc = headers(&[(":status", "200"), ("content-type", "application/grpc")]);
    for (trailers, class) in [
        (Some(headers(&[("grpc-status", "0")])), Class::GrpcOk),
        (Some(headers(&[("grpc-status", "2")])), Class::GrpcError),
        (None, Class::GrpcError),
    ] {
        let totals = counted(|primary| {
            primary.sent(&[0], 0);
            primary.response_headers(&grpc, false, 1);
            if let Some(trailers) = &trailers {
                primary.response_trailers(trailers);
            }
        });
        assert_eq!(totals.of(0, Statistic::PrimaryResponses(class)), 1, "{class}");
        assert_eq!(totals.sum(0, RESPONSES), 1);
    }
}
