//! The key `redact`: what it refuses, and where its hash key is shown.

use mirror_model::plans::{mirror, parse, with_mirror};
use mirror_policy::redaction::MAX_ENTRIES;
use wasm_bindgen_test::wasm_bindgen_test;

fn refusal(redact: &str) -> String {
    parse(&with_mirror(&format!(r#""redact": {{{redact}}}"#))).expect_err(redact)
}

#[wasm_bindgen_test(unsupported = test)]
fn names_that_cannot_be_redacted_are_refused_with_their_path() {
    let many = format!(r#""json": [{}"/a"]"#, r#""/a","#.repeat(MAX_ENTRIES));
    for (redact, error) in [
        (
            "",
            ": names nothing; give `preset`, `headers`, `cookies`, `queryParams`, `json` or `keep`",
        ),
        (
            r#""mode": "remove", "json": []"#,
            ": names nothing; give `preset`, `headers`, `cookies`, `queryParams`, `json` or `keep`",
        ),
        (
            r#""preset": "secrets""#,
            ".preset: this text is not one of `credentials`",
        ),
        (r#""mode": "mask""#, ".mode: this text is not one of `remove`, `hash`"),
        (
            r#""header": []"#,
            ".header: is not a key that is known here; known are `preset`, `headers`, `cookies`, `queryParams`, `json`, `keep`, `require`, `mode`, `hashKey`",
        ),
        (
            r#""headers": [":path"]"#,
            ".headers[0]: is a pseudo header; method, uri, authority and scheme have keys of their own",
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
        (r#""headers": "a""#, ".headers: this text is not a list"),
        (r#""cookies": ["a;b"]"#, ".cookies[0]: this text is not a cookie name"),
        (
            r#""queryParams": [""]"#,
            ".queryParams[0]: this text is not the name of a query parameter",
        ),
        (
            r#""json": ["user/email"]"#,
            ".json[0]: this text is not a JSON pointer such as /user/email, with ~0 for ~ and ~1 for / within a key",
        ),
        (
            r#""json": ["/a", "/a~2"]"#,
            ".json[1]: this text is not a JSON pointer such as /user/email, with ~0 for ~ and ~1 for / within a key",
        ),
        (
            r#""json": [""]"#,
            ".json[0]: this text is not a JSON pointer such as /user/email, with ~0 for ~ and ~1 for / within a key",
        ),
        (&many, ".json: 65 entries are more than 64"),
        (
            r#""preset": "credentials", "require": true"#,
            ".require: does not go without `json`: a pointer of `json` is what is required",
        ),
        (
            r#""keep": {}"#,
            ".keep: names nothing; give `headers`, `cookies`, `queryParams` or `json`",
        ),
        (
            r#""keep": {"json": []}"#,
            ".keep.json: keeps nothing; to send no body, set `body` to `{maxBytes: 0, whenLarger: headersOnly}`",
        ),
        (
            r#""keep": {"headers": ["Host"]}"#,
            ".keep.headers[0]: `host` is a header that the proxy itself sets or obeys",
        ),
    ] {
        assert_eq!(refusal(redact), format!("mirrors[0].redact{error}"), "{redact}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_refused_hash_key_is_never_shown() {
    for (redact, error) in [
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
            ".hashKey: a number is not a text",
        ),
        (
            r#""headers": ["a"], "mode": "hash", "hashKey": ["SECRET"]"#,
            ".hashKey: a list is not a text",
        ),
    ] {
        let refused = refusal(redact);
        assert_eq!(refused, format!("mirrors[0].redact{error}"), "{redact}");
        assert!(!refused.contains("SECRET") && !refused.contains("4711"), "{refused}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn the_key_is_printed_with_the_configuration_and_nowhere_else() {
    let redact = r#"{"headers": ["X-A"], "cookies": ["b"], "queryParams": ["c"], "json": ["/d"], "keep": {"headers": ["X-E"], "cookies": []}, "require": true, "mode": "hash", "hashKey": "00112233445566778899aabbccddeeff"}"#;
    let plan = mirror(&format!(r#""redact": {redact}"#));
    assert!(!format!("{plan:?} {plan:#?}").contains("0011"));
    let printed = serde_json::to_string(&plan.config()).unwrap();
    assert!(printed.contains(r#""redact":{"headers":["x-a"],"cookies":["b"],"queryParams":["c"],"json":["/d"],"keep":{"headers":["x-e"],"cookies":[]},"require":true,"mode":"hash","hashKey":"00112233445566778899aabbccddeeff"}"#), "{printed}");
    assert_eq!(parse(&printed).unwrap().config(), plan.config());
}
