//! Redaction of any form in a body: it is as the model says, and never over its cap.

use mirror_policy::headers::Headers;
use mirror_policy::reasons::Dropped;
use mirror_policy::work::Work;

use crate::input::Input;
use crate::redaction_model::MODELS;

/// Types of content, and whether each is a form.
const CONTENTS: &[(&str, bool)] = &[
    ("application/x-www-form-urlencoded", true),
    ("Application/X-WWW-Form-URLencoded;charset=utf-8", true),
    ("text/plain", false),
];

/// Checks one input: how, the type of content, the cap, then the body.
pub fn check(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let model = input.pick(MODELS);
    let (content, is_form) = *input.pick(CONTENTS);
    let cap = input.number() as u64;
    let body = input.rest();
    let headers: [(&[u8], &[u8]); 1] = [(b"content-type", content.as_bytes())];
    let edited =
        model.with_redaction(|redaction| redaction.body(&Headers::encode(headers), body, cap, &Work::new(u64::MAX)));
    let (expected, is_edited) = model.list(Some(model.params), body, b'&', true);
    if !is_form || !is_edited || body.is_empty() {
        assert_eq!(edited, Ok(None), "{}", body.escape_ascii());
    } else if expected.len() as u64 > cap {
        assert_eq!(edited, Err(Dropped::RedactFailed), "{}", body.escape_ascii());
    } else {
        let edited = edited.expect("a form that fits").expect("a form that is edited");
        assert_eq!(
            edited.escape_ascii().to_string(),
            expected.escape_ascii().to_string(),
            "{} by {}",
            body.escape_ascii(),
            model.keys
        );
    }
}
