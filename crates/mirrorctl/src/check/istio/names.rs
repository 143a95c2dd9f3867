//! How Istio checks names (pkg/config/validation/agent/validation.go, pkg/config/labels).

/// A host, whose first label may be a wildcard.
pub(super) fn host(host: &str) -> Result<(), String> {
    if host.is_empty() {
        return Err("empty domain name not allowed".to_owned());
    }
    if host.len() > 255 {
        return Err(format!("domain name {host:?} too long (max 255)"));
    }
    let labels: Vec<&str> = host.strip_suffix('.').unwrap_or(host).split('.').collect();
    for (index, label) in labels.iter().enumerate() {
        let wildcard = index == 0 && (*label == "*" || label.strip_prefix("*-").is_some_and(is_label));
        if !wildcard && !is_label(label) {
            return Err(format!("domain name {host:?} invalid (label {label:?} invalid)"));
        }
    }
    match labels.last() {
        // An address has no top level domain.
        Some(top)
            if !top.is_empty()
                && top.bytes().all(|byte| byte.is_ascii_digit())
                && host.parse::<std::net::IpAddr>().is_err() =>
        {
            Err(format!(
                "domain name {host:?} invalid (top level domain {top:?} cannot be all-numeric)"
            ))
        }
        _ => Ok(()),
    }
}

/// The name of a subset.
pub(super) fn subset(name: &str) -> Result<(), String> {
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if name.len() <= 63 && name.bytes().all(inner) && !name.starts_with('-') && !name.ends_with('-') {
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
