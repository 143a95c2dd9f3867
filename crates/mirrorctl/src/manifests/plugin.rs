//! The filter as Istio loads it, whatever the resource: the module, its configuration, and what becomes of requests
//! when it cannot be loaded. What is written here has passed the filter's own parser.

use mirror_policy::Plan;
use serde_json::{Map, Value, json};

use super::{Options, Placement};
use crate::error::{Error, Result};
use crate::job::{Expiry, Job, Shadow};

/// The keys that both resources have, in order.
pub(super) type Plugin = Map<String, Value>;

/// One mirror of the filter: a shadow, as one port's requests reach it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FilterMirror {
    /// The index into the job's shadows.
    pub shadow: usize,
    /// Its name.
    pub name: String,
    /// The cluster that it calls.
    pub cluster: String,
    /// The port on which the proxy accepts what is copied; `None`: any.
    pub port: Option<u16>,
    /// Whether the filter gets the requests of other ports too, and must look.
    pub looks_at_port: bool,
}

/// The mirrors of sidecars: one for each shadow and each port.
pub(super) fn mirrors(job: &Job, placement: &Placement) -> Vec<FilterMirror> {
    let several = placement.ports.len() > 1;
    let shadow = |index: usize| job.shadows.get(index).map_or("", |shadow| shadow.name.as_str());
    let entries = placement.entries.iter();
    entries
        .map(|entry| FilterMirror {
            shadow: entry.shadow,
            name: match several {
                true => format!("{}-{}", shadow(entry.shadow), entry.port.number),
                false => shadow(entry.shadow).to_owned(),
            },
            cluster: entry.destination.cluster(),
            port: Some(entry.port.accepted),
            looks_at_port: several,
        })
        .collect()
}

/// The plugin of a job.
///
/// # Errors
/// If the module is not said, or the configuration is refused.
pub(super) fn plugin(job: &Job, mirrors: &[FilterMirror], options: &Options) -> Result<Plugin> {
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
    put("pluginConfig", plugin_config(job, mirrors)?);
    Ok(plugin)
}

/// The filter's configuration, which has passed its own parser.
///
/// # Errors
/// If it is refused, or a shadow would get nothing.
pub(super) fn plugin_config(job: &Job, mirrors: &[FilterMirror]) -> Result<Value> {
    let mut written = Vec::new();
    for (index, shadow) in job.shadows.iter().enumerate() {
        let of_shadow: Vec<&FilterMirror> = mirrors.iter().filter(|mirror| mirror.shadow == index).collect();
        let before = written.len();
        written.extend(of_shadow.iter().filter_map(|mirror| write(job, shadow, mirror)));
        if written.len() == before {
            let ports: Vec<String> = of_shadow
                .iter()
                .filter_map(|mirror| Some(mirror.port?.to_string()))
                .collect();
            return Err(Error::Refused(format!(
                "spec.shadows[{index}].match: no entry has a port on which requests are accepted ({}), so nothing would be copied",
                ports.join(", ")
            )));
        }
    }
    let config = json!({"mirrors": written});
    match Plan::parse(config.to_string().as_bytes()) {
        Ok(_) => Ok(config),
        Err(error) => Err(Error::Refused(format!(
            "the filter would refuse its configuration: {error}"
        ))),
    }
}

/// One mirror as the filter reads it; `None` if the shadow's `match` leaves its port out.
fn write(job: &Job, shadow: &Shadow, mirror: &FilterMirror) -> Option<Value> {
    let mut fields = Map::new();
    let mut put = |key: &str, value: Value| fields.insert(key.to_owned(), value);
    put("name", mirror.name.as_str().into());
    put("cluster", mirror.cluster.as_str().into());
    for (key, value) in shadow.filter.iter().filter(|(key, _)| *key != "match") {
        put(key, value.clone());
    }
    if let Expiry::At(time) = job.expires_at {
        put("expiresAt", time.to_string().into());
    }
    let port = mirror.port.filter(|_| mirror.looks_at_port);
    let written = shadow.filter.get("match").and_then(Value::as_array);
    let entries: Vec<&Value> = written.into_iter().flatten().collect();
    // The filter's parser read the same entries, so the two lists are alike.
    let on_port: Vec<Value> = entries
        .iter()
        .zip(&shadow.config.r#match)
        .filter(|(_, parsed)| match (&parsed.port, mirror.port) {
            (Some(wanted), Some(port)) => wanted.get() == u64::from(port),
            _ => true,
        })
        .map(|(written, _)| with_port(written, port))
        .collect();
    match (entries.is_empty(), port) {
        (true, None) => {}
        (true, Some(port)) => {
            put("match", json!([{"port": port}]));
        }
        (false, _) if on_port.is_empty() => return None,
        (false, _) => {
            put("match", on_port.into());
        }
    }
    Some(fields.into())
}

/// A condition, on one port.
fn with_port(condition: &Value, port: Option<u16>) -> Value {
    let mut condition = condition.clone();
    if let (Some(fields), Some(port)) = (condition.as_object_mut(), port) {
        fields.insert("port".to_owned(), port.into());
    }
    condition
}
