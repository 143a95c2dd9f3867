//! What a ServiceEntry says: for whom it gives a host its clusters, its ports, what they speak and where they lead.

use serde_json::Value;

use super::{Object, World, at, host_covers, kinds, list, routing};

/// Why a host has no cluster of a ServiceEntry.
#[derive(Debug, Clone, Copy)]
pub enum NoEntry<'a> {
    /// No ServiceEntry at all is given, so nothing is known.
    NotGiven,
    /// Those that are given do not have the host.
    Unknown,
    /// This one has it and is not exported to the proxies.
    Hidden(&'a Object),
    /// This one covers it by a wildcard, and a cluster has the name that the ServiceEntry writes.
    Wildcard(&'a Object, &'a str),
}

/// The ServiceEntry that gives a host its clusters, for proxies of a namespace.
///
/// # Errors
/// Each reason of [`NoEntry`].
pub fn entry<'a>(host: &str, client: &str, world: &'a World) -> Result<&'a Object, NoEntry<'a>> {
    let mut found = match world.is_whole() {
        true => NoEntry::Unknown,
        false => NoEntry::NotGiven,
    };
    // Of several, the proxies of a namespace obey their own (pilot/pkg/model/sidecar.go, `pickFirstVisibleNamespace`).
    let is_own = |entry: &&Object| entry.namespace == client;
    let own = world.all(kinds::SERVICE_ENTRY).filter(is_own);
    let others = world.all(kinds::SERVICE_ENTRY).filter(|entry| !is_own(entry));
    for entry in own.chain(others) {
        if matches!(found, NoEntry::NotGiven) {
            found = NoEntry::Unknown;
        }
        for pattern in list(&entry.value, &["spec", "hosts"]).filter_map(Value::as_str) {
            if pattern == host && routing::exported(entry, client) {
                return Ok(entry);
            } else if pattern == host {
                found = NoEntry::Hidden(entry);
            } else if host_covers(pattern, host) && !matches!(found, NoEntry::Hidden(_)) {
                found = NoEntry::Wildcard(entry, pattern);
            }
        }
    }
    Err(found)
}

/// Whether a DestinationRule has the proxies of a namespace speak TLS themselves to a port of a host.
pub fn originates_tls(entry: &Object, host: &str, number: u64, client: &str, world: &World) -> bool {
    let rules = world.destination_rules(host, client, &entry.namespace);
    rules.into_iter().any(|rule| {
        let policy = rule.at(&["spec", "trafficPolicy"]).unwrap_or(&Value::Null);
        let of_port = list(policy, &["portLevelSettings"])
            .find(|port| at(port, &["port", "number"]).and_then(Value::as_u64) == Some(number));
        let mode = |policy: &Value| at(policy, &["tls", "mode"]).and_then(Value::as_str).map(str::to_owned);
        // What stands for a port takes nothing from what stands for all (pilot/pkg/networking/util/util.go,
        // `GetPortLevelTrafficPolicy`).
        let mode = mode(of_port.unwrap_or(policy));
        mode.is_some_and(|mode| ["SIMPLE", "MUTUAL"].contains(&mode.as_str()))
    })
}

/// The numbers of a ServiceEntry's ports that lead to a port of the host: by `targetPort`, by the ports of its
/// endpoints, or by their own number.
pub fn leading_to(entry: &Object, wanted: u16) -> Vec<u16> {
    let wanted = u64::from(wanted);
    let leads = |port: &&Value| {
        let name = port.get("name").and_then(Value::as_str).unwrap_or_default();
        let by_endpoint = list(&entry.value, &["spec", "endpoints"])
            .find_map(|endpoint| at(endpoint, &["ports", name]).and_then(Value::as_u64));
        let by_target = port.get("targetPort").and_then(Value::as_u64);
        by_endpoint.or(by_target).or(number_of(port)) == Some(wanted)
    };
    list(&entry.value, &["spec", "ports"])
        .filter(leads)
        .filter_map(|port| u16::try_from(number_of(port)?).ok())
        .collect()
}

/// The ports of a ServiceEntry: each number, with its protocol as it is written, or an empty text.
pub fn ports(entry: &Object) -> impl Iterator<Item = (u64, &str)> {
    list(&entry.value, &["spec", "ports"]).filter_map(|port| {
        let protocol = port.get("protocol").and_then(Value::as_str).unwrap_or_default();
        Some((number_of(port)?, protocol))
    })
}

/// Whether a protocol of a port of Istio's own resources, a ServiceEntry or a Gateway, is HTTP, in capitals or not
/// (pkg/config/protocol/instance.go, `IsHTTP`).
pub fn is_http(protocol: &str) -> bool {
    let known = ["HTTP", "HTTP2", "HTTP_PROXY", "GRPC", "GRPC-WEB"];
    known.iter().any(|known| known.eq_ignore_ascii_case(protocol))
}

fn number_of(port: &Value) -> Option<u64> {
    port.get("number").and_then(Value::as_u64)
}
