//! What the shadow must not see: found wherever it stands, gone or replaced, and every other byte as it was.

use crate::common::{Bench, get, mirror, parse, post, with_mirror};
use mirror_policy::headers::Headers;
use mirror_policy::reason::Dropped;
use mirror_policy::redact::{CREDENTIALS, MAX_ENTRIES};
use mirror_policy::stats::Statistic;
use wasm_bindgen_test::wasm_bindgen_test;

const KEY: &str = r#""mode": "hash", "hashKey": "000102030405060708090A0b0c0d0e0f""#;

/// What `printf alice@example.com | openssl mac -macopt hexkey:000102030405060708090a0b0c0d0e0f SIPHASH` prints.
const ALICE: &str = "4742992ccf444cdc405a0de06373c0b7";

/// The headers of the copy of a request that came with these, without those that every copy has; and its body.
fn copy(redact: &str, original: &Headers, body: &str) -> Result<(Vec<(String, String)>, String), Dropped> {
    let mut bench = Bench::new(mirror(&format!(r#""redact": {{{redact}}}"#)));
    let id = bench.begin(original.clone(), 0).expect("the copy is collected");
    if !body.is_empty() {
        assert!(bench.body(id, body.as_bytes(), 0));
    }
    let mut copies = bench.complete(id, 0);
    if copies.is_empty() {
        assert_eq!(bench.count(Statistic::Dropped(Dropped::RedactFailed)), 1);
        bench.assert_at_rest();
        return Err(Dropped::RedactFailed);
    }
    let copy = copies.remove(0);
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let headers = copy.headers()?.into_iter();
    let headers = headers
        .map(|(name, value)| (text(&name), text(&value)))
        .filter(|(name, _)| ![":authority", ":method", ":scheme", "x-mirrored-by"].contains(&name.as_str()))
        .collect();
    let body = text(copy.body());
    let held = bench.count(Statistic::BufferedBytes);
    assert_eq!(
        held as u64,
        original.bytes() + body.len() as u64,
        "charged for what is sent"
    );
    bench.step(|ledger, effects| ledger.refused(copy, Dropped::NoCapacity, effects));
    bench.assert_at_rest();
    Ok((headers, body))
}

#[track_caller]
fn assert_headers(redact: &str, original: &Headers, expected: &[(&str, &str)]) {
    let (headers, _) = copy(redact, original, "").unwrap();
    let headers: Vec<(&str, &str)> = headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    assert_eq!(headers, expected, "{redact}");
}

#[track_caller]
fn assert_body(redact: &str, body: &str, expected: &str) {
    let (_, copied) = copy(redact, &post(&[]), body).expect(body);
    assert_eq!(copied, expected, "{redact}: {body}");
}

#[wasm_bindgen_test(unsupported = test)]
fn headers_are_removed_wherever_they_stand_or_carry_a_token() {
    let original = get(
        "/",
        &[("x-secret", "alice@example.com"), ("x-a", "1"), ("x-secret", "")],
    );
    assert_headers(r#""headers": ["X-Secret"]"#, &original, &[(":path", "/"), ("x-a", "1")]);
    let empty = copy(&format!(r#""headers": ["x-e"], {KEY}"#), &get("/", &[("x-e", "")]), "");
    let empty = empty.unwrap().0[1].1.clone();
    assert_headers(
        &format!(r#""headers": ["x-secret"], {KEY}"#),
        &original,
        &[(":path", "/"), ("x-secret", ALICE), ("x-a", "1"), ("x-secret", &empty)],
    );
}

#[wasm_bindgen_test(unsupported = test)]
fn cookies_are_taken_out_of_their_header_and_the_others_keep_their_bytes() {
    for (line, expected) in [
        ("a=1; sid=x; b=2", Some("a=1; b=2")),
        ("sid=x; a=1", Some("a=1")),
        ("a=1;sid=x", Some("a=1")),
        ("a=1; sid=x;", Some("a=1;")),
        ("a=\"x y\";  b==;;sid =x; SID=y", Some("a=\"x y\";  b==;")),
        ("sid=x", None),
        ("sid=x; sid=y ;", None),
        ("sid", None),
        ("asid=x; sidb=y; s=sid=z", Some("asid=x; sidb=y; s=sid=z")),
        ("", Some("")),
        ("; ", Some("; ")),
    ] {
        let original = get("/", &[("cookie", line), ("x-cookie", "sid=x")]);
        let mut kept = vec![(":path", "/")];
        kept.extend(expected.map(|line| ("cookie", line)));
        kept.push(("x-cookie", "sid=x"));
        assert_headers(r#""cookies": ["sid"]"#, &original, &kept);
    }
    assert_headers(
        r#""cookies": ["sid"]"#,
        &get("/", &[("cookie", "sid=x"), ("cookie", "a=1"), ("cookie", "b=1; sid=y")]),
        &[(":path", "/"), ("cookie", "a=1"), ("cookie", "b=1")],
    );
    let hashed = format!("a=1; sid={ALICE}; b=2");
    assert_headers(
        &format!(r#""cookies": ["sid"], {KEY}"#),
        &get("/", &[("cookie", "a=1; sid=alice@example.com; b=2; sid")]),
        &[(":path", "/"), ("cookie", &hashed)],
    );
}

#[wasm_bindgen_test(unsupported = test)]
fn query_parameters_are_found_encoded_or_not_and_leave_no_gap() {
    for (path, expected) in [
        ("/a?x=1&email=b&y=2", "/a?x=1&y=2"),
        ("/a?email=b&x=1", "/a?x=1"),
        ("/a?x=1&email=b", "/a?x=1"),
        ("/a?email=b", "/a"),
        ("/a?email", "/a"),
        ("/a?email=b&email=c", "/a"),
        ("/a?&email=b", "/a"),
        ("/a?&&email=b", "/a?&"),
        ("/a?", "/a?"),
        ("/a?x=%zz&%65m%61il=b&EMAIL=c&x=1", "/a?x=%zz&x=1"),
        ("/a?user+name=b&user%20name=c&user%2Bname=d", "/a?user%2Bname=d"),
        ("/a?a%2Cb=1&a,b=2&c", "/a?a,b=2&c"),
        ("/a?emails=1&xemail=2&x=email=b", "/a?emails=1&xemail=2&x=email=b"),
        ("/a?x=?email=b", "/a?x=?email=b"),
        ("/email=b", "/email=b"),
        ("/a?email=b#email=c", "/a#email=c"),
        ("*", "*"),
    ] {
        let redact = r#""queryParams": ["email", "user name", "a%2Cb"]"#;
        assert_headers(redact, &get(path, &[]), &[(":path", expected)]);
    }
    let hashed = format!("/a?email={ALICE}&x=1&email={ALICE}");
    assert_headers(
        &format!(r#""queryParams": ["email"], {KEY}"#),
        &get("/a?email=alice@example.com&x=1&email=%61lice%40example.com&email", &[]),
        &[(":path", &hashed)],
    );
}

#[wasm_bindgen_test(unsupported = test)]
fn a_query_that_stands_in_another_header_is_redacted_there_too() {
    assert_headers(
        r#""queryParams": ["t"]"#,
        &get(
            "/a?t=1",
            &[
                ("x-envoy-original-path", "/b?t=1&u=2"),
                ("referer", "https://a.example/p?u=1&t=2#top"),
                ("x-other", "/?t=1"),
            ],
        ),
        &[
            (":path", "/a"),
            ("x-envoy-original-path", "/b?u=2"),
            ("referer", "https://a.example/p?u=1#top"),
            ("x-other", "/?t=1"),
        ],
    );
}

#[wasm_bindgen_test(unsupported = test)]
fn the_preset_covers_its_whole_table_and_leaves_the_body_alone() {
    for name in CREDENTIALS.headers {
        assert_headers(
            r#""preset": "credentials""#,
            &get("/", &[(name, "a=1; b"), ("x-a", "1")]),
            &[(":path", "/"), ("x-a", "1")],
        );
    }
    for name in CREDENTIALS.query_params {
        let path = format!("/?x=1&{}=secret", name.to_uppercase());
        assert_headers(r#""preset": "credentials""#, &get(&path, &[]), &[(":path", "/?x=1")]);
    }
    assert_body(r#""preset": "credentials""#, "password=x", "password=x");
    let (hashed, _) = copy(
        &format!(r#""preset": "credentials", "headers": ["x-mine"], {KEY}"#),
        &get(
            "/",
            &[
                ("cookie", "a=alice@example.com; b=alice@example.com"),
                ("x-mine", "alice@example.com"),
            ],
        ),
        "",
    )
    .unwrap();
    assert_eq!(
        hashed[1].1,
        format!("a={ALICE}; b={ALICE}"),
        "each cookie keeps its name"
    );
    assert_eq!(
        hashed[2].1, ALICE,
        "the same value has the same token wherever it stands"
    );
}

#[wasm_bindgen_test(unsupported = test)]
fn members_are_cut_with_their_comma_and_elements_become_null() {
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
fn another_key_gives_other_tokens() {
    let other = r#""headers": ["x-e"], "mode": "hash", "hashKey": "100102030405060708090a0b0c0d0e0f""#;
    let (headers, _) = copy(other, &get("/", &[("x-e", "alice@example.com")]), "").unwrap();
    assert_ne!(headers[1].1, ALICE);
    assert_eq!(headers[1].1.len(), ALICE.len());
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
fn a_copy_without_a_body_has_nothing_to_fail_on() {
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
fn length_and_digests_go_with_the_body() {
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
fn tokens_cannot_make_a_body_larger_than_the_mirror_takes_or_may_hold() {
    let numbers = format!("[{}1]", "1,".repeat(999));
    let sent = |limits: &str| {
        let keys = format!(r#""redact": {{"json": ["/*"], {KEY}}}, {limits}"#);
        let mut bench = Bench::new(mirror(&keys));
        let id = bench.begin(post(&[]), 0).unwrap();
        assert!(bench.body(id, numbers.as_bytes(), 0));
        for copy in bench.complete(id, 0) {
            bench.step(|ledger, effects| ledger.refused(copy, Dropped::NoCapacity, effects));
        }
        bench.assert_at_rest();
        let count = |reason| bench.count(Statistic::Dropped(reason));
        [Dropped::NoCapacity, Dropped::RedactFailed, Dropped::Bytes].map(count)
    };
    assert_eq!(sent(r#""body": {"maxBytes": 35001}"#), [1, 0, 0]);
    assert_eq!(sent(r#""body": {"maxBytes": 35000}"#), [0, 1, 0]);
    assert_eq!(
        sent(r#""body": {"maxBytes": 35001}, "limits": {"maxBufferedBytes": 35001}"#),
        [0, 0, 1]
    );
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
        bench.step(|ledger, effects| ledger.refused(copy, Dropped::NoCapacity, effects));
    }
    bench.assert_at_rest();
}

#[wasm_bindgen_test(unsupported = test)]
fn it_comes_before_every_other_change_and_after_match_and_sample() {
    let keys = r#""redact": {"preset": "credentials", "headers": ["x-user"], "queryParams": ["u"]},
        "match": [{"headers": {"authorization": {"exact": "secret"}}, "queryParams": {"u": {"exact": "1"}}}],
        "sample": {"by": "header", "name": "x-user"},
        "path": {"prefixRewrite": {"from": "/a", "to": "/b"}},
        "headers": {"set": {"authorization": "Bearer shadow"}, "add": {"x-user": "nobody"}}"#;
    let mut bench = Bench::new(mirror(keys));
    let original = get("/a?u=1", &[("authorization", "secret"), ("x-user", "alice")]);
    let id = bench
        .begin(original, 0)
        .expect("matched and sampled by what is redacted");
    let copies = bench.complete(id, 0);
    let headers = copies[0].headers().unwrap();
    let shown: Vec<String> = headers
        .iter()
        .skip(4)
        .chain(&headers[1..2])
        .map(|(name, value)| format!("{}={}", String::from_utf8_lossy(name), String::from_utf8_lossy(value)))
        .collect();
    assert_eq!(
        shown,
        [
            "authorization=Bearer shadow",
            "x-user=nobody",
            "x-mirrored-by=v2",
            ":path=/b"
        ]
    );
}

#[wasm_bindgen_test(unsupported = test)]
fn what_is_refused_says_where_and_never_shows_the_key() {
    let many = format!(r#""json": [{}"/a"]"#, r#""/a","#.repeat(MAX_ENTRIES));
    for (redact, error) in [
        (
            "",
            ": names nothing; give `preset`, `headers`, `cookies`, `queryParams` or `json`",
        ),
        (
            r#""mode": "remove", "json": []"#,
            ": names nothing; give `preset`, `headers`, `cookies`, `queryParams` or `json`",
        ),
        (
            r#""preset": "secrets""#,
            ".preset: \"secrets\" is not one of `credentials`",
        ),
        (r#""mode": "mask""#, ".mode: \"mask\" is not one of `remove`, `hash`"),
        (
            r#""header": []"#,
            ".header: is not a key that is known here; known are `preset`, `headers`, `cookies`, `queryParams`, `json`, `mode`, `hashKey`",
        ),
        (
            r#""headers": [":path"]"#,
            ".headers[0]: `:path` is a pseudo header; method, uri, authority and scheme have keys of their own",
        ),
        (
            r#""headers": ["a", "Host"]"#,
            ".headers[1]: `host` is a header that the proxy itself sets or obeys",
        ),
        (
            r#""headers": ["connection"]"#,
            ".headers[0]: `connection` is a header that the proxy itself sets or obeys",
        ),
        (
            r#""headers": ["X-Mirrored-By"]"#,
            ".headers[0]: `x-mirrored-by` is the marker; change it by `marker`",
        ),
        (r#""headers": "a""#, ".headers: \"a\" is not a list"),
        (r#""cookies": ["a;b"]"#, ".cookies[0]: `a;b` is not a cookie name"),
        (
            r#""queryParams": [""]"#,
            ".queryParams[0]: `` is not the name of a query parameter",
        ),
        (
            r#""json": ["user/email"]"#,
            ".json[0]: `user/email` is not a JSON pointer such as /user/email, with ~0 for ~ and ~1 for / within a key",
        ),
        (
            r#""json": ["/a", "/a~2"]"#,
            ".json[1]: `/a~2` is not a JSON pointer such as /user/email, with ~0 for ~ and ~1 for / within a key",
        ),
        (
            r#""json": [""]"#,
            ".json[0]: `` is not a JSON pointer such as /user/email, with ~0 for ~ and ~1 for / within a key",
        ),
        (&many, ".json: 65 entries are more than 64"),
        (
            r#""headers": ["a"], "mode": "hash""#,
            ": `hashKey` is missing; mode `hash` needs it",
        ),
        (
            r#""headers": ["a"], "hashKey": "000102030405060708090a0b0c0d0e0f""#,
            ".hashKey: does not go with this `mode`; it goes with `mode: hash`",
        ),
        (
            r#""headers": ["a"], "mode": "hash", "hashKey": "SECRET-0123456789""#,
            ".hashKey: is not a key: 32 hexadecimal digits, as `openssl rand -hex 16` prints them",
        ),
        (
            r#""headers": ["a"], "mode": "hash", "hashKey": "000102030405060708090a0b0c0d0e0""#,
            ".hashKey: is not a key: 32 hexadecimal digits, as `openssl rand -hex 16` prints them",
        ),
        (
            r#""headers": ["a"], "mode": "hash", "hashKey": 4711471147114711"#,
            ".hashKey: what is here is not a text",
        ),
        (
            r#""headers": ["a"], "mode": "hash", "hashKey": ["SECRET"]"#,
            ".hashKey: what is here is not a text",
        ),
    ] {
        let refused = parse(&with_mirror(&format!(r#""redact": {{{redact}}}"#))).expect_err(redact);
        assert_eq!(refused, format!("mirrors[0].redact{error}"), "{redact}");
        assert!(!refused.contains("SECRET") && !refused.contains("4711"), "{refused}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn the_key_is_printed_with_the_configuration_and_nowhere_else() {
    let redact = r#"{"headers": ["X-A"], "cookies": ["b"], "queryParams": ["c"], "json": ["/d"], "mode": "hash", "hashKey": "00112233445566778899aabbccddeeff"}"#;
    let plan = mirror(&format!(r#""redact": {redact}"#));
    assert!(!format!("{plan:?} {plan:#?}").contains("0011"));
    let printed = serde_json::to_string(&plan.config()).unwrap();
    assert!(printed.contains(r#""redact":{"headers":["x-a"],"cookies":["b"],"queryParams":["c"],"json":["/d"],"mode":"hash","hashKey":"00112233445566778899aabbccddeeff"}"#), "{printed}");
    assert_eq!(parse(&printed).unwrap().config(), plan.config());
}
