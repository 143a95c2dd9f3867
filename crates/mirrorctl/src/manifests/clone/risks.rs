//! What a second set of pods does that copied requests do not ask for: run migrations again, write to the same disk,
//! lead an election. What would do harm by itself is refused until the user allows it; the rest is said.

use std::collections::BTreeSet;

use serde_json::Value;

use super::draft::Draft;
use crate::error::{Error, Result};
use crate::findings::codes;
use crate::job::{Allowed, word};
use crate::objects::{Object, World, at, kinds};

/// The kinds of volumes that outlive a pod and that two pods would share. An `ephemeral` or `csi` volume is each pod's
/// own.
const PERSISTENT: &[&str] = &[
    "persistentVolumeClaim",
    "hostPath",
    "nfs",
    "iscsi",
    "fc",
    "cephfs",
    "rbd",
    "glusterfs",
    "cinder",
    "awsElasticBlockStore",
    "gcePersistentDisk",
    "azureDisk",
    "azureFile",
    "vsphereVolume",
    "portworxVolume",
    "flexVolume",
    "scaleIO",
    "storageos",
    "quobyte",
    "photonPersistentDisk",
    "flocker",
];

/// Refuses what is not allowed, and notes the rest. What is looked at is the clone as it will run, with its own
/// variables.
pub(super) fn check(draft: &Draft<'_>, deployment: &Value, world: &World, notes: &mut Vec<String>) -> Result<()> {
    let pod = at(deployment, &["spec", "template", "spec"]).unwrap_or(&Value::Null);
    let title = draft.original.object.title();
    // One with restartPolicy Always runs beside the others and is not done when they start.
    let once = |container: &&Value| at(container, &["restartPolicy"]).and_then(Value::as_str) != Some("Always");
    let init: Vec<&str> = list(pod, "initContainers").filter(once).map(name).collect();
    need_allowed(draft, Allowed::InitContainers, &init, || {
        format!(
            "{title} has init containers ({}), which the clone would run again: a migration or a registration would be made twice",
            init.join(", ")
        )
    })?;
    let is_persistent = |volume: &&Value| PERSISTENT.iter().any(|kind| volume.get(kind).is_some());
    let volumes: Vec<&str> = list(pod, "volumes").filter(is_persistent).map(name).collect();
    need_allowed(draft, Allowed::PersistentVolumes, &volumes, || {
        format!(
            "{title} mounts persistent volumes ({}), to which the clone would write beside it",
            volumes.join(", ")
        )
    })?;
    let mut say = |note: String| notes.push(note);
    if pod.get("hostNetwork") == Some(&Value::Bool(true)) {
        say(format!(
            "uses the network of its node (hostNetwork), as {title} does: no sidecar is injected, and it needs a node where its ports are free"
        ));
    } else {
        let ports = list(pod, "containers").flat_map(|container| list(container, "ports"));
        let ports: Vec<String> = ports
            .filter_map(|port| port.get("hostPort")?.as_u64().filter(|port| *port > 0))
            .map(|port| port.to_string())
            .collect();
        if !ports.is_empty() {
            say(format!(
                "takes ports of its node (hostPort {}), as {title} does: it needs a node where these are free",
                ports.join(", ")
            ));
        }
    }
    if pod.get("hostname").is_some() || pod.get("subdomain").is_some() {
        say(format!(
            "its pods have the hostname or subdomain of those of {title}; what knows a pod by its name cannot tell them apart"
        ));
    }
    note_autoscalers(draft, world, notes);
    note_rights(draft, pod, world, notes);
    note_shared(draft, pod, notes);
    Ok(())
}

fn need_allowed(draft: &Draft<'_>, what: Allowed, found: &[&str], problem: impl Fn() -> String) -> Result<()> {
    if found.is_empty() || draft.of.allow.contains(&what) {
        return Ok(());
    }
    let code = match what {
        Allowed::InitContainers => codes::CLONE_INIT,
        Allowed::PersistentVolumes => codes::CLONE_VOLUME,
    };
    let word = word(Allowed::WORDS, &what);
    Err(Error::Refused(format!(
        "{}: {}: {}; if that does no harm, add `{word}` to {}.allow (--allow {word})",
        draft.path,
        code.id,
        problem(),
        draft.path
    )))
}

fn note_autoscalers(draft: &Draft<'_>, world: &World, notes: &mut Vec<String>) {
    let scales = |object: &&Object| {
        let target = |key: &str| object.text(&["spec", "scaleTargetRef", key]);
        object.namespace == draft.job.namespace
            && target("kind") == Some(kinds::DEPLOYMENT.kind)
            && target("name") == Some(draft.of.deployment.as_str())
    };
    for autoscaler in world.all(kinds::HORIZONTAL_POD_AUTOSCALER).filter(scales) {
        notes.push(format!(
            "{} scales {} and not the clone, which keeps the number of pods that it starts with",
            autoscaler.title(),
            draft.of.deployment
        ));
    }
}

/// A second set of pods with the rights of the first: controllers act twice, and an election may be won by the clone.
fn note_rights(draft: &Draft<'_>, pod: &Value, world: &World, notes: &mut Vec<String>) {
    let account = draft.original.service_account();
    let binds = |object: &&Object| {
        let subjects = object.at(&["subjects"]).and_then(Value::as_array);
        subjects.into_iter().flatten().any(|subject| {
            let text = |key: &str| subject.get(key).and_then(Value::as_str);
            text("kind") == Some("ServiceAccount")
                && text("name") == Some(account)
                && text("namespace").unwrap_or(&object.namespace) == draft.job.namespace
        })
    };
    let bindings = world
        .all(kinds::ROLE_BINDING)
        .chain(world.all(kinds::CLUSTER_ROLE_BINDING));
    let bindings: Vec<String> = bindings
        .filter(binds)
        .map(|object| format!("{} {}", object.kind(), object.name()))
        .collect();
    if !bindings.is_empty() {
        notes.push(format!(
            "has the rights of the ServiceAccount {account} in the cluster ({}); what it does with them it does a second time",
            bindings.join(", ")
        ));
    }
    let words = list(pod, "containers").flat_map(|container| {
        let texts = ["command", "args"].into_iter().flat_map(|key| list(container, key));
        texts.filter_map(Value::as_str).chain(list(container, "env").map(name))
    });
    let election = words
        .map(|word| (word, word.to_ascii_lowercase().replace(['-', '_', '.'], "")))
        .find(|(_, plain)| plain.contains("leaderelect"));
    if let Some((word, _)) = election {
        notes.push(format!(
            "`{}` looks like a leader election: it takes part, and acts for all if it wins; change that by env, or give it a lock of its own",
            word.escape_debug()
        ));
    }
}

/// What the clone reads in common with the original leads to the same databases and queues.
fn note_shared(draft: &Draft<'_>, pod: &Value, notes: &mut Vec<String>) {
    let mut secrets = BTreeSet::new();
    for container in list(pod, "containers").chain(list(pod, "initContainers")) {
        let variables = list(container, "env").filter_map(|env| at(env, &["valueFrom", "secretKeyRef", "name"]));
        let whole = list(container, "envFrom").filter_map(|from| at(from, &["secretRef", "name"]));
        secrets.extend(variables.chain(whole).filter_map(Value::as_str));
    }
    let volumes = list(pod, "volumes").filter_map(|volume| at(volume, &["secret", "secretName"]));
    secrets.extend(volumes.filter_map(Value::as_str));
    if !secrets.is_empty() {
        let secrets: Vec<&str> = secrets.into_iter().collect();
        notes.push(format!(
            "reads the Secrets of {} ({}): what a copied request writes to a database behind them is written twice; change that by env",
            draft.of.deployment,
            secrets.join(", ")
        ));
    }
}

fn list<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> + use<'a> {
    value.get(key).and_then(Value::as_array).into_iter().flatten()
}

fn name(value: &Value) -> &str {
    value.get("name").and_then(Value::as_str).unwrap_or_default()
}
