//! What the shadow must not see. It is removed or replaced wherever it stands, and every other byte is as it was.

use mirror_model::bench::Bench;
use mirror_model::plans::mirror;
use mirror_model::requests::{get, post};
use mirror_policy::headers::Headers;
use mirror_policy::reasons::Dropped;
use mirror_policy::statistics::Statistic;
use wasm_bindgen_test::wasm_bindgen_test;

// What a user may name.
pub mod config;

// Which names are a credential's.
pub mod credentials;

// Where parameters stand.
pub mod urls;

pub mod forms;

// The allow-list.
pub mod keep;

// The body.
pub mod body;

pub mod random_json;

pub mod keep_json;

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
    let copied = copy.headers()?;
    let header_bytes = Headers::encode(copied.iter().map(|(name, value)| (*name, &value[..]))).bytes();
    let headers = copied
        .into_iter()
        .map(|(name, value)| (text(name), text(&value)))
        .filter(|(name, _)| ![":authority", ":method", ":scheme", "x-mirrored-by"].contains(&name.as_str()))
        .collect();
    let body = text(copy.body());
    let held = bench.count(Statistic::BufferedBytes);
    assert_eq!(
        held as u64,
        header_bytes + body.len() as u64,
        "charged for what is sent"
    );
    bench.refuse(copy, Dropped::NoCapacity);
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
        ("/a?email=b#email=c", "/a"),
        ("/a#email=c", "/a"),
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
            ("referer", "https://a.example/p?u=1"),
            ("x-other", "/?t=1"),
        ],
    );
}

#[wasm_bindgen_test(unsupported = test)]
fn another_key_gives_other_tokens() {
    let other = r#""headers": ["x-e"], "mode": "hash", "hashKey": "100102030405060708090a0b0c0d0e0f""#;
    let (headers, _) = copy(other, &get("/", &[("x-e", "alice@example.com")]), "").unwrap();
    assert_ne!(headers[1].1, ALICE);
    assert_eq!(headers[1].1.len(), ALICE.len());
}

#[wasm_bindgen_test(unsupported = test)]
fn redaction_comes_after_match_and_sample_and_before_every_other_change() {
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
