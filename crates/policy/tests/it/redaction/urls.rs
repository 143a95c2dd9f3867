//! Parameters stand in the query, in the path, and in headers that have a URL.

use mirror_model::requests::get;
use mirror_policy::redaction::parts::URL_WORDS;
use wasm_bindgen_test::wasm_bindgen_test;

use super::{ALICE, KEY, assert_headers};

#[wasm_bindgen_test(unsupported = test)]
fn every_header_that_has_a_url_is_read_as_one() {
    for name in [
        "referer",
        "x-envoy-original-path",
        "x-original-url",
        "x-forwarded-uri",
        "x-original-uri",
        "x-rewrite-url",
        "x-auth-request-redirect",
        "content-location",
        "destination",
    ] {
        for (url, expected) in [
            ("/b?t=1&u=2", "/b?u=2"),
            ("https://a.example/p?u=1&t=2#top", "https://a.example/p?u=1"),
            ("https://user:pass@a.example:80/p@q", "https://a.example:80/p@q"),
            ("https://u@v:w@a.example", "https://a.example"),
            ("https://user@a.example?t=1", "https://a.example"),
            ("/p/user@a.example", "/p/user@a.example"),
            ("mailto://", "mailto://"),
            ("://x@y", "://x@y"),
        ] {
            assert_headers(
                r#""queryParams": ["t"]"#,
                &get("/", &[(name, url), ("x-curly", "/?t=1"), ("x-other", "/?t=1")]),
                &[
                    (":path", "/"),
                    (name, expected),
                    ("x-curly", "/?t=1"),
                    ("x-other", "/?t=1"),
                ],
            );
        }
    }
    for word in URL_WORDS {
        let name = format!("x-{word}");
        assert_headers(
            r#""queryParams": ["t"]"#,
            &get("/", &[(&name, "/?t")]),
            &[(":path", "/"), (&name, "/")],
        );
    }
    let url = "https://user:pass@a.example/?t=1#f";
    assert_headers(
        r#""headers": ["x-a"], "cookies": ["t"]"#,
        &get("/#f", &[("referer", url)]),
        &[(":path", "/#f"), ("referer", url)],
    );
}

#[wasm_bindgen_test(unsupported = test)]
fn parameters_of_a_path_are_parameters() {
    for (path, expected) in [
        ("/a;jsessionid=1", "/a"),
        ("/a;jsessionid=1/b;x=2;JSESSIONID=3/c?x=1", "/a/b;x=2/c?x=1"),
        ("/a;jsessionid=1;x?jsessionid=2", "/a;x"),
        ("/a;x=jsessionid", "/a;x=jsessionid"),
        ("/a;jsessionid", "/a"),
        ("/a;%6asessionid=1;x", "/a;x"),
        ("/a;;x", "/a;;x"),
        (";jsessionid=1", ""),
        ("https://u@a;jsessionid=1/b", "https://a/b"),
    ] {
        assert_headers(
            r#""preset": "credentials""#,
            &get("/", &[("referer", path)]),
            &[(":path", "/"), ("referer", expected)],
        );
    }
    let hashed = format!("/a;jsessionid={ALICE}/b");
    assert_headers(
        &format!(r#""preset": "credentials", {KEY}"#),
        &get("/a;jsessionid=alice%40example.com/b", &[]),
        &[(":path", &hashed)],
    );
}
