//! The copy beside the request: each difference with its cause.

use crate::copy::Outgoing;
use crate::headers::Headers;
use crate::hop_by_hop::{HOP_BY_HOP, ROUTER_CONTROL};
use crate::plan::Mirror;

/// The name and the value of a header.
pub type OwnedHeader = (Vec<u8>, Vec<u8>);

/// A copy as the shadow receives it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CopyDescription {
    /// The headers of the copy, in order.
    pub headers: Vec<OwnedHeader>,
    /// The body of the copy. It is empty if the copy has no body.
    pub body: Vec<u8>,
    /// What happened to the request's body.
    pub fate: BodyFate,
    /// The headers that differ from the request's, by name, in the order of the request and then of the copy.
    pub changes: Vec<HeaderChange>,
}

/// What happened to the body of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyFate {
    /// The request has no body.
    None,
    /// The copy has the same body.
    Whole,
    /// The copy has a redacted body.
    Redacted,
    /// The body is larger than `body.maxBytes`, so the copy has no body.
    LeftOut,
}

/// A header that differs between the request and the copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeaderChange {
    /// The name of the header.
    pub name: Vec<u8>,
    /// The values on the request. The list is empty if the request has no such header.
    pub before: Vec<Vec<u8>>,
    /// The values on the copy. The list is empty if the copy has no such header.
    pub after: Vec<Vec<u8>>,
    /// The cause of the difference.
    pub cause: Cause,
}

/// The cause of a difference between the request and the copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// The header is the marker of copies.
    Marker,
    /// The key `authority` of the configuration.
    Authority,
    /// The key `path`, or a query parameter that `redact` names.
    Path,
    /// The key `headers.set` of the configuration.
    Set,
    /// The key `headers.add` of the configuration.
    Added,
    /// The key `headers.remove` of the configuration.
    Removed,
    /// The header belongs to one connection.
    HopByHop,
    /// The header would control the router of the callout.
    RouterControl,
    /// Envoy has the host as `:authority`.
    Host,
    /// The header follows from the copy's body.
    Length,
    /// The key `redact` of the configuration.
    Redacted,
}

// === impl CopyDescription ===

impl CopyDescription {
    /// Describes what leaves for a mirror, of a request with these headers and this body.
    pub(super) fn new(mirror: &Mirror, outgoing: &Outgoing<'_>, original: &Headers, original_body: &[u8]) -> Self {
        let headers = outgoing.headers.iter();
        let headers: Vec<OwnedHeader> = headers.map(|(name, value)| (name.to_vec(), value.to_vec())).collect();
        Self {
            changes: changes(mirror, original, &headers),
            fate: match (original_body, outgoing.body) {
                ([], _) => BodyFate::None,
                (original, body) if original == body => BodyFate::Whole,
                (_, []) => BodyFate::LeftOut,
                _ => BodyFate::Redacted,
            },
            headers,
            body: outgoing.body.to_vec(),
        }
    }
}

fn changes(mirror: &Mirror, original: &Headers, copy: &[OwnedHeader]) -> Vec<HeaderChange> {
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
        (before != after).then(|| HeaderChange {
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
    /// The cause in the words of the configuration.
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

    /// The cause of a difference: the last step that changed the header.
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
