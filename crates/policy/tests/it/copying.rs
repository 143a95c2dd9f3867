//! What the shadow gets: the original, byte for byte, but for the stated changes.

use mirror_model::bench::Bench;
use mirror_model::plans::mirror;
use mirror_model::requests::{get, post};
use mirror_policy::copy::copied_headers::{authority, path};
use mirror_policy::headers::{Header, Headers};
use mirror_policy::plan::AuthorityRewrite;
use mirror_policy::reasons::{Dropped, Skipped};
use mirror_policy::sample::Dice;
use mirror_policy::statistics::Statistic;
use wasm_bindgen_test::wasm_bindgen_test;

/// The headers of the one copy of a request with this body.
fn copy(keys: &str, original: &Headers, body: &[u8]) -> Result<Vec<(String, Vec<u8>)>, Dropped> {
    let mut bench = Bench::new(mirror(keys));
    let id = bench.begin(original.clone(), 0).expect("the copy is collected");
    if !body.is_empty() {
        assert!(bench.body(id, body, 0));
    }
    let copies = bench.complete(id, 0);
    assert_eq!(copies.len(), 1);
    let copied = copies[0].headers()?;
    Ok(copied
        .into_iter()
        .map(|(name, value)| (String::from_utf8(name.to_vec()).unwrap(), value.into_owned()))
        .collect())
}

#[track_caller]
fn assert_copied(keys: &str, original: &Headers, expected: &[(&str, &str)]) {
    let copied = copy(keys, original, &[]).unwrap();
    let copied: Vec<(&str, &str)> = copied
        .iter()
        .map(|(name, value)| (name.as_str(), std::str::from_utf8(value).unwrap()))
        .collect();
    assert_eq!(copied, expected);
}

#[wasm_bindgen_test(unsupported = test)]
fn order_and_duplicates_are_kept_and_the_marker_comes_last() {
    assert_copied(
        "",
        &get(
            "/a?b",
            &[
                ("x-b", "1"),
                ("x-a", ""),
                ("te", "trailers"),
                ("x-b", "2"),
                ("cookie", "a=1"),
                ("cookie", "b=2"),
            ],
        ),
        &[
            (":authority", "reviews-shadow:9080"),
            (":path", "/a?b"),
            (":method", "GET"),
            (":scheme", "http"),
            ("x-b", "1"),
            ("x-a", ""),
            ("te", "trailers"),
            ("x-b", "2"),
            ("cookie", "a=1"),
            ("cookie", "b=2"),
            ("x-mirrored-by", "v2"),
        ],
    );
}

#[wasm_bindgen_test(unsupported = test)]
fn headers_of_the_connection_and_for_the_router_are_left_out() {
    let left_out = [
        ("connection", "keep-alive"),
        ("keep-alive", "timeout=5"),
        ("proxy-connection", "keep-alive"),
        ("transfer-encoding", "chunked"),
        ("upgrade", "h2c"),
        ("host", "reviews"),
        ("x-envoy-upstream-rq-timeout-ms", "9"),
        ("x-envoy-upstream-rq-per-try-timeout-ms", "9"),
        ("x-envoy-upstream-rq-timeout-alt-response", "1"),
        ("x-envoy-upstream-stream-duration-ms", "9"),
        ("x-envoy-upstream-alt-stat-name", "s"),
        ("x-envoy-hedge-on-per-try-timeout", "true"),
        ("x-envoy-retry-on", "5xx"),
        ("x-envoy-retry-grpc-on", "internal"),
        ("x-envoy-max-retries", "3"),
        ("x-envoy-retriable-status-codes", "503"),
        ("x-envoy-retriable-header-names", "x"),
        ("x-envoy-external-address", "1.2.3.4"),
    ];
    let copied = copy("", &get("/", &left_out), &[]).unwrap();
    let names: Vec<&str> = copied.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names,
        [
            ":authority",
            ":path",
            ":method",
            ":scheme",
            "x-envoy-external-address",
            "x-mirrored-by"
        ]
    );
}

#[wasm_bindgen_test(unsupported = test)]
fn the_suffix_goes_before_the_port() {
    let suffix = AuthorityRewrite::Suffix("-shadow".into());
    for (original, expected) in [
        ("example.com", "example.com-shadow"),
        ("localhost:21100", "localhost-shadow:21100"),
        ("[::1]", "[::1]-shadow"),
        ("[::1]:80", "[::1]-shadow:80"),
        ("example.com:", "example.com-shadow:"),
        ("a:b:80", "a:b-shadow:80"),
        ("::1", ":-shadow:1"),
        ("example.com:abc", "example.com-shadow:abc"),
        ("", "-shadow"),
    ] {
        assert_eq!(
            authority(&suffix, original.as_bytes()).as_ref(),
            expected.as_bytes(),
            "{original}"
        );
    }
    assert_eq!(authority(&AuthorityRewrite::Preserve, b"a:1").as_ref(), b"a:1");
    assert_eq!(authority(&AuthorityRewrite::Literal("b".into()), b"a:1").as_ref(), b"b");
}

#[wasm_bindgen_test(unsupported = test)]
fn a_path_is_rewritten_only_where_the_prefix_fits() {
    let plan = mirror(r#""path": {"prefixRewrite": {"from": "/api", "to": "/v2/api"}}"#);
    let rewrite = plan.mirrors[0].config.path.as_ref().map(|path| &path.prefix_rewrite);
    for (original, expected) in [
        ("/api/x?y", "/v2/api/x?y"),
        ("/api", "/v2/api"),
        ("/apis", "/v2/apis"),
        ("/ap", "/ap"),
        ("*", "*"),
    ] {
        assert_eq!(
            path(rewrite, original.as_bytes()).as_ref(),
            expected.as_bytes(),
            "{original}"
        );
        assert_eq!(path(None, original.as_bytes()).as_ref(), original.as_bytes());
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn headers_are_removed_then_set_then_added_and_the_marker_is_set_last() {
    assert_copied(
        r#""marker": "X-Copy-Of", "headers": {"remove": ["X-Gone", "x-back"], "set": {"x-b": "s", "X-Back": "s", "x-new": "s"}, "add": {"x-b": "a", "x-gone": "a"}}"#,
        &get(
            "/",
            &[
                ("x-gone", "1"),
                ("x-b", "1"),
                ("x-c", "1"),
                ("x-b", "2"),
                ("x-back", "1"),
                ("x-gone", "2"),
            ],
        ),
        &[
            (":authority", "reviews-shadow:9080"),
            (":path", "/"),
            (":method", "GET"),
            (":scheme", "http"),
            ("x-b", "s"),
            ("x-c", "1"),
            ("x-back", "s"),
            ("x-new", "s"),
            ("x-b", "a"),
            ("x-gone", "a"),
            ("x-copy-of", "v2"),
        ],
    );
}

#[wasm_bindgen_test(unsupported = test)]
fn a_length_is_never_sent_without_its_body() {
    let length = |keys: &str, declared: &str, body: &[u8]| {
        let copied = copy(keys, &post(&[("content-length", declared)]), body).unwrap();
        copied
            .iter()
            .find(|(name, _)| name == "content-length")
            .map(|(_, value)| String::from_utf8(value.clone()).unwrap())
    };
    assert_eq!(length("", "3", b"abc").as_deref(), Some("3"));
    assert_eq!(length("", "0", b"").as_deref(), Some("0"));
    assert_eq!(length("", "00", b"").as_deref(), Some("00"), "as Envoy's own mirror");
    assert_eq!(length("", "3", b""), None);
    assert_eq!(
        length(r#""body": {"maxBytes": 2, "whenLarger": "headersOnly"}"#, "3", b"abc"),
        None
    );
    assert_eq!(
        length(r#""body": {"maxBytes": 0, "whenLarger": "headersOnly"}"#, "0", b"").as_deref(),
        Some("0")
    );
}

#[wasm_bindgen_test(unsupported = test)]
fn headers_that_envoy_would_not_take_are_not_sent() {
    let without = |name: &str| {
        let original = get("/", &[]);
        let kept: Vec<Header<'_>> = original
            .iter()
            .filter(|(candidate, _)| *candidate != name.as_bytes())
            .collect();
        copy("", &Headers::encode(kept), &[])
    };
    for name in [":method", ":path", ":authority"] {
        assert_eq!(without(name).unwrap_err(), Dropped::HeadersMissing, "{name}");
    }
    assert!(without(":scheme").is_ok());
    let many: Vec<(String, String)> = (0..1020).map(|index| (format!("x-{index}"), String::new())).collect();
    let many: Vec<(&str, &str)> = many
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    assert_eq!(copy("", &get("/", &many[..1019]), &[]).unwrap().len(), 1024);
    assert_eq!(copy("", &get("/", &many), &[]).unwrap_err(), Dropped::HeadersTooLarge);

    let mut bench = Bench::new(mirror(""));
    let large = "a".repeat(1 << 20);
    assert!(bench.begin(get("/", &[("x-a", &large)]), 0).is_none());
    assert_eq!(bench.count(Statistic::Dropped(Dropped::HeadersTooLarge)), 1);
    assert_eq!(bench.count(Statistic::Skipped(Skipped::NotSampled)), 0);
    bench.assert_at_rest();
}

#[wasm_bindgen_test(unsupported = test)]
fn for_any_headers_body_and_chunks_the_copy_equals_the_original_but_for_the_stated_changes() {
    let mut dice = Dice::new(23);
    for round in 0..2_000 {
        let mut bytes = |most: u64| -> Vec<u8> { (0..dice.roll() % (most + 1)).map(|_| dice.roll() as u8).collect() };
        let mut pairs: Vec<(Vec<u8>, Vec<u8>)> = [":authority", ":path", ":method", ":scheme"]
            .map(|name| (name.into(), [b"x".to_vec(), bytes(20)].concat()))
            .into();
        for _ in 0..bytes(1).first().copied().unwrap_or(9) % 30 {
            pairs.push((
                format!("x-{}", bytes(1).first().copied().unwrap_or(0) % 9).into_bytes(),
                bytes(40),
            ));
        }
        let original = Headers::encode(pairs.iter().map(|(name, value)| (name.as_slice(), value.as_slice())));
        assert_eq!(Headers::decode(original.as_bytes().to_vec()), original);
        let body = bytes(5_000);

        let mut bench = Bench::new(mirror(""));
        let id = bench.begin(original, 0).expect("collected");
        let mut rest = body.as_slice();
        while !rest.is_empty() {
            let (chunk, after) = rest.split_at(1 + dice.roll() as usize % rest.len().min(700));
            assert!(bench.body(id, chunk, 0));
            rest = after;
        }
        let copies = bench.complete(id, 0);
        assert_eq!(copies[0].body(), body, "round {round}");

        pairs[0].1 = authority(&AuthorityRewrite::Suffix("-shadow".into()), &pairs[0].1).into_owned();
        pairs.push((b"x-mirrored-by".to_vec(), b"v2".to_vec()));
        let copied = copies[0].headers().unwrap();
        let copied: Vec<(Vec<u8>, Vec<u8>)> = copied
            .into_iter()
            .map(|(name, value)| (name.to_vec(), value.into_owned()))
            .collect();
        assert_eq!(copied, pairs, "round {round}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_declared_length_that_is_no_number_is_no_length() {
    let is_collected = |length: &str| {
        let mut bench = Bench::new(mirror(r#""body": {"maxBytes": 16}"#));
        bench.begin(post(&[("content-length", length)]), 0).is_some()
    };
    assert!(is_collected("16") && !is_collected("17"));
    // A number that does not fit in 64 bits is larger than every cap. Leading zeros change nothing.
    assert!(!is_collected("18446744073709551615") && !is_collected("99999999999999999999999"));
    assert!(is_collected("00000000000000000000000016"));
    for text in ["", "x", "-1", "17,17"] {
        assert!(is_collected(text), "{text}");
    }
}
