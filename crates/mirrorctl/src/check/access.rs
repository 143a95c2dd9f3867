//! What keeps the copying pods from the destination: a Sidecar that does not import the host, and AuthorizationPolicies
//! that refuse the primary's identity.

use serde_json::Value;

use super::flows::Flow;
use super::flows::destination::Destination;
use super::resolution::shadow_labels;
use super::subject::Report;
use crate::findings::codes;
use crate::objects::{Labels, Object, ROOT_NAMESPACE, World, at, fully_qualified, host_covers, kinds, list, selects};

/// Whether the Sidecar of the copying pods imports the host, itself or by a VirtualService that it imports
/// (sidecar.go).
pub(super) fn imported(
    flow: &Flow<'_>,
    target: &Object,
    namespace: &str,
    selector: &Labels,
    world: &World,
    report: &mut Report<'_>,
) {
    let Some(sidecar) = world.sidecar(namespace, selector) else {
        return;
    };
    let entries: Vec<(&str, &str)> = list(&sidecar.value, &["spec", "egress"])
        .flat_map(|listener| list(listener, &["hosts"]))
        .filter_map(|host| host.as_str()?.split_once('/'))
        .collect();
    let imports = |of: &str, host: &str| {
        entries.iter().any(|(from, pattern)| {
            let fits = *from == "*" || *from == of || (*from == "." && of == namespace);
            fits && host_covers(pattern, host)
        })
    };
    let by_route = || {
        world.all(kinds::VIRTUAL_SERVICE).any(|object| {
            let hosts = list(&object.value, &["spec", "hosts"]).filter_map(Value::as_str);
            let mut hosts = hosts.map(|host| fully_qualified(host, &object.namespace, &world.domain));
            hosts.any(|host| imports(&object.namespace, &host)) && names(object, &flow.to.host, world)
        })
    };
    if !entries.is_empty() && !imports(&target.namespace, &flow.to.host) && !by_route() {
        report.add(
            codes::NOT_IMPORTED,
            &flow.path,
            format!(
                "{} imports nothing that covers {}/{}",
                sidecar.title(),
                target.namespace,
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

/// Whether a VirtualService names a host as a destination, of live requests or of copies.
fn names(object: &Object, host: &str, world: &World) -> bool {
    let routes = ["http", "tcp", "tls"]
        .into_iter()
        .flat_map(|key| list(&object.value, &["spec", key]));
    let mut destinations = routes.flat_map(|rule| {
        let route = list(rule, &["route"])
            .chain(list(rule, &["mirrors"]))
            .filter_map(|entry| entry.get("destination"));
        route.chain(rule.get("mirror"))
    });
    destinations.any(|destination| Destination::of_virtual_service(destination, object, world).host == host)
}
