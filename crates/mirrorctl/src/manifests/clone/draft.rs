//! A clone before its objects are written: the original, and the names and labels of what is made of it.

use super::foreign::is_foreign;
use crate::error::{Error, Result};
use crate::job::{CloneOf, Isolation, Job, Shadow};
use crate::marks::{JOB_LABEL, SHADOW_LABEL};
use crate::objects::{Labels, Workload, World, kinds, selects, title};

/// The labels that an isolated clone's pods keep: those that say how a pod is run, and nothing of which service it is.
const KEPT_DOMAINS: &[&str] = &["istio.io", "azure.workload.identity", "datadoghq.com"];

/// By which Istio names the service in metrics, first to last.
const CANONICAL_NAMES: &[&str] = &["service.istio.io/canonical-name", "app.kubernetes.io/name", "app"];

/// One clone, before its objects are written.
#[derive(Debug)]
pub(super) struct Draft<'a> {
    /// The job.
    pub job: &'a Job,
    /// What the job says of the clone.
    pub of: &'a CloneOf,
    /// The shadow in the job: `spec.shadows[0].clone`.
    pub path: String,
    /// What is cloned.
    pub original: Workload<'a>,
    /// Of the new Deployment.
    pub name: String,
    /// By which the new Deployment, and the clone's own Service, select its pods: by these alone.
    pub selector: Labels,
    /// Of the new pods.
    pub labels: Labels,
}

// === impl Draft ===

impl<'a> Draft<'a> {
    /// Reads what the clone follows from.
    ///
    /// # Errors
    /// [`Error::Missing`] for an original that is not known; refused for what is no Deployment, or would be in no
    /// subset.
    pub fn new(job: &'a Job, index: usize, shadow: &'a Shadow, of: &'a CloneOf, world: &'a World) -> Result<Self> {
        let path = format!("spec.shadows[{index}].clone");
        let original = original(job, of, world, &path)?;
        let selector = Labels::from([
            (JOB_LABEL.to_owned(), job.name.clone()),
            (SHADOW_LABEL.to_owned(), shadow.name.clone()),
        ]);
        let target = world.service(&job.namespace, &job.target.name)?;
        let is_behind = selects(&target.selector(), &original.labels());
        let mut labels = match of.isolation {
            Isolation::Service => isolated_labels(job, of, &original),
            Isolation::Subset if !is_behind => {
                return Err(Error::Refused(format!(
                    "{path}: {} does not select the pods of {}, so a clone of it would be in no subset of it",
                    target.object.title(),
                    original.object.title()
                )));
            }
            Isolation::Subset => subset_labels(of, &original, &target.selector()),
        };
        labels.extend(selector.clone());
        let name = name(job, of, &original);
        Ok(Self {
            job,
            of,
            path,
            original,
            name,
            selector,
            labels,
        })
    }
}

/// The Deployment that is cloned.
fn original<'a>(job: &Job, of: &CloneOf, world: &'a World, path: &str) -> Result<Workload<'a>> {
    let (namespace, name) = (&job.namespace, &of.deployment);
    if let Some(object) = world.find(kinds::DEPLOYMENT, namespace, name) {
        return Ok(Workload { object });
    }
    // KubeSphere refuses these with the same words: each pod of theirs is somebody, or somebody else makes them.
    let others = [
        (kinds::STATEFUL_SET, "its pods have identities and volumes of their own"),
        (kinds::DAEMON_SET, "it runs one pod on every node"),
        (kinds::REPLICA_SET, "a Deployment or a person makes it"),
        (kinds::POD, "one pod has no template"),
        (kinds::ROLLOUT, "Argo Rollouts makes its pods"),
    ];
    let other = others
        .into_iter()
        .find(|(kind, _)| world.find(*kind, namespace, name).is_some());
    Err(match other {
        Some((kind, why)) => Error::Refused(format!(
            "{path}.deployment: workload type not supported: {} is no Deployment; {why}, so run the new version yourself and name its Service by backendRef",
            title(kind.kind, namespace, name)
        )),
        None => Error::Missing {
            fact: title(kinds::DEPLOYMENT.kind, namespace, name),
            command: format!("kubectl get deployments {name} -n {namespace} -o yaml"),
        },
    })
}

/// `reviews-v1` of version v1 becomes `reviews-v2`; a name that does not end with its version gets the new one behind
/// it.
fn name(job: &Job, of: &CloneOf, original: &Workload<'_>) -> String {
    let label = original.labels().get("version").cloned();
    let versions = label
        .into_iter()
        .chain(job.primary.iter().map(|primary| primary.subset.clone()));
    let mut stems = versions.filter_map(|version| of.deployment.strip_suffix(&version)?.strip_suffix('-'));
    let stem = stems.next().unwrap_or(&of.deployment);
    format!("{stem}-{}", of.version)
}

/// The labels of an isolated clone's pods: none by which a Service could know the original.
fn isolated_labels(job: &Job, of: &CloneOf, original: &Workload<'_>) -> Labels {
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
    put("app", &of.service_name(job));
    put("version", &of.version);
    // Metrics tell the two apart by the revision, and compare them under one name.
    put("service.istio.io/canonical-name", canonical);
    put("service.istio.io/canonical-revision", &of.version);
    labels
}

/// The labels of a subset's pods: the original's, as another version. What the Service selects by stays.
fn subset_labels(of: &CloneOf, original: &Workload<'_>, of_service: &Labels) -> Labels {
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
