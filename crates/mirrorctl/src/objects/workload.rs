//! What runs pods: the labels and ports of a workload's pods, and who they are.

use serde_json::Value;

use super::{Kind, Labels, Object, World, at, kinds, labels};

/// A Deployment, StatefulSet or DaemonSet, or a ReplicaSet or Pod that none of these owns.
#[derive(Debug, Clone, Copy)]
pub struct Workload<'a> {
    /// The whole object.
    pub object: &'a Object,
}

// === impl World ===

impl World {
    /// Every workload of a namespace.
    pub fn workloads(&self, namespace: &str) -> impl Iterator<Item = Workload<'_>> {
        let workloads = [
            kinds::DEPLOYMENT,
            kinds::STATEFUL_SET,
            kinds::DAEMON_SET,
            kinds::REPLICA_SET,
            kinds::POD,
        ];
        self.iter()
            .filter(move |object| {
                object.namespace == namespace
                    && workloads.into_iter().any(|kind| object.is(kind))
                    && !is_owned_by(object, &workloads)
            })
            .map(|object| Workload { object })
    }
}

/// Whether one of these kinds made it. A Deployment that an operator or an application owns is a workload of its own.
fn is_owned_by(object: &Object, kinds: &[Kind]) -> bool {
    let owners = object.at(&["metadata", "ownerReferences"]).and_then(Value::as_array);
    let mut owners = owners.into_iter().flatten();
    owners.any(|owner| {
        let text = |key: &str| owner.get(key).and_then(Value::as_str).unwrap_or_default();
        let group = text("apiVersion").split_once('/').map_or("", |(group, _)| group);
        kinds
            .iter()
            .any(|kind| kind.kind == text("kind") && kind.group == group)
    })
}

// === impl Workload ===

impl<'a> Workload<'a> {
    /// What describes its pods: `metadata` and `spec`.
    pub fn template(&self) -> &'a Value {
        let object: &'a Object = self.object;
        object.at(&["spec", "template"]).unwrap_or(&object.value)
    }

    /// The labels of its pods.
    pub fn labels(&self) -> Labels {
        labels(at(self.template(), &["metadata", "labels"]))
    }

    /// The ServiceAccount of its pods.
    pub fn service_account(&self) -> &'a str {
        let name = at(self.template(), &["spec", "serviceAccountName"]);
        name.and_then(Value::as_str).unwrap_or("default")
    }

    /// The number of a named port of one of its containers.
    pub fn container_port(&self, name: &str) -> Option<u16> {
        let containers = at(self.template(), &["spec", "containers"])?.as_array()?;
        let mut ports = containers
            .iter()
            .flat_map(|container| container.get("ports").and_then(Value::as_array).into_iter().flatten());
        let port = ports.find(|port| port.get("name").and_then(Value::as_str) == Some(name))?;
        u16::try_from(port.get("containerPort")?.as_u64()?).ok()
    }
}
