//! What the shadows get, read from the objects that are applied: from a configuration of the filter, or from the routes
//! that mirror.

use mirror_policy::Plan as Filter;
use mirror_policy::configuration::RequestMatch;
use mirror_policy::configuration::redact::{Keep, Redact, RedactMode};
use mirror_policy::copy::copied_headers as copy;
use mirror_policy::plan::{AuthorityRewrite, Mirror};
use serde_json::Value;

use crate::job::{DataPlane, Job};
use crate::manifests::{Bundle, Options, Step};
use crate::mesh::destination::{Destination, Scope};
use crate::mesh::native_mirror::{NativeMirror, millionths};
use crate::objects::at;

/// What one mirror sends.
#[derive(Debug, Clone, PartialEq)]
pub struct Copies {
    /// The mirror's name, or the rule that mirrors.
    pub mirror: String,
    /// Envoy's name of where it goes; what an HTTPRoute calls it.
    pub cluster: String,
    /// As written, in percent.
    pub percentage: f64,
    /// As it works: what Istio and the filter keep of it, in percent.
    pub effective: f64,
    /// The Host that the shadow sees.
    pub host: String,
    /// What else differs from the original: one phrase each.
    pub headers: Vec<String>,
}

pub(super) fn copies(job: &Job, bundle: &Bundle, filters: &[Filter], options: &Options, domain: &str) -> Vec<Copies> {
    let authority = match job.target.port {
        _ if matches!(job.data_plane, DataPlane::Gateway | DataPlane::Envoy) => "HOST".to_owned(),
        Some(port) => format!("{}:{port}", job.target.name),
        None => job.target.name.clone(),
    };
    let mut found: Vec<Copies> = filters
        .iter()
        .flat_map(|filter| &filter.mirrors)
        .map(|mirror| by_filter(mirror, &authority))
        .collect();
    // `DISABLE_SHADOW_HOST_SUFFIX` is true since 1.28 (pilot/pkg/features/pilot.go).
    let has_suffix = options.istio.is_before(28, 0);
    let rewrite = if has_suffix {
        AuthorityRewrite::Suffix("-shadow".to_owned())
    } else {
        AuthorityRewrite::Preserve
    };
    let host = String::from_utf8_lossy(&copy::authority(&rewrite, authority.as_bytes())).into_owned();
    for manifest in bundle.manifests(Some(Step::Mirror)) {
        found.extend(by_routes(&manifest.object, job, domain, &host));
    }
    found
}

fn by_filter(mirror: &Mirror, authority: &str) -> Copies {
    let config = &mirror.config;
    let of_match = |entry: &RequestMatch| entry.authority.as_ref()?.exact.clone();
    let exact = config.r#match.iter().find_map(of_match);
    let authority = exact.as_deref().unwrap_or(authority);
    let percentage = f64::from(config.percentage.ppm()) / 10_000.0;
    let mut headers = vec![format!("{}: {}", config.marker, config.name)];
    if let Some(redact) = &config.redact {
        headers.extend(redaction(redact));
    }
    // The values may be credentials of the shadow.
    for (word, names) in [("set", &config.headers.set.0), ("added", &config.headers.add.0)] {
        headers.extend(names.iter().map(|(name, _)| format!("{word} {name}")));
    }
    headers.extend(config.headers.remove.iter().map(|name| format!("without {name}")));
    if let Some(path) = &config.path {
        let rewrite = &path.prefix_rewrite;
        headers.push(format!("path {}… becomes {}…", rewrite.from, rewrite.to));
    }
    Copies {
        mirror: config.name.clone(),
        cluster: mirror.cluster.clone(),
        percentage,
        effective: if config.enabled { percentage } else { 0.0 },
        host: String::from_utf8_lossy(&copy::authority(&mirror.authority, authority.as_bytes())).into_owned(),
        headers,
    }
}

/// What redaction does, without a name that a user gave: a secret may be among them.
fn redaction(redact: &Redact) -> Vec<String> {
    let Keep {
        headers,
        cookies,
        query_params,
        json,
    } = &redact.keep;
    let done = match redact.mode {
        RedactMode::Remove => "taken out",
        RedactMode::Hash => "hashed",
    };
    let mut said = Vec::new();
    if redact.preset.is_some() {
        said.push(format!("credentials in headers, cookies, URLs and forms are {done}"));
    }
    if [&redact.headers, &redact.cookies, &redact.query_params, &redact.json]
        .iter()
        .any(|names| !names.is_empty())
    {
        said.push(format!("what `redact` names is {done}"));
    }
    let kept = [
        ("headers", headers),
        ("cookies", cookies),
        ("parameters", query_params),
        ("JSON", json),
    ];
    let kept: Vec<&str> = kept
        .into_iter()
        .filter(|(_, names)| names.is_some())
        .map(|(kind, _)| kind)
        .collect();
    if !kept.is_empty() {
        said.push(format!("of {} only what `redact.keep` names", kept.join(", ")));
    }
    if redact.preset.is_some() || !redact.query_params.is_empty() || query_params.is_some() {
        said.push("no form in parts and no compressed form".to_owned());
    }
    if redact.require {
        said.push("no body without all of `redact.json`".to_owned());
    }
    said
}

/// The mirrors of a VirtualService's or HTTPRoute's rules.
fn by_routes(object: &Value, job: &Job, domain: &str, host: &str) -> Vec<Copies> {
    let kind = object.get("kind").and_then(Value::as_str).unwrap_or_default();
    let name = at(object, &["metadata", "name"])
        .and_then(Value::as_str)
        .unwrap_or_default();
    let namespace = at(object, &["metadata", "namespace"]).and_then(Value::as_str);
    let scope = Scope {
        namespace: namespace.unwrap_or(&job.namespace),
        domain,
    };
    let mut found = Vec::new();
    let mut add = |rule: String, cluster: String, percentage: f64| {
        found.push(Copies {
            mirror: format!("{kind} {name}, {rule}"),
            cluster,
            percentage,
            effective: f64::from(millionths(percentage)) / 10_000.0,
            host: host.to_owned(),
            headers: Vec::new(),
        });
    };
    for (index, rule) in list(at(object, &["spec", "http"])).enumerate() {
        let rule_path = format!("http[{index}]");
        for mirror in NativeMirror::of_rule(rule, &rule_path) {
            add(
                rule_path.clone(),
                scope.cluster(mirror.destination),
                mirror.percentage.unwrap_or(100.0),
            );
        }
    }
    for (index, rule) in list(at(object, &["spec", "rules"])).enumerate() {
        for mirror in list(rule.get("filters")).filter_map(|filter| filter.get("requestMirror")) {
            let number = |keys: &[&str]| at(mirror, keys).and_then(Value::as_f64);
            let percentage = match (number(&["percent"]), number(&["fraction", "numerator"])) {
                (Some(percent), _) => percent,
                (None, Some(numerator)) => 100.0 * numerator / number(&["fraction", "denominator"]).unwrap_or(100.0),
                (None, None) => 100.0,
            };
            let backend = mirror.get("backendRef").unwrap_or(&Value::Null);
            let to = Destination::of_backend(backend, scope);
            add(format!("rules[{index}]"), to.cluster(), percentage);
        }
    }
    found
}

fn list(value: Option<&Value>) -> impl Iterator<Item = &Value> {
    value.and_then(Value::as_array).into_iter().flatten()
}

/// The configurations of the filter inside an object: a `pluginConfig`, or in Envoy's own configuration a text or
/// Struct that is the filter's.
pub fn configs(value: &Value) -> Vec<Value> {
    let mut found = Vec::new();
    let mut rest = vec![value];
    while let Some(value) = rest.pop() {
        match value {
            Value::Object(fields) => {
                let config = at(value, &["configuration", "value"]).and_then(|value| match value {
                    Value::String(text) => serde_json::from_str(text).ok(),
                    other => Some(other.clone()),
                });
                found.extend(fields.get("pluginConfig").cloned().or(config));
                let others = fields.iter().filter(|(key, _)| *key != "pluginConfig");
                rest.extend(others.map(|(_, value)| value));
            }
            Value::Array(values) => rest.extend(values),
            _ => {}
        }
    }
    found
}
