//! What is not read.

use super::{Case, case};
use crate::findings::good::{FILTER, NATIVE, ROUTE};

/// The cases of each code: the finding, the file that is good, and the change that brings the finding.
pub const CASES: &[Case] = &[
    case(
        "TM070 kind: networking.istio.io has no kind Virtualservice; did you mean VirtualService?",
        NATIVE,
        &[("kind: VirtualService", "kind: Virtualservice")],
    ),
    case(
        "TM070 kind: gateway.networking.k8s.io has no kind HttpRoute; did you mean HTTPRoute?",
        ROUTE,
        &[("kind: HTTPRoute", "kind: HttpRoute")],
    ),
    case(
        "TM070 kind: extensions.istio.io has no kind EnvoyExtension; it has TrafficExtension, WasmPlugin",
        FILTER,
        &[("kind: TrafficExtension", "kind: EnvoyExtension")],
    ),
    case(
        "TM070 apiVersion: the core group (v1) has no kind Deployment; did you mean one of apps?",
        FILTER,
        &[("apiVersion: apps/v1", "apiVersion: v1")],
    ),
    case(
        "TM070 apiVersion: there is no API group networking.istio with a kind VirtualService; did you mean networking.istio.io?",
        NATIVE,
        &[(
            "apiVersion: networking.istio.io/v1\nkind: VirtualService",
            "apiVersion: networking.istio/v1\nkind: VirtualService",
        )],
    ),
    case(
        "TM071 : is neither a job, nor a configuration of the filter (`mirrors`) or of Envoy, nor a Kubernetes object (`kind`)",
        FILTER,
        &[(
            "apiVersion: v1\nkind: Service",
            "replicas: 2\n---\napiVersion: v1\nkind: Service",
        )],
    ),
    case(
        "TM071 : is not a Kubernetes object: `metadata.name` is missing",
        FILTER,
        &[(
            "metadata: {name: mirror, namespace: demo}",
            "metadata: {namespace: demo}",
        )],
    ),
    case(
        "TM071 metadata.name: this looks like a Helm template ({{ … }}); render it first: helm template RELEASE CHART > rendered.yaml",
        FILTER,
        &[("{name: mirror, namespace", "{name: '{{ .Release.Name }}', namespace")],
    ),
    case(
        "TM007 : is for kustomize; to check what it makes: kustomize build FOLDER | mirrorctl validate -",
        FILTER,
        &[(
            "apiVersion: v1\nkind: Service",
            "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [a.yaml]\n---\napiVersion: v1\nkind: Service",
        )],
    ),
    case(
        "TM007 spec.analysis.mirror: this Canary (flagger.app) is not read; what it says of mirroring here is not checked",
        FILTER,
        &[(
            "apiVersion: v1\nkind: Service",
            "apiVersion: flagger.app/v1beta1\nkind: Canary\nmetadata: {name: reviews}\nspec: {analysis: {mirror: true, mirrorWeight: 50}}\n---\napiVersion: v1\nkind: Service",
        )],
    ),
    case(
        "TM007 metadata.annotations.nginx.ingress.kubernetes.io/mirror-target: this Ingress (networking.k8s.io) is not read; what it says of mirroring here is not checked",
        FILTER,
        &[(
            "apiVersion: v1\nkind: Service",
            "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: reviews, annotations: {nginx.ingress.kubernetes.io/mirror-target: http://a}}\n---\napiVersion: v1\nkind: Service",
        )],
    ),
    case(
        "TM007 spec.strategy.canary.steps[0].setMirrorRoute: of this Rollout (argoproj.io) only the pods are read; what it says of mirroring here is not checked",
        FILTER,
        &[(
            "apiVersion: v1\nkind: Service",
            "apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata: {name: other}\nspec: {strategy: {canary: {steps: [{setMirrorRoute: {name: a, percentage: 35}}]}}}\n---\napiVersion: v1\nkind: Service",
        )],
    ),
];
