//! Whether a subset has a cluster: which DestinationRule proxies obey, and what it defines.

use serde_json::Value;

use super::flows::Flow;
use super::resolution::{Absence, Reason, cluster_host};
use crate::objects::{self, Labels, Object, World, kinds, list, selects};

/// Whether proxies of a stream have the cluster of its subset.
///
/// # Errors
/// No DestinationRule that they obey has the subset, or none is given.
pub(crate) fn check(flow: &Flow<'_>, target: &Object, world: &World) -> Result<(), Absence> {
    let Some(name) = &flow.to.subset else { return Ok(()) };
    // An alias has no subsets of its own: its cluster is that of the host for which it stands.
    let host = cluster_host(&flow.to, world);
    let (client, own) = (flow.source.namespace(), &target.namespace);
    if let Some(labels) = world.subset(host, client, own, name) {
        return match is_empty(target, &labels) {
            true => Err(Absence {
                reason: Reason::NoEndpoint,
                problem: format!(
                    "{} is resolved by DNS and has no endpoint with the labels of the subset {name}",
                    target.title()
                ),
            }),
            false => Ok(()),
        };
    }
    let defines = |rule: &&Object| {
        world.is_rule_for(rule, host)
            && list(&rule.value, &["spec", "subsets"])
                .any(|subset| subset.get("name").and_then(Value::as_str) == Some(name))
    };
    let obeyed = world.destination_rules(host, client, own);
    let elsewhere = world.all(kinds::DESTINATION_RULE).find(defines);
    let (reason, problem) = match (obeyed.first(), elsewhere) {
        (Some(winner), Some(rule)) => (
            Reason::RuleHidden,
            format!(
                "{} defines the subset {name}, and proxies of namespace {client} obey {}",
                rule.title(),
                winner.title()
            ),
        ),
        (None, Some(rule)) => (
            Reason::RuleHidden,
            format!(
                "{} defines the subset {name}, and is not exported to namespace {client}",
                rule.title()
            ),
        ),
        (Some(winner), None) => (Reason::NoSubset, format!("{} has no subset {name}", winner.title())),
        (None, None) if world.is_whole() => (
            Reason::NoSubset,
            format!("no DestinationRule for {host} defines the subset {name}"),
        ),
        (None, None) => (
            Reason::NotKnown,
            format!(
                "no DestinationRule for {host} is given: {}",
                kinds::DESTINATION_RULE.command(own)
            ),
        ),
    };
    Err(Absence { reason, problem })
}

/// Whether a subset has no cluster because a ServiceEntry that is resolved by DNS has no endpoint of it
/// (pilot/pkg/networking/core/cluster.go, `buildCluster`). Without endpoints the host is the only one, and has no
/// label.
fn is_empty(target: &Object, labels: &Labels) -> bool {
    let resolution = target.text(&["spec", "resolution"]).unwrap_or_default();
    let is_by_name = target.is(kinds::SERVICE_ENTRY) && ["DNS", "DNS_ROUND_ROBIN"].contains(&resolution);
    let mut endpoints = list(&target.value, &["spec", "endpoints"]);
    is_by_name
        && !labels.is_empty()
        && target.at(&["spec", "workloadSelector"]).is_none()
        && !endpoints.any(|endpoint| selects(labels, &objects::labels(endpoint.get("labels"))))
}
