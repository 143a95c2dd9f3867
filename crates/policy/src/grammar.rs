//! The grammars of the texts in a configuration: labels, hosts, header names and values, paths.

use std::ops::RangeInclusive;

use crate::config_error::ConfigError;
use crate::hop_by_hop::is_hop_by_hop;

const HOST: &str = "host";

/// The pseudo header of a request's authority.
pub const AUTHORITY: &str = ":authority";

/// Headers that clients and proxies give to requests. A name with a `*` stands for all names that begin so.
const USUAL_HEADERS: &[&str] = &[
    "accept*",
    "access-control-*",
    "authorization",
    "b3",
    "baggage",
    "cache-control",
    "content-*",
    "cookie",
    "date",
    "dnt",
    "forwarded",
    "from",
    "grpc-*",
    "if-*",
    "origin",
    "pragma",
    "priority",
    "range",
    "referer",
    "sec-*",
    "trace*",
    "user-agent",
    "via",
    "x-amzn-trace-id",
    "x-api-key",
    "x-b3-*",
    "x-client-trace-id",
    "x-cloud-trace-context",
    "x-forwarded-*",
    "x-real-ip",
    "x-request-*",
];

/// Whether a text is a DNS label (RFC 1123): 1 to 63 of a-z, 0-9 and `-`, with `-` neither first nor last.
pub fn is_dns_label(text: &str) -> bool {
    has(text, 1..=63, |byte| {
        byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-'
    }) && !text.starts_with('-')
        && !text.ends_with('-')
}

/// Whether a text is a fully qualified host: at least two DNS labels, at most 253 bytes.
pub fn is_fully_qualified(host: &str) -> bool {
    host.len() <= 253 && host.contains('.') && host.split('.').all(is_dns_label)
}

/// Whether a text is the name of a DestinationRule's subset. A `|` would break the cluster's name apart.
pub fn is_subset(text: &str) -> bool {
    has(text, 1..=63, |byte| {
        byte.is_ascii_alphanumeric() || b"-_.".contains(&byte)
    })
}

/// Whether a text is the name of an Envoy cluster: 1 to 1024 visible bytes.
pub(crate) fn is_cluster(text: &str) -> bool {
    has(text, 1..=1024, |byte| byte.is_ascii_graphic())
}

/// Whether a text may follow a host name.
pub(crate) fn is_host_suffix(text: &str) -> bool {
    has(text, 1..=63, |byte| {
        byte.is_ascii_alphanumeric() || b"-.".contains(&byte)
    })
}

/// Whether a text is a host with an optional port.
pub fn is_authority(text: &str) -> bool {
    has(text, 1..=259, |byte| {
        byte.is_ascii_alphanumeric() || b"-._:[]".contains(&byte)
    })
}

/// Whether a text is a path that begins with `/`, of visible ASCII, at most 4096 bytes.
pub(crate) fn is_path(text: &str) -> bool {
    text.starts_with('/') && has(text, 1..=4096, |byte| byte.is_ascii_graphic() && byte != b'#')
}

/// Whether a text is a header value (RFC 9110): no control character but the tab, at most 4 KiB.
pub fn is_header_value(text: &str) -> bool {
    has(text, 0..=4096, |byte| byte == b'\t' || (byte >= b' ' && byte != 0x7f))
}

/// Whether a text is a token of RFC 9110, at most 256 bytes.
pub(crate) fn is_token(text: &str) -> bool {
    has(text, 1..=256, |byte| {
        byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
    })
}

/// Whether a message may show a text in the place of a key, where a secret may stand by mistake: a token of at most 31
/// bytes that has few digits, or such a token behind the `:` of a pseudo header.
pub fn is_shown(text: &str) -> bool {
    let name = text.strip_prefix(':').unwrap_or(text);
    let digits = name.bytes().filter(u8::is_ascii_digit).count();
    name.len() < 32 && is_token(name) && (digits <= 4 || 3 * digits < name.len())
}

/// Whether a text has so many bytes, all of one kind.
fn has(text: &str, length: RangeInclusive<usize>, is_valid: impl Fn(u8) -> bool) -> bool {
    length.contains(&text.len()) && text.bytes().all(is_valid)
}

/// Whether a configuration may not change a header of the copy. The proxy sets these headers, obeys them, or does not
/// pass them on.
pub(crate) fn is_reserved_header(name: &str) -> bool {
    matches!(name, "host" | "content-length") || is_hop_by_hop(name.as_bytes())
}

/// A header name in lower case. Envoy has all header names in lower case.
///
/// # Errors
/// The name is a pseudo header, or the name is not a token.
pub fn header_name(name: &str, path: &str) -> Result<String, ConfigError> {
    if name.starts_with(':') {
        let problem = "is a pseudo header; method, uri, authority and scheme have keys of their own";
        return Err(ConfigError::invalid(path, problem));
    }
    // The text is not shown: it may be a value in the place of a name.
    if !is_token(name) {
        let problem = "is not a header name such as `x-user`";
        return Err(ConfigError::invalid(path, problem));
    }
    Ok(name.to_ascii_lowercase())
}

/// The header under which a request has what a condition or a sample asks for. Envoy has the header `host` as
/// `:authority`, and finds the authority by both names (source/common/http/header_map_impl.cc). It has no other alias.
///
/// # Errors
/// The name is a pseudo header, or the name is not a token.
pub(crate) fn read_header_name(name: &str, path: &str) -> Result<String, ConfigError> {
    let name = header_name(name, path)?;
    Ok(if name == HOST { AUTHORITY.to_owned() } else { name })
}

/// A header name in the words of the configuration: the reverse of [`read_header_name`].
pub fn written_header_name(name: &str) -> &str {
    if name == AUTHORITY { HOST } else { name }
}

/// The name of a header that marks copies, in lower case.
///
/// # Errors
/// The name is not the name of a header that a copy may carry, or requests of clients carry the header too: each of
/// them would count as a copy, and none would be copied.
pub(crate) fn marker_name(name: &str, path: &str) -> Result<String, ConfigError> {
    let name = copied_header_name(name, None, path)?;
    let is_usual = |usual: &&str| match usual.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => name == **usual,
    };
    if USUAL_HEADERS.iter().any(is_usual) {
        let problem = format!(
            "`{name}` is a header of other requests too, and a request with the marker is not copied; take a name of \
             your own, such as x-mirrored-by"
        );
        return Err(ConfigError::invalid(path, problem));
    }
    Ok(name)
}

/// The name of a header that a copy may carry by configuration, in lower case.
///
/// # Errors
/// The name is not a header name, the proxy itself sets or obeys the header, or the header is the marker.
pub(crate) fn copied_header_name(name: &str, marker: Option<&str>, path: &str) -> Result<String, ConfigError> {
    let name = header_name(name, path)?;
    if is_reserved_header(&name) {
        let problem = format!("`{name}` is a header that the proxy itself sets or obeys");
        return Err(ConfigError::invalid(path, problem));
    }
    if marker == Some(name.as_str()) {
        let problem = format!("`{name}` is the marker; change it by `marker`");
        return Err(ConfigError::invalid(path, problem));
    }
    Ok(name)
}
