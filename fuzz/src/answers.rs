//! Any answer to a callout, and any answer of the primary. An answer without headers is a reset; what Envoy itself says
//! is a failure; what an upstream says is classed by its status; and each copy that was sent counts the primary's
//! answer once.

use mirror_model::bench::Bench;
use mirror_model::plans::plan;
use mirror_model::requests::get;
use mirror_policy::headers::Headers;
use mirror_policy::outcome::{CalloutAnswer, LOCAL_BODY_BYTES, Outcome, class as class_of};
use mirror_policy::reasons::{Class, Failure};

use crate::input::{Input, headers};

/// Checks one input: how the primary's events follow each other, headers, trailers and body.
pub fn check(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let order = input.byte();
    let (head, trailers) = (headers(&input.pairs()), headers(&input.pairs()));
    let body = input.rest();
    callout(&head, &trailers, body);
    primary(order, &head, &trailers);
}

fn callout(head: &Headers, trailers: &Headers, body: &[u8]) {
    let answer = |body: &[u8]| {
        let mut answer = CalloutAnswer::new(head.clone(), trailers.clone());
        answer.body = body.to_vec();
        answer
    };
    let first_bytes = &body[..body.len().min(LOCAL_BODY_BYTES)];
    let outcome = answer(first_bytes).outcome();
    let is_shadows = head.get(b"x-envoy-upstream-service-time").is_some();
    match outcome {
        Outcome::Failed(failure) => {
            assert!(!is_shadows, "an answer of the shadow is no failure");
            assert_ne!(failure, Failure::Cancelled, "only the end of a VM cancels");
            assert!(
                !head.is_empty() || failure == Failure::Reset,
                "nothing at all is a reset"
            );
            assert_eq!(answer(b"").is_local, !head.is_empty());
        }
        Outcome::Answered {
            class,
            is_error,
            milliseconds,
        } => {
            assert!(is_shadows, "only the shadow answers");
            assert_eq!(class, class_of(head, trailers), "classed as a primary would be");
            match class {
                Class::ServerError => assert!(is_error, "5xx is an error"),
                Class::GrpcError => {}
                _ => assert!(!is_error, "{class} is no error"),
            }
            assert_eq!(milliseconds, head.number(b"x-envoy-upstream-service-time"));
            assert_eq!(outcome, answer(b"").outcome(), "its body tells nothing");
        }
    }
    let is_grpc = matches!(class_of(head, trailers), Class::GrpcOk | Class::GrpcError);
    let status = head.number(b":status").unwrap_or(0);
    if !is_grpc && (200..600).contains(&status) {
        let expected = ["2xx", "3xx", "4xx", "5xx"][status as usize / 100 - 2];
        assert_eq!(class_of(head, trailers).as_str(), expected);
    }
}

/// Headers, trailers, the end and the request's completion, in an order that the input chooses.
fn primary(order: u8, head: &Headers, trailers: &Headers) {
    let mirrors = r#"{"mirrors": [{"name": "a", "cluster": "a"}, {"name": "b", "cluster": "b"}]}"#;
    let mut bench = Bench::new(plan(mirrors));
    let request = bench.begin(get("/", &[]), 0).expect("collected");
    // A request that is complete after its end has no copy any more.
    let (is_last, has_trailers, sent_at) = (order & 1 != 0, order & 2 != 0, u64::from(order >> 2) % 3);
    for now in 0..3 {
        if now == sent_at {
            for copy in bench.complete(request, now) {
                bench.send(copy);
            }
        }
        match now {
            0 => bench.response_headers(request, head, is_last, now),
            1 if has_trailers && !is_last => bench.response_trailers(request, trailers),
            2 => bench.end(request),
            _ => {}
        }
    }
    for account in bench.accounts() {
        let counted = bench.totals.sum(account, "traffic_mirror_primary_responses_total");
        assert_eq!(counted, 1, "the primary's answer is counted once for each copy");
    }
}
