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
        let says = |name: &[u8], wanted: &[u8]| {
            let is_in = |value: &[u8]| {
                value
                    .windows(wanted.len())
                    .any(|text| text.eq_ignore_ascii_case(wanted))
            };
            headers.all(name).any(is_in)
        };
        let is_coded = || {
            let is_identity = |value: &[u8]| value.is_empty() || value.eq_ignore_ascii_case(b"identity");
            !headers.all(b"content-encoding").all(is_identity)
        };
        if says(b"content-type", b"multipart/form-data") {
            Self::OtherForm
        } else if !says(b"content-type", b"x-www-form-urlencoded") {
            Self::Other
        } else if is_coded() {
            Self::OtherForm
        } else {
            Self::Form
        }
    }
}
