//! How Istio reads the hosts of its own resources.

/// The host that a short name means (pilot/pkg/model/config.go, `ResolveShortnameToFQDN`): one without a dot is a
/// Service of the namespace; one with a dot stands for itself, so that `reviews.demo` is no Service at all.
pub fn fully_qualified(host: &str, namespace: &str, domain: &str) -> String {
    if host.contains('.') || host == "*" {
        host.to_owned()
    } else {
        format!("{host}.{namespace}.svc.{domain}")
    }
}

/// Whether a host that may begin with a wildcard covers another host.
pub fn host_covers(pattern: &str, host: &str) -> bool {
    match pattern.strip_prefix('*') {
        Some(suffix) => host.len() >= suffix.len() && host.ends_with(suffix),
        None => pattern == host,
    }
}
