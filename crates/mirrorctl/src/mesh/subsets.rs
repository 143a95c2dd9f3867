//! Whether a subset has a cluster: which DestinationRule proxies obey, and what it defines.

use serde_json::Value;

use super::flows::Flow;
use super::resolution::{Absence, Reason};
use crate::objects::{Object, World, kinds, list};

/// Whether proxies of a stream have the cluster of its subset.
///
/// # Errors
/// No DestinationRule that they obey has the subset, or none is given.
pub(crate) fn check(flow: &Flow<'_>, target: &Object, world: &World) -> Result<(), Absence> {
    let Some(name) = &flow.to.subset else { return Ok(()) };
    let (host, client, own) = (&flow.to.host, flow.source.namespace(), &target.namespace);
    if world.subset(host, client, own, name).is_some() {
        return Ok(());
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
