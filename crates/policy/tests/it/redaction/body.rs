//! The redaction of JSON bodies.

use mirror_model::bench::Bench;
use mirror_model::plans::{mirror, parse};
use mirror_model::requests::{get, post};
use mirror_policy::reasons::Dropped;
use mirror_policy::statistics::Statistic;
use wasm_bindgen_test::wasm_bindgen_test;

use super::{ALICE, KEY, assert_body, copy};

#[wasm_bindgen_test(unsupported = test)]
fn members_are_removed_with_their_comma_and_elements_become_null() {
    let redact = r#""json": ["/a", "/u/e", "/l/*/e", "/n/1", "/m/0", "/~1~0", "/*/*/deep"]"#;
    for (body, expected) in [
        (r#"{"a":1}"#, "{}"),
        (r#"{ "a" : 1 }"#, "{  }"),
        (r#"{"a":1,"b":2}"#, r#"{"b":2}"#),
        (r#"{"b":2 , "a":1}"#, r#"{"b":2}"#),
        (r#"{"b": 2, "a": 1, "c": 3}"#, r#"{"b": 2, "c": 3}"#),
        (r#"{"a":1,"a":2}"#, "{}"),
        (r#"{"a":1,"b":2,"a":3,"a":{"x":[1]},"c":4,"a":5}"#, r#"{"b":2,"c":4}"#),
        (r#"{"b":[{"deep":1,"x":1}, 2], "a":1}"#, r#"{"b":[{"x":1}, 2]}"#),
        ("{\"\\u0061\":1,\n\"b\":2}", "{\"b\":2}"),
        (r#"{"u":{"e":"x","f":1e400}}"#, r#"{"u":{"f":1e400}}"#),
        (r#"{"u":{"f":0.10,"e":{"e":1}}}"#, r#"{"u":{"f":0.10}}"#),
        (r#"{"u":{"e":1},"u":{"\u0065":2}}"#, r#"{"u":{},"u":{}}"#),
        (r#"{"l":[{"e":1,"f":2},{"e":3},[],7]}"#, r#"{"l":[{"f":2},{},[],7]}"#),
        (r#"{"l":{"x":{"e":1},"y":{"f":2}}}"#, r#"{"l":{"x":{},"y":{"f":2}}}"#),
        (r#"{"n":[1, 2 ,3],"m":["x"]}"#, r#"{"n":[1, null ,3],"m":[null]}"#),
        (r#"{"n":{"1":1,"01":2},"m":{"0":1}}"#, r#"{"n":{"01":2},"m":{}}"#),
        (r#"{"/~":1,"\/\u007e":2,"~1~0":3}"#, r#"{"~1~0":3}"#),
        (r#"{"b":"a","u":"e"," a":1}"#, r#"{"b":"a","u":"e"," a":1}"#),
        (r#"["a",{"a":1}]"#, r#"["a",{"a":1}]"#),
        ("\t\"a\" ", "\t\"a\" "),
        ("-0.5E+3", "-0.5E+3"),
    ] {
        assert_body(redact, body, expected);
    }
    assert_body(r#""json": ["/*"]"#, r#"[1,"x",{"a":2}]"#, "[null,null,null]");
    assert_body(r#""json": ["/*"]"#, r#"{"a":1, "b":2}"#, "{}");
    assert_body(r#""json": ["/"]"#, r#"{"":1,"b":2}"#, r#"{"b":2}"#);
    assert_body(
        r#""json": ["/😀", "/ü"]"#,
        r#"{"\ud83d\ude00":1,"ü":2,"\u00FC":3,"\ud83d":4}"#,
        r#"{"\ud83d":4}"#,
    );
}

#[wasm_bindgen_test(unsupported = test)]
fn a_hashed_value_is_a_string_in_the_place_of_whatever_stood_there() {
    let redact = format!(r#""json": ["/e", "/l/*"], {KEY}"#);
    assert_body(
        &redact,
        r#"{"e": "alice@example.com", "l":["\u0061lice\u0040example.com",1]}"#,
        &format!(r#"{{"e": "{ALICE}", "l":["{ALICE}","{}"]}}"#, token("1")),
    );
    assert_body(
        &redact,
        r#"{"e":{"a": [1]} ,"l":[true,null,"","\"\\\n"]}"#,
        &format!(
            r#"{{"e":"{}" ,"l":["{}","{}","{}","{}"]}}"#,
            token(r#"{"a": [1]}"#),
            token("true"),
            token("null"),
            token(""),
            token("\"\\\n")
        ),
    );
}

/// The token of a value, by way of a header.
fn token(value: &str) -> String {
    let (headers, _) = copy(
        &format!(r#""headers": ["x-e"], {KEY}"#),
        &get("/", &[("x-e", value)]),
        "",
    )
    .unwrap();
    headers[1].1.clone()
}

#[wasm_bindgen_test(unsupported = test)]
fn a_body_that_cannot_be_read_is_not_sent() {
    let deep = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
    for body in [
        "x",
        "{",
        "[1,]",
        "{\"a\":1,}",
        "{\"a\" 1}",
        "{a:1}",
        "{'a':1}",
        "[1 2]",
        "1 2",
        "01",
        "1.",
        ".5",
        "+1",
        "-",
        "1e",
        "NaN",
        "tru",
        "\"\u{1}\"",
        "\"\\x\"",
        "\"\\u12g4\"",
        "\"",
        "/**/1",
        "\u{feff}1",
        "{\"a\":1}{\"a\":1}",
        "a=1&b=2",
        " ",
        "nullx",
        "{\"b\":1,\"a\":tru}",
    ] {
        assert_eq!(
            copy(r#""json": ["/a"]"#, &post(&[]), body),
            Err(Dropped::RedactFailed),
            "{body}"
        );
    }
    assert!(copy(r#""json": ["/a"]"#, &post(&[]), &deep(128)).is_ok());
    for depth in [129, 100_000] {
        assert_eq!(
            copy(r#""json": ["/a"]"#, &post(&[]), &deep(depth)),
            Err(Dropped::RedactFailed),
            "{depth}"
        );
    }
    let unread: [(&[u8], &str); 3] = [
        (b"{\"a\":\"\xff\"}", "not UTF-8"),
        (b"\x1f\x8b\x08\x00", "compressed"),
        (b"\0\0\0\0\x01\x08", "gRPC"),
    ];
    for (body, what) in unread {
        let mut bench = Bench::new(mirror(r#""redact": {"json": ["/b"]}"#));
        let id = bench.begin(post(&[]), 0).unwrap();
        assert!(bench.body(id, body, 0));
        assert!(bench.complete(id, 0).is_empty(), "{what}");
        assert_eq!(bench.count(Statistic::Dropped(Dropped::RedactFailed)), 1, "{what}");
        bench.assert_at_rest();
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_copy_without_a_body_is_sent() {
    let json = &[("content-type", "application/json")];
    assert!(copy(r#""json": ["/a"]"#, &get("/", json), "").is_ok());
    let keys = r#""redact": {"json": ["/a"]}, "body": {"maxBytes": 3, "whenLarger": "headersOnly"}"#;
    let mut bench = Bench::new(mirror(keys));
    let id = bench.begin(post(json), 0).unwrap();
    assert!(bench.body(id, b"no JSON", 0));
    let copies = bench.complete(id, 0);
    assert_eq!((copies.len(), copies[0].body()), (1, &b""[..]));
}

#[wasm_bindgen_test(unsupported = test)]
fn length_and_digests_are_those_of_the_redacted_body() {
    let original = post(&[
        ("content-length", "15"),
        ("content-md5", "x"),
        ("digest", "y"),
        ("x-a", "1"),
    ]);
    let names = |body: &str| {
        let (headers, body) = copy(r#""json": ["/a"]"#, &original, body).unwrap();
        let length = headers
            .iter()
            .find(|(name, _)| name == "content-length")
            .unwrap()
            .1
            .clone();
        assert_eq!(length, body.len().to_string());
        headers.into_iter().map(|(name, _)| name).collect::<Vec<_>>()
    };
    assert_eq!(names(r#"{"a":1,"b":"cd"}"#), [":path", "content-length", "x-a"]);
    assert_eq!(
        names(r#"{"b":1}"#),
        [":path", "content-length", "content-md5", "digest", "x-a"]
    );
}

#[wasm_bindgen_test(unsupported = test)]
fn no_digest_of_a_body_goes_with_another_body_or_with_none() {
    let digests = [
        "content-digest",
        "content-md5",
        "digest",
        "repr-digest",
        "x-amz-checksum-crc32c",
        "x-amz-checksum-sha256",
        "x-amz-content-sha256",
        "x-content-sha256",
        "x-goog-hash",
        "x-ms-blob-content-md5",
        "x-ms-content-crc64",
        "x-ms-content-md5",
    ];
    let others = ["want-digest", "x-hashes", "etag"];
    let headers: Vec<(&str, &str)> = digests.iter().chain(&others).map(|name| (*name, "x")).collect();
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let original = post(&[&headers[..], &form].concat());
    let left = |keys: &str, body: &str| {
        let mut bench = Bench::new(mirror(keys));
        let id = bench.begin(original.clone(), 0).unwrap();
        assert!(body.is_empty() || bench.body(id, body.as_bytes(), 0));
        let copy = bench.complete(id, 0).remove(0);
        let headers = copy.headers().unwrap().into_iter();
        let names: Vec<String> = headers
            .map(|(name, _)| String::from_utf8(name.to_vec()).unwrap())
            .filter(|name| digests.contains(&name.as_str()) || others.contains(&name.as_str()))
            .collect();
        bench.refuse(copy, Dropped::NoCapacity);
        bench.assert_at_rest();
        names
    };
    let preset = r#""redact": {"preset": "credentials"}"#;
    let short = r#""body": {"maxBytes": 3, "whenLarger": "headersOnly"}"#;
    for (keys, body, has_digests) in [
        (preset, "password=1&a=2", false),
        (preset, "a=2", true),
        (short, "a=2", true),
        (short, "a=22", false),
        (short, "", true),
    ] {
        let expected: Vec<&str> = digests.iter().filter(|_| has_digests).chain(&others).copied().collect();
        assert_eq!(left(keys, body), expected, "{keys}: {body}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn tokens_cannot_make_a_body_larger_than_the_mirror_takes_or_may_hold() {
    let numbers = format!("[{}1]", "1,".repeat(999));
    let sent = |limits: &str, padding: usize| {
        let keys = format!(r#""redact": {{"json": ["/*"], {KEY}}}, {limits}"#);
        let mut bench = Bench::new(mirror(&keys));
        let id = bench.begin(post(&[("x-padding", &"p".repeat(padding))]), 0).unwrap();
        assert!(bench.body(id, numbers.as_bytes(), 0));
        for copy in bench.complete(id, 0) {
            bench.refuse(copy, Dropped::NoCapacity);
        }
        bench.assert_at_rest();
        let count = |reason| bench.count(Statistic::Dropped(reason));
        [Dropped::NoCapacity, Dropped::RedactFailed, Dropped::Bytes].map(count)
    };
    assert_eq!(sent(r#""body": {"maxBytes": 35001}"#, 0), [1, 0, 0]);
    assert_eq!(sent(r#""body": {"maxBytes": 35000}"#, 0), [0, 1, 0]);
    let tight = r#""body": {"maxBytes": 35001}, "limits": {"maxBufferedBytes": 40002}"#;
    assert_eq!(sent(tight, 2_000), [1, 0, 0]);
    assert_eq!(sent(tight, 2_600), [0, 0, 1]);
}

#[wasm_bindgen_test(unsupported = test)]
fn mirrors_that_share_a_body_redact_it_each_for_itself() {
    let plan = parse(
        r#"{"mirrors": [
            {"name": "a", "cluster": "c", "redact": {"json": ["/a"], "headers": ["x-a"]}},
            {"name": "b", "cluster": "c"},
            {"name": "c", "cluster": "c", "redact": {"json": ["/c"]}},
            {"name": "d", "cluster": "c", "redact": {"headers": ["x-d"]}}]}"#,
    );
    let mut bench = Bench::new(plan.unwrap());
    let id = bench.begin(post(&[("x-a", "1"), ("x-d", "1")]), 0).unwrap();
    assert!(bench.body(id, br#"{"a":1,"c":2}"#, 0));
    let copies = bench.complete(id, 0);
    let bodies: Vec<&[u8]> = copies.iter().map(|copy| copy.body()).collect();
    assert_eq!(
        bodies,
        [
            &br#"{"c":2}"#[..],
            br#"{"a":1,"c":2}"#,
            br#"{"a":1}"#,
            br#"{"a":1,"c":2}"#
        ]
    );
    for copy in copies {
        bench.refuse(copy, Dropped::NoCapacity);
    }
    bench.assert_at_rest();
}
