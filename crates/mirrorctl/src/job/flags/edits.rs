//! What each flag writes into the document of a job: one value at one place for each.

use serde_json::{Value, json};

use super::args::JobFlags;
use crate::error::{Error, Result};
use crate::time::{self, Time};

/// A value that a flag writes into the document of a job.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Edit {
    /// The flag, as it is typed.
    pub flag: &'static str,
    /// The keys to the place. Of a list, the index.
    pub keys: Vec<String>,
    /// What stands there then.
    pub value: Value,
}

/// The keys to the one shadow that flags can change.
pub(super) const SHADOW: [&str; 3] = ["spec", "shadows", "0"];

/// What the flags write into a document. `now` is what `--for` counts from.
///
/// # Errors
/// A value that is not of the form that its flag has.
pub(super) fn edits(flags: &JobFlags, document: &Value, now: Time) -> Result<Vec<Edit>> {
    // Without `..`, so that a new flag cannot be forgotten here.
    let JobFlags {
        name,
        namespace,
        service,
        listener,
        port,
        primary,
        backend,
        external,
        endpoint,
        subset,
        clone,
        version,
        image,
        replicas,
        isolation,
        allow,
        percentage,
        span,
        expires_at,
        data_plane,
        gateway,
        authority,
        engine,
    } = flags;
    let mut edits = Edits(Vec::new());
    edits.text("NAME", &["metadata", "name"], name);
    edits.text("--namespace", &["metadata", "namespace"], namespace);
    edits.text("--service", &["spec", "targetRef", "name"], service);
    edits.text("--listener", &["spec", "targetRef", "name"], listener);
    edits.value("--port", &["spec", "targetRef", "port"], port.map(Value::from));
    let version_of = |version: &String| json!({"version": version});
    edits.value("--primary", &["spec", "primary"], primary.as_ref().map(version_of));
    edits.text("--data-plane", &["spec", "dataPlane"], data_plane);
    if let Some(gateway) = gateway {
        let (namespace, name) = match gateway.split_once('/') {
            Some((namespace, name)) => (Some(namespace), name),
            None => (None, gateway.as_str()),
        };
        edits.value("--gateway", &["spec", "gateway", "name"], Some(name.into()));
        let namespace = namespace.map(Value::from);
        edits.value("--gateway", &["spec", "gateway", "namespace"], namespace);
    }
    edits.text("--engine", &["spec", "engine"], engine);
    let end = span.as_ref().map(|span| end_of(span, now)).transpose()?;
    edits.text("--for", &["spec", "expiresAt"], &end);
    edits.text("--expires-at", &["spec", "expiresAt"], expires_at);
    if let Some(backend) = backend {
        let (name, port) = service_and_port(backend)?;
        edits.shadow("--backend", &["backendRef", "name"], Some(name.into()));
        edits.shadow("--backend", &["backendRef", "port"], port.map(Value::from));
    }
    if let Some(url) = external {
        // All of it, since TLS is for the host that is named with it.
        edits.shadow("--external", &["external"], Some(outside(url)?));
    }
    if let Some(endpoint) = endpoint {
        let (host, port) = host_and_port(endpoint)?;
        edits.shadow("--endpoint", &["endpoint", "host"], Some(host.into()));
        edits.shadow("--endpoint", &["endpoint", "port"], Some(port.into()));
    }
    let text = |text: &Option<String>| text.as_deref().map(Value::from);
    edits.shadow("--subset", &["subset"], text(subset));
    edits.shadow("--clone", &["clone", "deployment"], text(clone));
    edits.shadow("--version", &["clone", "version"], text(version));
    for (container, image) in images(image)? {
        edits.shadow("--image", &["clone", "images", container], Some(image.into()));
    }
    edits.shadow("--replicas", &["clone", "replicas"], replicas.map(Value::from));
    edits.shadow("--isolation", &["clone", "isolation"], text(isolation));
    let allowed = (!allow.is_empty()).then(|| Value::from(allow.clone()));
    edits.shadow("--allow", &["clone", "allow"], allowed);
    edits.shadow("--percentage", &["percentage"], percentage.as_deref().map(number));
    if let Some(host) = authority {
        edits.authority(host, document);
    }
    Ok(edits.0)
}

/// Edits that are gathered.
struct Edits(Vec<Edit>);

// === impl Edits ===

impl Edits {
    fn value(&mut self, flag: &'static str, keys: &[&str], value: Option<Value>) {
        let keys = || keys.iter().map(|key| (*key).to_owned()).collect();
        self.0.extend(value.map(|value| Edit {
            flag,
            keys: keys(),
            value,
        }));
    }

    fn text(&mut self, flag: &'static str, keys: &[&str], text: &Option<String>) {
        self.value(flag, keys, text.as_deref().map(Value::from));
    }

    fn shadow(&mut self, flag: &'static str, keys: &[&str], value: Option<Value>) {
        self.value(flag, &[&SHADOW, keys].concat(), value);
    }

    /// Each entry of `match` gets the host, and keeps its other conditions. Without an entry there is one.
    fn authority(&mut self, host: &str, document: &Value) {
        let host = json!({"exact": host});
        let entries = document.pointer("/spec/shadows/0/match").and_then(Value::as_array);
        match entries.map_or(0, Vec::len) {
            0 => self.shadow("--authority", &["match"], Some(json!([{"authority": host}]))),
            entries => {
                for entry in 0..entries {
                    let keys = ["match", &entry.to_string(), "authority"];
                    self.shadow("--authority", &keys, Some(host.clone()));
                }
            }
        }
    }
}

// === impl Edit ===

impl Edit {
    /// Writes the value, and returns its path in the document and what stood there before. `Null`: nothing did. `None`:
    /// a value that is no object is in the way; it stays, and whoever reads the document refuses it.
    pub fn apply(&self, document: &mut Value) -> Option<(String, Value)> {
        let mut path = String::new();
        let mut at = document;
        for key in &self.keys {
            at = match at {
                Value::Array(entries) => {
                    path.push_str(&format!("[{key}]"));
                    entries.get_mut(key.parse::<usize>().ok()?)?
                }
                Value::Object(_) | Value::Null => {
                    let dot = if path.is_empty() { "" } else { "." };
                    path.push_str(&format!("{dot}{key}"));
                    if at.is_null() {
                        *at = json!({});
                    }
                    at.as_object_mut()?.entry(key.as_str()).or_insert(Value::Null)
                }
                _ => return None,
            };
        }
        Some((path, std::mem::replace(at, self.value.clone())))
    }
}

// === the forms of values ===

fn end_of(span: &str, now: Time) -> Result<String> {
    let end = time::span(span).and_then(|seconds| now.after(seconds));
    let end = end.ok_or_else(|| Error::Usage(format!("--for {span}: is not a span such as 90s, 30m, 2h or 7d")))?;
    Ok(end.to_string())
}

/// A number if it is one: then it is written as in a file. The filter's parser judges it.
fn number(text: &str) -> Value {
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() && number.fract() == 0.0 && number.abs() < 1e9 => json!(number as i64),
        Ok(number) if number.is_finite() => json!(number),
        _ => text.into(),
    }
}

fn service_and_port(text: &str) -> Result<(&str, Option<u16>)> {
    let Some((name, port)) = text.split_once(':') else {
        return Ok((text, None));
    };
    match port.parse::<u16>() {
        Ok(port) => Ok((name, Some(port))),
        Err(_) => Err(Error::Usage(format!(
            "--backend {text}: is not SERVICE or SERVICE:PORT"
        ))),
    }
}

/// A host outside the mesh, as a URL without a path.
fn outside(url: &str) -> Result<Value> {
    let refuse = || {
        Error::Usage(format!(
            "--external {url}: is not https://HOST, http://HOST, or one of them with :PORT"
        ))
    };
    let (scheme, rest) = url.split_once("://").ok_or_else(refuse)?;
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    let (host, port) = match rest.split_once(':') {
        Some((host, port)) => (host, Some(port.parse::<u16>().map_err(|_| refuse())?)),
        None => (rest, None),
    };
    match scheme {
        "https" => Ok(json!({"host": host, "port": port.unwrap_or(443), "tls": {"mode": "SIMPLE"}})),
        "http" => Ok(json!({"host": host, "port": port.unwrap_or(80)})),
        _ => Err(refuse()),
    }
}

fn host_and_port(text: &str) -> Result<(&str, u16)> {
    let parts = text
        .rsplit_once(':')
        .and_then(|(host, port)| Some((host, port.parse::<u16>().ok()?)));
    match parts {
        // The brackets of an IPv6 address are not part of it.
        Some((host, port)) => Ok((host.trim_start_matches('[').trim_end_matches(']'), port)),
        None => Err(Error::Usage(format!("--endpoint {text}: is not HOST:PORT"))),
    }
}

fn images(texts: &[String]) -> Result<Vec<(&str, &str)>> {
    let mut images: Vec<(&str, &str)> = Vec::new();
    for text in texts {
        let Some((container, image)) = text.split_once('=') else {
            return Err(Error::Usage(format!("--image {text}: is not CONTAINER=IMAGE")));
        };
        if images.iter().any(|(other, _)| *other == container) {
            return Err(Error::Usage(format!(
                "--image {text}: container `{container}` is given twice"
            )));
        }
        images.push((container, image));
    }
    Ok(images)
}
