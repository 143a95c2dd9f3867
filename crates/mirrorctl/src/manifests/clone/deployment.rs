//! The new Deployment: the original's, with the new version's images and variables, without what the API server and
//! other controllers wrote into it.

use serde_json::{Map, Value, json};

use super::draft::Draft;
use super::foreign::is_foreign;
use crate::error::{Error, Result};
use crate::job::{Allowed, Isolation, word};
use crate::manifests::metadata;
use crate::marks::{ALLOW, SHADOW_LABEL};
use crate::objects::{Labels, at, labels};

/// The whole Deployment.
///
/// # Errors
/// If the original is no Deployment that the API server would take, or a container is named that it does not have.
pub(super) fn manifest(draft: &Draft<'_>) -> Result<Value> {
    let original = draft.original.object;
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
    if let Some(replicas) = draft.of.replicas {
        spec.insert("replicas".to_owned(), replicas.into());
    } else if spec.get("replicas").and_then(Value::as_u64) == Some(0) {
        return Err(Error::Refused(format!(
            "{}.replicas: is missing, and {} runs 0 pods; say how many the clone runs",
            draft.path,
            original.title()
        )));
    }
    change_containers(draft, &mut pod)?;
    spec.insert("selector".to_owned(), json!({"matchLabels": draft.selector}));
    let mut template_metadata = json!({"labels": draft.labels});
    let annotations = own(original.at(&["spec", "template", "metadata", "annotations"]));
    put_unless_empty(&mut template_metadata, "annotations", annotations);
    spec.insert(
        "template".to_owned(),
        json!({"metadata": template_metadata, "spec": pod}),
    );

    let mut metadata = metadata(draft.job, &draft.name);
    let kept = kept_labels(draft, &original.labels(&["metadata", "labels"]));
    if let Some(fields) = metadata.get_mut("labels").and_then(Value::as_object_mut) {
        for (key, value) in kept {
            fields.entry(key).or_insert(value.into());
        }
        fields.insert(SHADOW_LABEL.to_owned(), json!(draft.selector.get(SHADOW_LABEL)));
    }
    let mut annotations = own(original.at(&["metadata", "annotations"]));
    let allowed: Vec<&str> = draft.of.allow.iter().map(|what| word(Allowed::WORDS, what)).collect();
    if !allowed.is_empty() {
        annotations.insert(ALLOW.to_owned(), allowed.join(",").into());
    }
    put_unless_empty(&mut metadata, "annotations", annotations);
    Ok(json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec}))
}

/// The Deployment's own labels: the user's, except that what also stands on the pods is the new pods'.
fn kept_labels(draft: &Draft<'_>, before: &Labels) -> Labels {
    let of_pods = draft.original.labels();
    let mut kept = Labels::new();
    for (key, value) in before.iter().filter(|(key, _)| !is_foreign(key)) {
        match draft.labels.get(key) {
            Some(new) => kept.insert(key.clone(), new.clone()),
            None if draft.of.isolation == Isolation::Service && of_pods.contains_key(key) => None,
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

fn change_containers(draft: &Draft<'_>, pod: &mut Map<String, Value>) -> Result<()> {
    for (container, image) in &draft.of.images {
        let path = format!("{}.images", draft.path);
        find(draft, pod, container, &path)?.insert("image".to_owned(), image.as_str().into());
    }
    for (container, variables) in &draft.of.env {
        let path = format!("{}.env", draft.path);
        let env = find(draft, pod, container, &path)?.entry("env").or_insert(json!([]));
        let Some(env) = env.as_array_mut() else {
            return Err(Error::invalid(
                &draft.original.object.place,
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
    draft: &Draft<'_>,
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
        draft.original.object.title(),
        name.escape_debug()
    )))
}
