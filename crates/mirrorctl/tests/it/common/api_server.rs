//! A stand-in for an API server: it knows the kinds that mirrorctl reads, lists objects in pages as the real one does,
//! and refuses what it is told to.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use mirrorctl::objects::kinds;
use serde_json::{Value, json};

use super::server::{self, Address};

/// The one token that it accepts.
pub const TOKEN: &str = "the-token-of-this-test";

/// A stand-in that listens until the test ends.
pub struct ApiServer {
    pub address: Address,
    asked: Arc<Mutex<Vec<String>>>,
}

/// What it has and does.
#[derive(Default)]
pub struct Known {
    pub objects: Vec<Value>,
    /// A kind that nobody may list.
    pub forbidden: Option<&'static str>,
    /// The second page of this kind is always too old.
    pub expires: Option<&'static str>,
    /// The kinds that this cluster does not have.
    pub absent: &'static [&'static str],
}

/// An answer: the status and the body.
type Answer = (&'static str, Value);

impl ApiServer {
    pub fn start(known: Known) -> Self {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&asked);
        let address = server::http(move |request| {
            let target = request.split(' ').nth(1).unwrap_or_default();
            log.lock().expect("no panic").push(target.to_owned());
            let (status, body) = answer(&known, target, request);
            server::status(
                status,
                "content-type: application/json\r\n",
                body.to_string().as_bytes(),
            )
        });
        Self { address, asked }
    }

    /// The requests so far: path and query.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("no panic").clone()
    }

    /// Writes a kubeconfig for it with this user.
    pub fn kubeconfig(&self, folder: &Path, user: &Value) -> PathBuf {
        let path = folder.join("kubeconfig");
        let config = json!({
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "test",
            "clusters": [{"name": "c", "cluster": {"server": format!("http://{}", self.address)}}],
            "users": [{"name": "u", "user": user}],
            "contexts": [{"name": "test", "context": {"cluster": "c", "user": "u", "namespace": "demo"}}],
        });
        std::fs::write(&path, config.to_string()).expect("written");
        path
    }
}

fn answer(known: &Known, target: &str, request: &str) -> Answer {
    let is_known = request.lines().any(|line| {
        let (name, value) = line.split_once(':').unwrap_or_default();
        name.eq_ignore_ascii_case("authorization") && value.trim() == format!("Bearer {TOKEN}")
    });
    if !is_known {
        return failure("401 Unauthorized", 401, "Unauthorized");
    }
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
    match parts.as_slice() {
        ["api"] => discovery(known, true),
        ["apis"] => discovery(known, false),
        ["api", version, rest @ ..] => listing(known, version, rest, query),
        ["apis", group, version, rest @ ..] => listing(known, &format!("{group}/{version}"), rest, query),
        _ => failure("404 Not Found", 404, "not found"),
    }
}

fn failure(status: &'static str, code: u16, message: &str) -> Answer {
    let body = json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": message, "code": code});
    (status, body)
}

/// The version in which a kind is served: that of the objects, else `v1`.
fn version(known: &Known, group: &str, kind: &str) -> String {
    let of_kind = known.objects.iter().find_map(|object| {
        let api_version = object["apiVersion"].as_str()?;
        let (of_group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        (of_group == group && object["kind"] == kind).then(|| version.to_owned())
    });
    of_kind.unwrap_or_else(|| "v1".to_owned())
}

/// Aggregated discovery, as Kubernetes has it since 1.30.
fn discovery(known: &Known, is_core: bool) -> Answer {
    let mut groups: BTreeMap<&str, BTreeMap<String, Vec<Value>>> = BTreeMap::new();
    for kind in kinds::ALL.iter().filter(|kind| kind.group.is_empty() == is_core) {
        if known.absent.contains(&kind.kind) {
            continue;
        }
        let versions = groups.entry(kind.group).or_default();
        versions
            .entry(version(known, kind.group, kind.kind))
            .or_default()
            .push(json!({
                "resource": kind.resource.split('.').next(),
                "responseKind": {"group": kind.group, "version": version(known, kind.group, kind.kind), "kind": kind.kind},
                "scope": "Namespaced",
                "singularResource": kind.kind.to_lowercase(),
                "verbs": ["get", "list"],
            }));
    }
    let items: Vec<Value> = groups
        .into_iter()
        .map(|(group, versions)| {
            let versions: Vec<Value> = versions
                .into_iter()
                .map(|(version, resources)| json!({"version": version, "resources": resources, "freshness": "Current"}))
                .collect();
            json!({"metadata": {"name": group}, "versions": versions})
        })
        .collect();
    let body = json!({"kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "metadata": {}, "items": items});
    ("200 OK", body)
}

fn listing(known: &Known, api_version: &str, rest: &[&str], query: &str) -> Answer {
    let (namespace, resource) = match rest {
        ["namespaces", namespace, resource] => (Some(*namespace), *resource),
        [resource] => (None, *resource),
        _ => return failure("404 Not Found", 404, "not found"),
    };
    let group = api_version.split_once('/').map_or("", |(group, _)| group);
    let kind = kinds::ALL
        .iter()
        .find(|kind| kind.group == group && kind.resource.split('.').next() == Some(resource));
    let Some(kind) = kind else {
        return failure("404 Not Found", 404, "the server could not find the requested resource");
    };
    if known.forbidden == Some(kind.kind) {
        return failure("403 Forbidden", 403, &format!("{} is forbidden", kind.resource));
    }
    let query: BTreeMap<&str, &str> = query.split('&').filter_map(|pair| pair.split_once('=')).collect();
    let of_kind: Vec<Value> = known
        .objects
        .iter()
        .filter(|object| object["kind"] == kind.kind && object["apiVersion"] == api_version)
        .filter(|object| namespace.is_none() || object["metadata"]["namespace"].as_str() == namespace)
        .map(|object| {
            // As in the lists of the API server's own kinds; and as each object has what its managers wrote.
            let mut object = object.clone();
            let fields = object.as_object_mut().expect("an object");
            fields.shift_remove("apiVersion");
            fields.shift_remove("kind");
            object["metadata"]["managedFields"] = json!([{"manager": "kubectl"}]);
            object
        })
        .collect();
    let from: usize = query
        .get("continue")
        .map_or(0, |token| token.parse().expect("a number"));
    let limit: usize = query
        .get("limit")
        .map_or(usize::MAX, |limit| limit.parse().expect("a number"));
    if known.expires == Some(kind.kind) && from > 0 {
        return failure("410 Gone", 410, "The provided continue parameter is too old");
    }
    let page: Vec<Value> = of_kind.iter().skip(from).take(limit).cloned().collect();
    let next = from.saturating_add(page.len());
    let metadata = if next < of_kind.len() {
        json!({"resourceVersion": "1", "continue": next.to_string()})
    } else {
        json!({"resourceVersion": "1"})
    };
    let kind = format!("{}List", kind.kind);
    let body = json!({"kind": kind, "apiVersion": api_version, "metadata": metadata, "items": page});
    ("200 OK", body)
}
