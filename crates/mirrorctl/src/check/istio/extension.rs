//! Istio's validation of WasmPlugin and TrafficExtension.

use serde_json::Value;

use super::{list, text};
use crate::check::subject::Report;
use crate::findings::codes;
use crate::objects::{Object, at, kinds};

/// A WasmPlugin or a TrafficExtension.
pub(crate) fn extension(object: &Object, report: &mut Report<'_>) {
    let mut refuse = |path: String, message: &str| report.add(codes::ISTIO_REFUSES, path, message);
    let spec = object.at(&["spec"]).unwrap_or(&Value::Null);
    let is_traffic_extension = object.is(kinds::TRAFFIC_EXTENSION);
    let (plugin, path) = if is_traffic_extension {
        match (spec.get("wasm"), spec.get("lua")) {
            // Where both are given, the schema refuses it; Istio's parser would take the last.
            (None, None) => refuse("spec".to_owned(), "exactly one of wasm or lua must be set"),
            (None, Some(lua)) if text(lua, "inlineCode").is_empty() => {
                refuse("spec.lua".to_owned(), "lua.inlineCode cannot be empty")
            }
            _ => {}
        }
        (spec.get("wasm"), "spec.wasm")
    } else {
        (Some(spec), "spec")
    };
    matches(spec, report);
    if let Some(plugin) = plugin {
        let most = if is_traffic_extension { 256 } else { 255 };
        module(plugin, path, most, report);
        variables(plugin, path, report);
    }
}

/// The listeners that it is for.
fn matches(spec: &Value, report: &mut Report<'_>) {
    let mut refuse = |path: String, message: &str| report.add(codes::ISTIO_REFUSES, path, message);
    for (index, entry) in list(spec, &["match"]).enumerate() {
        for (inner, port) in list(entry, &["ports"]).enumerate() {
            let number = port.get("number").and_then(Value::as_u64).unwrap_or_default();
            if !(1..=65_535).contains(&number) {
                refuse(
                    format!("spec.match[{index}].ports[{inner}]"),
                    &format!("spec.Match[{index}].Ports[{inner}] is out of range: {number}"),
                );
            }
        }
    }
}

/// The module, and the name of the plugin, whose length is limited to `most` characters.
fn module(plugin: &Value, path: &str, most: usize, report: &mut Report<'_>) {
    let mut refuse = |path: String, message: &str| report.add(codes::ISTIO_REFUSES, path, message);
    let url = text(plugin, "url");
    if url.is_empty() {
        refuse(path.to_owned(), "url field needs to be set");
    } else if let Some((scheme, _)) = url.split_once(':')
        && !["oci", "http", "https", "file"].contains(&scheme)
        && is_scheme(scheme)
    {
        refuse(
            format!("{path}.url"),
            &format!("url contains unsupported scheme: {scheme}"),
        );
    }
    let sha256 = text(plugin, "sha256");
    if !sha256.is_empty() {
        if sha256.len() != 64 {
            refuse(format!("{path}.sha256"), "sha256 field must be 64 characters long");
        } else if !sha256
            .bytes()
            .all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
        {
            refuse(format!("{path}.sha256"), "sha256 field must match [a-f0-9]{64} pattern");
        }
    }
    if text(plugin, "imagePullSecret").len() > 253 {
        refuse(
            format!("{path}.imagePullSecret"),
            "imagePullSecret field must be less than 253 characters long",
        );
    }
    if text(plugin, "pluginName").len() > most {
        refuse(
            format!("{path}.pluginName"),
            &format!("pluginName field must be less than {most} characters long"),
        );
    }
}

/// The environment of its VM.
fn variables(plugin: &Value, path: &str, report: &mut Report<'_>) {
    let mut refuse = |path: String, message: &str| report.add(codes::ISTIO_REFUSES, path, message);
    let mut names: Vec<&str> = Vec::new();
    for (index, variable) in list(plugin, &["vmConfig", "env"]).enumerate() {
        let at_variable = format!("{path}.vmConfig.env[{index}]");
        let name = text(variable, "name");
        if name.is_empty() {
            refuse(at_variable.clone(), "spec.vmConfig.env invalid");
        }
        if name.len() > 255 {
            refuse(
                at_variable.clone(),
                "env.name field must be less than 255 characters long",
            );
        }
        if names.contains(&name) {
            refuse(at_variable.clone(), "duplicate env");
        }
        if text(variable, "valueFrom") == "HOST" && at(variable, &["value"]).is_some_and(|value| value != "") {
            refuse(at_variable, "value may only be set when valueFrom is INLINE");
        }
        names.push(name);
    }
}

/// What Go's url.Parse takes for a scheme: `localhost:5000/x` has the scheme `localhost`.
fn is_scheme(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
}
