//! The small grammars that a configuration is made of: labels, hosts, header names and values, paths. Each is a plain
//! yes or no over bytes; who asks says where the text stands.

use crate::plan::ConfigError;

/// Headers of one connection, which never travel on (RFC 9110, section 7.6.1, and Envoy's `mutateRequestHeaders`).
/// `te` is not among them: Envoy lets it pass, and so does a copy.
pub(crate) const HOP_BY_HOP: &[&str] = &[
    "connection",
    "keep-alive",
    "proxy-connection",
    "transfer-encoding",
    "upgrade",
];

/// Request headers that steer Envoy's router. The router of a callout would obey them (source/common/router/router.cc
/// and retry_state_impl.cc), so a copy never carries them.
pub(crate) const ROUTER_CONTROL: &[&str] = &[
    "x-envoy-hedge-on-per-try-timeout",
    "x-envoy-max-retries",
    "x-envoy-retriable-header-names",
    "x-envoy-retriable-status-codes",
    "x-envoy-retry-grpc-on",
    "x-envoy-retry-on",
    "x-envoy-upstream-alt-stat-name",
    "x-envoy-upstream-rq-per-try-timeout-ms",
    "x-envoy-upstream-rq-timeout-alt-response",
    "x-envoy-upstream-rq-timeout-ms",
    "x-envoy-upstream-stream-duration-ms",
];

/// RFC 1123: 1 to 63 of a-z, 0-9 and `-`, neither first nor last.
pub fn is_dns_label(text: &str) -> bool {
    let edge = |byte: Option<&u8>| byte.is_some_and(|byte| *byte != b'-');
    text.len() <= 63
        && text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        && edge(text.as_bytes().first())
        && edge(text.as_bytes().last())
}

/// At least two DNS labels, at most 253 bytes.
pub fn is_fully_qualified(host: &str) -> bool {
    host.len() <= 253 && host.contains('.') && host.split('.').all(is_dns_label)
}

/// The name of a DestinationRule's subset: it must not break the cluster's name apart.
pub fn is_subset(text: &str) -> bool {
    (1..=63).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
}

/// The name of an Envoy cluster: 1 to 1024 visible bytes.
pub(crate) fn is_cluster(text: &str) -> bool {
    (1..=1024).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// What may be put behind a host name.
pub(crate) fn is_host_suffix(text: &str) -> bool {
    (1..=63).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.'))
}

/// A host with an optional port.
pub fn is_authority(text: &str) -> bool {
    (1..=259).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b':' | b'[' | b']'))
}

/// A path that begins with `/`, of visible ASCII.
pub(crate) fn is_path(text: &str) -> bool {
    text.starts_with('/') && text.len() <= 4096 && text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#')
}

/// RFC 9110: no control characters but the tab; and not longer than 4 KiB.
pub fn is_header_value(text: &str) -> bool {
    text.len() <= 4096 && text.bytes().all(|byte| byte == b'\t' || (byte >= b' ' && byte != 0x7f))
}

/// A token of RFC 9110, at most 256 bytes.
pub(crate) fn is_token(text: &str) -> bool {
    (1..=256).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

/// Whether a header may not be changed on a copy: the proxy sets it, obeys it or keeps it to one connection.
pub(crate) fn is_reserved_header(name: &str) -> bool {
    matches!(name, "host" | "content-length") || HOP_BY_HOP.contains(&name) || ROUTER_CONTROL.contains(&name)
}

/// A header name in lower case, as Envoy keeps them.
///
/// # Errors
/// If it is a pseudo header or not a token.
pub fn header_name(name: &str, path: &str) -> Result<String, ConfigError> {
    if name.starts_with(':') {
        let problem = format!("`{name}` is a pseudo header; method, uri, authority and scheme have keys of their own");
        return Err(ConfigError::invalid(path, problem));
    }
    if !is_token(name) {
        return Err(ConfigError::invalid(
            path,
            format!("`{}` is not a header name", name.escape_debug()),
        ));
    }
    Ok(name.to_ascii_lowercase())
}
