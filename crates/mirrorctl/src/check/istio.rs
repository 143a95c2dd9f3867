//! Istio's own validation of what a mirroring job touches, with Istio's own messages
//! (pkg/config/validation/{virtualservice,validation}.go): what its webhook and `istioctl validate` would say. What the
//! schema says already is not said again.

pub(super) mod extension;

mod names;

use serde_json::Value;

use super::subject::Report;
use crate::findings::codes;
use crate::objects::{Object, at};

/// A DestinationRule.
pub(super) fn destination_rule(object: &Object, report: &mut Report<'_>) {
    let mut refuse = |path: String, message: String| report.add(codes::ISTIO_REFUSES, path, message);
    if let Some(host) = object.text(&["spec", "host"])
        && let Err(message) = names::host(host)
    {
        refuse("spec.host".to_owned(), message);
    }
    let mut names: Vec<&str> = Vec::new();
    for (index, subset) in list(&object.value, &["spec", "subsets"]).enumerate() {
        let path = format!("spec.subsets[{index}]");
        let name = text(subset, "name");
        if name.is_empty() {
            refuse(path, "subset name cannot be empty".to_owned());
        } else if names.contains(&name) {
            refuse(format!("{path}.name"), format!("duplicate subset names: {name}"));
        } else if let Err(message) = names::subset(name) {
            refuse(format!("{path}.name"), message);
        }
        names.push(name);
    }
    export_to(object, report);
}

/// A VirtualService.
pub(super) fn virtual_service(object: &Object, report: &mut Report<'_>) {
    let mut refuse = |path: &str, message: String| report.add(codes::ISTIO_REFUSES, path, message);
    let hosts: Vec<&str> = list(&object.value, &["spec", "hosts"])
        .filter_map(Value::as_str)
        .collect();
    let gateways: Vec<&str> = list(&object.value, &["spec", "gateways"])
        .filter_map(Value::as_str)
        .collect();
    let has = |key: &str| list(&object.value, &["spec", key]).next().is_some();
    let is_delegate = hosts.is_empty();
    if is_delegate {
        for (key, given, what) in [
            ("gateways", !gateways.is_empty(), "gateways"),
            ("tls", has("tls"), "tls route"),
            ("tcp", has("tcp"), "tcp route"),
        ] {
            if given {
                refuse(
                    &format!("spec.{key}"),
                    format!("delegate virtual service must have no {what} specified"),
                );
            }
        }
    }
    if !has("http") && !has("tcp") && !has("tls") {
        refuse(
            "spec",
            "http, tcp or tls must be provided in virtual service".to_owned(),
        );
    }
    let in_mesh = gateways.is_empty() || gateways.contains(&"mesh");
    let mut all_valid = true;
    for (index, host) in hosts.iter().enumerate() {
        let message = match names::host(host) {
            Err(message) if host.parse::<std::net::IpAddr>().is_err() => message,
            Ok(()) if *host == "*" && in_mesh => {
                "wildcard host * is not allowed for virtual services bound to the mesh gateway".to_owned()
            }
            _ => continue,
        };
        refuse(&format!("spec.hosts[{index}]"), message);
        all_valid = false;
    }
    for (index, host) in hosts.iter().enumerate().filter(|_| all_valid) {
        for other in hosts.iter().take(index).filter(|other| names::overlap(other, host)) {
            let message = format!("duplicate hosts in virtual service: {other} & {host}");
            refuse(&format!("spec.hosts[{index}]"), message);
        }
    }
    for (index, gateway) in gateways.iter().enumerate() {
        // A name with a dot and without a slash is the old form NAME.NAMESPACE.
        if !gateway.contains('/')
            && let Some((name, namespace)) = gateway.split_once('.')
        {
            let namespace = namespace.split('.').next().unwrap_or_default();
            let message = format!(
                "using legacy gatewayName format {gateway:?}; prefer the <namespace>/<name> format: {:?}",
                format!("{namespace}/{name}")
            );
            report.add(codes::ISTIO_WARNS, format!("spec.gateways[{index}]"), message);
        }
    }
    let mut without_match: Option<String> = None;
    for (index, rule) in list(&object.value, &["spec", "http"]).enumerate() {
        let path = format!("spec.http[{index}]");
        if let Some(before) = &without_match {
            let name = match text(rule, "name") {
                "" => format!("#{index}"),
                name => format!("{name:?}"),
            };
            report.add(
                codes::ISTIO_WARNS,
                &path,
                format!("virtualService rule {name} not used (route without matches defined before, at {before})"),
            );
        } else if rule.get("match").and_then(Value::as_array).is_none_or(Vec::is_empty) {
            without_match = Some(path.clone());
        }
        http(rule, &path, is_delegate, report);
    }
    export_to(object, report);
}

fn http(rule: &Value, path: &str, is_delegate: bool, report: &mut Report<'_>) {
    let has = |key: &str| has_field(rule, key);
    let routes: Vec<&Value> = list(rule, &["route"]).collect();
    let mut refuse = |path: String, message: String| report.add(codes::ISTIO_REFUSES, path, message);
    let is_root = has("delegate") && !is_delegate;
    if has("delegate") && is_delegate {
        refuse(
            format!("{path}.delegate"),
            "delegate HTTP route cannot contain delegate".to_owned(),
        );
    }
    if is_root && !routes.is_empty() {
        refuse(
            format!("{path}.route"),
            format!("root HTTP route {} must not specify route", text(rule, "name")),
        );
    }
    if is_root && has("redirect") {
        refuse(
            format!("{path}.redirect"),
            format!("root HTTP route {} must not specify redirect", text(rule, "name")),
        );
    }
    if let Some(fault) = rule.get("fault").filter(|value| value.is_object())
        && !has_field(fault, "abort")
        && !has_field(fault, "delay")
    {
        refuse(
            format!("{path}.fault"),
            "HTTP fault injection must have an abort and/or a delay".to_owned(),
        );
    }
    // Of a root, Istio asks nothing of what its delegate may have as well.
    if !is_root {
        conflicts(rule, path, report);
    }
    weights(&routes, path, report);
    mirror(rule, path, report);
}

/// The parts of one rule that exclude each other (`validateHTTPRouteConflict`).
fn conflicts(rule: &Value, path: &str, report: &mut Report<'_>) {
    let has = |key: &str| has_field(rule, key);
    let has_entries = |key: &str| list(rule, &[key]).next().is_some();
    let mut refuse = |message: &str| report.add(codes::ISTIO_REFUSES, path, message);
    let (redirect, direct_response) = (has("redirect"), has("directResponse"));
    let answer = if redirect { "redirect" } else { "direct_response" };
    if redirect || direct_response {
        if has_entries("route") {
            refuse(&format!("HTTP route cannot contain both route and {answer}"));
        }
        if has("fault") {
            refuse(&format!("HTTP route cannot contain both fault and {answer}"));
        }
        if has("rewrite") {
            refuse(&format!("HTTP route rule cannot contain both rewrite and {answer}"));
        }
        if redirect && direct_response {
            refuse("HTTP route rule cannot contain both direct_response and redirect");
        }
    } else if !has_entries("route") {
        refuse("HTTP route, redirect or direct_response is required");
    }
    if has("mirror") && has_entries("mirrors") {
        refuse("HTTP route cannot contain both mirror and mirrors");
    }
}

/// The destinations of one rule, and how requests are shared out.
fn weights(routes: &[&Value], path: &str, report: &mut Report<'_>) {
    let mut refuse = |path: String, message: String| report.add(codes::ISTIO_REFUSES, path, message);
    let mut weights = 0.0;
    for (index, route) in routes.iter().enumerate() {
        let path = format!("{path}.route[{index}]");
        let weight = route.get("weight").and_then(Value::as_f64).unwrap_or_default();
        weights += weight;
        if weight < 0.0 {
            refuse(format!("{path}.weight"), format!("weight {weight} < 0"));
        }
        match route.get("destination").filter(|value| value.is_object()) {
            None => refuse(path, "destination is required".to_owned()),
            Some(destination) => destination_of(destination, &format!("{path}.destination"), &mut refuse),
        }
    }
    if routes.len() > 1 && weights == 0.0 {
        refuse(format!("{path}.route"), "total destination weight = 0".to_owned());
    }
}

fn has_field(value: &Value, key: &str) -> bool {
    value.get(key).is_some_and(|value| !value.is_null())
}

/// The mirrors of one rule.
fn mirror(rule: &Value, path: &str, report: &mut Report<'_>) {
    let mut refuse = |path: String, message: String| report.add(codes::ISTIO_REFUSES, path, message);
    if let Some(destination) = rule.get("mirror").filter(|value| value.is_object()) {
        destination_of(destination, &format!("{path}.mirror"), &mut refuse);
    }
    if let Some(value) = number(rule, &["mirrorPercentage", "value"]) {
        percentage(
            value,
            "mirror_percentage",
            &format!("{path}.mirrorPercentage.value"),
            &mut refuse,
        );
    }
    for (index, mirror) in list(rule, &["mirrors"]).enumerate() {
        let path = format!("{path}.mirrors[{index}]");
        let Some(destination) = mirror.get("destination").filter(|value| value.is_object()) else {
            refuse(path, "destination is required for mirrors".to_owned());
            continue;
        };
        destination_of(destination, &format!("{path}.destination"), &mut refuse);
        if let Some(value) = number(mirror, &["percentage", "value"]) {
            percentage(
                value,
                "mirror percentage",
                &format!("{path}.percentage.value"),
                &mut refuse,
            );
        }
    }
    for key in ["mirrorPercent", "mirror_percent"] {
        if let Some(percent) = rule.get(key).and_then(Value::as_u64) {
            let path = format!("{path}.{key}");
            if percent > 100 {
                report.add(
                    codes::ISTIO_REFUSES,
                    &path,
                    format!("mirror_percent must have a max value of 100 (it has {percent})"),
                );
            }
            report.add(
                codes::ISTIO_WARNS,
                path,
                r#"using deprecated setting "mirrorPercent", use "mirrorPercentage" instead"#,
            );
        }
    }
}

fn percentage(value: f64, name: &str, path: &str, refuse: &mut dyn FnMut(String, String)) {
    if value > 100.0 {
        refuse(
            path.to_owned(),
            format!("{name} must have a max value of 100 (it has {value:.6})"),
        );
    } else if value < 0.0 {
        refuse(
            path.to_owned(),
            format!("{name} must have a min value of 0 (it has {value:.6})"),
        );
    }
}

fn destination_of(destination: &Value, path: &str, refuse: &mut dyn FnMut(String, String)) {
    match text(destination, "host") {
        "*" => refuse(format!("{path}.host"), "invalid destination host *".to_owned()),
        host => {
            if let Err(message) = names::host(host) {
                refuse(format!("{path}.host"), message);
            }
        }
    }
    match text(destination, "subset") {
        "" => {}
        subset => {
            if let Err(message) = names::subset(subset) {
                refuse(format!("{path}.subset"), message);
            }
        }
    }
    if let Some(port) = destination.get("port").filter(|value| value.is_object()) {
        let number = port.get("number").and_then(Value::as_u64).unwrap_or_default();
        if !(1..=65_535).contains(&number) {
            refuse(
                format!("{path}.port"),
                format!("port number {number} must be in the range 1..65535"),
            );
        }
    }
}

fn export_to(object: &Object, report: &mut Report<'_>) {
    let entries: Vec<&str> = list(&object.value, &["spec", "exportTo"])
        .filter_map(Value::as_str)
        .collect();
    let namespace = object.namespace.as_str();
    let whole = |entry: &str| {
        if entry == "." {
            namespace.to_owned()
        } else {
            entry.to_owned()
        }
    };
    for (index, entry) in entries.iter().enumerate() {
        if entries.iter().take(index).any(|other| whole(other) == whole(entry)) {
            let message = match *entry {
                "." => format!("duplicate entries in exportTo: . and current namespace {namespace}"),
                entry => format!("duplicate entries in exportTo for entry {entry}"),
            };
            report.add(codes::ISTIO_REFUSES, format!("spec.exportTo[{index}]"), message);
        }
    }
    if entries.contains(&"*") && entries.len() > 1 {
        report.add(
            codes::ISTIO_REFUSES,
            "spec.exportTo",
            "cannot have both public (*) and non-public exportTo values for a resource",
        );
    }
}

// === reading ===

fn list<'a>(value: &'a Value, keys: &[&str]) -> impl Iterator<Item = &'a Value> + use<'a> {
    at(value, keys).and_then(Value::as_array).into_iter().flatten()
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn number(value: &Value, keys: &[&str]) -> Option<f64> {
    at(value, keys)?.as_f64()
}
