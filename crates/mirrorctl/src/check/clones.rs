//! A Deployment of ours: the new version of a service, made from the one that runs. What it shares with the original it
//! changes a second time, and what reaches the original must not reach it.

use serde_json::Value;

use super::subject::Report;
use crate::findings::codes;
use crate::job::Allowed;
use crate::marks::{JOB_LABEL, is_allowed};
use crate::objects::{Object, Workload, World, at, kinds, routing, selects};

/// Nothing is said of a Deployment that is not ours.
pub(super) fn check(object: &Object, world: &World, report: &mut Report<'_>) {
    if !object.is(kinds::DEPLOYMENT) || object.label(JOB_LABEL).is_none() {
        return;
    }
    let clone = Workload { object };
    live_backend(&clone, world, report);
    let spec = at(clone.template(), &["spec"]).unwrap_or(&Value::Null);
    for (index, container) in list(spec, "initContainers").enumerate() {
        // One that restarts always is a sidecar: it runs beside the others.
        if text(container, "restartPolicy") != "Always" && !is_allowed(object, Allowed::InitContainers) {
            let path = format!("spec.template.spec.initContainers[{index}]");
            report.add(
                codes::CLONE_INIT,
                path,
                format!("{} runs once more", text(container, "name")),
            );
        }
    }
    for (index, volume) in list(spec, "volumes").enumerate() {
        if let Some(claim) = volume.get("persistentVolumeClaim")
            && !is_allowed(object, Allowed::PersistentVolumes)
        {
            let path = format!("spec.template.spec.volumes[{index}]");
            report.add(
                codes::CLONE_VOLUME,
                path,
                format!("mounts the claim {}", text(claim, "claimName")),
            );
        }
    }
    for other in world
        .workloads(&object.namespace)
        .filter(|other| other.object.label(JOB_LABEL).is_none())
    {
        let of_other = secrets(other.template());
        for secret in secrets(clone.template())
            .into_iter()
            .filter(|secret| of_other.contains(secret))
        {
            report.add(
                codes::CLONE_SECRET,
                "spec.template.spec",
                format!("reads the Secret {secret}, as {} does", other.object.title()),
            );
        }
    }
}

fn live_backend(clone: &Workload<'_>, world: &World, report: &mut Report<'_>) {
    let labels = clone.labels();
    let namespace = &clone.object.namespace;
    let services: Vec<&Object> = world
        .all(kinds::SERVICE)
        .filter(|service| service.namespace == *namespace && service.label(JOB_LABEL).is_none())
        .collect();
    for service in services {
        if selects(&service.labels(&["spec", "selector"]), &labels) && !routing::keeps_off(world, service, &labels) {
            let path = "spec.template.metadata.labels";
            report.add(
                codes::CLONE_LIVE,
                path,
                format!("{} selects these pods", service.title()),
            );
        }
    }
}

/// The Secrets that a pod reads, by name.
fn secrets(template: &Value) -> Vec<&str> {
    let mut found = Vec::new();
    let spec = at(template, &["spec"]).unwrap_or(&Value::Null);
    for container in list(spec, "containers") {
        found
            .extend(list(container, "env").filter_map(|variable| at(variable, &["valueFrom", "secretKeyRef", "name"])));
        found.extend(list(container, "envFrom").filter_map(|source| at(source, &["secretRef", "name"])));
    }
    found.extend(list(spec, "volumes").filter_map(|volume| at(volume, &["secret", "secretName"])));
    let mut found: Vec<&str> = found.into_iter().filter_map(Value::as_str).collect();
    found.sort_unstable();
    found.dedup();
    found
}

fn list<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> + use<'a> {
    value.get(key).and_then(Value::as_array).into_iter().flatten()
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}
