//! The rights that mirrorctl needs, as the roles that give them. They follow from what is listed and what is applied.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::selection::read_kinds;
use crate::marks::MANAGED_BY;
use crate::objects::{Kind, ROOT_NAMESPACE, kinds};

/// What is made or changed by what `generate` prints.
const APPLIED: &[Kind] = &[
    kinds::SERVICE,
    kinds::DEPLOYMENT,
    kinds::VIRTUAL_SERVICE,
    kinds::DESTINATION_RULE,
    kinds::SERVICE_ENTRY,
    kinds::AUTHORIZATION_POLICY,
    kinds::HTTP_ROUTE,
    kinds::TRAFFIC_EXTENSION,
    kinds::WASM_PLUGIN,
];

/// What somebody wants to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub enum Purpose {
    /// Read what exists: every command needs it
    Read,
    /// Apply what `generate` prints
    Create,
    /// Apply and delete what `offline` prints
    Offline,
}

// === impl Purpose ===

impl Purpose {
    /// All of them.
    pub const ALL: &'static [Self] = &[Self::Read, Self::Create, Self::Offline];

    /// The roles: a ClusterRole, and for reading a Role for the mesh's own settings. The ClusterRole for reading is to
    /// be bound in the whole cluster, the others where the job is.
    pub fn roles(self) -> Vec<Value> {
        let (name, kinds, verbs): (_, Vec<Kind>, &[&str]) = match self {
            Self::Read => ("mirrorctl-read", read_kinds().collect(), &["get", "list"]),
            Self::Create => ("mirrorctl-create", APPLIED.to_vec(), &["get", "create", "patch"]),
            Self::Offline => ("mirrorctl-offline", APPLIED.to_vec(), &["get", "patch", "delete"]),
        };
        let (label, us) = MANAGED_BY;
        let mut roles = vec![json!({
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "ClusterRole",
            "metadata": {"name": name, "labels": {label: us}},
            "rules": rules(&kinds, verbs),
        })];
        if self == Self::Read {
            roles.push(json!({
                "apiVersion": "rbac.authorization.k8s.io/v1",
                "kind": "Role",
                "metadata": {"name": name, "namespace": ROOT_NAMESPACE, "labels": {label: us}},
                "rules": rules(&[kinds::CONFIG_MAP], verbs),
            }));
        }
        roles
    }
}

/// One rule for each API group.
fn rules(kinds: &[Kind], verbs: &[&str]) -> Vec<Value> {
    let mut groups: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for kind in kinds {
        groups.entry(kind.group).or_default().insert(kind.plural());
    }
    let rule = |(group, resources)| json!({"apiGroups": [group], "resources": resources, "verbs": verbs});
    groups.into_iter().map(rule).collect()
}
