//! Which objects are read from a cluster: the kinds that Istio looks at in every namespace, and those that are looked
//! at only where the job and its shadows are.

use std::collections::BTreeSet;

use crate::job::{Called, DataPlane, Job, called};
use crate::objects::{Kind, ROOT_NAMESPACE, kinds};

/// What Istio reads of the whole mesh, so that every object counts wherever it is.
const EVERYWHERE: &[Kind] = &[
    kinds::NAMESPACE,
    kinds::SERVICE,
    kinds::VIRTUAL_SERVICE,
    kinds::DESTINATION_RULE,
    kinds::SIDECAR,
    kinds::SERVICE_ENTRY,
    kinds::ENVOY_FILTER,
    kinds::AUTHORIZATION_POLICY,
    kinds::PEER_AUTHENTICATION,
    kinds::REQUEST_AUTHENTICATION,
    kinds::TELEMETRY,
    kinds::ISTIO_GATEWAY,
    kinds::WASM_PLUGIN,
    kinds::TRAFFIC_EXTENSION,
    kinds::GATEWAY,
    kinds::REFERENCE_GRANT,
    kinds::HTTP_ROUTE,
    kinds::GRPC_ROUTE,
];

/// What is looked at where pods are: of the primary, the shadows and gateways.
const WHERE_PODS_ARE: &[Kind] = &[
    kinds::DEPLOYMENT,
    kinds::STATEFUL_SET,
    kinds::DAEMON_SET,
    kinds::ROLLOUT,
    kinds::HORIZONTAL_POD_AUTOSCALER,
    kinds::POD_DISRUPTION_BUDGET,
    kinds::NETWORK_POLICY,
    kinds::POD_MONITOR,
    kinds::ROLE_BINDING,
];

/// What is read from a cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selection {
    /// The namespaces whose workloads are read. `None`: all.
    namespaces: Option<BTreeSet<String>>,
}

/// Objects of one kind, in one namespace or in all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Listing {
    /// The kind.
    pub(super) kind: Kind,
    /// `None`: all namespaces.
    pub(super) namespace: Option<String>,
}

/// Every kind that is read for some command, in any namespace. The mesh's own settings are read in one alone.
pub(super) fn read_kinds() -> impl Iterator<Item = Kind> {
    EVERYWHERE.iter().chain(WHERE_PODS_ARE).copied()
}

// === impl Selection ===

impl Selection {
    /// Workloads of every namespace.
    pub fn everywhere() -> Self {
        Self { namespaces: None }
    }

    /// What a job has to do with: its own namespace and those of its shadows. A gateway may be in any.
    pub fn of_job(job: &Job) -> Self {
        if job.data_plane == DataPlane::Gateway {
            return Self::everywhere();
        }
        let of_shadow = |shadow| match called(job, shadow) {
            Called::Service { namespace, .. } => Some(namespace.to_owned()),
            _ => None,
        };
        Self::of(job.shadows.iter().filter_map(of_shadow).chain([job.namespace.clone()]))
    }

    /// Workloads of one namespace.
    pub fn of_namespace(namespace: &str) -> Self {
        Self::of([namespace.to_owned()])
    }

    /// Workloads of these namespaces.
    fn of(namespaces: impl IntoIterator<Item = String>) -> Self {
        let namespaces = namespaces.into_iter().filter(|namespace| !namespace.is_empty());
        Self {
            namespaces: Some(namespaces.collect()),
        }
    }

    /// What is listed.
    pub(super) fn listings(&self) -> Vec<Listing> {
        let all = |kind: &Kind| Listing {
            kind: *kind,
            namespace: None,
        };
        let mut listings: Vec<Listing> = EVERYWHERE.iter().map(all).collect();
        match &self.namespaces {
            None => listings.extend(WHERE_PODS_ARE.iter().map(all)),
            Some(namespaces) => {
                for namespace in namespaces {
                    listings.extend(WHERE_PODS_ARE.iter().map(|kind| Listing {
                        kind: *kind,
                        namespace: Some(namespace.clone()),
                    }));
                }
            }
        }
        // The mesh's own settings.
        listings.push(Listing {
            kind: kinds::CONFIG_MAP,
            namespace: Some(ROOT_NAMESPACE.to_owned()),
        });
        listings
    }
}
