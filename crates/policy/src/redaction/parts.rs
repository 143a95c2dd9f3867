//! Edits lists of `name=value`: cookies, the parameters of a query, of a form and of a path, and the URLs that have
//! them.

use std::borrow::Cow;

use super::json_text::hex;
use super::selection::{Fate, Selection};
use super::token::ValueToken;

/// Makes the token that replaces a value. Returns `None` if the value is removed.
pub(super) type Replace<'a> = &'a dyn Fn(&[u8]) -> Option<ValueToken>;

/// How a list is edited.
#[derive(Clone, Copy)]
pub(super) struct Editor<'a> {
    pub selection: &'a Selection,
    pub replace: Replace<'a>,
    /// A list that would grow beyond this many bytes is cut short behind them. Such a list is never sent.
    pub max_bytes: usize,
}

/// Headers whose last word is one of these have a URL: `referer`, `x-original-url`, `x-forwarded-uri`.
pub const URL_WORDS: &[&str] = &[
    "destination",
    "location",
    "path",
    "redirect",
    "referer",
    "referrer",
    "uri",
    "url",
];

/// Whether a header has a URL or a path.
pub(super) fn is_url(name: &[u8]) -> bool {
    if name.first() == Some(&b':') {
        return name == b":path";
    }
    let is_last_word = |word: &&str| match name.strip_suffix(word.as_bytes()) {
        Some([]) => true,
        Some(before) => matches!(before.last(), Some(b'-' | b'_')),
        None => false,
    };
    matches!(name.last(), Some(b'n' | b'h' | b't' | b'r' | b'i' | b'l')) && URL_WORDS.iter().any(is_last_word)
}

// === impl Editor ===

impl Editor<'_> {
    /// The value of one `cookie` header. Returns `None` if no cookie is left.
    pub(super) fn cookies<'a>(&self, line: &'a [u8]) -> Option<Cow<'a, [u8]>> {
        match self.list(line, b';', None) {
            None => Some(line.into()),
            Some(line) if line.iter().all(|byte| matches!(byte, b';' | b' ')) => None,
            Some(mut line) => {
                let start = line.len() - line.trim_ascii_start().len();
                line.drain(..start);
                Some(line.into())
            }
        }
    }

    /// A list of parameters as a query or a form has them. Returns `None` if the list is not edited.
    pub(super) fn parameters(&self, list: &[u8]) -> Option<Vec<u8>> {
        self.list(list, b'&', Some(Vec::new()))
    }

    /// A path or URL. Its query is between the first `?` and the fragment. If no parameter is left, the `?` is removed
    /// too. The fragment, and the user's name and password in front of a host, are always removed.
    pub(super) fn url<'a>(&self, url: &'a [u8]) -> Cow<'a, [u8]> {
        let (rest, fragment) = split_before(url, b'#');
        let (path, query) = split_before(rest, b'?');
        let path = self.path(path);
        let parameters = query.get(1..).and_then(|list| self.parameters(list));
        match (&path, parameters) {
            (Cow::Borrowed(_), None) if fragment.is_empty() => url.into(),
            (path, None) => [path, query].concat().into(),
            (path, Some(list)) if list.is_empty() => path.to_vec().into(),
            (path, Some(list)) => [path, &b"?"[..], &list].concat().into(),
        }
    }

    /// A path, or a URL without query and fragment.
    fn path<'a>(&self, path: &'a [u8]) -> Cow<'a, [u8]> {
        let (scheme, rest) = split_scheme(path);
        let rest = if scheme.is_empty() { rest } else { without_user(rest) };
        let is_whole = scheme.len() + rest.len() == path.len();
        let parameters = if rest.contains(&b';') {
            self.path_parameters(rest)
        } else {
            None
        };
        match parameters {
            None if is_whole => path.into(),
            None => [scheme, rest].concat().into(),
            Some(rest) => [scheme, &rest].concat().into(),
        }
    }

    /// A path whose segments have parameters, such as `/a;jsessionid=1/b`. Returns `None` if the path is not edited.
    fn path_parameters(&self, path: &[u8]) -> Option<Vec<u8>> {
        let mut edited = Vec::new();
        let mut is_edited = false;
        for (index, segment) in path.split(|byte| *byte == b'/').enumerate() {
            let (name, parameters) = split_before(segment, b';');
            if index > 0 {
                edited.push(b'/');
            }
            edited.extend_from_slice(name);
            let Some(parameters) = parameters.get(1..) else {
                continue;
            };
            let list = self.list(parameters, b';', Some(Vec::new()));
            is_edited |= list.is_some();
            let list = list
                .as_deref()
                .map_or(Some(parameters), |list| (!list.is_empty()).then_some(list));
            if let Some(list) = list {
                edited.push(b';');
                edited.extend_from_slice(list);
            }
            if edited.len() > self.max_bytes {
                break;
            }
        }
        is_edited.then_some(edited)
    }

    /// Edits a list. A part without `=` has no value that a token could replace, so such a part is removed. `decoded`
    /// has the room for decoded names; without it, neither names nor values are decoded. Returns `None` if no part is
    /// edited.
    fn list(&self, list: &[u8], separator: u8, mut decoded: Option<Vec<u8>>) -> Option<Vec<u8>> {
        let mut edited: Option<Vec<u8>> = None;
        // The length of the list up to the part, for the part that is edited first.
        let mut taken = 0_usize;
        for part in list.split(|byte| *byte == separator) {
            let (name, value) = split_before(part, b'=');
            let fate = match &mut decoded {
                Some(plain) if is_encoded(name) => {
                    decode(name, plain);
                    self.selection.fate(name.trim_ascii(), Some(plain.trim_ascii()))
                }
                _ => self.selection.fate(name.trim_ascii(), None),
            };
            let token = match (fate, value.get(1..)) {
                (Fate::Redact, Some(value)) => match &mut decoded {
                    Some(plain) => {
                        decode(value, plain);
                        (self.replace)(plain)
                    }
                    None => (self.replace)(value.trim_ascii()),
                },
                _ => None,
            };
            if fate == Fate::Stay {
                match &mut edited {
                    None => taken += part.len() + 1,
                    Some(edited) => push_part(edited, &mut taken, separator, &[part]),
                }
                continue;
            }
            let edited = edited.get_or_insert_with(|| {
                let mut edited = Vec::with_capacity(list.len());
                edited.extend_from_slice(list.get(..taken.saturating_sub(1)).unwrap_or_default());
                edited
            });
            if let Some(token) = token {
                push_part(edited, &mut taken, separator, &[name, b"=", &token]);
            }
            if edited.len() > self.max_bytes {
                break;
            }
        }
        edited
    }
}

/// Appends a part to an edited list. `taken` is 0 if the list has no part yet, which is not the same as an empty list.
fn push_part(edited: &mut Vec<u8>, taken: &mut usize, separator: u8, part: &[&[u8]]) {
    if *taken > 0 {
        edited.push(separator);
    }
    *taken += 1;
    part.iter().for_each(|bytes| edited.extend_from_slice(bytes));
}

/// Splits a URL behind its `://`. The first part is empty if the text has no scheme in front.
fn split_scheme(url: &[u8]) -> (&[u8], &[u8]) {
    let is_scheme = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
    let end = url.iter().position(|byte| !is_scheme(byte)).unwrap_or(url.len());
    match url.split_at_checked(end) {
        Some(([_, ..], [b':', b'/', b'/', ..])) => url.split_at_checked(end + 3).unwrap_or((&[], url)),
        _ => (&[], url),
    }
}

/// An authority, and what follows, without the user's name and password in front of the host.
pub(super) fn without_user(rest: &[u8]) -> &[u8] {
    let (authority, _) = split_before(rest, b'/');
    let at = authority.iter().rposition(|byte| *byte == b'@');
    at.and_then(|at| rest.get(at + 1..)).unwrap_or(rest)
}

/// Splits before the first occurrence of a byte. The second part begins with the byte, or is empty.
fn split_before(text: &[u8], byte: u8) -> (&[u8], &[u8]) {
    let at = text.iter().position(|candidate| *candidate == byte);
    text.split_at_checked(at.unwrap_or(text.len())).unwrap_or((text, &[]))
}

fn is_encoded(text: &[u8]) -> bool {
    text.iter().any(|byte| matches!(byte, b'%' | b'+'))
}

/// Decodes a name or value of a query as forms write it: `%40` is `@`, and `+` is a space.
fn decode(text: &[u8], decoded: &mut Vec<u8>) {
    decoded.clear();
    let mut rest = text;
    while let [byte, after @ ..] = rest {
        rest = after;
        let mut byte = *byte;
        match (byte, after) {
            (b'+', _) => byte = b' ',
            (b'%', [high, low, after @ ..]) => {
                if let (Some(high), Some(low)) = (hex(*high), hex(*low)) {
                    (byte, rest) = (high << 4 | low, after);
                }
            }
            _ => {}
        }
        decoded.push(byte);
    }
}
