//! Stage 5: what the shadow gets. Headers are the original's, in order, with duplicates and bytes as they are, but for
//! the stated changes; a body is whole or absent. What equals Envoy's own mirror here is tested against it.

use std::borrow::Cow;

use crate::config::PrefixRewrite;
use crate::headers::{Header, Headers};
use crate::plan::{AuthorityRewrite, Mirror};
use crate::reason::Dropped;
use crate::redact::DIGESTS;
use crate::syntax::{HOP_BY_HOP, ROUTER_CONTROL};

/// Envoy takes at most this many bytes of serialised headers from a filter, and reads more as none at all
/// (proxy-wasm-cpp-host, include/proxy-wasm/limits.h).
pub const MAX_HEADER_BYTES: usize = 1 << 20;

/// Envoy takes at most this many headers from a filter.
pub const MAX_HEADERS: usize = 1024;

/// A request as it came in, complete. All its copies share it.
#[derive(Debug, Default)]
pub struct Original {
    /// Its headers.
    pub headers: Headers,
    /// Its body, if a copy wants it.
    pub body: Vec<u8>,
}

/// What a copy's headers have to say about its body.
#[derive(Debug, Clone, Copy)]
pub struct BodyOf {
    /// Its length; 0 if there is none.
    pub bytes: usize,
    /// Whether it is another one than the original's.
    pub is_redacted: bool,
}

/// One header of a copy.
pub type CopiedHeader<'a> = (Cow<'a, [u8]>, Cow<'a, [u8]>);

/// The length that a request declares for its body.
pub fn declared_length(headers: &Headers) -> Option<u64> {
    headers.number(b"content-length")
}

/// The headers of a copy: redacted, hop-by-hop and router control headers left out, path and authority rewritten, then
/// removed, set and added as configured, the marker last.
///
/// # Errors
/// If Envoy would not take them.
pub fn headers<'a>(mirror: &'a Mirror, original: &'a Headers, body: BodyOf) -> Result<Vec<CopiedHeader<'a>>, Dropped> {
    let operations = &mirror.config.headers;
    let mut copy: Vec<CopiedHeader<'a>> = Vec::with_capacity(original.len() + operations.add.0.len() + 2);
    for (name, value) in original.iter() {
        if let Some(value) = copied_value(mirror, (name, value), body) {
            copy.push((name.into(), value));
        }
    }
    for name in &operations.remove {
        copy.retain(|(candidate, _)| **candidate != *name.as_bytes());
    }
    for (name, value) in &operations.set.0 {
        set(&mut copy, name.as_bytes(), value.as_bytes());
    }
    for (name, value) in &operations.add.0 {
        copy.push((name.as_bytes().into(), value.as_bytes().into()));
    }
    set(
        &mut copy,
        mirror.config.marker.as_bytes(),
        mirror.config.name.as_bytes(),
    );

    let has = |name: &[u8]| {
        copy.iter()
            .any(|(candidate, value)| **candidate == *name && !value.is_empty())
    };
    if !has(b":method") || !has(b":path") || !has(b":authority") {
        return Err(Dropped::HeadersMissing);
    }
    let serialised = copy
        .iter()
        .fold(4, |bytes, (name, value)| bytes + name.len() + value.len() + 10);
    if copy.len() > MAX_HEADERS || serialised > MAX_HEADER_BYTES {
        return Err(Dropped::HeadersTooLarge);
    }
    Ok(copy)
}

/// What a header of the original is on the copy; `None` if it is left out.
fn copied_value<'a>(mirror: &'a Mirror, (name, value): Header<'a>, body: BodyOf) -> Option<Cow<'a, [u8]>> {
    let is = |list: &[&str]| list.iter().any(|entry| entry.as_bytes() == name);
    match name {
        b":authority" => Some(authority(&mirror.authority, value)),
        b":path" => {
            let rewrite = mirror.config.path.as_ref().map(|path| &path.prefix_rewrite);
            Some(match redacted(mirror, (name, value))? {
                Cow::Borrowed(original) => path(rewrite, original),
                Cow::Owned(original) => path(rewrite, &original).into_owned().into(),
            })
        }
        // Envoy keeps the host as `:authority`; sent besides it, the two would be joined.
        b"host" => None,
        // A length without its body would make the shadow wait for it. Envoy itself writes the length of a body.
        b"content-length" if body.bytes > 0 => Some(body.bytes.to_string().into_bytes().into()),
        b"content-length" => (value == b"0").then_some(value.into()),
        _ if is(HOP_BY_HOP) || is(ROUTER_CONTROL) || (body.is_redacted && is(DIGESTS)) => None,
        _ => redacted(mirror, (name, value)),
    }
}

/// What is left of a header when it is redacted as configured; `None` if nothing is.
fn redacted<'a>(mirror: &Mirror, (name, value): Header<'a>) -> Option<Cow<'a, [u8]>> {
    match &mirror.config.redact {
        Some(redact) => redact.header((name, value)),
        None => Some(value.into()),
    }
}

/// The header gets this one value, at its first place, or at the end if it was not there.
fn set<'a>(copy: &mut Vec<CopiedHeader<'a>>, name: &'a [u8], value: &'a [u8]) {
    let mut found = false;
    copy.retain_mut(|(candidate, old)| {
        if **candidate != *name {
            return true;
        }
        *old = value.into();
        !std::mem::replace(&mut found, true)
    });
    if !found {
        copy.push((name.into(), value.into()));
    }
}

/// The authority of a copy. A suffix goes before the port as in Envoy's own mirror (source/common/router,
/// `shadowAppendedHost`): before the last `:`, unless that stands inside the brackets of an IPv6 address.
pub fn authority<'a>(rewrite: &'a AuthorityRewrite, original: &'a [u8]) -> Cow<'a, [u8]> {
    match rewrite {
        AuthorityRewrite::Preserve => original.into(),
        AuthorityRewrite::Literal(value) => value.as_bytes().into(),
        AuthorityRewrite::Suffix(suffix) => {
            let last = |byte| original.iter().rposition(|candidate| *candidate == byte);
            let port = last(b':').filter(|colon| last(b']').is_none_or(|bracket| bracket < *colon));
            let (host, port) = original
                .split_at_checked(port.unwrap_or(original.len()))
                .unwrap_or((original, &[]));
            [host, suffix.as_bytes(), port].concat().into()
        }
    }
}

/// The path of a copy: a prefix is replaced as Envoy's `prefix_rewrite` does it, byte for byte.
pub fn path<'a>(rewrite: Option<&'a PrefixRewrite>, original: &'a [u8]) -> Cow<'a, [u8]> {
    match rewrite.and_then(|rewrite| Some((rewrite, original.strip_prefix(rewrite.from.as_bytes())?))) {
        Some((rewrite, rest)) => [rewrite.to.as_bytes(), rest].concat().into(),
        None => original.into(),
    }
}
