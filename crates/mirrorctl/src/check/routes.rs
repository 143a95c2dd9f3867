//! The mirrors of Envoy's own, in the rules of a VirtualService or an HTTPRoute: what a rule does to its mirror.

use serde_json::Value;

use super::subject::Report;
use super::{live, mirrors};
use crate::findings::codes;
use crate::mesh::destination::{Destination, Scope};
use crate::mesh::native_mirror::{NativeMirror, millionths};
use crate::mesh::resolution;
use crate::objects::entry::entry;
use crate::objects::{Object, World, fully_qualified, list, routing, selects};

/// A VirtualService.
pub(super) fn virtual_service(object: &Object, world: &World, report: &mut Report<'_>) {
    let mut has_mirrors = false;
    for (index, rule) in list(&object.value, &["spec", "http"]).enumerate() {
        for mirror in NativeMirror::of_rule(rule, &format!("spec.http[{index}]")) {
            match mirror.percentage {
                // That is no mirror: such an entry only makes the cluster known.
                Some(0.0) => continue,
                Some(percentage) => effective(percentage, &mirror.percentage_path, report),
                None => report.add(codes::ALL_TRAFFIC, &mirror.path, "the percentage is absent"),
            }
            has_mirrors = true;
            if rule.get("redirect").is_some() || rule.get("directResponse").is_some() {
                report.add(
                    codes::NOT_FORWARDED,
                    &mirror.path,
                    "the rule answers the request itself",
                );
            }
            let entries: Vec<&Value> = list(rule, &["match"]).collect();
            mirrors::unsafe_methods(&mirror.path, report, |method| {
                entries.is_empty()
                    || entries.iter().any(|entry| {
                        entry
                            .get("method")
                            .is_none_or(|wanted| mirrors::meets_written(wanted, method))
                    })
            });
            let to = Destination::of_virtual_service(mirror.destination, Scope::of(object, world));
            for (index, route) in list(rule, &["route"])
                .enumerate()
                .filter(|(_, route)| !routing::is_weightless(route))
            {
                if let Some(live) = route.get("destination") {
                    let live = Destination::of_virtual_service(live, Scope::of(object, world));
                    live_route(
                        &format!("route[{index}]"),
                        &live,
                        &to,
                        &mirror.path,
                        object,
                        world,
                        report,
                    );
                }
            }
        }
    }
    if has_mirrors {
        hidden(object, world, report);
        live::reverted(object, world, report);
    }
}

/// An HTTPRoute.
pub(super) fn http_route(object: &Object, world: &World, report: &mut Report<'_>) {
    for (index, rule) in list(&object.value, &["spec", "rules"]).enumerate() {
        for (inner, filter) in list(rule, &["filters"]).enumerate() {
            let Some(mirror) = filter.get("requestMirror") else {
                continue;
            };
            let Some(backend) = mirror.get("backendRef") else {
                continue;
            };
            let path = format!("spec.rules[{index}].filters[{inner}]");
            live::reverted(object, world, report);
            if mirror.get("percent").is_none() && mirror.get("fraction").is_none() {
                report.add(codes::ALL_TRAFFIC, &path, "`percent` and `fraction` are absent");
            }
            let entries: Vec<&Value> = list(rule, &["matches"]).collect();
            mirrors::unsafe_methods(&path, report, |method| {
                entries.is_empty()
                    || entries
                        .iter()
                        .any(|entry| entry.get("method").is_none_or(|wanted| wanted == method))
            });
            if list(rule, &["backendRefs"]).all(routing::is_weightless) {
                report.add(codes::NOT_FORWARDED, &path, "the rule has no backend with a weight");
            }
            let to = Destination::of_backend(backend, Scope::of(object, world));
            for (index, live) in list(rule, &["backendRefs"])
                .enumerate()
                .filter(|(_, live)| !routing::is_weightless(live))
            {
                let live = Destination::of_backend(live, Scope::of(object, world));
                live_route(
                    &format!("backendRefs[{index}]"),
                    &live,
                    &to,
                    &path,
                    object,
                    world,
                    report,
                );
            }
        }
    }
}

/// A live destination that is the shadow, or has pods of it.
fn live_route(
    route: &str,
    live: &Destination,
    to: &Destination,
    path: &str,
    object: &Object,
    world: &World,
    report: &mut Report<'_>,
) {
    if (&live.host, &live.subset) == (&to.host, &to.subset) {
        report.add(
            codes::LIVE_ROUTE,
            path,
            format!("{route} sends live requests to {} too", to.title()),
        );
        return;
    }
    let labels = |to: &Destination| resolution::labels_of(to, &object.namespace, world);
    if let (Some((namespace, of_live)), Some((other, of_shadow))) = (labels(live), labels(to))
        && namespace == other
        && let Some(pods) = world
            .workloads(&namespace)
            .find(|pods| selects(&of_live, &pods.labels()) && selects(&of_shadow, &pods.labels()))
    {
        report.add(
            codes::LIVE_ROUTE,
            path,
            format!(
                "{route} sends live requests to {} too, which gets the copies",
                pods.object.title()
            ),
        );
    }
}

fn effective(percentage: f64, path: &str, report: &mut Report<'_>) {
    let becomes = f64::from(millionths(percentage)) / 10_000.0;
    if (becomes - percentage).abs() > 1e-9 && (0.0..=100.0).contains(&percentage) {
        report.add(codes::PERCENTAGE_LOST, path, format!("{percentage} becomes {becomes}"));
    }
}

/// The Service that a host seems to mean which is no whole name of one, and no host of a ServiceEntry.
fn half_named<'a>(host: &str, object: &Object, world: &'a World) -> Option<&'a Object> {
    let is_whole = resolution::split(host, world).is_some();
    if is_whole || !routing::in_mesh(object) || entry(host, &object.namespace, world).is_ok() {
        return None;
    }
    resolution::shortened(host, &object.namespace, world)
}

fn hidden(object: &Object, world: &World, report: &mut Report<'_>) {
    for (index, host) in list(&object.value, &["spec", "hosts"])
        .filter_map(Value::as_str)
        .enumerate()
    {
        let whole = fully_qualified(host, &object.namespace, &world.domain);
        if let Some(service) = half_named(&whole, object, world) {
            let problem = format!(
                "`{host}` is not a whole name; that of {} is {}.{}.svc.{}",
                service.title(),
                service.name(),
                service.namespace,
                world.domain
            );
            report.add(codes::NO_REQUESTS, format!("spec.hosts[{index}]"), problem);
        }
        let winner = routing::obeyed(world, &whole, &object.namespace);
        if let Some(winner) = winner.filter(|winner| routing::in_mesh(object) && *winner != object) {
            report.add(
                codes::ROUTE_HIDDEN,
                format!("spec.hosts[{index}]"),
                format!("sidecars obey {} for {whole}", winner.title()),
            );
        }
    }
}
