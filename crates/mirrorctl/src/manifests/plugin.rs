//! The filter as Istio loads it, whatever the resource: the module, its configuration, and what becomes of requests when
//! it cannot be loaded. What is written here has passed the filter's own parser.

use mirror_policy::Plan;
use serde_json::{Map, Value, json};

use super::{Entry, Options, Placement};
use crate::error::{Error, Result};
use crate::job::{Expiry, Job, Shadow};

/// The keys that both resources have, in order.
pub(super) type Plugin = Map<String, Value>;

/// The plugin of a job.
///
/// # Errors
/// If the module is not said, or the configuration is refused.
pub(super) fn plugin(job: &Job, placement: &Placement, options: &Options) -> Result<Plugin> {
    let Some(module) = &options.module else {
        return Err(Error::Usage(
            "--module is missing: where does Istio find the filter? Give oci://REGISTRY/traffic-mirror@sha256:DIGEST, also by MIRRORCTL_MODULE"
                .to_owned(),
        ));
    };
    let mut plugin = Map::new();
    let mut put = |key: &str, value: Value| plugin.insert(key.to_owned(), value);
    put("url", module.url.as_str().into());
    if let Some(sha256) = &module.sha256 {
        put("sha256", sha256.as_str().into());
    }
    if let Some(secret) = &options.pull_secret {
        put("imagePullSecret", secret.as_str().into());
    }
    // Istio's default answers every request with 403 when the module cannot be fetched.
    put("failStrategy", "FAIL_OPEN".into());
    // What the filter keeps is kept by this name: two jobs on one pod do not share it.
    put("pluginName", job.name.as_str().into());
    put("pluginConfig", plugin_config(job, placement)?);
    Ok(plugin)
}

/// The directions and ports of the sidecar on which the filter sits. Without it, it would copy the workload's own calls too.
pub(super) fn server_match(placement: &Placement) -> Value {
    let ports: Vec<Value> = placement
        .ports
        .iter()
        .map(|port| json!({"number": port.accepted}))
        .collect();
    json!([{"mode": "SERVER", "ports": ports}])
}

fn plugin_config(job: &Job, placement: &Placement) -> Result<Value> {
    let several = placement.ports.len() > 1;
    let mut mirrors = Vec::new();
    for (index, shadow) in job.shadows.iter().enumerate() {
        let of_shadow = placement.entries.iter().filter(|entry| entry.shadow == index);
        let before = mirrors.len();
        for entry in of_shadow {
            mirrors.extend(mirror(job, shadow, entry, several));
        }
        if mirrors.len() == before {
            let ports: Vec<String> = placement.ports.iter().map(|port| port.accepted.to_string()).collect();
            return Err(Error::Refused(format!(
                "spec.shadows[{index}].match: no entry has a port on which the primary's pods accept requests ({}), so nothing would be copied",
                ports.join(", ")
            )));
        }
    }
    let config = json!({"mirrors": mirrors});
    match Plan::parse(config.to_string().as_bytes()) {
        Ok(_) => Ok(config),
        Err(error) => Err(Error::Refused(format!(
            "the filter would refuse its configuration: {error}"
        ))),
    }
}

/// The mirror of one shadow on one port; `None` if the shadow's `match` leaves that port out.
fn mirror(job: &Job, shadow: &Shadow, entry: &Entry, several: bool) -> Option<Value> {
    let mut mirror = Map::new();
    let mut put = |key: &str, value: Value| mirror.insert(key.to_owned(), value);
    put(
        "name",
        if several {
            format!("{}-{}", shadow.name, entry.port.number).into()
        } else {
            shadow.name.as_str().into()
        },
    );
    put("cluster", entry.destination.cluster().into());
    for (key, value) in shadow.filter.iter().filter(|(key, _)| *key != "match") {
        put(key, value.clone());
    }
    if let Expiry::At(time) = job.expires_at {
        put("expiresAt", time.to_string().into());
    }
    let written = shadow.filter.get("match").and_then(Value::as_array);
    let entries: Vec<&Value> = written.into_iter().flatten().collect();
    // The filter's parser read the same entries, so the two lists are alike.
    let on_port: Vec<Value> = entries
        .iter()
        .zip(&shadow.config.r#match)
        .filter(|(_, parsed)| {
            parsed
                .port
                .is_none_or(|port| port.get() == u64::from(entry.port.accepted))
        })
        .map(|(written, _)| with_port(written, several.then_some(entry.port.accepted)))
        .collect();
    match (entries.is_empty(), several) {
        (true, false) => {}
        (true, true) => {
            put("match", json!([{"port": entry.port.accepted}]));
        }
        (false, _) if on_port.is_empty() => return None,
        (false, _) => {
            put("match", on_port.into());
        }
    }
    Some(mirror.into())
}

/// A condition, on one port.
fn with_port(condition: &Value, port: Option<u16>) -> Value {
    let mut condition = condition.clone();
    if let (Some(fields), Some(port)) = (condition.as_object_mut(), port) {
        fields.insert("port".to_owned(), port.into());
    }
    condition
}
