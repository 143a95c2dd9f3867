//! The headers of a copy: the headers of the request in their order, with duplicates and bytes as they are, and with
//! the changes that are listed here.

use std::borrow::Cow;

use super::redacted_request::HeaderEdit;
use crate::configuration::{HeaderOperations, PrefixRewrite};
use crate::headers::{Header, Headers, MAX_HEADER_BYTES, MAX_HEADERS, number};
use crate::hop_by_hop::is_hop_by_hop;
use crate::plan::{AuthorityRewrite, Mirror};
use crate::reasons::Dropped;
use crate::redaction::digests::is_digest;

/// The body of a copy, as far as the headers depend on it.
#[derive(Debug, Clone, Copy)]
pub struct CopiedBody {
    /// The length in bytes. 0 if the copy has no body.
    pub bytes: usize,
    /// Whether the body is the request's. If not, redaction has changed the body, or the copy goes without it.
    pub is_original: bool,
}

/// A header of a copy: its name and its value.
pub type CopiedHeader<'a> = (&'a [u8], Cow<'a, [u8]>);

/// The headers of a copy, and their size.
#[derive(Debug)]
pub struct CopiedHeaders<'a> {
    /// The headers, in their order.
    pub headers: Vec<CopiedHeader<'a>>,
    /// The bytes of the headers in the form in which the host takes them.
    pub bytes: u64,
}

/// The headers of a copy. `edits` are what redaction does to the headers, in order. In this order, headers are redacted
/// or left out, path and authority are rewritten, configured headers are removed, set and added, and the marker is set.
///
/// # Errors
/// The copy has no method, path or authority, or its headers are more than Envoy takes.
pub fn of<'a>(
    mirror: &'a Mirror,
    original: &'a Headers,
    mut edits: &'a [HeaderEdit],
    body: CopiedBody,
) -> Result<CopiedHeaders<'a>, Dropped> {
    let HeaderOperations { set, add, remove } = &mirror.config.headers;
    let mut copy = Vec::with_capacity(original.len() + set.0.len() + add.0.len() + 1);
    let [mut has_method, mut has_path, mut has_authority] = [false; 3];
    for (index, (name, value)) in original.iter().enumerate() {
        let mut redacted = Some(value);
        if let [(at, edit), rest @ ..] = edits
            && *at == index
        {
            (redacted, edits) = (edit.as_deref(), rest);
        }
        if let Some(value) = copied_value(mirror, (name, value), redacted, body) {
            match name {
                b":method" => has_method |= !value.is_empty(),
                b":path" => has_path |= !value.is_empty(),
                b":authority" => has_authority |= !value.is_empty(),
                _ => {}
            }
            copy.push((name, value));
        }
    }
    if !(has_method && has_path && has_authority) {
        return Err(Dropped::HeadersMissing);
    }
    for name in remove {
        copy.retain(|(candidate, _)| *candidate != name.as_bytes());
    }
    for (name, value) in &set.0 {
        set_header(&mut copy, original, name.as_bytes(), value.as_bytes());
    }
    for (name, value) in &add.0 {
        copy.push((name.as_bytes(), value.as_bytes().into()));
    }
    let (marker, name) = (&mirror.config.marker, &mirror.config.name);
    set_header(&mut copy, original, marker.as_bytes(), name.as_bytes());
    let bytes = size(&copy)?;
    Ok(CopiedHeaders { headers: copy, bytes })
}

/// The bytes of headers in the form in which the host takes them. Envoy reads no header at all where a filter sends too
/// many.
fn size(copy: &[CopiedHeader<'_>]) -> Result<u64, Dropped> {
    let size = copy
        .iter()
        .fold(4, |bytes, (name, value)| bytes + name.len() + value.len() + 10);
    if copy.len() > MAX_HEADERS || size > MAX_HEADER_BYTES {
        return Err(Dropped::HeadersTooLarge);
    }
    Ok(size as u64)
}

/// The value of a request's header on the copy. `redacted` is the value after redaction, or `None` if redaction removes
/// the header. Returns `None` if the copy does not have the header.
fn copied_value<'a>(
    mirror: &'a Mirror,
    (name, value): Header<'a>,
    redacted: Option<&'a [u8]>,
    body: CopiedBody,
) -> Option<Cow<'a, [u8]>> {
    match name {
        b":authority" => Some(authority(&mirror.authority, redacted?)),
        b":path" => {
            let rewrite = mirror.config.path.as_ref().map(|path| &path.prefix_rewrite);
            Some(path(rewrite, redacted?))
        }
        // Envoy has the host as `:authority`. It would join the two values.
        b"host" => None,
        // Without its body, the length would make the shadow wait. Envoy itself writes the length of a body.
        b"content-length" if body.bytes > 0 => Some(body.bytes.to_string().into_bytes().into()),
        b"content-length" => (number(value) == Some(0)).then_some(value.into()),
        _ if is_hop_by_hop(name) || (!body.is_original && is_digest(name)) => None,
        _ => redacted.map(Cow::from),
    }
}

/// Gives a header one value: at the header's first place, or at the end if the request has no such header.
fn set_header<'a>(copy: &mut Vec<CopiedHeader<'a>>, original: &Headers, name: &'a [u8], value: &'a [u8]) {
    let mut is_set = false;
    if original.get(name).is_some() {
        copy.retain_mut(|(candidate, old)| {
            if *candidate != name {
                return true;
            }
            *old = value.into();
            !std::mem::replace(&mut is_set, true)
        });
    }
    if !is_set {
        copy.push((name, value.into()));
    }
}

/// The authority of a copy. As in Envoy's own mirror (source/common/router, `shadowAppendedHost`), a suffix stands
/// before the last `:`, unless that `:` is inside the brackets of an IPv6 address.
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

/// The path of a copy. A prefix is replaced byte for byte, as Envoy's `prefix_rewrite` does.
pub fn path<'a>(rewrite: Option<&'a PrefixRewrite>, original: &'a [u8]) -> Cow<'a, [u8]> {
    match rewrite.and_then(|rewrite| Some((rewrite, original.strip_prefix(rewrite.from.as_bytes())?))) {
        Some((rewrite, rest)) => [rewrite.to.as_bytes(), rest].concat().into(),
        None => original.into(),
    }
}
