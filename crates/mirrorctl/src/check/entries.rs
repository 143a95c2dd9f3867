//! What a ServiceEntry makes of the copies that go to its host.

use serde_json::Value;

use super::flows::Flow;
use super::subject::Report;
use crate::findings::codes;
use crate::objects::{Object, World, at, list};

/// What a ServiceEntry makes of a stream's copies.
pub(super) fn check(flow: &Flow<'_>, entry: &Object, world: &World, report: &mut Report<'_>) {
    let title = entry.title();
    let resolution = entry.text(&["spec", "resolution"]).unwrap_or("NONE");
    let has = |key: &str| list(&entry.value, &["spec", key]).next().is_some();
    if resolution == "NONE" {
        let problem = format!("{title} has `resolution: NONE`: its cluster forwards to where a connection was going");
        return report.add(codes::NO_ENDPOINT, &flow.path, problem);
    }
    if resolution == "STATIC" && !has("endpoints") && entry.at(&["spec", "workloadSelector"]).is_none() {
        return report.add(codes::NO_ENDPOINT, &flow.path, format!("{title} has no endpoints"));
    }
    let Some(number) = flow.to.port else { return };
    let ports: Vec<&Value> = list(&entry.value, &["spec", "ports"]).collect();
    let number_of = |port: &Value| port.get("number").and_then(Value::as_u64);
    let Some(port) = ports.iter().find(|port| number_of(port) == Some(number)) else {
        let known: Vec<String> = ports
            .iter()
            .filter_map(|port| number_of(port))
            .map(|number| number.to_string())
            .collect();
        let problem = format!("{title} has no port {number}; it has {}", known.join(", "));
        return report.add(codes::NO_PORT, &flow.path, problem);
    };
    let protocol = port.get("protocol").and_then(Value::as_str).unwrap_or_default();
    match protocol.to_ascii_uppercase().as_str() {
        "HTTP" | "HTTP2" | "GRPC" | "GRPC-WEB" => {}
        "" => report.add(
            codes::UNDECLARED,
            &flow.path,
            format!("port {number} of {title} declares no protocol"),
        ),
        "HTTPS" | "TLS" if originates_tls(flow, number, world) => {}
        "HTTPS" | "TLS" => report.add(
            codes::NOT_HTTP,
            &flow.path,
            format!("port {number} of {title} is {protocol}, and no DestinationRule originates TLS for it"),
        ),
        _ => report.add(
            codes::NOT_HTTP,
            &flow.path,
            format!("port {number} of {title} is not HTTP"),
        ),
    }
}

/// Whether a DestinationRule has the proxies of a stream speak TLS to a port themselves.
fn originates_tls(flow: &Flow<'_>, number: u64, world: &World) -> bool {
    let client = flow.source.namespace();
    let rules = world.destination_rules(&flow.to.host, client, client);
    rules.into_iter().any(|rule| {
        let policy = rule.at(&["spec", "trafficPolicy"]).unwrap_or(&Value::Null);
        let of_port = list(policy, &["portLevelSettings"])
            .find(|port| at(port, &["port", "number"]).and_then(Value::as_u64) == Some(number));
        let mode = |policy: &Value| at(policy, &["tls", "mode"]).and_then(Value::as_str).map(str::to_owned);
        let mode = of_port.and_then(mode).or_else(|| mode(policy));
        mode.is_some_and(|mode| ["SIMPLE", "MUTUAL"].contains(&mode.as_str()))
    })
}
