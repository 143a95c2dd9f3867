//! What a body is, as far as the redaction of parameters depends on it.

use crate::headers::Headers;

/// What a body is by the headers of its request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BodyKind {
    /// A form that the redaction can edit: `application/x-www-form-urlencoded`.
    Form,
    /// A form that the redaction cannot edit: in parts, or compressed.
    OtherForm,
    /// No form.
    Other,
}

// === impl BodyKind ===

impl BodyKind {
    /// The kind of a body. A type of content stands for a form wherever a form is named in it, because an application
    /// may read a doubtful header as a form.
    pub(super) fn of(headers: &Headers) -> Self {
        let (mut is_form, mut is_other_form, mut is_coded) = (false, false, false);
        for (name, value) in headers.iter() {
            match name {
                b"content-type" => {
                    is_form |= says(value, b"x-www-form-urlencoded");
                    is_other_form |= says(value, b"multipart/form-data");
                }
                b"content-encoding" => is_coded |= !(value.is_empty() || value.eq_ignore_ascii_case(b"identity")),
                _ => {}
            }
        }
        if is_other_form || (is_form && is_coded) {
            Self::OtherForm
        } else if is_form {
            Self::Form
        } else {
            Self::Other
        }
    }
}

/// Whether a value has these words somewhere, in any case.
fn says(value: &[u8], words: &[u8]) -> bool {
    let mut rest = value;
    while let Some(start) = rest.get(..words.len()) {
        if start.eq_ignore_ascii_case(words) {
            return true;
        }
        rest = rest.get(1..).unwrap_or_default();
    }
    false
}
