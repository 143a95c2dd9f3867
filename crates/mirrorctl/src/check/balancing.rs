//! Whether the shadow's endpoints are chosen by something that a copy of the filter does not have. Envoy hashes a
//! callout by its authority alone (source/extensions/common/wasm/context.cc), and a callout has no route whose metadata
//! could name a subset. Envoy's own mirror has both.

use serde_json::Value;

use super::subject::{Report, What};
use crate::findings::codes;
use crate::job::Engine;
use crate::mesh::destination::Destination;
use crate::mesh::flows::Flow;
use crate::mesh::resolution;
use crate::objects::{Object, World, at, kinds, list};

/// The DestinationRule for the destination of one stream.
pub(super) fn check(flow: &Flow<'_>, world: &World, report: &mut Report<'_>) {
    let is_ours = match (flow.object, &report.subject.what) {
        (Some(object), _) => {
            !object.is(kinds::VIRTUAL_SERVICE) && !object.is(kinds::HTTP_ROUTE) && !object.is(kinds::GRPC_ROUTE)
        }
        (None, What::Job(Ok(job))) => job.engine == Engine::Wasm,
        _ => false,
    };
    let namespace = flow.source.namespace();
    let own = resolution::split(&flow.to.host, world).map_or(namespace, |(_, namespace)| namespace);
    let rules = world.destination_rules(&flow.to.host, namespace, own);
    let hashed = rules.iter().find_map(|rule| Some((rule, hash(rule, &flow.to)?)));
    if let Some((rule, by)) = hashed.filter(|_| is_ours) {
        let problem = format!("{} chooses the pod by {by}", rule.title());
        report.add(codes::HASHED, &flow.path, problem);
    }
}

/// What the copies of a destination are hashed by. Returns `None` if nothing is hashed, or the authority is.
fn hash(rule: &Object, to: &Destination) -> Option<String> {
    let subset = to.subset.as_deref().and_then(|name| {
        let mut subsets = list(&rule.value, &["spec", "subsets"]);
        subsets.find(|subset| subset.get("name").and_then(Value::as_str) == Some(name))
    });
    let policies = [subset, rule.at(&["spec"])].into_iter().flatten();
    let mut balancers = policies.filter_map(|policy| {
        let policy = policy.get("trafficPolicy")?;
        let of_port = list(policy, &["portLevelSettings"])
            .find(|port| at(port, &["port", "number"]).and_then(Value::as_u64) == to.port);
        of_port
            .and_then(|port| port.get("loadBalancer"))
            .or_else(|| policy.get("loadBalancer"))
    });
    let hash = balancers.next()?.get("consistentHash")?;
    if let Some(header) = hash.get("httpHeaderName").and_then(Value::as_str) {
        let is_authority = ["host", ":authority"].contains(&header.to_ascii_lowercase().as_str());
        return (!is_authority).then(|| format!("the header {header}"));
    }
    let keys = [
        ("httpQueryParameterName", "a query parameter"),
        ("httpCookie", "a cookie"),
        ("useSourceIp", "the client's address"),
    ];
    let key = keys.iter().find(|(key, _)| hash.get(*key).is_some());
    Some(key.map_or("a hash", |(_, by)| by).to_owned())
}

/// The clusters of plain Envoy, as far as the same document has them: those that the mirrors of a plugin name.
pub(super) fn of_envoy(plugin: &Value, path: &str, report: &mut Report<'_>) {
    let document = &report.subject.value;
    for (index, mirror) in list(plugin, &["mirrors"]).enumerate() {
        let Some(cluster) = mirror.get("cluster").and_then(Value::as_str) else {
            continue;
        };
        let mut found = Vec::new();
        clusters(document, cluster, &mut found);
        let path = format!("{path}.mirrors[{index}].cluster");
        for found in found {
            let policy = either(found, "lb_policy", "lbPolicy").and_then(Value::as_str);
            if let Some(policy @ ("RING_HASH" | "MAGLEV")) = policy {
                report.add(
                    codes::HASHED,
                    &path,
                    format!("the cluster {cluster} has the policy {policy}"),
                );
            }
            if either(found, "lb_subset_config", "lbSubsetConfig").is_some() {
                let problem = format!("the cluster {cluster} has `lb_subset_config`");
                report.add(codes::BY_METADATA, &path, problem);
            }
        }
    }
}

/// Every cluster of a name that says how its endpoints are chosen.
fn clusters<'a>(value: &'a Value, name: &str, found: &mut Vec<&'a Value>) {
    match value {
        Value::Object(fields) => {
            let is_named = value.get("name").and_then(Value::as_str) == Some(name);
            let says = [("lb_policy", "lbPolicy"), ("lb_subset_config", "lbSubsetConfig")];
            if is_named && says.iter().any(|(snake, camel)| either(value, snake, camel).is_some()) {
                found.push(value);
            }
            fields.values().for_each(|value| clusters(value, name, found));
        }
        Value::Array(values) => values.iter().for_each(|value| clusters(value, name, found)),
        _ => {}
    }
}

/// A field in one of the two spellings that Envoy takes.
fn either<'a>(value: &'a Value, snake: &str, camel: &str) -> Option<&'a Value> {
    value.get(snake).or_else(|| value.get(camel))
}
