//! The filter in a configuration of Envoy itself: a bootstrap, a resource that it discovers, or the patch of an
//! EnvoyFilter.

use mirror_policy::document;
use serde_json::Value;

use super::answers;
use super::balancing;
use super::mirrors::{PROXY_MEMORY, plugin_config};
use super::subject::{Report, Setting};
use crate::findings::codes;

/// A filter of ours: its name, where it stands, and what configures it.
type Named<'a> = (&'a str, String, &'a Value);

/// A whole configuration. A bootstrap also says what bounds the shadow's answers.
pub(super) fn document(value: &Value, setting: &Setting, report: &mut Report<'_>) {
    check(value, "", setting, report);
    let resources = value.get("static_resources").or_else(|| value.get("staticResources"));
    if resources.is_some_and(has_filter) {
        answers::of_bootstrap(value, "layered_runtime", report);
    }
}

/// Whether a configuration has `mirrors` somewhere.
pub(super) fn has_filter(value: &Value) -> bool {
    match value {
        Value::Object(fields) => fields.iter().any(|(key, value)| key == "mirrors" || has_filter(value)),
        Value::Array(values) => values.iter().any(has_filter),
        Value::String(text) => text.contains("\"mirrors\""),
        _ => false,
    }
}

/// Every filter of ours in a value, at a path of the document.
pub(super) fn check(value: &Value, path: &str, setting: &Setting, report: &mut Report<'_>) {
    walk(value, path, &mut Vec::new(), setting, report);
}

fn walk<'a>(value: &'a Value, path: &str, others: &mut Vec<Named<'a>>, setting: &Setting, report: &mut Report<'_>) {
    let is_wasm = value
        .get("@type")
        .and_then(Value::as_str)
        .is_some_and(|name| name.ends_with("/envoy.extensions.filters.http.wasm.v3.Wasm"));
    if let Some(config) = value.get("config").filter(|_| is_wasm) {
        plugin(config, &below(path, "config"), others, setting, report);
        return;
    }
    match value {
        Value::Object(fields) => fields
            .iter()
            .for_each(|(key, value)| walk(value, &below(path, key), others, setting, report)),
        Value::Array(values) => values
            .iter()
            .enumerate()
            .for_each(|(index, value)| walk(value, &format!("{path}[{index}]"), others, setting, report)),
        _ => {}
    }
}

/// An `envoy.extensions.wasm.v3.PluginConfig`. A `StringValue` holds JSON, a `Struct` the document itself.
fn plugin<'a>(config: &'a Value, path: &str, others: &mut Vec<Named<'a>>, setting: &Setting, report: &mut Report<'_>) {
    let Some(written) = config
        .get("configuration")
        .and_then(|configuration| configuration.get("value"))
    else {
        return;
    };
    let parsed;
    let document = match written.as_str().map(|text| document::json::read(text.as_bytes())) {
        None => written,
        Some(Ok(value)) => {
            parsed = value;
            &parsed
        }
        // Another filter's text, which need not be JSON.
        Some(Err(_)) => return,
    };
    if document.get("mirrors").is_none() {
        return;
    }
    own_name(config, written, path, others, report);
    let either = |snake: &str, camel: &str| {
        config
            .get(snake)
            .or_else(|| config.get(camel))
            .cloned()
            .unwrap_or_default()
    };
    let fails_open =
        either("fail_open", "failOpen") == true || either("failure_policy", "failurePolicy") == "FAIL_OPEN";
    if !fails_open {
        report.add(
            codes::FAIL_CLOSE,
            path,
            "neither `fail_open: true` nor `failure_policy: FAIL_OPEN` is given",
        );
    }
    let path = below(path, "configuration.value");
    plugin_config(document, &path, PROXY_MEMORY, setting, report);
    balancing::of_envoy(document, &path, report);
}

/// Whether a filter has a name of its own. In several listeners, one filter stands several times.
fn own_name<'a>(
    config: &'a Value,
    written: &'a Value,
    path: &str,
    others: &mut Vec<Named<'a>>,
    report: &mut Report<'_>,
) {
    let name = config.get("name").and_then(Value::as_str).unwrap_or_default();
    if name.is_empty() {
        report.add(codes::PLUGIN_NAME, path, "the filter has no `name`");
        return;
    }
    let mut namesakes = others.iter().filter(|(other, _, _)| *other == name);
    if let Some((_, place, _)) = namesakes.find(|(_, _, other)| *other != written) {
        let problem = format!("`{name}` is the name of the filter at {place} too, whose configuration is another");
        report.add(codes::PLUGIN_NAME, below(path, "name"), problem);
    }
    others.push((name, path.to_owned(), written));
}

fn below(path: &str, key: &str) -> String {
    if path.is_empty() {
        key.to_owned()
    } else {
        format!("{path}.{key}")
    }
}
