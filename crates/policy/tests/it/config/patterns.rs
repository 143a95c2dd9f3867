//! Names of headers and regular expressions that the policy refuses.

use mirror_model::plans::{mirror, parse, with_mirror};
use mirror_policy::plan::Plan;
use wasm_bindgen_test::wasm_bindgen_test;

use super::refused;

#[wasm_bindgen_test(unsupported = test)]
fn headers_that_the_proxy_owns_cannot_be_changed_on_a_copy() {
    for name in [
        "host",
        "content-length",
        "connection",
        "transfer-encoding",
        "upgrade",
        "x-envoy-retry-on",
    ] {
        let error = format!("mirrors[0].headers.remove[0]: `{name}` is a header that the proxy itself sets or obeys");
        refused(&format!(r#""headers": {{"remove": ["{name}"]}}"#), &error);
        let error = format!("mirrors[0].marker: `{name}` is a header that the proxy itself sets or obeys");
        refused(&format!(r#""marker": "{name}""#), &error);
    }
    mirror(r#""headers": {"remove": ["x-envoy-peer-metadata", "x-envoy-decorator-operation"]}"#);
    refused(
        r#""headers": {"set": {":path": "/"}}"#,
        "mirrors[0].headers.set.:path: is a pseudo header; method, uri, authority and scheme have keys of their own",
    );
    refused(
        r#""headers": {"add": {"X-Mirrored-By": "me"}}"#,
        "mirrors[0].headers.add.X-Mirrored-By: `x-mirrored-by` is the marker; change it by `marker`",
    );
    refused(
        r#""headers": {"set": {"x-a": "b\r\nc: d"}}"#,
        "mirrors[0].headers.set.x-a: this text is not a header value: no control characters, at most 4096 bytes",
    );
    refused(
        r#""headers": {"set": {"X-A": "1", "x-a": "2"}}"#,
        "mirrors[0].headers.set.x-a: `x-a` stands twice; case makes no difference",
    );
    refused(
        r#""headers": {"set": {"x a": "1"}}"#,
        "mirrors[0].headers.set.(a key that is not shown): is not a header name such as `x-user`",
    );
}

#[wasm_bindgen_test(unsupported = test)]
fn a_header_that_other_requests_carry_cannot_be_the_marker() {
    for (written, name) in [
        ("cookie", "cookie"),
        ("Authorization", "authorization"),
        ("content-type", "content-type"),
        ("user-agent", "user-agent"),
        ("x-request-id", "x-request-id"),
        ("x-forwarded-for", "x-forwarded-for"),
        ("accept", "accept"),
        ("traceparent", "traceparent"),
    ] {
        let error = format!(
            "mirrors[0].marker: `{name}` is a header of other requests too, and a request with the marker is not copied; \
             take a name of your own, such as x-mirrored-by"
        );
        refused(&format!(r#""marker": "{written}""#), &error);
    }
    for name in ["x-mirrored-by", "x-copy", "authorization-copy", "cookies", "via-mirror"] {
        mirror(&format!(r#""marker": "{name}""#));
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_regex_that_envoy_would_read_in_another_way_is_refused_with_its_path() {
    for pattern in [r"\\p{Greek}", r"a(?=b)", r"(a)\\1", r"a{2000}{2000}", "(", r"\\Qa\\E"] {
        let error = parse(&with_mirror(&format!(
            r#""match": [{{"uri": {{"regex": "{pattern}"}}}}]"#
        )))
        .expect_err(pattern);
        assert!(error.starts_with("mirrors[0].match[0].uri.regex: `"), "{error}");
    }
    refused(
        &format!(r#""match": [{{"uri": {{"regex": "{}"}}}}]"#, "a".repeat(1025)),
        "mirrors[0].match[0].uri.regex: 1025 bytes are more than 1024",
    );
}

/// A mirror with this expression for `uri`, read.
fn with_regex(pattern: &str) -> Result<Plan, String> {
    let entry = serde_json::json!([{ "uri": { "regex": pattern } }]);
    parse(&with_mirror(&format!(r#""match": {entry}"#)))
}

#[wasm_bindgen_test(unsupported = test)]
fn a_regex_with_another_meaning_in_re2_is_refused_and_the_message_says_what_to_write() {
    let letters = "ignores case, which works for ASCII only, and has other letters; list both cases in a class";
    let word = r"has `\<` or `\>`, which are letters in Envoy's RE2; write them without `\`";
    let numbers = r"has `\u` or `\U`, which Envoy's RE2 does not know; write `\x{…}`";
    let counts = "has a `{` that Envoy's RE2 does not read as a repetition of 0 to 1000; write `{2}`, `{2,}` or `{2,3}` \
                  without spaces, and the letter as `\\{`";
    let twice = "has a repetition of a repetition; put the inner one into `(?:…)`";
    let nothing = r"has a repetition of nothing; write a letter such as `*` or `{` as `\*` or `\{`";
    let dashes = r"has `--` in a class, which Envoy's RE2 may read as a range; write `\-` for the letter";
    let flags = "has a flag or a group that Envoy's RE2 does not know; the flags are i, m, s and U";
    let group = "has a name of a group that Envoy's RE2 does not take; write letters, digits and `_`";
    let negated = "has a class like `[:^upper:]` and ignores case; write `[^[:upper:]]`";
    for (pattern, problem) in [
        ("(?i)ä", letters),
        (r"(?i)\xe4", letters),
        (
            r"[\x{17f}]a",
            r"has a number above `\x{ff}`; Envoy's RE2 compares single bytes",
        ),
        (r"a\<b", word),
        (r"[a\>]", word),
        (r"\u0041", numbers),
        (r"[\U00000041]", numbers),
        (r"a\b{start}", counts),
        ("a{ 2 }", counts),
        ("a{1, 2}", counts),
        ("a{,2}", counts),
        ("a{02}", counts),
        ("a{1001}", counts),
        ("a{", counts),
        ("a**", twice),
        ("a{2}{3}", twice),
        ("a???", twice),
        ("{a}", nothing),
        ("a(?i)*", nothing),
        ("[--a]", dashes),
        ("[a--]", dashes),
        ("(?x)a b", flags),
        ("(?R)a", flags),
        ("(?u:a)", flags),
        ("(?P=a)", flags),
        ("(?=a)", flags),
        ("(?<!a)", flags),
        ("(?P<a.b>c)", group),
        ("(?<ä>c)", group),
        ("(?i)[[:^upper:]]", negated),
    ] {
        let error = with_regex(pattern).expect_err(pattern);
        let shown = pattern.escape_debug();
        assert_eq!(error, format!("mirrors[0].match[0].uri.regex: `{shown}` {problem}"));
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_regex_that_both_engines_read_alike_is_taken() {
    for pattern in [
        "",
        "a|",
        "()",
        "^a$",
        "a{2}",
        "a{2,}",
        "a{2,3}?",
        "a{0,600}",
        "a}",
        "a]",
        r"\{2 \}",
        r"\-\_\#",
        r"\x41\x{41}",
        "[]a]",
        "[^]a]",
        "[-a]",
        "[a-]",
        "[^-a-z-]",
        "[a-c-e]",
        r"[\d-]",
        r"[\-\-a]",
        "[[:alpha:]-]",
        "[[:^digit:]x]",
        "[{,*+?}]",
        "[:alpha:]",
        "(?i)a",
        "(?i)[^[:upper:]]",
        "(?i-s:a)",
        "(?mU)a",
        "(?P<a_1>b)",
        "(?<a>b)",
        "(?:a*)*",
        r"\bä\b",
        "[ä-ö]",
        r"\xe4",
        "(?:ä|i)",
    ] {
        let parsed = with_regex(pattern);
        assert!(parsed.is_ok(), "{pattern}: {:?}", parsed.err());
    }
}
