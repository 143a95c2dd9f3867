//! The allow-list: what is in no list is not on the copy.

use mirror_model::requests::{get, post};
use mirror_policy::redaction::ALWAYS_KEPT;
use wasm_bindgen_test::wasm_bindgen_test;

use super::{ALICE, KEY, assert_headers, copy};

#[wasm_bindgen_test(unsupported = test)]
fn only_kept_headers_and_those_that_make_the_request_stay() {
    let mut headers = vec![
        ("x-a", "1"),
        ("x-b", "alice@example.com"),
        ("cookie", "a=1"),
        ("accept", "x"),
        ("x-a", "2"),
    ];
    headers.extend(ALWAYS_KEPT.iter().map(|name| (*name, "text/x")));
    let always: Vec<(&str, &str)> = ALWAYS_KEPT.iter().map(|name| (*name, "text/x")).collect();
    let expect = |kept: &[(&'static str, &'static str)]| {
        let path = [(":path", "/?q=1")];
        [&path, kept, &always].concat()
    };
    let original = get("/?q=1", &headers);
    assert_headers(
        r#""keep": {"headers": ["X-A"]}"#,
        &original,
        &expect(&[("x-a", "1"), ("x-a", "2")]),
    );
    assert_headers(r#""keep": {"headers": []}"#, &original, &expect(&[]));
    assert_headers(
        &format!(r#""keep": {{"headers": ["accept"]}}, "headers": ["x-b"], {KEY}"#),
        &original,
        &expect(&[("x-b", ALICE), ("accept", "x")]),
    );
    assert_headers(
        r#""keep": {"headers": ["x-a", "cookie"]}, "headers": ["x-a"]"#,
        &original,
        &expect(&[("cookie", "a=1")]),
    );
}

#[wasm_bindgen_test(unsupported = test)]
fn what_is_kept_by_name_is_no_credential_of_the_preset() {
    let original = get(
        "/?token=1&q=2&page=3",
        &[("authorization", "x"), ("x-token", "y"), ("cookie", "a=1; b=2")],
    );
    assert_headers(
        r#""preset": "credentials", "keep": {"headers": ["authorization"]}"#,
        &original,
        &[(":path", "/?q=2&page=3"), ("authorization", "x")],
    );
    assert_headers(
        r#""preset": "credentials", "keep": {"cookies": ["b"], "queryParams": ["token"]}"#,
        &original,
        &[(":path", "/?token=1"), ("cookie", "b=2")],
    );
}

#[wasm_bindgen_test(unsupported = test)]
fn kept_cookies_decide_about_the_cookie_header() {
    let original = get(
        "/",
        &[("cookie", "a=1; theme=dark; b=2"), ("cookie", "c=1"), ("x-a", "1")],
    );
    assert_headers(
        r#""keep": {"cookies": ["theme"], "headers": []}"#,
        &original,
        &[(":path", "/"), ("cookie", "theme=dark")],
    );
    assert_headers(r#""keep": {"cookies": []}"#, &original, &[(":path", "/"), ("x-a", "1")]);
    let hashed = format!("a={}; theme=dark", token("1"));
    assert_headers(
        &format!(r#""keep": {{"cookies": ["theme"]}}, "cookies": ["a"], {KEY}"#),
        &original,
        &[(":path", "/"), ("cookie", &hashed), ("x-a", "1")],
    );
}

#[wasm_bindgen_test(unsupported = test)]
fn only_kept_parameters_stay_in_queries_paths_and_forms() {
    let redact = r#""keep": {"queryParams": ["q", "page"]}"#;
    for (path, expected) in [
        ("/a?q=1&email=x&%70age=2", "/a?q=1&%70age=2"),
        ("/a?email=x", "/a"),
        ("/a?", "/a"),
        ("/a;v=1;q=2/b?x", "/a;q=2/b"),
        ("/a", "/a"),
        ("*", "*"),
    ] {
        assert_headers(
            redact,
            &get(path, &[("referer", path)]),
            &[(":path", expected), ("referer", expected)],
        );
    }
    let form = post(&[("content-type", "application/x-www-form-urlencoded")]);
    let (_, body) = copy(redact, &form, "name=Alice&q=1&street=x").unwrap();
    assert_eq!(body, "q=1");
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
