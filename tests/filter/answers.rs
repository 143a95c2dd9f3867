//! How an answer counts. An answer of the shadow counts by its class, and a reply of Envoy itself counts as a failure
//! by its reason. Both count however long after the primary they come.

use std::time::Duration;

use serde_json::json;

use crate::books::one;
use crate::host::FakeHost;
use crate::host::abi::pairs;
use crate::host::messages::{Reply, Request};

/// A host on which one copy was sent and answered like this, after its stream was gone.
fn answered(reply: Reply) -> FakeHost {
    let mut host = FakeHost::new();
    let root = host.start(&one(&json!({})));
    host.serve(root, &Request::get("/"));
    assert_eq!(host.books().in_flight(), 1);
    host.reply(host.pending()[0], reply);
    host.books().assert_settled();
    host
}

/// Envoy's usual words for an answer that never began.
fn before_headers(reason: &str) -> Reply {
    Reply::local(
        503,
        &format!("upstream connect error or disconnect/reset before headers. {reason}"),
    )
}

#[test]
fn an_answer_after_the_stream_is_gone_is_counted() {
    let mut host = answered(Reply::upstream(200));
    assert_eq!(host.books().responses("2xx"), 1);
    assert_eq!(host.books().histogram("shadow_duration_milliseconds"), [7]);
}

#[test]
fn an_answer_while_the_stream_lives_is_counted() {
    let mut host = FakeHost::new();
    let root = host.start(&one(&json!({})));
    let stream = host.request(root, &Request::get("/"));
    host.reply_to_all(&Reply::upstream(200));
    assert_eq!(host.books().responses("2xx"), 1);
    host.respond(stream, 200);
    host.close(stream);
    host.books().assert_settled();
}

#[test]
fn an_answer_long_after_is_counted() {
    let mut host = FakeHost::new();
    let root = host.start(&one(&json!({ "timeout": "1h" })));
    host.serve(root, &Request::get("/"));
    host.pass(Duration::from_secs(3000));
    host.reply_to_all(&Reply::upstream(200));
    assert_eq!(host.books().responses("2xx"), 1);
    host.books().assert_settled();
}

#[test]
fn answers_count_by_class() {
    for (status, class) in [
        (200, "2xx"),
        (204, "2xx"),
        (301, "3xx"),
        (404, "4xx"),
        (503, "5xx"),
        (504, "5xx"),
    ] {
        assert_eq!(
            answered(Reply::upstream(status)).books().responses(class),
            1,
            "{status}"
        );
    }
}

#[test]
fn grpc_answers_count_by_their_own_status() {
    let cases = [
        (Reply::grpc("0"), "grpc_ok"),
        (Reply::grpc("13"), "grpc_error"),
        (Reply::grpc_trailers_only("0"), "grpc_ok"),
        (Reply::grpc_trailers_only("14"), "grpc_error"),
    ];
    for (reply, class) in cases {
        assert_eq!(answered(reply.clone()).books().responses(class), 1, "{reply:?}");
    }
}

#[test]
fn a_reset_without_headers_is_a_failure() {
    let mut host = answered(Reply::reset());
    assert_eq!(host.books().failures("reset"), 1);
    assert_eq!(host.books().histogram("shadow_duration_milliseconds"), [0; 0]);
}

#[test]
fn envoys_own_replies_are_failures_by_their_reason() {
    let cases = [
        (Reply::refused(), "connect"),
        (Reply::timed_out(), "timeout"),
        (Reply::terminated(), "reset"),
        (Reply::invalid_http(), "protocol"),
        (Reply::local(503, "no healthy upstream"), "connect"),
        (before_headers("reset reason: connection timeout"), "connect"),
        (before_headers("reset reason: remote reset"), "reset"),
        (
            before_headers(
                "reset reason: remote connection failure, transport failure reason: TLS_error: protocol error",
            ),
            "connect",
        ),
        (
            before_headers("retried and the latest reset reason: connection termination"),
            "reset",
        ),
        (Reply::local(503, "something new"), "reset"),
        (Reply::local(503, ""), "reset"),
    ];
    for (reply, failure) in cases {
        let text = String::from_utf8_lossy(&reply.body).into_owned();
        assert_eq!(answered(reply.clone()).books().failures(failure), 1, "{text}");
        assert_eq!(answered(reply.for_grpc()).books().failures(failure), 1, "gRPC: {text}");
    }
}

#[test]
fn a_shadow_that_says_the_same_words_has_answered() {
    let mut reply = Reply::refused();
    reply = reply.header("x-envoy-upstream-service-time", "3");
    assert_eq!(answered(reply).books().responses("5xx"), 1);
}

#[test]
fn an_answer_that_makes_no_sense_is_counted_once() {
    let odd = [
        Reply::upstream(200).header(":status", "twice"),
        Reply {
            headers: pairs(&[("x", "no status")]),
            ..Reply::default()
        },
        Reply {
            headers: pairs(&[(":status", ""), ("x-envoy-upstream-service-time", "soon")]),
            ..Reply::default()
        },
        Reply {
            headers: pairs(&[
                (":status", "999"),
                ("x-envoy-upstream-service-time", "99999999999999999999"),
            ]),
            ..Reply::default()
        },
        Reply {
            body: vec![0xff; 100_000],
            ..Reply::local(503, "")
        },
    ];
    for reply in odd {
        let mut host = answered(reply);
        assert_eq!(
            host.books().all("responses_total") + host.books().all("failures_total"),
            1
        );
    }
}

#[test]
fn only_the_telling_part_of_an_answer_is_read() {
    let mut host = FakeHost::new();
    let root = host.start(&one(&json!({})));
    host.serve(root, &Request::get("/"));
    let before = host.memory_bytes();
    let reply = Reply {
        body: vec![b'x'; 30 << 20],
        ..Reply::local(503, "")
    };
    host.reply(host.pending()[0], reply);
    assert_eq!(host.memory_bytes(), before);
}

#[test]
fn the_primary_s_answer_to_a_mirrored_request_is_counted_by_the_same_classes() {
    let mut host = FakeHost::new();
    let root = host.start(&one(&json!({ "match": [{ "uri": { "prefix": "/mirrored" } }] })));
    let stream = host.request(root, &Request::get("/mirrored"));
    host.pass(Duration::from_millis(25));
    host.respond(stream, 404);
    host.close(stream);
    host.serve(root, &Request::get("/other"));
    assert_eq!(host.books().primary_responses("4xx"), 1);
    assert_eq!(host.books().all("primary_responses_total"), 1);
    assert_eq!(host.books().histogram("primary_duration_milliseconds"), [25]);
}

#[test]
fn a_grpc_answer_of_the_primary_is_counted_by_its_trailers() {
    let mut host = FakeHost::new();
    let root = host.start(&one(&json!({})));
    let stream = host.request(root, &Request::post("/pkg.Service/Method", b"frame", 5));
    host.response_headers(
        stream,
        &pairs(&[(":status", "200"), ("content-type", "application/grpc")]),
        false,
    );
    host.response_body(stream, b"frame", false);
    assert_eq!(host.books().all("primary_responses_total"), 0);
    host.response_trailers(stream, &pairs(&[("grpc-status", "5")]));
    host.close(stream);
    assert_eq!(host.books().primary_responses("grpc_error"), 1);
    assert_eq!(host.books().all("primary_responses_total"), 1);
}
