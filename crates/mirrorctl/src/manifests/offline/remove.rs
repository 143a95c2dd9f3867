//! What was made for a job, in the order in which it is to be deleted.

use serde_json::{Value, json};

use super::offline_job::{OfflineJob, Undo};
use super::stop::stopped;
use crate::error::{Error, Result};
use crate::manifests::routes;
use crate::marks::JOB_LABEL;
use crate::mesh::destination::Scope;
use crate::objects::{Object, World, at, fully_qualified, kinds, selects};

/// What is ours, in the order in which it is to be deleted. What still holds live requests in place stays for another
/// run.
pub fn remove(offline_job: OfflineJob<'_>, world: &World) -> Undo {
    let mut undo = Undo::default();
    let live = live_shadow(offline_job, world);
    let mut ours: Vec<&Object> = world.iter().filter(|object| offline_job.is_ours(object)).collect();
    ours.sort_by_key(|object| rank(object));
    let holds = |object: &Object| {
        [kinds::VIRTUAL_SERVICE, kinds::HTTP_ROUTE, kinds::DESTINATION_RULE]
            .into_iter()
            .any(|kind| object.is(kind))
    };
    for object in ours {
        if let (Some(workload), true) = (live, holds(object)) {
            undo.notes.push(format!(
                "{} stays: it keeps live requests off {}. Run this again with the objects as they are when its pods are gone",
                object.title(),
                workload.title()
            ));
            continue;
        }
        let user = object.is(kinds::DESTINATION_RULE).then(|| {
            let names = vanishing(object, world);
            world
                .all(kinds::VIRTUAL_SERVICE)
                .filter(|other| !offline_job.is_ours(other))
                .find(|other| refers(other, object, &names, world))
        });
        if let Some(user) = user.flatten() {
            undo.notes.push(format!(
                "{} stays: {} sends requests to its subsets. Restore that first (--restore-original), then run this again",
                object.title(),
                user.title()
            ));
            continue;
        }
        undo.objects.push(json!({
            "apiVersion": object.value.get("apiVersion"),
            "kind": object.kind(),
            "metadata": {"name": object.name(), "namespace": object.namespace},
        }));
    }
    undo
}

/// What still copies is not deleted, and neither is what the copies need: of a filter the requests that it is at would
/// lose their connection, and some copies their account; a route would go on to copy to what is gone.
///
/// # Errors
/// Refused if a plugin of ours among the objects is enabled and has a mirror that is, or if a route among them still
/// has a mirror of the job. Without the plugin or the route nothing is known, and nothing is refused.
pub fn refuse_enabled(offline_job: OfflineJob<'_>, world: &World) -> Result<()> {
    let how = |object: &Object| {
        if offline_job.is_ours(object) && is_enabled(object) {
            return Some("is still enabled, so it still copies");
        }
        let is_route = object.is(kinds::VIRTUAL_SERVICE) || object.is(kinds::HTTP_ROUTE);
        let copies = || stopped(offline_job, object, world).is_some_and(|stopped| stopped != object.value);
        (is_route && copies()).then_some("still copies")
    };
    match world.iter().find_map(|object| Some((object, how(object)?))) {
        Some((object, how)) => Err(Error::Refused(format!(
            "{} ({}) {how}; apply the output of `--step stop` first and read the objects anew, or give --force",
            object.title(),
            object.place
        ))),
        None => Ok(()),
    }
}

/// Whether an object is a plugin with a mirror that may copy.
fn is_enabled(object: &Object) -> bool {
    let config = if object.is(kinds::TRAFFIC_EXTENSION) {
        object.at(&["spec", "wasm", "pluginConfig"])
    } else if object.is(kinds::WASM_PLUGIN) {
        object.at(&["spec", "pluginConfig"])
    } else {
        None
    };
    let is_on = |value: &Value| value.get("enabled") != Some(&Value::Bool(false));
    let mirrors = config
        .filter(|config| is_on(config))
        .and_then(|config| config.get("mirrors"));
    mirrors.and_then(Value::as_array).into_iter().flatten().any(is_on)
}

/// What copies goes first, then what the copies went to, then what the routes stood on.
pub(super) fn rank(object: &Object) -> u8 {
    match object.kind() {
        "TrafficExtension" | "WasmPlugin" | "EnvoyFilter" => 0,
        "VirtualService" | "HTTPRoute" => 1,
        "Deployment" => 2,
        "DestinationRule" => 4,
        _ => 3,
    }
}

/// A workload of ours whose pods a Service of another's selects: only routes keep live requests off it.
pub(super) fn live_shadow<'a>(offline_job: OfflineJob<'_>, world: &'a World) -> Option<&'a Object> {
    let workloads = [kinds::DEPLOYMENT, kinds::REPLICA_SET, kinds::POD];
    world.iter().find(|object| {
        let template = object.at(&["spec", "template"]).unwrap_or(&object.value);
        let labels = crate::objects::labels(at(template, &["metadata", "labels"]));
        workloads.into_iter().any(|kind| object.is(kind))
            && (offline_job.is_ours(object) || labels.get(JOB_LABEL).is_some_and(|job| job == offline_job.name))
            && world
                .all(kinds::SERVICE)
                .filter(|service| service.namespace == object.namespace && !offline_job.is_ours(service))
                .any(|service| selects(&service.labels(&["spec", "selector"]), &labels))
    })
}

/// The subsets that nothing defines once a DestinationRule is gone.
fn vanishing(rule: &Object, world: &World) -> Vec<String> {
    let mut without = world.clone();
    without.objects.retain(|object| **object != *rule);
    let host = rule.text(&["spec", "host"]).unwrap_or_default();
    let host = fully_qualified(host, &rule.namespace, &world.domain);
    let mut names = subset_names(rule);
    names.retain(|name| without.subset(&host, &rule.namespace, &rule.namespace, name).is_none());
    names
}

fn subset_names(rule: &Object) -> Vec<String> {
    let subsets = rule.at(&["spec", "subsets"]).and_then(Value::as_array);
    let names = subsets
        .into_iter()
        .flatten()
        .filter_map(|subset| subset.get("name")?.as_str());
    names.map(str::to_owned).collect()
}

/// Whether a VirtualService sends live requests to one of these subsets of a DestinationRule's host.
pub(super) fn refers(object: &Object, rule: &Object, names: &[String], world: &World) -> bool {
    let scope = |object| Scope {
        namespace: object,
        domain: &world.domain,
    };
    let host = rule.at(&["spec"]).map(|spec| scope(&rule.namespace).host(spec));
    let http = object.at(&["spec", "http"]).and_then(Value::as_array);
    http.into_iter()
        .flatten()
        .flat_map(routes::destinations)
        .any(|destination| {
            let subset = destination.get("subset").and_then(Value::as_str).unwrap_or_default();
            Some(scope(&object.namespace).host(destination)) == host && names.iter().any(|name| name == subset)
        })
}
