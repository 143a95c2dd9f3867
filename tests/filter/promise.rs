//! The promise to the primary. The host checks in every test that each callback continues and that nothing of the
//! primary is touched. The cases here make that as hard as they can.

use std::time::Duration;

use serde_json::json;

use crate::books::{mirror, mirrors, one};
use crate::host::FakeHost;
use crate::host::SHADOW;
use crate::host::abi::{Status, pairs};
use crate::host::callouts::Cluster;
use crate::host::imports;
use crate::host::messages::{End, Reply, Request};

/// One of everything: matched and not, with and without a body, answered, lost, reset, replaced.
fn one_of_everything(host: &mut FakeHost) {
    let configuration = mirrors(&[
        mirror(
            "shadow",
            &json!({ "body": { "maxBytes": 64, "maxWait": "1s" }, "limits": { "maxInFlight": 4 } }),
        ),
        mirror(
            "posts",
            &json!({ "match": [{ "method": { "exact": "POST" }, "port": 9080 }], "percentage": 50 }),
        ),
    ]);
    let (root, _) = host.try_start(crate::host::world::Plugin::new("mirror", &configuration));
    host.serve(root, &Request::get("/"));
    host.serve(root, &Request::post("/upload", &[b'x'; 50], 7));
    host.serve(root, &Request::post("/upload", &[b'x'; 500], 70));
    host.serve(
        root,
        &Request::get("/")
            .chunked(&[b"a", b"b"], End::WithLastChunk)
            .trailers(&[("t", "1")]),
    );
    host.serve(root, &Request::get("/").header("x-mirrored-by", "shadow"));
    let half = host.request(root, &Request::get("/").chunked(&[b"half"], End::Never));
    host.reply_to_all(&Reply::upstream(200));
    host.pass(Duration::from_secs(2));
    host.close(half);
    host.set_cluster(SHADOW, Some(Cluster::Full));
    host.serve(root, &Request::get("/"));
    host.set_cluster(SHADOW, None);
    host.serve(root, &Request::get("/"));
    host.set_cluster(SHADOW, Some(Cluster::Ready));
    let grpc = host.request(root, &Request::post("/pkg.Service/Method", b"frame", 5));
    host.response_headers(
        grpc,
        &pairs(&[(":status", "200"), ("content-type", "application/grpc")]),
        false,
    );
    host.response_body(grpc, b"frame", false);
    host.response_trailers(grpc, &pairs(&[("grpc-status", "0")]));
    host.close(grpc);
    let update = host.try_start(crate::host::world::Plugin::new("mirror", one(&json!({}))));
    host.retire(root);
    host.reply_to_all(&Reply::reset());
    host.serve(update.0, &Request::get("/"));
    host.shut_down();
}

#[test]
fn every_callback_continues_and_the_primary_is_never_touched() {
    let mut host = FakeHost::new();
    one_of_everything(&mut host);
    let touching: Vec<_> = imports::OUT_OF_BOUNDS
        .iter()
        .filter(|function| host.calls(function) > 0)
        .collect();
    assert_eq!(touching, [] as [&&str; 0]);
    host.books().assert_settled();
    host.books_of("posts").assert_settled();
}

#[test]
fn a_host_function_that_is_denied_costs_copies_and_never_a_request() {
    // Two functions are beyond the filter: the SDK itself unwraps what they return. Envoy denies neither of them alone
    // but by an explicit list of capabilities.
    let denied = imports::WITHIN_BOUNDS
        .iter()
        .filter(|function| **function != "proxy_set_effective_context");
    for function in denied {
        for status in [Status::InternalFailure, Status::BadArgument] {
            let mut host = FakeHost::new();
            host.deny(function, status);
            one_of_everything(&mut host);
        }
    }
}

#[test]
fn the_books_balance_when_nothing_can_be_read_and_nothing_sent() {
    for function in [
        "proxy_get_header_map_pairs",
        "proxy_get_property",
        "proxy_get_buffer_bytes",
        "proxy_http_call",
    ] {
        let mut host = FakeHost::new();
        let root = host.start(&one(&json!({})));
        host.deny(function, Status::InternalFailure);
        for path in ["/", "/a", "/b"] {
            host.serve(root, &Request::get(path));
            host.serve(root, &Request::post(path, b"a body", 2));
        }
        host.reply_to_all(&Reply::upstream(200));
        host.books().assert_settled();
    }
}

#[test]
fn a_stream_that_only_logs_is_let_through() {
    let mut host = FakeHost::new();
    let root = host.start(&one(&json!({})));
    let stream = host.open(root, &Request::get("/"));
    host.close(stream);
    assert_eq!(host.books().matched(), 0);
    host.books().assert_settled();
}

#[test]
fn a_log_in_mid_stream_changes_nothing() {
    let mut host = FakeHost::new();
    let root = host.start(&one(&json!({})));
    let stream = host.request(root, &Request::post("/", b"half", 4).chunked(&[b"half"], End::Never));
    host.log(stream);
    host.request_body(stream, b" and half", true);
    host.log(stream);
    host.respond(stream, 200);
    host.close(stream);
    assert_eq!(host.only_sent().body, b"half and half");
    host.reply_to_all(&Reply::upstream(200));
    host.books().assert_settled();
}

#[test]
fn memory_does_not_grow_with_the_number_of_requests() {
    let mut host = FakeHost::new();
    let root = host.start(&one(&json!({})));
    let body = vec![b'x'; 200_000];
    let mut serve = |times: usize| {
        for _ in 0..times {
            host.serve(root, &Request::post("/", &body, 65_536));
            host.serve(root, &Request::get("/"));
            host.reply_to_all(&Reply::upstream(200));
        }
        host.memory_bytes()
    };
    let after_a_few = serve(20);
    let after_many = serve(300);
    assert_eq!(after_many, after_a_few, "bytes of linear memory");
}

#[test]
fn memory_is_bounded_by_the_configuration_when_the_shadow_is_silent() {
    let mut host = FakeHost::new();
    let limits = json!({ "limits": { "maxBufferedBytes": 2_000_000, "maxInFlight": 100 } });
    let root = host.start(&one(&limits));
    let before = host.memory_bytes();
    let body = vec![b'x'; 500_000];
    for _ in 0..50 {
        host.serve(root, &Request::post("/", &body, 65_536));
        assert!(host.books().buffered_bytes() <= 2_000_000);
    }
    assert_eq!(host.books().sent(), 3, "what fits into the budget");
    assert_eq!(host.books().dropped("bytes"), 47);
    // The module makes sure of 16 MiB beside what copies hold, and does not touch them.
    assert!(
        host.memory_bytes() - before < 8_000_000 + (16 << 20),
        "grew by {}",
        host.memory_bytes() - before
    );
    host.reply_to_all(&Reply::upstream(200));
    host.books().assert_settled();
}

#[test]
fn a_body_for_which_the_module_gets_no_memory_is_dropped_and_the_module_lives_on() {
    let mut host = FakeHost::new();
    let root = host.start(&one(&json!({ "redact": { "json": ["/a"] } })));
    host.limit_growth(20 << 20);
    let half = vec![b'x'; 512 << 10];
    let mut streams = Vec::new();
    for _ in 0..20 {
        streams.push(host.request(root, &Request::new("POST", "/").chunked(&[&half], End::Never)));
        host.serve(root, &Request::get("/"));
    }
    let lost = host.books().dropped("memory");
    assert!((5..20).contains(&lost), "{lost}");
    assert_eq!(host.books().sent(), 20, "small requests are copied all the while");
    for stream in streams {
        host.close(stream);
    }
    host.serve(root, &Request::post("/", br#"{"a": 1, "b": 2}"#, 16));
    assert_eq!(host.books().sent(), 21, "there is memory again");
    host.reply_to_all(&Reply::upstream(200));
    host.books().assert_settled();
}
