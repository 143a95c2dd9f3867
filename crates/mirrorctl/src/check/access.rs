//! What keeps the copying pods from the destination: a Sidecar that does not import the host, and AuthorizationPolicies
//! that refuse the primary's identity.

use serde_json::Value;

use super::subject::Report;
use crate::findings::codes;
use crate::mesh::flows::Flow;
use crate::mesh::imports;
use crate::mesh::resolution::shadow_labels;
use crate::objects::{Labels, Object, ROOT_NAMESPACE, World, at, kinds, list, selects};

/// Whether the Sidecars of the copying pods import the destination.
pub(super) fn imported(flow: &Flow<'_>, namespace: &str, selector: &Labels, world: &World, report: &mut Report<'_>) {
    if let Some(sidecar) = imports::hiding(namespace, selector, &flow.to, world) {
        report.add(
            codes::NOT_IMPORTED,
            &flow.path,
            format!(
                "{} imports nothing that covers {}/{}",
                sidecar.title(),
                imports::namespace_of(&flow.to.host, namespace, world),
                flow.to.host
            ),
        );
    }
}

/// Whether the AuthorizationPolicies at the shadow let the primary's identity in.
pub(super) fn allowed(
    flow: &Flow<'_>,
    target: &Object,
    namespace: &str,
    selector: &Labels,
    world: &World,
    report: &mut Report<'_>,
) {
    let Some((shadow_namespace, labels)) = shadow_labels(flow, world) else {
        return;
    };
    let mut accounts: Vec<&str> = world
        .workloads(namespace)
        .filter(|pods| selects(selector, &pods.labels()))
        .map(|pods| pods.service_account())
        .collect();
    accounts.sort_unstable();
    accounts.dedup();
    // What applies to the shadow's pods and allows something; if nothing does, everybody is allowed.
    let policies: Vec<&Object> = world
        .all(kinds::AUTHORIZATION_POLICY)
        .filter(|policy| policy.namespace == shadow_namespace || policy.namespace == ROOT_NAMESPACE)
        .filter(|policy| policy.text(&["spec", "action"]).is_none_or(|action| action == "ALLOW"))
        .filter(|policy| policy.at(&["spec", "targetRefs"]).is_none() && policy.at(&["spec", "targetRef"]).is_none())
        .filter(|policy| {
            let selector = policy.labels(&["spec", "selector", "matchLabels"]);
            selector.is_empty() || selects(&selector, &labels)
        })
        .collect();
    let Some(policy) = policies.first() else { return };
    for account in accounts {
        let may = policies
            .iter()
            .flat_map(|policy| list(&policy.value, &["spec", "rules"]))
            .any(|rule| lets_in(rule, namespace, account));
        if !may {
            report.add(
                codes::DENIED,
                &flow.path,
                format!(
                    "{} does not allow ns/{namespace}/sa/{account} to call {}",
                    policy.title(),
                    target.title()
                ),
            );
        }
    }
}

/// Whether a rule can be for this identity. What else it asks for is not looked at.
fn lets_in(rule: &Value, namespace: &str, account: &str) -> bool {
    let mut sources = list(rule, &["from"]).peekable();
    sources.peek().is_none()
        || sources.any(|source| {
            let source = source.get("source").unwrap_or(&Value::Null);
            let any = |key: &str, meets: &dyn Fn(&str) -> bool| {
                let entries = at(source, &[key]).and_then(Value::as_array);
                entries.is_none_or(|entries| entries.iter().filter_map(Value::as_str).any(meets))
            };
            any("principals", &|pattern| covers_identity(pattern, namespace, account))
                && any("namespaces", &|pattern| covers(pattern, namespace))
                && any("serviceAccounts", &|entry| {
                    entry == account || entry == format!("{namespace}/{account}")
                })
        })
}

/// Whether a principal can be this identity, whatever the trust domain.
fn covers_identity(pattern: &str, namespace: &str, account: &str) -> bool {
    let within = format!("/ns/{namespace}/sa/{account}");
    match pattern.find("/ns/").and_then(|from| pattern.get(from..)) {
        Some(rest) => covers(rest, &within),
        None => pattern.ends_with('*') || covers(pattern, &within),
    }
}

/// Exact, `*`, a prefix or a suffix, as in an AuthorizationPolicy.
fn covers(pattern: &str, text: &str) -> bool {
    match (pattern.strip_prefix('*'), pattern.strip_suffix('*')) {
        (Some(suffix), _) if text.ends_with(suffix) => true,
        (_, Some(prefix)) => text.starts_with(prefix),
        _ => pattern == text,
    }
}
