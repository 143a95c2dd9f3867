//! What the answer to a copy means.

use mirror_model::requests::headers;
use mirror_policy::headers::Headers;
use mirror_policy::outcome::CalloutAnswer;
use mirror_policy::outcome::Outcome;
use mirror_policy::reasons::{Class, Failure};
use wasm_bindgen_test::wasm_bindgen_test;

/// The answer that `x-envoy-upstream-service-time` marks as the shadow's own.
const UPSTREAM: (&str, &str) = ("x-envoy-upstream-service-time", "7");

const GRPC: (&str, &str) = ("content-type", "application/grpc");

fn outcome(head: &[(&str, &str)], trailers: &[(&str, &str)], body: &str) -> Outcome {
    let mut answer = CalloutAnswer::new(headers(head), headers(trailers));
    answer.body = body.as_bytes().to_vec();
    answer.outcome()
}

const fn answered(class: Class, is_error: bool) -> Outcome {
    Outcome::Answered {
        class,
        is_error,
        milliseconds: Some(7),
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn an_answer_of_the_shadow_is_classed_by_its_status() {
    for (status, body, class) in [
        ("200", "", Class::Success),
        ("304", "", Class::Redirection),
        ("404", "", Class::ClientError),
        ("503", "upstream request timeout", Class::ServerError),
        ("999", "", Class::ServerError),
        ("?", "", Class::ServerError),
    ] {
        let expected = answered(class, class == Class::ServerError);
        assert_eq!(
            outcome(&[(":status", status), UPSTREAM], &[], body),
            expected,
            "{status}"
        );
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_grpc_answer_is_classed_by_its_grpc_status() {
    let status = (":status", "200");
    let grpc = |content_type: &'static str| [status, ("content-type", content_type), UPSTREAM];
    for (head, trailers, expected) in [
        (
            &grpc("application/grpc")[..],
            &[("grpc-status", "0")][..],
            answered(Class::GrpcOk, false),
        ),
        (
            &grpc("application/grpc+proto"),
            &[("grpc-status", "5")],
            answered(Class::GrpcError, false),
        ),
        (&grpc("application/grpc"), &[], answered(Class::GrpcError, true)),
        (
            &[status, GRPC, ("grpc-status", "0"), UPSTREAM],
            &[],
            answered(Class::GrpcOk, false),
        ),
        (&grpc("application/grpc-web"), &[], answered(Class::Success, false)),
    ] {
        assert_eq!(outcome(head, trailers, ""), expected, "{head:?} {trailers:?}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn an_answer_of_envoy_itself_is_a_failure_that_its_body_names() {
    let connect = "upstream connect error or disconnect/reset before headers. ";
    for (status, body, failure) in [
        ("504", "upstream request timeout", Failure::Timeout),
        ("503", "no healthy upstream", Failure::Connect),
        (
            "503",
            "reset reason: remote connection failure, transport failure reason: delayed connect error: Connection refused",
            Failure::Connect,
        ),
        ("503", "reset reason: connection timeout", Failure::Connect),
        ("503", "reset reason: connection termination", Failure::Reset),
        ("502", "reset reason: protocol error", Failure::Protocol),
        ("503", "reset reason: remote reset", Failure::Reset),
        ("503", "something new", Failure::Reset),
    ] {
        let body = if body.starts_with("reset reason") {
            format!("{connect}{body}")
        } else {
            body.to_owned()
        };
        assert_eq!(
            outcome(&[(":status", status)], &[], &body),
            Outcome::Failed(failure),
            "{body}"
        );
    }
    for (message, failure) in [
        ("upstream request timeout", Failure::Timeout),
        ("reset reason: connection termination", Failure::Reset),
    ] {
        let head = [
            (":status", "200"),
            GRPC,
            ("grpc-status", "14"),
            ("grpc-message", message),
        ];
        assert_eq!(outcome(&head, &[], ""), Outcome::Failed(failure), "{message}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn an_answer_without_headers_is_a_reset() {
    let nothing = CalloutAnswer::new(Headers::default(), Headers::default());
    assert_eq!(nothing.outcome(), Outcome::Failed(Failure::Reset));
}
