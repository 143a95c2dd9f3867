//! Names of headers and regular expressions that the policy refuses.

use mirror_model::plans::{mirror, parse, with_mirror};
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
fn a_regex_that_envoy_would_read_in_another_way_is_refused_with_its_path() {
    for pattern in [r"\\p{Greek}", r"a(?=b)", r"(a)\\1", r"a{2000}{2000}", "(", r"\\Qa\\E"] {
        let error = parse(&with_mirror(&format!(
            r#""match": [{{"uri": {{"regex": "{pattern}"}}}}]"#
        )))
        .expect_err(pattern);
        assert!(error.starts_with("mirrors[0].match[0].uri.regex: `"), "{error}");
    }
    refused(
        r#""match": [{"uri": {"regex": "(?i)ä"}}]"#,
        "mirrors[0].match[0].uri.regex: ignores case for ASCII only, and this pattern has other letters; list them in a class",
    );
    refused(
        &format!(r#""match": [{{"uri": {{"regex": "{}"}}}}]"#, "a".repeat(1025)),
        "mirrors[0].match[0].uri.regex: 1025 bytes are more than 1024",
    );
}
