//! The filter's configurations in the golden files of `mirrorctl`, and the request that each of their mirrors wants.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};
use hyper::Method;
use serde::Deserialize as _;
use serde_json::{Value, json};

use crate::client::Ask;

/// One configuration, and the folder that holds it.
pub(super) struct Golden {
    pub folder: String,
    pub config: Value,
}

/// Every configuration of every golden folder, by the folders' names.
pub(super) fn all() -> Result<Vec<Golden>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/mirrorctl/tests/golden");
    let mut files: Vec<PathBuf> = Vec::new();
    for entry in std::fs::read_dir(&root).with_context(|| root.display().to_string())? {
        let folder = entry?.path();
        let files_of = ["expected.yaml", "expected.json"].map(|name| folder.join(name));
        files.extend(files_of.into_iter().filter(|file| file.is_file()));
    }
    files.sort();
    let mut goldens = Vec::new();
    for file in files {
        let folder = file.parent().and_then(Path::file_name).unwrap_or_default();
        let folder = folder.to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&file)?;
        for document in serde_yaml_ng::Deserializer::from_str(&text) {
            let document = Value::deserialize(document).with_context(|| file.display().to_string())?;
            let mut configs = Vec::new();
            collect(&document, &mut configs);
            goldens.extend(configs.into_iter().map(|config| Golden {
                folder: folder.clone(),
                config,
            }));
        }
    }
    ensure!(!goldens.is_empty(), "{} holds no configuration", root.display());
    Ok(goldens)
}

/// What stands in `pluginConfig`, or in the `configuration` of Envoy's own resource.
fn collect(value: &Value, configs: &mut Vec<Value>) {
    match value {
        Value::Array(entries) => entries.iter().for_each(|entry| collect(entry, configs)),
        Value::Object(fields) => {
            for (key, value) in fields {
                match key.as_str() {
                    "pluginConfig" => configs.push(value.clone()),
                    "configuration" => configs.push(value["value"].clone()),
                    _ => collect(value, configs),
                }
            }
        }
        _ => {}
    }
}

// === impl Golden ===

impl Golden {
    pub(super) fn mirrors(&self) -> &[Value] {
        self.config["mirrors"].as_array().map_or(&[], Vec::as_slice)
    }

    /// The clusters that it calls.
    pub(super) fn clusters(&self) -> impl Iterator<Item = &str> {
        self.mirrors().iter().filter_map(|mirror| mirror["cluster"].as_str())
    }

    /// The ports on which its requests are accepted, if it says any.
    fn ports(&self) -> BTreeSet<u64> {
        let entries = self.mirrors().iter().filter_map(|mirror| mirror["match"].as_array());
        entries.flatten().filter_map(|entry| entry["port"].as_u64()).collect()
    }

    /// The same for the listeners of the lab, one for each of its ports: nothing else is changed.
    pub(super) fn on(&self, listeners: &[SocketAddr]) -> Result<Value> {
        let ports = self.ports();
        ensure!(ports.len() <= listeners.len(), "more ports than listeners: {ports:?}");
        let mut config = self.config.clone();
        let mirrors = config.get_mut("mirrors").and_then(Value::as_array_mut);
        let entries = mirrors
            .into_iter()
            .flatten()
            .filter_map(|mirror| mirror.get_mut("match"));
        for entry in entries.filter_map(Value::as_array_mut).flatten() {
            if let Some(port) = entry.get_mut("port") {
                let at = ports.iter().position(|number| port.as_u64() == Some(*number));
                let listener = at.and_then(|at| listeners.get(at)).context("a listener")?;
                *port = listener.port().into();
            }
        }
        Ok(config)
    }
}

/// The nth request that a mirror wants, after the first entry of its `match`, and the host that it is for.
pub(super) fn request(mirror: &Value, number: usize) -> Result<(Ask, String)> {
    let entry = mirror["match"].as_array().and_then(|entries| entries.first());
    let nothing = json!({});
    let entry = entry.unwrap_or(&nothing);
    for key in entry.as_object().into_iter().flat_map(|fields| fields.keys()) {
        let known = ["method", "uri", "authority", "headers", "port"].contains(&key.as_str());
        ensure!(known, "this case does not know yet how to meet `{key}`");
    }
    let text = |key: &str, default: &str| match entry.get(key) {
        Some(condition) => meeting(condition),
        None => Ok(default.to_owned()),
    };
    let method = Method::from_bytes(text("method", "GET")?.as_bytes())?;
    let host = text("authority", "shop.example:8080")?;
    let mut path = text("uri", "/")?;
    let mut headers = Vec::new();
    for (name, condition) in entry["headers"].as_object().into_iter().flatten() {
        headers.push((name.clone(), meeting(condition)?));
    }
    let key = mirror["sample"]["name"].as_str().unwrap_or_default();
    match mirror["sample"]["by"].as_str() {
        None | Some("request" | "requestId") => {}
        Some("header") => headers.push((key.to_owned(), number.to_string())),
        Some("cookie") => headers.push(("cookie".to_owned(), format!("{key}={number}"))),
        Some("queryParam") => path = format!("{path}?{key}={number}"),
        Some(other) => bail!("this case does not know yet how to sample by `{other}`"),
    }
    let ask = Ask::new(method, &path).host(&host);
    let ask = headers.iter().fold(ask, |ask, (name, value)| ask.header(name, value));
    Ok((ask, host))
}

/// A text that meets a condition.
fn meeting(condition: &Value) -> Result<String> {
    match (condition["exact"].as_str(), condition["prefix"].as_str()) {
        (Some(text), _) => Ok(text.to_owned()),
        (_, Some(prefix)) => Ok(format!("{prefix}1")),
        _ => bail!("this case does not know yet how to meet {condition}"),
    }
}

/// The port on which a mirror wants its requests, of those that [`Golden::on`] put in.
pub(super) fn port(mirror: &Value) -> Option<u64> {
    mirror["match"].as_array()?.first()?["port"].as_u64()
}
