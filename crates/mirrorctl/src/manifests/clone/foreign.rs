//! What other controllers have written into an object, or read from it to take it for theirs. A clone has none of it:
//! Argo CD would prune it, Helm would claim it, and a Deployment's bookkeeping would be the original's.

/// The domains of such labels and annotations, with everything below them.
const DOMAINS: &[&str] = &[
    // GitOps and package managers.
    "argoproj.io",
    "fluxcd.io",
    "helm.sh",
    "kapp.k14s.io",
    "cattle.io",
    "configmanagement.gke.io",
    "configsync.gke.io",
    "config.kubernetes.io",
    "config.k8s.io",
    "pulumi.com",
    "skaffold.dev",
    "operators.coreos.com",
    "operatorframework.io",
    "crossplane.io",
    // What rolls pods out again by itself, or scales them.
    "keel.sh",
    "stakater.com",
    "image.openshift.io",
    "flagger.app",
    "keda.sh",
    // The API server's clients and the controllers of Kubernetes.
    "kubectl.kubernetes.io",
    "deployment.kubernetes.io",
    "autoscaling.alpha.kubernetes.io",
    // KubeSphere, whose jobs are taken over.
    "kubesphere.io",
    // Ours: those of another job.
    "traffic-mirror.dev",
];

/// Such keys without a domain that says so.
const KEYS: &[&str] = &[
    "app.kubernetes.io/instance",
    "app.kubernetes.io/managed-by",
    "app.kubernetes.io/created-by",
    "kubernetes.io/change-cause",
    "pod-template-hash",
    "pod-template-generation",
    "controller-revision-hash",
    "rollouts-pod-template-hash",
    // Charts of Helm 2.
    "chart",
    "heritage",
    "release",
];

/// Whether a label or annotation is another controller's.
pub(super) fn is_foreign(key: &str) -> bool {
    let domain = key.split_once('/').map_or("", |(domain, _)| domain);
    let is_below = |other: &str| {
        domain
            .strip_suffix(other)
            .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    };
    KEYS.contains(&key) || DOMAINS.iter().any(|other| is_below(other))
}
