//! Whether copies arrive: the Service, its port, its subset, and what keeps a proxy from calling it.

use super::flows::{Flow, FlowSource, To, list};
use super::subject::Report;
use crate::findings::codes;
use crate::objects::{
    Labels, Object, Protocol, ROOT_NAMESPACE, Service, World, at, fully_qualified, host_covers, kinds, selects,
};
use serde_json::Value;

/// Everything about the destination of one stream.
pub(super) fn check(flow: &Flow<'_>, world: &World, report: &mut Report<'_>) {
    let is_virtual_service = flow.object.is_some_and(|object| object.is(kinds::VIRTUAL_SERVICE));
    if is_virtual_service && flow.to.port.is_none() {
        report.add(codes::NO_DESTINATION_PORT, &flow.path, "`port` is absent");
    }
    let Some(service) = service(flow, world, report) else {
        return;
    };
    let title = service.object.title();
    if let Some(other) = service.external_name() {
        report.add(
            codes::NO_ENDPOINT,
            &flow.path,
            format!("{title} only stands for {other}"),
        );
        return;
    }
    if service.is_headless() {
        report.add(codes::NO_ENDPOINT, &flow.path, format!("{title} is headless"));
        return;
    }
    port(flow, &service, report);
    subset(flow, &service, world, report);
    if let FlowSource::Pods { namespace, selector } = &flow.source {
        imported(flow, &service, namespace, selector, world, report);
        allowed(flow, &service, namespace, selector, world, report);
    }
}

/// The labels of the pods that get the copies; `None` if that cannot be told.
pub(super) fn shadow_labels(flow: &Flow<'_>, world: &World) -> Option<(String, Labels)> {
    labels_of(&flow.to, flow.source.namespace(), world)
}

/// Namespace and labels of the pods behind a destination, for proxies of a namespace.
pub(super) fn labels_of(to: &To, client_namespace: &str, world: &World) -> Option<(String, Labels)> {
    let (name, namespace) = split(&to.host, world)?;
    let service = world.service(namespace, name).ok()?;
    let mut labels = service.selector();
    if let Some(subset) = &to.subset {
        labels.extend(world.subset(&to.host, client_namespace, namespace, subset)?);
    }
    (!labels.is_empty()).then(|| (namespace.to_owned(), labels))
}

/// Name and namespace of a Service by its whole host.
pub(super) fn split<'a>(host: &'a str, world: &World) -> Option<(&'a str, &'a str)> {
    let (name, namespace) = host.strip_suffix(&format!(".svc.{}", world.domain))?.split_once('.')?;
    (!namespace.contains('.')).then_some((name, namespace))
}

fn service<'a>(flow: &Flow<'_>, world: &'a World, report: &mut Report<'_>) -> Option<Service<'a>> {
    let host = &flow.to.host;
    let Some((name, namespace)) = split(host, world) else {
        // Not a Service's whole name: a mistake if it is one's beginning, else another host of the mesh.
        let mut parts = host.splitn(3, '.');
        let (name, namespace) = (parts.next()?, parts.next()?);
        if world.find(kinds::SERVICE, namespace, name).is_some() {
            let whole = format!("{name}.{namespace}.svc.{}", world.domain);
            report.add(
                codes::NO_SERVICE,
                &flow.path,
                format!("`{host}` is not a whole name; that of the Service is {whole}"),
            );
        }
        return None;
    };
    if let Ok(service) = world.service(namespace, name) {
        return Some(service);
    }
    let known: Vec<&str> = world
        .all(kinds::SERVICE)
        .filter(|service| service.namespace == namespace)
        .map(Object::name)
        .collect();
    if known.is_empty() {
        report.add(
            codes::NOT_KNOWN,
            &flow.path,
            format!(
                "no Service of namespace {namespace} is given: {}",
                kinds::SERVICE.command(namespace)
            ),
        );
    } else {
        report.add(
            codes::NO_SERVICE,
            &flow.path,
            format!(
                "{name} is not among the Services of namespace {namespace} that are given: {}",
                few(&known)
            ),
        );
    }
    None
}

/// The first of many names.
fn few(names: &[&str]) -> String {
    match names.split_at_checked(10) {
        Some((first, rest)) if !rest.is_empty() => format!("{} and {} more", first.join(", "), rest.len()),
        _ => names.join(", "),
    }
}

fn port(flow: &Flow<'_>, service: &Service<'_>, report: &mut Report<'_>) {
    let (Some(number), Ok(ports)) = (flow.to.port, service.ports()) else {
        return;
    };
    let title = service.object.title();
    let Some(port) = ports.iter().find(|port| u64::from(port.number) == number) else {
        let known: Vec<String> = ports.iter().map(crate::objects::ServicePort::title).collect();
        report.add(
            codes::NO_PORT,
            &flow.path,
            format!("{title} has no port {number}; it has {}", known.join(", ")),
        );
        return;
    };
    match port.protocol {
        Protocol::Http => {}
        Protocol::Undeclared => report.add(
            codes::UNDECLARED,
            &flow.path,
            format!("port {} of {title} declares no protocol", port.title()),
        ),
        Protocol::Opaque | Protocol::Udp => report.add(
            codes::NOT_HTTP,
            &flow.path,
            format!("port {} of {title} is not HTTP", port.title()),
        ),
    }
}

fn subset(flow: &Flow<'_>, service: &Service<'_>, world: &World, report: &mut Report<'_>) {
    let Some(name) = &flow.to.subset else { return };
    let (host, client, own) = (&flow.to.host, flow.source.namespace(), &service.object.namespace);
    if world.subset(host, client, own, name).is_some() {
        return;
    }
    let defines = |rule: &&Object| {
        let pattern = fully_qualified(
            rule.text(&["spec", "host"]).unwrap_or_default(),
            &rule.namespace,
            &world.domain,
        );
        host_covers(&pattern, host)
            && list(&rule.value, &["spec", "subsets"])
                .any(|subset| subset.get("name").and_then(Value::as_str) == Some(name))
    };
    let obeyed = world.destination_rules(host, client, own);
    let elsewhere = world.all(kinds::DESTINATION_RULE).find(defines);
    match (obeyed.first(), elsewhere) {
        (Some(winner), Some(rule)) => report.add(
            codes::RULE_HIDDEN,
            &flow.path,
            format!(
                "{} defines the subset {name}, and proxies of namespace {client} obey {}",
                rule.title(),
                winner.title()
            ),
        ),
        (None, Some(rule)) => report.add(
            codes::RULE_HIDDEN,
            &flow.path,
            format!(
                "{} defines the subset {name}, and is not exported to namespace {client}",
                rule.title()
            ),
        ),
        (Some(winner), None) => report.add(
            codes::NO_SUBSET,
            &flow.path,
            format!("{} has no subset {name}", winner.title()),
        ),
        (None, None) => report.add(
            codes::NOT_KNOWN,
            &flow.path,
            format!(
                "no DestinationRule for {host} is given: {}",
                kinds::DESTINATION_RULE.command(own)
            ),
        ),
    }
}

/// Whether the Sidecar of the copying pods imports the host, itself or by a VirtualService that it imports
/// (sidecar.go).
fn imported(
    flow: &Flow<'_>,
    service: &Service<'_>,
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
    if !entries.is_empty() && !imports(&service.object.namespace, &flow.to.host) && !by_route() {
        report.add(
            codes::NOT_IMPORTED,
            &flow.path,
            format!(
                "{} imports nothing that covers {}/{}",
                sidecar.title(),
                service.object.namespace,
                flow.to.host
            ),
        );
    }
}

/// Whether the AuthorizationPolicies at the shadow let the primary's identity in.
fn allowed(
    flow: &Flow<'_>,
    service: &Service<'_>,
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
                    service.object.title()
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
    destinations.any(|destination| To::of_destination(destination, object, world).host == host)
}
