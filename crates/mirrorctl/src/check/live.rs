//! What copies and live requests do to each other: a shadow that answers clients, a mirror of a mirror, two mirrors of
//! one request.

use super::destinations::{shadow_labels, split};
use super::flows::{Flow, FlowSource};
use super::subject::Report;
use crate::findings::codes;
use crate::manifests::JOB_LABEL;
use crate::objects::{Labels, Object, World, fully_qualified, kinds, routing, selects};

/// Everything about one stream besides its destination; `others` are all streams.
pub(super) fn check(flow: &Flow<'_>, others: &[Flow<'_>], world: &World, report: &mut Report<'_>) {
    if let Some((namespace, labels)) = shadow_labels(flow, world) {
        if let FlowSource::Pods {
            namespace: own,
            selector,
        } = &flow.source
            && *own == namespace
        {
            selects_shadow(flow, selector, &namespace, &labels, world, report);
        }
        shared_endpoints(flow, &namespace, &labels, world, report);
    }
    twice(flow, others, world, report);
}

/// The filter in the pods of the shadow would mirror what it is sent.
fn selects_shadow(
    flow: &Flow<'_>,
    selector: &Labels,
    namespace: &str,
    labels: &Labels,
    world: &World,
    report: &mut Report<'_>,
) {
    let everywhere = selector.is_empty();
    if everywhere || selects(selector, labels) {
        report.add(
            codes::SELECTS_SHADOW,
            "spec.selector",
            format!("selects the pods of {}", flow.to.title()),
        );
        return;
    }
    let pods = world
        .workloads(namespace)
        .find(|pods| selects(labels, &pods.labels()) && selects(selector, &pods.labels()));
    if let Some(pods) = pods {
        let path = if flow.object.is_some() {
            "spec.selector"
        } else {
            "spec.primary"
        };
        report.add(
            codes::SELECTS_SHADOW,
            path,
            format!("selects {}, which gets the copies", pods.object.title()),
        );
    }
}

/// A Service of the target that selects the shadow's pods too.
fn shared_endpoints(flow: &Flow<'_>, namespace: &str, labels: &Labels, world: &World, report: &mut Report<'_>) {
    // The labels of real pods say more than the selector by which they are found.
    let mut pods: Vec<Labels> = world
        .workloads(namespace)
        .map(|pods| pods.labels())
        .filter(|pods| selects(labels, pods))
        .collect();
    pods.push(labels.clone());
    for service in targets(flow, world)
        .into_iter()
        .filter(|service| service.namespace == *namespace)
    {
        let own_host = fully_qualified(service.name(), &service.namespace, &world.domain);
        if own_host == flow.to.host && flow.to.subset.is_none() {
            continue;
        }
        let selector = service.labels(&["spec", "selector"]);
        let is_endpoint = |pods: &&Labels| selects(&selector, pods) && !routing::keeps_off(world, service, pods);
        if pods.iter().any(|pods| is_endpoint(&pods)) {
            report.add(
                codes::SHARED_ENDPOINTS,
                &flow.path,
                format!("{} selects the pods of {} too", service.title(), flow.to.title()),
            );
        }
    }
}

/// The Services whose requests are copied, as far as they are known.
fn targets<'a>(flow: &Flow<'_>, world: &'a World) -> Vec<&'a Object> {
    let services = world.all(kinds::SERVICE);
    match &flow.source {
        FlowSource::Pods { namespace, selector } => services
            .filter(|service| service.namespace == *namespace && service.label(JOB_LABEL).is_none())
            .filter(|service| selects(&service.labels(&["spec", "selector"]), selector))
            .collect(),
        FlowSource::Host { host, .. } => {
            let target = split(host, world);
            services
                .filter(|service| target == Some((service.name(), service.namespace.as_str())))
                .collect()
        }
        FlowSource::Gateway { .. } => Vec::new(),
    }
}

/// Another stream with the same destination that copies some of the same requests.
fn twice(flow: &Flow<'_>, others: &[Flow<'_>], world: &World, report: &mut Report<'_>) {
    // A job is what the other objects come from.
    let Some(object) = flow.object else { return };
    let hosts = |flow: &Flow<'_>| -> Vec<String> {
        let of_service = |service: &Object| fully_qualified(service.name(), &service.namespace, &world.domain);
        match &flow.source {
            FlowSource::Host { host, .. } => vec![host.clone()],
            _ => targets(flow, world).into_iter().map(of_service).collect(),
        }
    };
    for other in others {
        let Some(by) = other.object.filter(|_| other.to == flow.to) else {
            continue;
        };
        let same_object = std::ptr::eq(by, object);
        // One finding for a pair: at the second within an object, and at whichever is reported on between two.
        if same_object
            && (other.path >= flow.path || other.conditions != flow.conditions || !same_rule(&other.path, &flow.path))
        {
            continue;
        }
        let same_requests =
            other.conditions == flow.conditions || other.conditions.is_null() || flow.conditions.is_null();
        let same_source = other.source == flow.source || hosts(other).iter().any(|host| hosts(flow).contains(host));
        if same_requests && same_source {
            let by = if same_object {
                format!("{} copies", other.path)
            } else {
                format!("{} copies", by.title())
            };
            report.add(
                codes::TWICE,
                &flow.path,
                format!("{by} the same requests to {} too", flow.to.title()),
            );
        }
    }
}

/// In one rule of a route every mirror copies; two rules never meet. The mirrors of a filter are all one rule.
fn same_rule(one: &str, other: &str) -> bool {
    let rule = |path: &str| path.split_once(".mirror").map(|(rule, _)| rule.to_owned());
    let filters = |path: &str| path.split_once(".filters").map(|(rule, _)| rule.to_owned());
    filters(one) == filters(other) && rule(one) == rule(other)
}
