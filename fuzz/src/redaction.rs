//! Redaction of any request's headers. What is named is nowhere in the copy, or a token stands for it; the same value
//! has the same token; and every part that is not named is there as it was, in order.

use std::borrow::Cow;
use std::rc::Rc;

use mirror_policy::Plan;
use mirror_policy::configuration::redact::RedactMode;
use mirror_policy::plan::Mirror;
use mirror_policy::redaction::Redaction;

use crate::input::{Input, Pair};

const KEYS: &[&str] = &[
    r#""headers": ["X-Secret"], "cookies": ["sid"], "queryParams": ["token", "e mail"]"#,
    r#""headers": ["x-secret"], "cookies": ["SID"], "queryParams": ["Token", "e mail"], "mode": "hash", "hashKey": "000102030405060708090a0b0c0d0e0f""#,
];
const HEADER: &[u8] = b"x-secret";
const COOKIE: &[u8] = b"sid";
const PARAMS: &[&[u8]] = &[b"token", b"e mail"];

thread_local! {
    static MIRRORS: Vec<Rc<Mirror>> = KEYS.iter().map(|keys| mirror(keys)).collect();
}

/// A mirror that redacts.
pub(crate) fn mirror(keys: &str) -> Rc<Mirror> {
    let config = format!(r#"{{"mirrors": [{{"name": "v2", "cluster": "c", "redact": {{{keys}}}}}]}}"#);
    Plan::parse(config.as_bytes()).expect("a good plan").mirrors.remove(0)
}

/// The redaction of a mirror, and whether it replaces values by tokens.
pub(crate) fn redaction_of(mirror: &Mirror) -> (&Redaction, bool) {
    let config = mirror.config.redact.as_ref().expect("it redacts");
    let redaction = mirror.redaction.as_ref().expect("it redacts");
    (redaction, config.mode == RedactMode::Hash)
}

/// Whether a token stands here.
pub(crate) fn is_token(text: &[u8]) -> bool {
    text.len() == 32 && text.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// Checks one input: how, then headers.
pub fn check(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let mirror = MIRRORS.with(|mirrors| Rc::clone(input.pick(mirrors)));
    let (redaction, is_hash) = redaction_of(&mirror);
    for (name, value) in input.pairs() {
        let pair: Pair = (name, value);
        let copied = redaction.header((&pair.0, &pair.1));
        let again = redaction.header((&pair.0, &pair.1));
        assert_eq!(copied, again, "the same value has the same token");
        match pair.0.as_slice() {
            name if name.eq_ignore_ascii_case(HEADER) => match copied {
                None => assert!(!is_hash, "a header without its token"),
                Some(value) => assert!(is_hash && is_token(&value), "a header that is named is on the copy"),
            },
            b"cookie" => {
                let after = copied.as_deref().unwrap_or_default();
                parts_are_redacted(&pair.1, after, b';', is_hash, &|name| name.eq_ignore_ascii_case(COOKIE));
            }
            b":path" | b"referer" | b"x-envoy-original-path" => {
                let after = copied.expect("a URL stays, without what was named");
                url_is_redacted(&pair.1, &after, is_hash);
            }
            _ => assert_eq!(copied.as_deref(), Some(pair.1.as_slice()), "a header that nobody names"),
        }
    }
}

fn url_is_redacted(before: &[u8], after: &[u8], is_hash: bool) {
    let is_named = |name: &[u8]| {
        let plain = plain(name);
        PARAMS
            .iter()
            .any(|param| name.eq_ignore_ascii_case(param) || plain.eq_ignore_ascii_case(param))
    };
    let ((path, query, fragment), (path_after, query_after, fragment_after)) = (url(before), url(after));
    assert_eq!(
        (path, fragment),
        (path_after, fragment_after),
        "only the query is redacted"
    );
    parts_are_redacted(query, query_after, b'&', is_hash, &is_named);
}

/// A list of `name=value`. Those that are named are gone, or have a token; the others are as they were.
fn parts_are_redacted(before: &[u8], after: &[u8], separator: u8, is_hash: bool, is_named: &dyn Fn(&[u8]) -> bool) {
    let parts = |list| split(list, separator);
    let name = |part: &[u8]| {
        let end = part.iter().position(|byte| *byte == b'=').unwrap_or(part.len());
        part[..end].trim_ascii().to_vec()
    };
    let value = |part: &[u8]| {
        part.iter()
            .position(|byte| *byte == b'=')
            .map(|at| part[at + 1..].to_vec())
    };
    for part in parts(after).into_iter().filter(|part| is_named(&name(part))) {
        let value = value(part).expect("one without a value has no token, and is gone");
        assert!(
            is_hash && is_token(&value),
            "what is named is on the copy: {:?}",
            part.escape_ascii().to_string()
        );
    }
    // A list of which nothing is left is no list; empty parts of one tell nothing.
    let rest = |list| -> Vec<Vec<u8>> {
        let others = parts(list).into_iter().filter(|part| !is_named(&name(part)));
        others
            .map(|part| part.trim_ascii().to_vec())
            .filter(|part| !part.is_empty())
            .collect()
    };
    assert_eq!(rest(before), rest(after), "what nobody names");
}

fn split(list: &[u8], separator: u8) -> Vec<&[u8]> {
    list.split(|byte| *byte == separator).collect()
}

/// Path, query and fragment; the latter two without their marks.
fn url(text: &[u8]) -> (&[u8], &[u8], &[u8]) {
    let (rest, fragment) = cut(text, b'#');
    let (path, query) = cut(rest, b'?');
    (path, query, fragment)
}

fn cut(text: &[u8], mark: u8) -> (&[u8], &[u8]) {
    match text.iter().position(|byte| *byte == mark) {
        Some(at) => (&text[..at], &text[at + 1..]),
        None => (text, &[]),
    }
}

/// A name as a form means it.
fn plain(name: &[u8]) -> Cow<'_, [u8]> {
    let mut plain = Vec::new();
    let mut at = 0;
    while at < name.len() {
        let code = name
            .get(at + 1..at + 3)
            .filter(|digits| digits.iter().all(u8::is_ascii_hexdigit));
        let code = code.and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok());
        match (name[at], code) {
            (b'%', Some(code)) => {
                plain.push(code);
                at += 2;
            }
            (b'+', _) => plain.push(b' '),
            (byte, _) => plain.push(byte),
        }
        at += 1;
    }
    plain.into()
}
