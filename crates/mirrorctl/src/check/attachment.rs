//! Where a WasmPlugin or TrafficExtension puts the filter, and what it does there to the primary. Istio checks nothing
//! of this.

use serde_json::Value;

use super::answers;
use super::mirrors::{self, plugin_config};
use super::subject::{Report, Setting};
use crate::findings::codes;
use crate::mesh::attached::{At, Attached};
use crate::objects::{Labels, Object, Protocol, Service, Workload, World, at, kinds, selects};

/// Everything that one resource shows by itself.
pub(super) fn check(object: &Object, world: &World, setting: &Setting, report: &mut Report<'_>) {
    let Some(attachment) = Attached::of(object) else {
        return;
    };
    let text = |key: &str| attachment.plugin.get(key).and_then(Value::as_str);
    match text("failStrategy") {
        Some("FAIL_OPEN") => {}
        Some(other) => report.add(
            codes::FAIL_CLOSE,
            attachment.below("failStrategy"),
            format!("is {other}"),
        ),
        None => report.add(
            codes::FAIL_CLOSE,
            attachment.path,
            "`failStrategy` is absent, which is FAIL_CLOSE",
        ),
    }
    let url = text("url").unwrap_or_default();
    if !url.contains("@sha256:") && text("sha256").is_none_or(str::is_empty) {
        report.add(
            codes::NOT_PINNED,
            attachment.below("url"),
            format!("`{url}` names no digest"),
        );
    }
    for key in ["phase", "priority"] {
        let unspecified = |value: &Value| value.as_str().is_some_and(|phase| phase.starts_with("UNSPECIFIED"));
        if let Some(value) = object.at(&["spec", key]).filter(|value| !unspecified(value)) {
            report.add(codes::NOT_LAST, format!("spec.{key}"), format!("is {value}"));
        }
    }
    let selector = object.labels(&["spec", "selector", "matchLabels"]);
    if attachment.at == At::Sidecar && selector.is_empty() {
        report.add(
            codes::EVERY_POD,
            "spec",
            "neither `selector` nor `targetRefs` says which pods",
        );
    }
    direction(&attachment, report);
    accepted(&attachment, &selector, world, report);
    answers::of_pods(pods(&attachment, &selector, world), attachment.path, world, report);
    let config = attachment.plugin.get("pluginConfig").unwrap_or(&Value::Null);
    let path = attachment.below("pluginConfig");
    let Some(plan) = plugin_config(config, &path, memory(&attachment, &selector, world), setting, report) else {
        return;
    };
    let client = attachment.at == At::Sidecar && attachment.matches().iter().any(|(mode, _)| *mode == "CLIENT");
    if attachment.at == At::Gateway || client {
        for (index, mirror) in plan.mirrors.iter().enumerate() {
            mirrors::authority(&mirror.config, &format!("{path}.mirrors[{index}]"), report);
        }
    }
}

fn direction(attachment: &Attached<'_>, report: &mut Report<'_>) {
    let matches = attachment.matches();
    match attachment.at {
        At::Sidecar if matches.is_empty() => {
            report.add(
                codes::BOTH_DIRECTIONS,
                "spec",
                "`match` is absent, which is both directions",
            );
        }
        At::Sidecar => {
            for (index, (mode, _)) in matches.iter().enumerate() {
                if !["SERVER", "CLIENT"].contains(mode) {
                    report.add(
                        codes::BOTH_DIRECTIONS,
                        format!("spec.match[{index}]"),
                        format!("the mode is {mode}, which is both directions"),
                    );
                }
            }
        }
        At::Waypoint => {
            for (index, (mode, ports)) in matches.iter().enumerate() {
                let path = format!("spec.match[{index}]");
                if *mode == "CLIENT" {
                    report.add(
                        codes::NEVER_ATTACHED,
                        path,
                        "the mode is CLIENT, and a waypoint is a server",
                    );
                } else if !ports.is_empty() {
                    report.add(
                        codes::NEVER_ATTACHED,
                        path,
                        "names ports, and the listener of a waypoint has none",
                    );
                }
            }
        }
        At::Gateway => {}
    }
}

/// Whether the pods accept requests on the ports of `match`: a Service that selects them leads there.
fn accepted(attachment: &Attached<'_>, selector: &Labels, world: &World, report: &mut Report<'_>) {
    let namespace = &attachment.object.namespace;
    let services: Vec<Service<'_>> = world
        .all(kinds::SERVICE)
        .filter(|service| service.namespace == *namespace && selects(&service.labels(&["spec", "selector"]), selector))
        .filter_map(|service| world.service(namespace, service.name()).ok())
        .collect();
    if attachment.at != At::Sidecar || services.is_empty() {
        return;
    }
    let mut known = Vec::new();
    for service in &services {
        for port in service.ports().unwrap_or_default() {
            match service.target_port(&port, selector) {
                Ok(number) => known.push((number, port, service)),
                Err(error) => {
                    report.add(codes::NOT_KNOWN, "spec.match", error.to_string());
                    return;
                }
            }
        }
    }
    for (index, (mode, ports)) in attachment.matches().into_iter().enumerate() {
        for (inner, number) in ports.into_iter().enumerate().filter(|_| mode == "SERVER") {
            let path = format!("spec.match[{index}].ports[{inner}]");
            let leading = known.iter().find(|(accepted, ..)| u64::from(*accepted) == number);
            match leading.map(|(_, port, service)| (port.protocol, port.title(), service.object.title())) {
                None => {
                    let mut numbers: Vec<String> = known.iter().map(|(accepted, ..)| accepted.to_string()).collect();
                    numbers.dedup();
                    report.add(
                        codes::NOT_ACCEPTED,
                        path,
                        format!("no Service leads to {number}; they lead to {}", numbers.join(", ")),
                    );
                }
                Some((Protocol::Undeclared, port, service)) => report.add(
                    codes::UNDECLARED,
                    path,
                    format!("port {port} of {service}, which leads there, declares no protocol"),
                ),
                Some((Protocol::Opaque | Protocol::Udp, port, service)) => report.add(
                    codes::NOT_HTTP,
                    path,
                    format!("port {port} of {service}, which leads there, is not HTTP"),
                ),
                Some((Protocol::Http, ..)) => {}
            }
        }
    }
}

/// The pods that a filter selects, as far as they are known.
fn pods<'a>(
    attachment: &'a Attached<'_>,
    selector: &'a Labels,
    world: &'a World,
) -> impl Iterator<Item = Workload<'a>> {
    world
        .workloads(&attachment.object.namespace)
        .filter(move |pods| attachment.at == At::Sidecar && selects(selector, &pods.labels()))
}

/// The memory of the proxies: the least that an annotation of the pods gives them, else Istio's own limit.
fn memory(attachment: &Attached<'_>, selector: &Labels, world: &World) -> u64 {
    let limits = pods(attachment, selector, world).filter_map(|pods| {
        let annotations = at(pods.template(), &["metadata", "annotations"])?;
        mirrors::bytes(annotations.get("sidecar.istio.io/proxyMemoryLimit")?.as_str()?)
    });
    limits.min().unwrap_or(mirrors::PROXY_MEMORY)
}
