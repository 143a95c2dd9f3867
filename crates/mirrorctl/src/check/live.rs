//! What copies and live requests do to each other: a shadow that answers clients, a mirror of a mirror, two mirrors of
//! one request; and who takes a mirror back.

use super::subject::{Report, Subject};
use crate::findings::codes;
use crate::marks::{JOB_LABEL, ORIGINAL};
use crate::mesh::clusters::ports;
use crate::mesh::destination::Destination;
use crate::mesh::flows::Flow;
use crate::mesh::flows::source::{FlowSource, can_have_both};
use crate::mesh::resolution::{labels_of, shadow_labels, split};
use crate::objects::controller;
use crate::objects::{Labels, Object, World, fully_qualified, kinds, routing, selects};

/// Everything about one stream besides its destination; `others` are all streams.
pub(super) fn check(flow: &Flow<'_>, others: &[(Flow<'_>, Option<&Subject>)], world: &World, report: &mut Report<'_>) {
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

/// A change of ours in an object that a controller writes.
pub(super) fn reverted(object: &Object, world: &World, report: &mut Report<'_>) {
    let is_changed = object.annotation(ORIGINAL).is_some();
    if let Some(controller) = controller::of(object, world).filter(|_| is_changed) {
        let message = format!("{}; {}", controller.effect, controller.advice);
        report.add(codes::REVERTED, controller.path, message);
    }
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
    for (service, _) in receivers(flow, world) {
        if service.namespace != namespace {
            continue;
        }
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

/// Who gets the requests of a stream: Services, as far as they are known, and the labels of the pods behind each.
fn receivers<'a>(flow: &Flow<'_>, world: &'a World) -> Vec<(&'a Object, Labels)> {
    if let FlowSource::Pods { namespace, selector } = &flow.source {
        return world
            .all(kinds::SERVICE)
            .filter(|service| service.namespace == *namespace && service.label(JOB_LABEL).is_none())
            .filter(|service| selects(&service.labels(&["spec", "selector"]), selector))
            .map(|service| (service, selector.clone()))
            .collect();
    }
    let host = match &flow.source {
        FlowSource::Host { host, .. } if flow.live.is_empty() => Some(Destination::of_host(host)),
        _ => None,
    };
    let client = flow.source.namespace();
    let of_destination = |to: &Destination| {
        let (name, namespace) = split(&to.host, world)?;
        let service = world.find(kinds::SERVICE, namespace, name)?;
        let labels = labels_of(to, client, world).map(|(_, labels)| labels);
        Some((service, labels.unwrap_or_default()))
    };
    flow.live
        .iter()
        .chain(host.as_ref())
        .filter_map(of_destination)
        .collect()
}

/// Another stream with the same destination that copies some of the same requests.
fn twice(flow: &Flow<'_>, others: &[(Flow<'_>, Option<&Subject>)], world: &World, report: &mut Report<'_>) {
    // A job is what the other objects come from.
    let Some(object) = flow.object else { return };
    for (other, _) in others {
        let Some(by) = other.object.filter(|_| is_same_destination(flow, other, world)) else {
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
        if same_requests && is_same_source(flow, other, world) {
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

/// Whether some requests are copied by both streams. Requests that a route sends to pods are also copied in those pods.
fn is_same_source(flow: &Flow<'_>, other: &Flow<'_>, world: &World) -> bool {
    if flow.source.overlaps(&other.source) {
        return true;
    }
    let is_in_pods = |flow: &Flow<'_>| matches!(flow.source, FlowSource::Pods { .. });
    if !is_in_pods(flow) && !is_in_pods(other) {
        return false;
    }
    let of_other = receivers(other, world);
    receivers(flow, world).iter().any(|(service, labels)| {
        let mut others = of_other.iter();
        others.any(|(other, of_other)| std::ptr::eq(*service, *other) && can_have_both(labels, of_other))
    })
}

/// Whether the copies of both streams go to one cluster. A mirror without a port is one for each port of its requests.
fn is_same_destination(flow: &Flow<'_>, other: &Flow<'_>, world: &World) -> bool {
    if (&flow.to.host, &flow.to.subset) != (&other.to.host, &other.to.subset) {
        return false;
    }
    match (ports(flow, world), ports(other, world)) {
        (Some(one), Some(two)) => one.iter().any(|port| two.contains(port)),
        _ => true,
    }
}

/// In one rule of a route every mirror copies; two rules never meet. The mirrors of a filter are all one rule.
fn same_rule(one: &str, other: &str) -> bool {
    let rule = |path: &str| path.split_once(".mirror").map(|(rule, _)| rule.to_owned());
    let filters = |path: &str| path.split_once(".filters").map(|(rule, _)| rule.to_owned());
    filters(one) == filters(other) && rule(one) == rule(other)
}
