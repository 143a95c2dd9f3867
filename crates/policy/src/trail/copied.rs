//! What became of a request on its way to the shadow: the copy beside the original, each difference with its cause.

use super::Request;
use crate::copy::CopiedHeader;
use crate::headers::Headers;
use crate::plan::Mirror;
use crate::syntax::{HOP_BY_HOP, ROUTER_CONTROL};

/// A copy, as the shadow gets it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copied {
    /// Its headers, in order.
    pub headers: Vec<(Vec<u8>, Vec<u8>)>,
    /// Its body; empty if it has none.
    pub body: Vec<u8>,
    /// How that body came about.
    pub fate: BodyFate,
    /// What differs from the original's headers: by name, in the order of the original, then of the copy.
    pub changes: Vec<Change>,
}

/// How the body of a copy came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyFate {
    /// The request has none.
    None,
    /// As it is.
    Whole,
    /// Another one, by `redact`.
    Redacted,
    /// It is over `body.maxBytes`.
    LeftOut,
}

/// A header that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Its name.
    pub name: Vec<u8>,
    /// Its values on the original; none if it was not there.
    pub before: Vec<Vec<u8>>,
    /// Its values on the copy; none if it is left out.
    pub after: Vec<Vec<u8>>,
    /// Why.
    pub cause: Cause,
}

/// Why a header differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// It tells a copy from a request.
    Marker,
    /// `authority`.
    Authority,
    /// `path`, or what `redact` names in the query.
    Path,
    /// `headers.set`.
    Set,
    /// `headers.add`.
    Added,
    /// `headers.remove`.
    Removed,
    /// It is of one connection.
    HopByHop,
    /// It would steer Envoy's router on the copy's way.
    RouterControl,
    /// Envoy has it as `:authority`.
    Host,
    /// It follows from the copy's body.
    Length,
    /// `redact`.
    Redacted,
}

// === impl Copied ===

impl Copied {
    pub(super) fn new(mirror: &Mirror, request: &Request, headers: &[CopiedHeader<'_>], body: &[u8]) -> Self {
        let headers: Vec<(Vec<u8>, Vec<u8>)> = headers
            .iter()
            .map(|(name, value)| (name.to_vec(), value.to_vec()))
            .collect();
        Self {
            changes: changes(mirror, &request.headers, &headers),
            fate: match (request.body.as_slice(), body) {
                ([], _) => BodyFate::None,
                (original, body) if original == body => BodyFate::Whole,
                (_, []) => BodyFate::LeftOut,
                _ => BodyFate::Redacted,
            },
            headers,
            body: body.to_vec(),
        }
    }
}

fn changes(mirror: &Mirror, original: &Headers, copy: &[(Vec<u8>, Vec<u8>)]) -> Vec<Change> {
    let mut names: Vec<&[u8]> = Vec::new();
    let of_copy = copy.iter().map(|(name, _)| name.as_slice());
    for name in original.iter().map(|(name, _)| name).chain(of_copy) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let change = |name: &[u8]| {
        let before: Vec<Vec<u8>> = original.all(name).map(<[u8]>::to_vec).collect();
        let values = copy.iter().filter(|(candidate, _)| candidate == name);
        let after: Vec<Vec<u8>> = values.map(|(_, value)| value.clone()).collect();
        (before != after).then(|| Change {
            name: name.to_vec(),
            cause: Cause::of(mirror, name, after.is_empty()),
            before,
            after,
        })
    };
    names.into_iter().filter_map(change).collect()
}

// === impl Cause ===

impl Cause {
    /// In the words of the configuration.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Marker => "marker",
            Self::Authority => "authority",
            Self::Path => "path",
            Self::Set => "headers.set",
            Self::Added => "headers.add",
            Self::Removed => "headers.remove",
            Self::HopByHop => "of one connection",
            Self::RouterControl => "steers Envoy's router",
            Self::Host => "is :authority in Envoy",
            Self::Length => "follows from the body",
            Self::Redacted => "redact",
        }
    }

    /// Why this header differs: what `copy::headers` does last with a header is its cause.
    fn of(mirror: &Mirror, name: &[u8], is_gone: bool) -> Self {
        let operations = &mirror.config.headers;
        let among = |list: &[&str]| list.iter().any(|entry| entry.as_bytes() == name);
        let named = |list: &[(String, String)]| list.iter().any(|(entry, _)| entry.as_bytes() == name);
        if mirror.config.marker.as_bytes() == name {
            Self::Marker
        } else if named(&operations.add.0) {
            Self::Added
        } else if named(&operations.set.0) {
            Self::Set
        } else if is_gone && operations.remove.iter().any(|entry| entry.as_bytes() == name) {
            Self::Removed
        } else if among(HOP_BY_HOP) {
            Self::HopByHop
        } else if among(ROUTER_CONTROL) {
            Self::RouterControl
        } else {
            match name {
                b":authority" => Self::Authority,
                b":path" => Self::Path,
                b"host" => Self::Host,
                b"content-length" => Self::Length,
                _ => Self::Redacted,
            }
        }
    }
}
