//! What becomes of live requests.

use super::{Case, case};
use crate::findings::good::{FILTER, JOB, NATIVE, ROUTE};

/// The cases of each code: the finding, the file that is good, and the change that brings the finding.
pub const CASES: &[Case] = &[
    case(
        "TM040 spec.wasm.pluginConfig.mirrors[0].cluster: the Service reviews of namespace demo selects the pods of reviews-v2.demo.svc.cluster.local too",
        FILTER,
        &[
            ("selector: {app: reviews-v2}", "selector: {app: reviews, version: v2}"),
            (
                "labels: {app: reviews-v2, version: v2}",
                "labels: {app: reviews, version: v2}",
            ),
        ],
    ),
    case(
        "TM040 spec.shadows[0].subset: the Service reviews of namespace demo selects the pods of subset v2 of reviews.demo.svc.cluster.local too",
        JOB,
        &[
            ("backendRef: {name: reviews-v2, port: 9080}", "subset: v2"),
            (
                "apiVersion: traffic",
                "apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: reviews, namespace: demo}\nspec: {host: reviews.demo.svc.cluster.local, subsets: [{name: v1, labels: {version: v1}}, {name: v2, labels: {version: v2}}]}\n---\napiVersion: traffic",
            ),
        ],
    ),
    case(
        "TM041 spec.http[0].mirror: route[0] sends live requests to subset v1 of reviews.demo.svc.cluster.local too",
        NATIVE,
        &[("mirror: {host: reviews-v2", "mirror: {subset: v1, host: reviews")],
    ),
    case(
        "TM041 spec.rules[0].filters[0]: backendRefs[0] sends live requests to reviews-v2.demo.svc.cluster.local too",
        ROUTE,
        &[(
            "backendRefs: [{name: reviews, port: 9080}",
            "backendRefs: [{name: reviews-v2, port: 9080}",
        )],
    ),
    case(
        "TM041 spec.http[0].mirror: route[0] sends live requests to the Deployment reviews-v2 of namespace demo too, which gets the copies",
        NATIVE,
        &[
            (
                "labels: {app: reviews-v2, version: v2}",
                "labels: {app: reviews, shadow: a, version: v2}",
            ),
            ("selector: {app: reviews-v2}", "selector: {shadow: a}"),
            (
                "- destination: {host: reviews, port: {number: 9080}, subset: v1}",
                "- destination: {host: reviews, port: {number: 9080}}",
            ),
        ],
    ),
    case(
        "TM042 spec.wasm.pluginConfig.mirrors[1].cluster: spec.wasm.pluginConfig.mirrors[0].cluster copies the same requests to reviews-v2.demo.svc.cluster.local too",
        FILTER,
        &[(
            "      mirrors:\n",
            "      mirrors:\n      - {name: a, cluster: outbound|9080||reviews-v2.demo.svc.cluster.local, match: [{method: {exact: GET}}, {method: {regex: HEAD|OPTIONS}}]}\n",
        )],
    ),
    case(
        "TM042 spec.wasm.pluginConfig.mirrors[0].cluster: the VirtualService reviews of namespace demo copies the same requests to reviews-v2.demo.svc.cluster.local too",
        FILTER,
        &[(
            "apiVersion: extensions",
            "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: reviews, namespace: demo}\nspec: {hosts: [reviews], http: [{route: [{destination: {host: reviews, port: {number: 9080}}}], mirror: {host: reviews-v2, port: {number: 9080}}}]}\n---\napiVersion: extensions",
        )],
    ),
    case(
        "TM042 spec.rules[0].filters[1].requestMirror.backendRef: spec.rules[0].filters[0].requestMirror.backendRef copies the same requests to reviews-v2.demo.svc.cluster.local too",
        ROUTE,
        &[(
            "    filters:\n",
            "    filters:\n    - {type: RequestMirror, requestMirror: {backendRef: {name: reviews-v2, port: 9080}}}\n",
        )],
    ),
    case(
        "TM043 spec.hosts[0]: sidecars obey the VirtualService older of namespace demo for reviews.demo.svc.cluster.local",
        NATIVE,
        &[(
            "apiVersion: networking",
            "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: older, namespace: demo, creationTimestamp: \"2026-01-01T00:00:00Z\"}\nspec: {hosts: [reviews], http: [{route: [{destination: {host: reviews, port: {number: 9080}}}]}]}\n---\napiVersion: networking",
        )],
    ),
    case(
        "TM049 spec.hosts[0]: `reviews.demo` is not a whole name; that of the Service reviews of namespace demo is reviews.demo.svc.cluster.local",
        NATIVE,
        &[("  hosts: [reviews]\n", "  hosts: [reviews.demo]\n")],
    ),
    case(
        "TM044 spec.http[0].mirror: the rule answers the request itself",
        NATIVE,
        &[(
            "redirect: {uri: /}",
            "redirect: {uri: /}, mirror: {host: reviews-v2, port: {number: 9080}}",
        )],
    ),
    case(
        "TM044 spec.rules[0].filters[0]: the rule has no backend with a weight",
        ROUTE,
        &[(
            "{name: reviews, port: 9080}]\n    filters",
            "{name: reviews, port: 9080, weight: 0}]\n    filters",
        )],
    ),
    case(
        "TM045 spec.wasm.pluginConfig.mirrors[0].cluster: the AuthorizationPolicy shadow of namespace demo does not allow ns/demo/sa/reviews to call the Service reviews-v2 of namespace demo",
        FILTER,
        &[(
            "apiVersion: extensions",
            "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {name: shadow, namespace: demo}\nspec: {selector: {matchLabels: {app: reviews-v2}}, rules: [{from: [{source: {principals: [cluster.local/ns/demo/sa/productpage]}}]}]}\n---\napiVersion: extensions",
        )],
    ),
    case(
        "TM046 metadata.annotations: Argo CD (argocd.argoproj.io/tracking-id) puts back what is in Git; commit the change there (generate --gitops), or keep Argo CD off the changed part (docs/gitops.md)",
        NATIVE,
        &[(
            "metadata: {name: reviews, namespace: demo}\nspec:\n  hosts",
            "metadata: {name: reviews, namespace: demo, annotations: {traffic-mirror.dev/original: a, argocd.argoproj.io/tracking-id: b}}\nspec:\n  hosts",
        )],
    ),
    case(
        "TM046 metadata.labels: Argo CD (argocd.argoproj.io/instance) puts back what is in Git; commit the change there (generate --gitops), or keep Argo CD off the changed part (docs/gitops.md)",
        NATIVE,
        &[(
            "metadata: {name: reviews, namespace: demo}\nspec:\n  hosts",
            "metadata: {name: reviews, namespace: demo, annotations: {traffic-mirror.dev/original: a}, labels: {argocd.argoproj.io/instance: shop}}\nspec:\n  hosts",
        )],
    ),
    case(
        "TM046 metadata.labels: Flux (Kustomization shop of namespace flux) puts back what is in Git; commit the change there (generate --gitops), or suspend it for the test: flux suspend kustomization shop -n flux",
        NATIVE,
        &[(
            "metadata: {name: reviews, namespace: demo}\nspec:\n  hosts",
            "metadata: {name: reviews, namespace: demo, annotations: {traffic-mirror.dev/original: a}, labels: {kustomize.toolkit.fluxcd.io/name: shop, kustomize.toolkit.fluxcd.io/namespace: flux}}\nspec:\n  hosts",
        )],
    ),
    case(
        "TM046 metadata.labels: Flux (HelmRelease shop of namespace flux-system) puts back what is in Git; commit the change there (generate --gitops), or suspend it for the test: flux suspend helmrelease shop -n flux-system",
        NATIVE,
        &[(
            "metadata: {name: reviews, namespace: demo}\nspec:\n  hosts",
            "metadata: {name: reviews, namespace: demo, annotations: {traffic-mirror.dev/original: a}, labels: {helm.toolkit.fluxcd.io/name: shop}}\nspec:\n  hosts",
        )],
    ),
    case(
        "TM046 metadata.annotations: Helm (release shop) may write it anew at its next upgrade; put the change into the chart, or upgrade nothing until the job is offline",
        NATIVE,
        &[(
            "metadata: {name: reviews, namespace: demo}\nspec:\n  hosts",
            "metadata: {name: reviews, namespace: demo, annotations: {traffic-mirror.dev/original: a, meta.helm.sh/release-name: shop}, labels: {app.kubernetes.io/managed-by: Helm}}\nspec:\n  hosts",
        )],
    ),
    case(
        "TM046 metadata.ownerReferences[1]: the Canary pay (flagger.app) controls it and writes it anew; mirror by `spec.analysis.mirror` of the Canary, or by engine `wasm`, which changes no route",
        NATIVE,
        &[(
            "metadata: {name: reviews, namespace: demo}\nspec:\n  hosts",
            "metadata: {name: reviews, namespace: demo, annotations: {traffic-mirror.dev/original: a}, ownerReferences: [{apiVersion: v1, kind: ConfigMap, name: a, uid: a}, {apiVersion: flagger.app/v1beta1, kind: Canary, name: pay, uid: b, controller: true}]}\nspec:\n  hosts",
        )],
    ),
    case(
        "TM046 metadata.ownerReferences[0]: the Rollout pay (argoproj.io) controls it and writes it anew; mirror by `setMirrorRoute` in the steps of the Rollout, or by engine `wasm`, which changes no route",
        NATIVE,
        &[(
            "metadata: {name: reviews, namespace: demo}\nspec:\n  hosts",
            "metadata: {name: reviews, namespace: demo, annotations: {traffic-mirror.dev/original: a}, ownerReferences: [{apiVersion: argoproj.io/v1alpha1, kind: Rollout, name: pay, uid: b, controller: true}]}\nspec:\n  hosts",
        )],
    ),
    case(
        "TM046 metadata.ownerReferences[0]: the Shop pay (example.com) controls it and writes it anew; change what it makes the object from, or mirror by engine `wasm`, which changes no object of yours",
        NATIVE,
        &[(
            "metadata: {name: reviews, namespace: demo}\nspec:\n  hosts",
            "metadata: {name: reviews, namespace: demo, annotations: {traffic-mirror.dev/original: a}, ownerReferences: [{apiVersion: example.com/v1, kind: Shop, name: pay, uid: b, controller: true}]}\nspec:\n  hosts",
        )],
    ),
    case(
        "TM046 metadata.ownerReferences[0]: the Canary pay (flagger.app) controls it and writes it anew; mirror by `spec.analysis.mirror` of the Canary, or by engine `wasm`, which changes no route",
        NATIVE,
        &[(
            "metadata: {name: reviews, namespace: demo}\nspec:\n  host: reviews",
            "metadata: {name: reviews, namespace: demo, annotations: {traffic-mirror.dev/original: a}, ownerReferences: [{apiVersion: flagger.app/v1beta1, kind: Canary, name: pay, uid: b, controller: true}]}\nspec:\n  host: reviews",
        )],
    ),
    case(
        "TM046 metadata.labels: Argo CD (app.kubernetes.io/instance) puts back what is in Git; commit the change there (generate --gitops), or keep Argo CD off the changed part (docs/gitops.md)",
        ROUTE,
        &[
            (
                "metadata: {name: reviews, namespace: demo}\nspec:\n  parentRefs",
                "metadata: {name: reviews, namespace: demo, annotations: {traffic-mirror.dev/original: a}, labels: {app.kubernetes.io/instance: shop}}\nspec:\n  parentRefs",
            ),
            (
                "apiVersion: v1\nkind: Service",
                "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: shop, namespace: argocd}\n---\napiVersion: v1\nkind: Service",
            ),
        ],
    ),
];
