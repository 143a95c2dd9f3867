//! A form in the body has parameters as a query has them.

use mirror_model::requests::post;
use mirror_policy::reasons::Dropped;
use wasm_bindgen_test::wasm_bindgen_test;

use super::{ALICE, KEY, copy};

const FORM: &str = "application/x-www-form-urlencoded";

/// The body of the copy of a request with this type of content.
fn body_of(redact: &str, content: &str, body: &str) -> Result<String, Dropped> {
    copy(redact, &post(&[("content-type", content)]), body).map(|(_, body)| body)
}

#[wasm_bindgen_test(unsupported = test)]
fn named_parameters_of_a_form_are_removed_or_carry_a_token() {
    for (body, expected) in [
        ("password=x&a=1&client_secret=y", "a=1"),
        ("a=1&user%5Bpassword%5D=x&b=%zz", "a=1&b=%zz"),
        ("password=x", ""),
        ("a=1&b", "a=1&b"),
        ("a=1;b&&", "a=1;b&&"),
        ("e+mail=x&a", "a"),
        ("{\"password\": \"x\"}", ""),
    ] {
        for content in [
            FORM,
            "APPLICATION/X-WWW-FORM-URLENCODED; charset=utf-8",
            "x, application/x-www-form-urlencoded",
        ] {
            let redacted = body_of(r#""preset": "credentials", "queryParams": ["e mail"]"#, content, body);
            assert_eq!(redacted.as_deref(), Ok(expected), "{content}: {body}");
        }
        for content in ["application/json", "text/plain", "application/grpc", ""] {
            let redacted = body_of(r#""preset": "credentials""#, content, body);
            assert_eq!(redacted.as_deref(), Ok(body), "{content}: {body}");
        }
        let redacted = body_of(r#""headers": ["x-a"], "cookies": ["password"]"#, FORM, body);
        assert_eq!(redacted.as_deref(), Ok(body), "no parameter is named");
    }
    let redacted = body_of(
        &format!(r#""queryParams": ["e"], {KEY}"#),
        FORM,
        "e=%61lice@example.com&f=1",
    );
    assert_eq!(redacted, Ok(format!("e={ALICE}&f=1")));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_form_that_cannot_be_read_is_not_sent() {
    let refused = Err(Dropped::RedactFailed);
    let preset = r#""preset": "credentials""#;
    assert_eq!(body_of(preset, "multipart/form-data; boundary=x", "--x--"), refused);
    let zipped = post(&[("content-type", FORM), ("content-encoding", "gzip")]);
    assert_eq!(
        copy(preset, &zipped, "x"),
        refused.clone().map(|_: String| (Vec::new(), String::new()))
    );
    assert_eq!(
        body_of(r#""headers": ["x-a"]"#, "multipart/form-data; boundary=x", "--x--"),
        Ok("--x--".to_owned())
    );
    assert_eq!(
        body_of(r#""preset": "credentials", "json": ["/a"]"#, FORM, "a=1"),
        refused
    );
    let identity = post(&[("content-type", FORM), ("content-encoding", "identity")]);
    assert!(copy(preset, &identity, "x").is_ok());
    let long = format!("{}&b=1", "otp=;&".repeat(40_000));
    assert_eq!(
        body_of(&format!(r#"{preset}, {KEY}"#), FORM, &long),
        refused,
        "larger than body.maxBytes"
    );
}
