//! Redaction of any request's headers: each header is on the copy as the model says, or is not on the copy.

use mirror_policy::configuration::redact::RedactMode;
use mirror_policy::plan::Mirror;
use mirror_policy::redaction::parts::URL_WORDS;
use mirror_policy::redaction::{ALWAYS_KEPT, Redaction};
use mirror_policy::work::Work;

use crate::input::Input;
use crate::redaction_model::{Fate, MODELS, Model};

pub(crate) use crate::redaction_model::{is_token, mirror};

/// The redaction of a mirror, and whether it replaces values by tokens.
pub(crate) fn redaction_of(mirror: &Mirror) -> (&Redaction, bool) {
    let config = mirror.config.redact.as_ref().expect("it redacts");
    let redaction = mirror.redaction.as_ref().expect("it redacts");
    (redaction, config.mode == RedactMode::Hash)
}

/// Checks one input: how, then headers.
pub fn check(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let model = input.pick(MODELS);
    for (name, value) in input.pairs() {
        let copied = model.with_redaction(|redaction| {
            let copied = redaction
                .header((&name, &value), &Work::new(u64::MAX))
                .map(|value| value.into_owned());
            let again = redaction
                .header((&name, &value), &Work::new(u64::MAX))
                .map(|value| value.into_owned());
            assert_eq!(copied, again, "the same value has the same token");
            copied
        });
        let shown = || format!("{}: {} of {}", name.escape_ascii(), value.escape_ascii(), model.keys);
        assert_eq!(copied, expected(model, &name, &value), "{}", shown());
    }
}

fn expected(model: &Model, name: &[u8], value: &[u8]) -> Option<Vec<u8>> {
    if name == b"cookie" {
        return model.cookies(value);
    }
    let fate = if name.starts_with(b":") {
        Fate::Stay
    } else {
        model.headers.fate(name, false)
    };
    let is_always_kept = ALWAYS_KEPT.iter().any(|kept| kept.as_bytes() == name);
    match fate {
        // The model asks the policy for tokens by this header.
        Fate::Redact if model.is_hash => model.with_redaction(|redaction| {
            redaction
                .header((b"x-secret", value), &Work::new(u64::MAX))
                .map(|value| value.into_owned())
        }),
        Fate::Redact => None,
        Fate::Remove if !is_always_kept => None,
        _ if name == b":authority" => {
            let host_end = value.iter().position(|byte| *byte == b'/').unwrap_or(value.len());
            let user = value[..host_end].iter().rposition(|byte| *byte == b'@');
            Some(value[user.map_or(0, |user| user + 1)..].to_vec())
        }
        _ if is_url(name) => Some(model.url(value)),
        _ => Some(value.to_vec()),
    }
}

/// Whether the last word of a header's name is a word for a URL.
fn is_url(name: &[u8]) -> bool {
    let last = name
        .rsplit(|byte| matches!(byte, b'-' | b'_'))
        .next()
        .unwrap_or_default();
    name == b":path" || (!name.starts_with(b":") && URL_WORDS.iter().any(|word| word.as_bytes() == last))
}
