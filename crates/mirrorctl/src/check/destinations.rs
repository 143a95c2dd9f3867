//! Whether copies arrive: the Service or ServiceEntry, its port, its subset and its pods.

use super::clusters::clusters_at;
use super::flows::Flow;
use super::flows::destination::Destination;
use super::flows::source::FlowSource;
use super::resolution::{Absence, Target, resolve, shadow_labels};
use super::subject::Report;
use super::{access, entries};
use crate::findings::codes;
use crate::objects::{Object, Protocol, Service, World, kinds, list, routing, selects};

/// Everything about the destination of one stream.
pub(super) fn check(flow: &Flow<'_>, world: &World, report: &mut Report<'_>) {
    let is_virtual_service = flow.object.is_some_and(|object| object.is(kinds::VIRTUAL_SERVICE));
    if is_virtual_service && flow.to.port.is_none() {
        report.add(codes::NO_DESTINATION_PORT, &flow.path, "`port` is absent");
    }
    let target = match resolve(&flow.to, flow.source.namespace(), world) {
        Ok(target) => target,
        Err(Absence { code, problem }) => return report.add(code, &flow.path, problem),
    };
    if let Target::Service(service) = &target
        && service.is_headless()
    {
        let problem = format!("{} is headless", service.object.title());
        return report.add(codes::NO_ENDPOINT, &flow.path, problem);
    }
    // Without a port, a finding of its own says what may not be known.
    if let Err(Absence { code, problem }) = clusters_at(flow, &target, world)
        && (code != codes::NOT_KNOWN || flow.to.port.is_some())
    {
        report.add(code, &flow.path, problem);
    }
    match target {
        Target::Service(service) => {
            port(flow, &service, report);
            pods(flow, &service, world, report);
        }
        Target::Entry(entry) => {
            entries::check(flow, entry, world, report);
        }
    }
    if let (FlowSource::Host { native: true, .. }, Some(subset)) = (&flow.source, &flow.to.subset) {
        hidden_from_callers(flow, target.object(), subset, world, report);
    }
    routed(flow, world, report);
    if let FlowSource::Pods { namespace, selector } = &flow.source {
        access::imported(flow, target.object(), namespace, selector, world, report);
        access::allowed(flow, target.object(), namespace, selector, world, report);
    }
}

fn port(flow: &Flow<'_>, service: &Service<'_>, report: &mut Report<'_>) {
    let (Some(number), Ok(ports)) = (flow.to.port, service.ports()) else {
        return;
    };
    let title = service.object.title();
    let Some(port) = ports.iter().find(|port| u64::from(port.number) == number) else {
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

/// Whether the callers of a namespace obey a DestinationRule of their own, which lacks the subset. A mirror of Envoy's
/// own copies in each caller's proxy.
fn hidden_from_callers(flow: &Flow<'_>, target: &Object, subset: &str, world: &World, report: &mut Report<'_>) {
    let host = &flow.to.host;
    let mut namespaces: Vec<&str> = world
        .all(kinds::DESTINATION_RULE)
        .filter(|rule| world.is_rule_for(rule, host))
        .map(|rule| rule.namespace.as_str())
        .filter(|namespace| *namespace != flow.source.namespace() && *namespace != target.namespace)
        .collect();
    namespaces.sort_unstable();
    namespaces.dedup();
    for namespace in namespaces {
        let obeyed = world.destination_rules(host, namespace, &target.namespace);
        if let Some(rule) = obeyed.first().filter(|rule| rule.namespace == namespace)
            && world.subset(host, namespace, &target.namespace, subset).is_none()
        {
            let problem = format!(
                "proxies of namespace {namespace} obey {}, which lacks the subset {subset}, so their requests are not copied",
                rule.title()
            );
            report.add(codes::RULE_HIDDEN, &flow.path, problem);
        }
    }
}

/// Whether the Service has pods, as far as the inputs tell.
fn pods(flow: &Flow<'_>, service: &Service<'_>, world: &World, report: &mut Report<'_>) {
    let (title, namespace) = (service.object.title(), &service.object.namespace);
    if service.selector().is_empty() {
        if !has_endpoints(service.object, world) {
            let problem = format!(
                "{title} selects no pods, and its endpoints are in no input: kubectl get endpointslices -n {namespace} -l kubernetes.io/service-name={} -o yaml",
                service.object.name()
            );
            report.add(codes::NOT_KNOWN, &flow.path, problem);
        }
        return;
    }
    let Some((_, labels)) = shadow_labels(flow, world) else {
        return;
    };
    let mut workloads = world.workloads(namespace).peekable();
    if workloads.peek().is_some() && !workloads.any(|pods| selects(&labels, &pods.labels())) {
        let problem = format!(
            "no workload of {} is among those of namespace {namespace} that are given: {}",
            flow.to.title(),
            kinds::DEPLOYMENT.command(namespace)
        );
        report.add(codes::NOT_KNOWN, &flow.path, problem);
    }
}

/// Whether endpoints of a Service without a selector are given.
fn has_endpoints(service: &Object, world: &World) -> bool {
    let is_of = |object: &Object| match object.kind() {
        "EndpointSlice" => {
            object.label("kubernetes.io/service-name") == Some(service.name())
                && list(&object.value, &["endpoints"]).next().is_some()
        }
        "Endpoints" => object.name() == service.name() && list(&object.value, &["subsets"]).next().is_some(),
        _ => false,
    };
    let mut objects = world.iter();
    objects.any(|object| object.namespace == service.namespace && is_of(object))
}

/// Whether a VirtualService sends the requests for the shadow's host elsewhere. A copy goes to the cluster of its host,
/// past every route.
fn routed(flow: &Flow<'_>, world: &World, report: &mut Report<'_>) {
    let Some(object) = routing::obeyed(world, &flow.to.host, flow.source.namespace()) else {
        return;
    };
    if flow.live.iter().any(|live| live.host == flow.to.host) || flow.object == Some(object) {
        return;
    }
    let elsewhere = list(&object.value, &["spec", "http"])
        .flat_map(|rule| list(rule, &["route"]))
        .filter_map(|route| route.get("destination"))
        .map(|destination| Destination::of_virtual_service(destination, object, world))
        .find(|destination| destination.host != flow.to.host);
    if let Some(destination) = elsewhere {
        let problem = format!(
            "{} routes requests for {} to {}, and a copy goes to {} itself",
            object.title(),
            flow.to.host,
            destination.host,
            flow.to.title()
        );
        report.add(codes::NOT_ROUTED, &flow.path, problem);
    }
}
