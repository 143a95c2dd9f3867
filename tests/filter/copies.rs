//! What the shadow gets: the request as it came in, but for the stated changes. A copy leaves when its request is
//! complete.

use serde_json::json;

use crate::books::{mirror, mirrors, one};
use crate::host::abi::first;
use crate::host::messages::{End, Reply, Request};
use crate::host::{FakeHost, SHADOW};

#[test]
fn a_get_is_mirrored_with_a_shadow_authority_and_the_marker() {
    let mut host = FakeHost::new();
    let root = host.start(&one(&json!({})));
    let request = Request::get("/reviews/1?a=b").header("x-request-id", "42");
    host.request(root, &request);
    let copy = host.only_sent();
    assert_eq!(copy.cluster, SHADOW);
    assert_eq!(
        copy.header(":authority"),
        Some(&b"reviews.demo.svc.cluster.local-shadow:9080"[..])
    );
    assert_eq!(copy.header(":path"), Some(&b"/reviews/1?a=b"[..]));
    assert_eq!(copy.header(":method"), Some(&b"GET"[..]));
    assert_eq!(copy.header("x-request-id"), Some(&b"42"[..]));
    assert_eq!(copy.values("x-mirrored-by"), [b"shadow"]);
    assert_eq!(copy.body, b"");
    assert_eq!(copy.timeout_ms, 5000);
}

#[test]
fn a_get_leaves_within_the_callback_of_its_headers() {
    let mut host = FakeHost::new();
    let root = host.start(&one(&json!({})));
    let stream = host.request(root, &Request::get("/"));
    assert_eq!(host.only_sent().during, ("proxy_on_request_headers", stream.0));
    assert_eq!(host.only_sent().root, root.0);
}

#[test]
fn header_order_duplicates_and_any_bytes_are_kept() {
    let mut host = FakeHost::new();
    let root = host.start(&one(&json!({})));
    let request = Request::get("/")
        .header("b", "1")
        .header("te", "trailers")
        .header("a", b"caf\xE9 \xFF\x80".to_vec())
        .header("b", "2")
        .header("cookie", "x=1")
        .header("empty", "")
        .header("b", "1");
    host.request(root, &request);
    let copy = host.only_sent();
    let mut expected = request.headers.clone();
    expected[0].1 = b"reviews.demo.svc.cluster.local-shadow:9080".to_vec();
    expected.push((b"x-mirrored-by".to_vec(), b"shadow".to_vec()));
    assert_eq!(copy.headers, expected);
}

#[test]
fn hop_by_hop_and_router_control_headers_are_left_out() {
    let mut host = FakeHost::new();
    let root = host.start(&one(&json!({})));
    let left_out = [
        "connection",
        "keep-alive",
        "proxy-connection",
        "transfer-encoding",
        "x-envoy-retry-on",
        "x-envoy-upstream-rq-timeout-ms",
    ];
    let request = left_out
        .iter()
        .fold(Request::get("/"), |request, name| request.header(name, "1"));
    host.request(root, &request.header("x-kept", "1"));
    let names = host.only_sent().names();
    assert_eq!(
        names,
        [":authority", ":path", ":method", ":scheme", "x-kept", "x-mirrored-by"]
    );
}

#[test]
fn a_body_in_tiny_chunks_arrives_whole() {
    let body: Vec<u8> = (0..=255).cycle().take(1000).collect();
    for end in [End::WithLastChunk, End::Alone] {
        for size in [1, 5, 999, 1000] {
            let mut host = FakeHost::new();
            let root = host.start(&one(&json!({})));
            let chunks: Vec<_> = body.chunks(size).collect();
            host.request(root, &Request::new("POST", "/").chunked(&chunks, end));
            assert_eq!(host.only_sent().body, body);
            assert_eq!(
                host.only_sent().header("content-length"),
                None,
                "Envoy writes the length"
            );
        }
    }
}

#[test]
fn a_declared_length_goes_with_its_body() {
    let mut host = FakeHost::new();
    let root = host.start(&one(&json!({})));
    host.request(root, &Request::post("/", b"twelve bytes", 5));
    assert_eq!(host.only_sent().values("content-length"), [b"12"]);
    assert_eq!(host.only_sent().body, b"twelve bytes");
}

#[test]
fn a_copy_never_declares_a_body_that_it_does_not_have() {
    let cases = [
        (
            json!({ "maxBytes": 0, "whenLarger": "headersOnly" }),
            Request::post("/", b"body", 4),
        ),
        (
            json!({ "maxBytes": 3, "whenLarger": "headersOnly" }),
            Request::post("/", b"body", 1),
        ),
        (json!({}), Request::get("/").header("content-length", "10")),
    ];
    for (body, request) in cases {
        let mut host = FakeHost::new();
        let root = host.start(&one(&json!({ "body": body })));
        host.request(root, &request);
        assert_eq!(host.only_sent().body, b"");
        assert_eq!(host.only_sent().header("content-length"), None);
        host.reply_to_all(&Reply::upstream(200));
        host.books().assert_settled();
    }
}

#[test]
fn an_empty_post_keeps_its_length_of_zero() {
    let mut host = FakeHost::new();
    let root = host.start(&one(&json!({})));
    host.request(root, &Request::new("POST", "/").header("content-length", "0"));
    assert_eq!(host.only_sent().values("content-length"), [b"0"]);
}

#[test]
fn a_request_with_trailers_is_sent_when_they_come_and_without_them() {
    let mut host = FakeHost::new();
    let root = host.start(&one(&json!({})));
    let request = Request::new("POST", "/")
        .chunked(&[b"a", b"b"], End::WithLastChunk)
        .trailers(&[("checksum", "1")]);
    host.request(root, &request);
    let copy = host.only_sent();
    assert_eq!(copy.during.0, "proxy_on_request_trailers");
    assert_eq!(copy.body, b"ab");
    assert_eq!(copy.header("checksum"), None);
}

#[test]
fn a_copy_waits_for_the_request_and_not_for_the_answer() {
    let mut host = FakeHost::new();
    let root = host.start(&one(&json!({})));
    let stream = host.request(root, &Request::new("POST", "/").chunked(&[b"first "], End::Never));
    host.response_headers(stream, &crate::host::abi::pairs(&[(":status", "200")]), false);
    assert_eq!(host.sent().len(), 0);
    assert_eq!(host.books().collecting(), 1);
    host.request_body(stream, b"last", true);
    assert_eq!(host.only_sent().body, b"first last");
    assert_eq!(host.books().collecting(), 0);
}

#[test]
fn the_copy_alone_is_rewritten() {
    let mut host = FakeHost::new();
    let root = host.start(&one(&json!({
        "authority": { "mode": "literal", "value": "shadow.example:8080" },
        "path": { "prefixRewrite": { "from": "/api/", "to": "/v2/" } },
        "headers": { "remove": ["cookie"], "set": { "x-env": "shadow" }, "add": { "x-tag": "b" } },
        "marker": "x-copy",
        "timeout": "250ms",
    })));
    let request = Request::get("/api/list?q=1")
        .header("cookie", "secret")
        .header("x-env", "live")
        .header("x-tag", "a");
    host.request(root, &request);
    let copy = host.only_sent();
    assert_eq!(copy.header(":authority"), Some(&b"shadow.example:8080"[..]));
    assert_eq!(copy.header(":path"), Some(&b"/v2/list?q=1"[..]));
    assert_eq!(copy.header("cookie"), None);
    assert_eq!(copy.values("x-env"), [b"shadow"]);
    assert_eq!(copy.values("x-tag"), [b"a", b"b"]);
    assert_eq!(copy.header("x-copy"), Some(&b"shadow"[..]));
    assert_eq!(copy.timeout_ms, 250);
}

#[test]
fn each_mirror_gets_a_copy_of_its_own() {
    let mut host = FakeHost::new();
    host.set_cluster("canary", Some(crate::host::callouts::Cluster::Ready));
    let root = host.start(&mirrors(&[
        mirror("one", &json!({})),
        mirror(
            "two",
            &json!({ "cluster": "canary", "authority": { "mode": "preserve" } }),
        ),
        mirror("posts", &json!({ "match": [{ "method": { "exact": "POST" } }] })),
    ]));
    let request = Request::get("/");
    host.request(root, &request);
    let copies: Vec<_> = host
        .sent()
        .iter()
        .map(|copy| (copy.cluster.as_str(), copy.header("x-mirrored-by")))
        .collect();
    assert_eq!(copies, [(SHADOW, Some(&b"one"[..])), ("canary", Some(&b"two"[..]))]);
    assert_eq!(
        host.sent()[1].header(":authority"),
        first(&request.headers, ":authority")
    );
    assert_eq!(host.books_of("posts").matched(), 0);
}

#[test]
fn a_match_by_port_reads_the_port_on_which_the_proxy_accepted() {
    let mut host = FakeHost::new();
    let root = host.start(&one(&json!({ "match": [{ "port": 9080 }] })));
    host.request(root, &Request::get("/"));
    host.request(
        root,
        &Request::get("/").property("destination.port", Some(&9081i64.to_le_bytes())),
    );
    host.request(root, &Request::get("/").property("destination.port", Some(b"9080")));
    host.request(root, &Request::get("/").property("destination.port", None));
    assert_eq!(host.books().matched(), 1);
}

#[test]
fn a_share_of_the_requests_is_mirrored_and_every_vm_chooses_its_own() {
    let chosen = |seed| {
        let mut host = FakeHost::with_seed(seed);
        let root = host.start(&one(&json!({ "percentage": 50 })));
        let taken: Vec<bool> = (0..1000)
            .map(|_| {
                let before = host.sent().len();
                host.serve(root, &Request::get("/"));
                host.reply_to_all(&Reply::upstream(200));
                host.sent().len() > before
            })
            .collect();
        let books = host.books();
        assert_eq!(books.skipped("not_sampled") + books.sent(), 1000);
        books.assert_settled();
        taken
    };
    let (one, other) = (chosen(1), chosen(2));
    let share = one.iter().filter(|taken| **taken).count();
    assert!((420..=580).contains(&share), "{share} of 1000");
    assert_ne!(one, other, "two VMs");
    assert_eq!(one, chosen(1), "the same random bytes");
}
