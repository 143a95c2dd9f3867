//! The job that is taken offline, and what of the user's world it knows as its own.

use serde_json::Value;

use crate::job::Job;
use crate::job::{Called, called};
use crate::manifests::bundle::Origin;
use crate::manifests::outside::own_host;
use crate::manifests::record::{Record, as_applied};
use crate::marks::{JOB_LABEL, MANAGED_BY};
use crate::objects::{Object, World};

/// A job that is taken offline.
#[derive(Debug, Clone, Copy)]
pub struct OfflineJob<'a> {
    /// The name of the job.
    pub name: &'a str,
    /// Itself, if it is at hand.
    pub job: Option<&'a Job>,
    /// Only objects of this namespace are its own: jobs of the same name may live in others.
    pub namespace: Option<&'a str>,
}

/// Objects to be printed, and what the user should know.
#[derive(Debug, Default, PartialEq)]
pub struct Undo {
    /// In the order in which they are to be applied or deleted.
    pub objects: Vec<Value>,
    /// One sentence each.
    pub notes: Vec<String>,
}

// === impl Undo ===

impl Undo {
    /// Makes the objects such as can be applied: without what the API server sets, but for the `resourceVersion` of
    /// those who want the API server to compare it.
    pub fn make_applied(&mut self, keep_resource_version: bool) {
        for object in &mut self.objects {
            as_applied(object, keep_resource_version);
        }
    }
}

// === impl OfflineJob ===

impl OfflineJob<'_> {
    /// Whether an object was made for the job.
    pub(in crate::manifests) fn is_ours(self, object: &Object) -> bool {
        self.is_near(object)
            && object.label(MANAGED_BY.0) == Some(MANAGED_BY.1)
            && object.label(JOB_LABEL) == Some(self.name)
    }

    /// What the object remembers of the job.
    pub(in crate::manifests) fn record(self, object: &Object) -> Option<Record> {
        Record::of(object).filter(|record| self.is_near(object) && record.job == self.name)
    }

    pub(in crate::manifests) fn is_near(self, object: &Object) -> bool {
        self.namespace.is_none_or(|namespace| object.namespace == namespace)
    }

    /// Whose the object is, if the job has to do with it.
    pub fn origin(self, object: &Object) -> Option<Origin> {
        if self.is_ours(object) {
            Some(Origin::Ours)
        } else {
            self.record(object).map(|_| Origin::Patched)
        }
    }

    /// Whether a destination, as a cluster, is one of the job's shadows.
    pub(in crate::manifests) fn is_shadow(self, cluster: &str, world: &World) -> bool {
        let Some(job) = self.job else { return false };
        let mut parts = cluster.split('|').skip(2);
        let (subset, host) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let full = |name: &str, namespace: &str| format!("{name}.{namespace}.svc.{}", world.domain);
        let target = full(&job.target.name, &job.namespace);
        job.shadows.iter().any(|shadow| match called(job, shadow) {
            Called::Service { name, namespace, .. } => subset.is_empty() && full(&name, namespace) == host,
            Called::Subset(name) => subset == name && host == target,
            Called::External(to) => subset.is_empty() && (to.host == host || own_host(job, shadow) == host),
            Called::Endpoint(_) => false,
        })
    }
}
