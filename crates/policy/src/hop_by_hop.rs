//! Headers that end at this proxy. A copy never carries them, and a configuration cannot add them to a copy.

use crate::headers::NameLengths;

/// Headers of one connection (RFC 9110, section 7.6.1, and Envoy's `mutateRequestHeaders`). `te` is not in the list:
/// Envoy passes `te` on, so a copy has `te` too.
pub(crate) const HOP_BY_HOP: &[&str] = &[
    "connection",
    "keep-alive",
    "proxy-connection",
    "transfer-encoding",
    "upgrade",
];

/// Request headers that control Envoy's router. The router of a callout would obey them (source/common/router/router.cc
/// and retry_state_impl.cc).
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

/// The lengths of the names in both lists. Most headers of a request have other lengths.
const LENGTHS: [NameLengths; 2] = [NameLengths::of(HOP_BY_HOP), NameLengths::of(ROUTER_CONTROL)];

/// Whether a header, by its name in lower case, ends at this proxy.
pub(crate) fn is_hop_by_hop(name: &[u8]) -> bool {
    let is_listed = |list: &[&str]| list.iter().any(|entry| entry.as_bytes() == name);
    let [connection, router] = LENGTHS;
    (connection.have(name) && is_listed(HOP_BY_HOP)) || (router.have(name) && is_listed(ROUTER_CONTROL))
}
