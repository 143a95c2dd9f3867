//! How Istio checks names (pkg/config/validation/agent/validation.go, pkg/config/labels).

use crate::objects::host_covers;

/// A host, whose first label may be a wildcard (`ValidateWildcardDomain`).
pub(super) fn host(host: &str) -> Result<(), String> {
    if host.len() > 255 {
        return Err(format!("domain name {host:?} too long (max 255)"));
    }
    if host.is_empty() {
        return Err("empty domain name not allowed".to_owned());
    }
    let (first, rest) = match host.split_once('.') {
        Some((first, rest)) => (first, Some(rest)),
        None => (host, None),
    };
    let inner = first
        .strip_prefix('*')
        .map(|inner| inner.strip_prefix('-').unwrap_or(inner));
    if first != "*" && (first.len() > 63 || !is_label(inner.unwrap_or(first))) {
        return Err(format!("domain name {host:?} invalid (label {first:?} invalid)"));
    }
    rest.map_or(Ok(()), labels)
}

/// What stands behind the first label (`ValidateDNS1123Labels`).
fn labels(domain: &str) -> Result<(), String> {
    let top = domain.rsplit('.').next().unwrap_or_default();
    if !top.is_empty() && top.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(format!(
            "domain name {domain:?} invalid (top level domain {top:?} cannot be all-numeric)"
        ));
    }
    // A whole name may end with a dot.
    let labels = domain.strip_suffix('.').unwrap_or(domain).split('.');
    match labels.filter(|_| !domain.is_empty()).find(|label| !is_label(label)) {
        Some(label) => Err(format!("domain name {domain:?} invalid (label {label:?} invalid)")),
        None => Ok(()),
    }
}

/// Whether two hosts, each of which may begin with a wildcard, have one in common (pkg/config/host, `Name.Matches`).
pub(super) fn overlap(one: &str, other: &str) -> bool {
    match (one.strip_prefix('*'), other.strip_prefix('*')) {
        (Some(one), Some(other)) => one.ends_with(other) || other.ends_with(one),
        (Some(_), None) => host_covers(one, other),
        _ => host_covers(other, one),
    }
}

/// The name of a subset.
pub(super) fn subset(name: &str) -> Result<(), String> {
    if is_label(name) {
        Ok(())
    } else {
        Err(format!("subset name is invalid: {name}"))
    }
}

/// `^[a-zA-Z0-9](?:[-a-zA-Z0-9]*[a-zA-Z0-9])?$`, at most 63.
fn is_label(label: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    (1..=63).contains(&label.len()) && label.bytes().all(inner) && !label.starts_with('-') && !label.ends_with('-')
}
