//! What `redact.keep.json` leaves of a body, and what `redact.require` asks of one.

use mirror_model::plans::mirror;
use mirror_policy::headers::Headers;
use mirror_policy::reasons::Dropped;
use mirror_policy::work::Work;
use wasm_bindgen_test::wasm_bindgen_test;

use super::KEY;

fn redacted(redact: &str, body: &str) -> Result<Option<String>, Dropped> {
    let plan = mirror(&format!(r#""redact": {{{redact}}}"#));
    let redaction = plan.mirrors[0].redaction.as_ref().unwrap();
    let body = redaction.body(&Headers::default(), body.as_bytes(), 1 << 20, &Work::new(u64::MAX))?;
    Ok(body.map(|body| String::from_utf8(body).unwrap()))
}

#[track_caller]
fn assert_kept(redact: &str, body: &str, expected: &str) {
    assert_eq!(redacted(redact, body).unwrap().as_deref(), Some(expected), "{redact}");
}

#[wasm_bindgen_test(unsupported = test)]
fn only_kept_values_and_what_is_around_them_stay() {
    let keep = r#""keep": {"json": ["/id", "/items/*/price", "/list/1"]}"#;
    assert_kept(
        keep,
        r#"{"secret": 1, "id": {"a": [1]}, "items": [{"price": 2, "name": "x"}, "text", {}], "list": [1, 2, 3]}"#,
        r#"{"id": {"a": [1]}, "items": [{"price": 2}, null, {}], "list": [null, 2, null]}"#,
    );
    assert_kept(keep, r#"{"items": "a text", "\u0069d": 1}"#, r#"{"\u0069d": 1}"#);
    assert_kept(keep, r#""secret""#, "null");
    assert_kept(keep, "[1, 2]", "[null, null]");
    assert_eq!(redacted(keep, r#"{"id": "all of it"}"#), Ok(None));
    assert_eq!(redacted(keep, "no JSON"), Err(Dropped::RedactFailed));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_kept_value_is_redacted_where_another_list_names_it() {
    let lists = r#""json": ["/user/email"], "keep": {"json": ["/user"]}"#;
    assert_kept(
        lists,
        r#"{"user": {"email": "a", "id": 1}, "x": 2}"#,
        r#"{"user": {"id": 1}}"#,
    );
    let hashed = redacted(
        &format!("{lists}, {KEY}"),
        r#"{"user": {"email": "a", "id": 1}, "x": 2}"#,
    );
    let hashed = hashed.unwrap().unwrap();
    let (start, end) = (r#"{"user": {"email": ""#, r#"", "id": 1}}"#);
    assert!(hashed.starts_with(start) && hashed.ends_with(end), "{hashed}");
    assert_eq!(
        hashed.len(),
        start.len() + 32 + end.len(),
        "a token, and no `x`: {hashed}"
    );
}

#[wasm_bindgen_test(unsupported = test)]
fn a_body_without_a_required_value_is_not_sent() {
    let required = r#""json": ["/a", "/b/*"], "require": true"#;
    assert_kept(required, r#"{"a": 1, "b": [2], "c": 3}"#, r#"{"b": [null], "c": 3}"#);
    for body in [r#"{"a": 1}"#, r#"{"a": 1, "b": []}"#, r#"[{"a": 1, "b": [2]}]"#, "1"] {
        assert_eq!(redacted(required, body), Err(Dropped::RedactUnmet), "{body}");
    }
    assert_eq!(redacted(required, ""), Ok(None), "a copy without a body");
    let whole = r#""json": ["/a", "/a/b"], "require": true"#;
    assert_kept(whole, r#"{"a": {"b": 1}, "c": 2}"#, r#"{"c": 2}"#);
}
