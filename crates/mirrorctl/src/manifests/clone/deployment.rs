//! The new Deployment: the original's, with the new version's images and variables, without what the API server and other
//! controllers wrote into it.

use serde_json::{Map, Value, json};

use super::foreign::is_foreign;
use super::{ALLOW, Plan, SHADOW_LABEL, service};
use crate::error::{Error, Result};
use crate::job::{Allowed, CloneOf, Isolation, Job, word};
use crate::manifests::metadata;
use crate::objects::{Labels, Workload, at, labels};

/// The labels that an isolated clone's pods keep: those that say how a pod is run, and nothing of which service it is.
const KEPT_DOMAINS: &[&str] = &["istio.io", "azure.workload.identity", "datadoghq.com"];

/// By which Istio names the service in metrics, first to last.
const CANONICAL_NAMES: &[&str] = &["service.istio.io/canonical-name", "app.kubernetes.io/name", "app"];

/// The labels of an isolated clone's pods: none by which a Service could know the original.
pub(super) fn isolated_labels(job: &Job, of: &CloneOf, original: &Workload<'_>) -> Labels {
    let before = original.labels();
    let is_kept = |key: &str| {
        let domain = key.split_once('/').map_or("", |(domain, _)| domain);
        KEPT_DOMAINS.iter().any(|kept| {
            let rest = domain.strip_suffix(kept);
            rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        })
    };
    let mut labels: Labels = before.clone().into_iter().filter(|(key, _)| is_kept(key)).collect();
    let canonical = CANONICAL_NAMES.iter().find_map(|key| before.get(*key));
    let canonical = canonical.map_or(job.target.name.as_str(), String::as_str);
    let mut put = |key: &str, value: &str| labels.insert(key.to_owned(), value.to_owned());
    put("app", &service::name(job, of));
    put("version", &of.version);
    // Metrics tell the two apart by the revision, and compare them under one name.
    put("service.istio.io/canonical-name", canonical);
    put("service.istio.io/canonical-revision", &of.version);
    labels
}

/// The labels of a subset's pods: the original's, as another version. What the Service selects by stays.
pub(super) fn subset_labels(of: &CloneOf, original: &Workload<'_>, of_service: &Labels) -> Labels {
    let mut labels = original.labels();
    labels.retain(|key, _| of_service.contains_key(key) || !is_foreign(key));
    labels.insert("version".to_owned(), of.version.clone());
    for key in ["service.istio.io/canonical-revision", "app.kubernetes.io/version"] {
        if let Some(version) = labels.get_mut(key) {
            version.clone_from(&of.version);
        }
    }
    labels
}

/// The whole Deployment.
///
/// # Errors
/// If the original is no Deployment that the API server would take, or a container is named that it does not have.
pub(super) fn manifest(plan: &Plan<'_>) -> Result<Value> {
    let original = plan.original.object;
    let broken = |path: &str| Error::invalid(&original.place, path, "is missing, so this is no Deployment");
    let mut spec = original
        .at(&["spec"])
        .and_then(Value::as_object)
        .cloned()
        .ok_or_else(|| broken("spec"))?;
    let mut pod = original
        .at(&["spec", "template", "spec"])
        .and_then(Value::as_object)
        .cloned()
        .ok_or_else(|| broken("spec.template.spec"))?;
    // A rollout that someone holds back would never begin here.
    spec.shift_remove("paused");
    if let Some(replicas) = plan.of.replicas {
        spec.insert("replicas".to_owned(), replicas.into());
    } else if spec.get("replicas").and_then(Value::as_u64) == Some(0) {
        return Err(Error::Refused(format!(
            "{}.replicas: is missing, and {} runs 0 pods; say how many the clone runs",
            plan.path,
            original.title()
        )));
    }
    change_containers(plan, &mut pod)?;
    spec.insert("selector".to_owned(), json!({"matchLabels": plan.selector}));
    let mut template_metadata = json!({"labels": plan.labels});
    let annotations = own(original.at(&["spec", "template", "metadata", "annotations"]));
    put_unless_empty(&mut template_metadata, "annotations", annotations);
    spec.insert(
        "template".to_owned(),
        json!({"metadata": template_metadata, "spec": pod}),
    );

    let mut metadata = metadata(plan.job, &plan.name);
    let kept = kept_labels(plan, &original.labels(&["metadata", "labels"]));
    if let Some(fields) = metadata.get_mut("labels").and_then(Value::as_object_mut) {
        for (key, value) in kept {
            fields.entry(key).or_insert(value.into());
        }
        fields.insert(SHADOW_LABEL.to_owned(), json!(plan.selector.get(SHADOW_LABEL)));
    }
    let mut annotations = own(original.at(&["metadata", "annotations"]));
    let allowed: Vec<&str> = plan.of.allow.iter().map(|what| word(Allowed::WORDS, what)).collect();
    if !allowed.is_empty() {
        annotations.insert(ALLOW.to_owned(), allowed.join(",").into());
    }
    put_unless_empty(&mut metadata, "annotations", annotations);
    Ok(json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec}))
}

/// The Deployment's own labels: the user's, except that what also stands on the pods is the new pods'.
fn kept_labels(plan: &Plan<'_>, before: &Labels) -> Labels {
    let of_pods = plan.original.labels();
    let mut kept = Labels::new();
    for (key, value) in before.iter().filter(|(key, _)| !is_foreign(key)) {
        match plan.labels.get(key) {
            Some(new) => kept.insert(key.clone(), new.clone()),
            None if plan.of.isolation == Isolation::Service && of_pods.contains_key(key) => None,
            None => kept.insert(key.clone(), value.clone()),
        };
    }
    kept
}

/// What of these annotations is no other controller's.
fn own(annotations: Option<&Value>) -> Map<String, Value> {
    let annotations = labels(annotations).into_iter();
    annotations
        .filter(|(key, _)| !is_foreign(key))
        .map(|(key, value)| (key, value.into()))
        .collect()
}

fn put_unless_empty(object: &mut Value, key: &str, value: Map<String, Value>) {
    if let Some(fields) = object.as_object_mut()
        && !value.is_empty()
    {
        fields.insert(key.to_owned(), value.into());
    }
}

// === containers ===

fn change_containers(plan: &Plan<'_>, pod: &mut Map<String, Value>) -> Result<()> {
    for (container, image) in &plan.of.images {
        let path = format!("{}.images", plan.path);
        find(plan, pod, container, &path)?.insert("image".to_owned(), image.as_str().into());
    }
    for (container, variables) in &plan.of.env {
        let path = format!("{}.env", plan.path);
        let env = find(plan, pod, container, &path)?.entry("env").or_insert(json!([]));
        let Some(env) = env.as_array_mut() else {
            return Err(Error::invalid(
                &plan.original.object.place,
                format!("the env of container {container}"),
                "is not a list",
            ));
        };
        for (name, value) in variables {
            let changed = json!({"name": name, "value": value});
            match env
                .iter_mut()
                .find(|variable| at(variable, &["name"]) == changed.get("name"))
            {
                Some(variable) => *variable = changed,
                None => env.push(changed),
            }
        }
    }
    Ok(())
}

/// A container by its name, among those that run and those that run before.
fn find<'a>(
    plan: &Plan<'_>,
    pod: &'a mut Map<String, Value>,
    name: &str,
    path: &str,
) -> Result<&'a mut Map<String, Value>> {
    let mut known = Vec::new();
    for (key, value) in pod.iter_mut() {
        if !["containers", "initContainers"].contains(&key.as_str()) {
            continue;
        }
        for container in value.as_array_mut().into_iter().flatten() {
            let Some(fields) = container.as_object_mut() else {
                continue;
            };
            let found = fields.get("name").and_then(Value::as_str).unwrap_or_default();
            if found == name {
                return Ok(fields);
            }
            known.push(found.to_owned());
        }
    }
    let known = match known.as_slice() {
        [] => "it has none".to_owned(),
        known => format!("it has {}", known.join(", ")),
    };
    Err(Error::Refused(format!(
        "{path}: {} has no container `{}`; {known}",
        plan.original.object.title(),
        name.escape_debug()
    )))
}
