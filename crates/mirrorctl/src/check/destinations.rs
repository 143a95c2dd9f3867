//! Whether copies arrive: the Service or ServiceEntry, its port, its subset and its pods.

use super::subject::Report;
use super::{access, outside};
use crate::findings::{Code, codes};
use crate::mesh::clusters::{clusters_at, lacking};
use crate::mesh::destination::{Destination, Scope};
use crate::mesh::fitness::{Uncallable, fitness};
use crate::mesh::flows::Flow;
use crate::mesh::flows::source::FlowSource;
use crate::mesh::resolution::{Reason, Target, cluster_host, resolve, shadow_labels};
use crate::objects::{Object, Service, World, kinds, list, routing, selects};

/// Everything about the destination of one stream.
pub(super) fn check(flow: &Flow<'_>, world: &World, report: &mut Report<'_>) {
    let is_virtual_service = flow.object.is_some_and(|object| object.is(kinds::VIRTUAL_SERVICE));
    if is_virtual_service && flow.to.port.is_none() {
        report.add(codes::NO_DESTINATION_PORT, &flow.path, "`port` is absent");
    }
    let target = match resolve(&flow.to, flow.source.namespace(), world) {
        Ok(target) => target,
        Err(absence) => return report.add(code(absence.reason), &flow.path, absence.problem),
    };
    let fitness = fitness(&target, &flow.to.host, flow.to.port, flow.source.namespace(), world);
    if let (Target::Service(_), Err(Uncallable::NoEndpoint(problem))) = (&target, &fitness) {
        return report.add(codes::NO_ENDPOINT, &flow.path, problem);
    }
    // Without a port, a finding of its own says what may not be known.
    if let Err(absence) = clusters_at(flow, &target, world)
        && (absence.reason != Reason::NotKnown || flow.to.port.is_some())
    {
        report.add(code(absence.reason), &flow.path, absence.problem);
    }
    if let Some(problem) = lacking(flow, &target, world) {
        report.add(codes::NO_PORT, &flow.path, problem);
    }
    if let Err(uncallable) = fitness {
        let code = match uncallable {
            Uncallable::NoEndpoint(_) => codes::NO_ENDPOINT,
            Uncallable::NoPort(_) => codes::NO_PORT,
            Uncallable::Undeclared(_) => codes::UNDECLARED,
            Uncallable::NotHttp(_) => codes::NOT_HTTP,
        };
        report.add(code, &flow.path, uncallable.problem());
    }
    match &target {
        Target::Service(service) => pods(flow, service, world, report),
        Target::Entry(entry) => outside::check(flow, entry, world, report),
    }
    if let (FlowSource::Host { native: true, .. }, Some(subset)) = (&flow.source, &flow.to.subset) {
        hidden_from_callers(flow, target.object(), subset, world, report);
    }
    routed(flow, world, report);
    if let FlowSource::Pods { namespace, selector } = &flow.source {
        access::imported(flow, namespace, selector, world, report);
        access::allowed(flow, target.object(), namespace, selector, world, report);
    }
}

/// The code of a finding that says why there is no cluster.
fn code(reason: Reason) -> &'static Code {
    match reason {
        Reason::NotKnown => codes::NOT_KNOWN,
        Reason::NoService => codes::NO_SERVICE,
        Reason::NoEndpoint => codes::NO_ENDPOINT,
        Reason::NoPort => codes::NO_PORT,
        Reason::NoSubset => codes::NO_SUBSET,
        Reason::RuleHidden => codes::RULE_HIDDEN,
    }
}

/// Whether the callers of a namespace obey a DestinationRule of their own, which lacks the subset. A mirror of Envoy's
/// own copies in each caller's proxy.
fn hidden_from_callers(flow: &Flow<'_>, target: &Object, subset: &str, world: &World, report: &mut Report<'_>) {
    let host = cluster_host(&flow.to, world);
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
        .map(|destination| Destination::of_virtual_service(destination, Scope::of(object, world)))
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
