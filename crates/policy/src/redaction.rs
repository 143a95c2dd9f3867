//! Redaction: removes the parts of a copy that the shadow must not see, or replaces them by tokens. Redaction works on
//! the request's bytes, before the path is rewritten and headers are changed. All other bytes stay as they are. No
//! message shows a value or a key.

pub mod credentials;

pub mod digests;

pub mod parts;

mod names;

mod selection;

mod form;

mod token;

mod json_body;
mod json_pointers;
mod json_scanner;
mod json_text;

mod check;

use std::borrow::Cow;

use crate::config_error::ConfigError;
use crate::configuration::redact::Redact;
use crate::headers::{Header, Headers, MAX_HEADER_BYTES};
use crate::reasons::Dropped;
use crate::work::{TOKEN, Work};
use form::BodyKind;
use json_body::{JsonRules, Replace};
use parts::Editor;
use selection::{Fate, Selection};
use token::{TokenKey, ValueToken};

pub use check::MAX_ENTRIES;

/// Headers that `keep.headers` never removes: without them the shadow cannot read the body.
pub const ALWAYS_KEPT: &[&str] = &["content-encoding", "content-type", "grpc-encoding", "te"];

/// The compiled redaction of one mirror.
#[derive(Debug)]
pub struct Redaction {
    /// The rules for a JSON body. `None` if no JSON value is named.
    json: Option<JsonRules>,
    /// The key of the tokens. `None` if redaction removes.
    key: Option<TokenKey>,
    headers: Selection,
    cookies: CookieFate,
    /// The parameters of queries, paths and forms.
    params: Selection,
}

/// What happens to the headers `cookie`.
#[derive(Debug)]
enum CookieFate {
    /// They are removed: `keep.headers` does not name them, or redaction removes every cookie.
    Remove,
    /// Each cookie has its own fate.
    Some(Selection),
}

// === impl Redaction ===

impl Redaction {
    /// Compiles the redaction of a mirror, and brings the header names of the configuration to lower case.
    ///
    /// # Errors
    /// The mode does not fit the key, no part is named, a list is too long, or a name is not valid.
    pub(crate) fn compile(redact: &mut Redact, marker: &str, path: &str) -> Result<Self, ConfigError> {
        let key = check::check(redact, marker, path)?;
        let has_preset = redact.preset.is_some();
        let keep = &redact.keep;
        let headers = Selection::new(&redact.headers, keep.headers.as_deref(), has_preset);
        let (kept, by_header) = (keep.cookies.as_deref(), headers.fate(b"cookie", None));
        let cookies = match (kept, by_header) {
            (_, Fate::Redact) if kept.is_none() || headers.names(b"cookie") => match key {
                Some(_) => CookieFate::Some(Selection::every()),
                None => CookieFate::Remove,
            },
            (None, Fate::Remove) => CookieFate::Remove,
            _ => CookieFate::Some(Selection::new(&redact.cookies, kept, false)),
        };
        Ok(Self {
            params: Selection::new(&redact.query_params, keep.query_params.as_deref(), has_preset),
            json: JsonRules::compile(&redact.json, keep.json.as_deref(), redact.require),
            key,
            headers,
            cookies,
        })
    }

    /// The value of a header on the copy. Returns `None` if redaction removes the header, or if the work is over its
    /// limit.
    pub fn header<'a>(&self, (name, value): Header<'a>, work: &Work) -> Option<Cow<'a, [u8]>> {
        if name == b"cookie" {
            return self.cookies(value, work);
        }
        // A pseudo header is what makes a request.
        let fate = match name {
            [b':', ..] => Fate::Stay,
            _ => self.headers.fate(name, None),
        };
        match fate {
            Fate::Redact => self.token(value, work).map(|token| token.to_vec().into()),
            Fate::Remove if !ALWAYS_KEPT.iter().any(|kept| kept.as_bytes() == name) => None,
            _ if !self.params.is_needed() => Some(value.into()),
            _ if name == b":authority" => Some(parts::without_user(value).into()),
            _ if parts::is_url(name) => {
                Some(self.edit(&self.params, MAX_HEADER_BYTES, work, |editor| editor.url(value)))
            }
            _ => Some(value.into()),
        }
    }

    /// The redacted body of a request with these headers. Returns `None` if redaction does not change the body.
    ///
    /// # Errors
    /// A JSON value is named or kept, and the body is not JSON or nests too deeply. Parameters are redacted, and the
    /// body is a form in parts or a compressed form. The body would grow beyond `max_bytes`. A required pointer names
    /// nothing. The work would be over its limit.
    pub fn body(
        &self,
        headers: &Headers,
        body: &[u8],
        max_bytes: u64,
        work: &Work,
    ) -> Result<Option<Vec<u8>>, Dropped> {
        if body.is_empty() {
            return Ok(None);
        }
        if let Some(rules) = &self.json {
            let replace = |value: &[u8]| self.token(value, work);
            let replace: Option<Replace<'_>> = self.key.is_some().then_some(&replace);
            return rules.edit(body, max_bytes, work, replace);
        }
        if !self.params.is_needed() {
            return Ok(None);
        }
        match BodyKind::of(headers) {
            BodyKind::Other => Ok(None),
            BodyKind::OtherForm => Err(Dropped::RedactFailed),
            BodyKind::Form => {
                work.charge(body.len() as u64)?;
                let limit = usize::try_from(max_bytes).unwrap_or(usize::MAX);
                match self.edit(&self.params, limit, work, |editor| editor.parameters(body)) {
                    _ if work.is_over() => Err(Dropped::TooCostly),
                    Some(edited) if edited.len() > limit => Err(Dropped::RedactFailed),
                    edited => Ok(edited),
                }
            }
        }
    }

    fn cookies<'a>(&self, line: &'a [u8], work: &Work) -> Option<Cow<'a, [u8]>> {
        match &self.cookies {
            CookieFate::Remove => None,
            CookieFate::Some(selection) if !selection.is_needed() => Some(line.into()),
            CookieFate::Some(selection) => self.edit(selection, MAX_HEADER_BYTES, work, |editor| editor.cookies(line)),
        }
    }

    fn edit<T>(&self, selection: &Selection, max_bytes: usize, work: &Work, edit: impl FnOnce(Editor<'_>) -> T) -> T {
        edit(Editor {
            selection,
            replace: &|value| self.token(value, work),
            max_bytes,
        })
    }

    /// The token of a value. Returns `None` if redaction removes values, or if the work is over its limit.
    fn token(&self, value: &[u8], work: &Work) -> Option<ValueToken> {
        let key = self.key.as_ref()?;
        work.charge(TOKEN + value.len() as u64).ok()?;
        work.step(value.len());
        Some(key.token(value))
    }
}
