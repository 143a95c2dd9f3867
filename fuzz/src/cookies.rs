//! Redaction of any `cookie` header: it is as the model says.

use crate::input::Input;
use crate::redaction_model::MODELS;
use mirror_policy::work::Work;

/// Checks one input: how, then the header's value.
pub fn check(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let model = input.pick(MODELS);
    let line = input.rest();
    let shown = |line: Option<Vec<u8>>| line.map(|line| line.escape_ascii().to_string());
    let copied = model.with_redaction(|redaction| {
        redaction
            .header((b"cookie", line), &Work::new(u64::MAX))
            .map(|line| line.into_owned())
    });
    assert_eq!(
        shown(copied),
        shown(model.cookies(line)),
        "{} by {}",
        line.escape_ascii(),
        model.keys
    );
}
