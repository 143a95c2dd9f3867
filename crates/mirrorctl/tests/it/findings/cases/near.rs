//! What only looks like a case.

use super::{Case, case};
use crate::findings::good::{CLONE, ENVOY, FILTER, JOB, NATIVE, ROUTE, WAYPOINT};

/// Those that have no file of their own.
pub const NEAR: &[Case] = &[
    case(
        "TM024 of a percentage without a value, which is 0",
        NATIVE,
        &[("mirrorPercentage: {value: 12.5}", "mirrorPercentage: {}")],
    ),
    case(
        "TM030 of a Service that is exported to its own namespace",
        FILTER,
        &[(
            "metadata: {name: reviews-v2, namespace: demo}\nspec:\n  clusterIP",
            "metadata: {name: reviews-v2, namespace: demo, annotations: {networking.istio.io/exportTo: \"lab, .\"}}\nspec:\n  clusterIP",
        )],
    ),
    case(
        "TM078 of what a ReferenceGrant allows",
        ROUTE,
        &[
            (
                "{group: \"\", kind: Service, name: reviews, port: 9080}",
                "{name: public}",
            ),
            (
                "backendRef: {name: reviews-v2,",
                "backendRef: {name: reviews-v2, namespace: lab,",
            ),
            (
                "apiVersion: gateway",
                "apiVersion: gateway.networking.k8s.io/v1\nkind: ReferenceGrant\nmetadata: {name: a, namespace: lab}\nspec: {from: [{group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: demo}], to: [{group: \"\", kind: Service}]}\n---\napiVersion: gateway",
            ),
        ],
    ),
    case(
        "TM077 of another controller's parent",
        ROUTE,
        &[(
            "{group: \"\", kind: Service, name: reviews, port",
            "{group: kuma.io, kind: MeshService, name: reviews, port",
        )],
    ),
    case(
        "TM076 of a job that needs a flag of `generate`",
        JOB,
        &[
            ("  primary: {version: v1}\n", "  engine: native\n"),
            ("    headers: {remove: [authorization, cookie]}\n", ""),
            ("    match: [{method: {exact: GET}}]\n", ""),
        ],
    ),
    case(
        "TM076 of a job whose namespace is not given",
        JOB,
        &[(
            "namespace: demo}\nspec:\n  targetRef",
            "namespace: other}\nspec:\n  targetRef",
        )],
    ),
    case(
        "TM046 of an object that nothing of ours is in",
        NATIVE,
        &[(
            "metadata: {name: reviews, namespace: demo}\nspec:\n  hosts",
            "metadata: {name: reviews, namespace: demo, labels: {kustomize.toolkit.fluxcd.io/name: shop}}\nspec:\n  hosts",
        )],
    ),
    case(
        "TM046 of what Flux leaves as it is",
        NATIVE,
        &[(
            "metadata: {name: reviews, namespace: demo}\nspec:\n  hosts",
            "metadata: {name: reviews, namespace: demo, annotations: {traffic-mirror.dev/original: a, kustomize.toolkit.fluxcd.io/reconcile: disabled}, labels: {kustomize.toolkit.fluxcd.io/name: shop}}\nspec:\n  hosts",
        )],
    ),
    case(
        "TM046 of a label that charts set too",
        NATIVE,
        &[(
            "metadata: {name: reviews, namespace: demo}\nspec:\n  hosts",
            "metadata: {name: reviews, namespace: demo, annotations: {traffic-mirror.dev/original: a}, labels: {app.kubernetes.io/instance: shop, app.kubernetes.io/managed-by: Helm}}\nspec:\n  hosts",
        )],
    ),
    case(
        "TM046 of an owner that controls nothing",
        NATIVE,
        &[(
            "metadata: {name: reviews, namespace: demo}\nspec:\n  hosts",
            "metadata: {name: reviews, namespace: demo, annotations: {traffic-mirror.dev/original: a}, ownerReferences: [{apiVersion: v1, kind: ConfigMap, name: a, uid: a}]}\nspec:\n  hosts",
        )],
    ),
    case(
        "TM007 of another tool's object that mirrors nothing",
        FILTER,
        &[(
            "apiVersion: v1\nkind: Service",
            "apiVersion: flagger.app/v1beta1\nkind: Canary\nmetadata: {name: reviews}\nspec: {analysis: {mirror: false}}\n---\napiVersion: v1\nkind: Service",
        )],
    ),
    case(
        "TM070 of another group's Service",
        FILTER,
        &[(
            "apiVersion: v1\nkind: Service",
            "apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata: {name: reviews}\n---\napiVersion: v1\nkind: Service",
        )],
    ),
    case(
        "TM028 of a subset with a balancer of its own",
        FILTER,
        &[
            ("outbound|9080||", "outbound|9080|v2|"),
            (
                "apiVersion: extensions",
                "apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: shadow, namespace: demo}\nspec: {host: reviews-v2, trafficPolicy: {loadBalancer: {consistentHash: {useSourceIp: true}}}, subsets: [{name: v2, trafficPolicy: {loadBalancer: {simple: RANDOM}}}]}\n---\napiVersion: extensions",
            ),
        ],
    ),
    case(
        "TM028 of a hash by the authority",
        FILTER,
        &[(
            "apiVersion: extensions",
            "apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: shadow, namespace: demo}\nspec: {host: reviews-v2, trafficPolicy: {loadBalancer: {consistentHash: {httpHeaderName: Host}}}}\n---\napiVersion: extensions",
        )],
    ),
    case(
        "TM028 of a mirror of Envoy's own",
        NATIVE,
        &[(
            "apiVersion: networking",
            "apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: shadow, namespace: demo}\nspec: {host: reviews-v2, trafficPolicy: {loadBalancer: {consistentHash: {useSourceIp: true}}}}\n---\napiVersion: networking",
        )],
    ),
    case(
        "TM008 of one filter in two listeners",
        ENVOY,
        &[(
            "resources:\n",
            r#"resources:
- typed_config:
    "@type": type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm
    config:
      name: mirror
      fail_open: true
      configuration:
        value:
          mirrors:
          - {name: a, cluster: b, percentage: 1, expiresAt: "2027-01-01T00:00:00Z", match: [{method: {exact: GET}}], redact: {preset: credentials}}
"#,
        )],
    ),
    case(
        "TM027 of a Service at its own waypoint",
        WAYPOINT,
        &[("outbound|9080||", "inbound-vip|9080|http|")],
    ),
    case(
        "TM038 with a VirtualService that imports the shadow",
        FILTER,
        &[(
            "apiVersion: extensions",
            "apiVersion: networking.istio.io/v1\nkind: Sidecar\nmetadata: {name: a, namespace: demo}\nspec: {egress: [{hosts: [istio-system/*, ./reviews.demo.svc.cluster.local]}]}\n---\napiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: reviews, namespace: demo}\nspec: {hosts: [reviews], http: [{route: [{destination: {host: reviews, port: {number: 9080}}}], mirrors: [{destination: {host: reviews-v2, port: {number: 9080}}, percentage: {value: 0}}]}]}\n---\napiVersion: extensions",
        )],
    ),
    case(
        "TM038 with an egress that covers it",
        FILTER,
        &[(
            "apiVersion: extensions",
            "apiVersion: networking.istio.io/v1\nkind: Sidecar\nmetadata: {name: a, namespace: demo}\nspec: {egress: [{hosts: [demo/*.demo.svc.cluster.local, ./reviews.demo.svc.cluster.local]}]}\n---\napiVersion: extensions",
        )],
    ),
    case(
        "TM038 with a Sidecar for other pods",
        FILTER,
        &[(
            "apiVersion: extensions",
            "apiVersion: networking.istio.io/v1\nkind: Sidecar\nmetadata: {name: a, namespace: demo}\nspec: {workloadSelector: {labels: {app: other}}, egress: [{hosts: [istio-system/*, ./reviews.demo.svc.cluster.local]}]}\n---\napiVersion: extensions",
        )],
    ),
    case(
        "TM045 with a policy that allows the primary",
        FILTER,
        &[(
            "apiVersion: extensions",
            "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {name: shadow, namespace: demo}\nspec: {selector: {matchLabels: {app: reviews-v2}}, rules: [{from: [{source: {principals: [cluster.local/ns/demo/sa/productpage, cluster.local/ns/demo/sa/rev*]}}]}]}\n---\napiVersion: extensions",
        )],
    ),
    case(
        "TM045 with a policy for other pods",
        FILTER,
        &[(
            "apiVersion: extensions",
            "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {name: shadow, namespace: demo}\nspec: {selector: {matchLabels: {app: other}}, rules: [{from: [{source: {principals: [a]}}]}]}\n---\napiVersion: extensions",
        )],
    ),
    case(
        "TM040 with every route pinned to the primary",
        FILTER,
        &[
            ("selector: {app: reviews-v2}", "selector: {app: reviews, version: v2}"),
            (
                "labels: {app: reviews-v2, version: v2}",
                "labels: {app: reviews, version: v2}",
            ),
            (
                "apiVersion: extensions",
                "apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: reviews, namespace: demo}\nspec: {host: reviews.demo.svc.cluster.local, subsets: [{name: v1, labels: {version: v1}}, {name: v2, labels: {version: v2}}]}\n---\napiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: reviews, namespace: demo}\nspec: {hosts: [reviews], http: [{route: [{destination: {host: reviews, subset: v1, port: {number: 9080}}}]}]}\n---\napiVersion: extensions",
            ),
        ],
    ),
    case(
        "TM050 with every route pinned to the primary",
        CLONE,
        &[
            ("{app: reviews-shadow,", "{app: reviews,"),
            (
                "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n",
                "apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: reviews, namespace: demo}\nspec: {host: reviews.demo.svc.cluster.local, subsets: [{name: v1, labels: {version: v1}}, {name: v2, labels: {version: v2}}]}\n---\napiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: reviews, namespace: demo}\nspec: {hosts: [reviews], http: [{route: [{destination: {host: reviews, subset: v1, port: {number: 9080}}}]}]}\n---\napiVersion: apps/v1\nkind: Deployment\nmetadata:\n",
            ),
        ],
    ),
    case(
        "TM042 with mirrors of other requests",
        FILTER,
        &[(
            "      mirrors:\n",
            "      mirrors:\n      - {name: a, cluster: outbound|9080||reviews-v2.demo.svc.cluster.local, match: [{method: {exact: TRACE}}]}\n",
        )],
    ),
    case(
        "TM042 with a VirtualService that only imports the shadow",
        FILTER,
        &[(
            "apiVersion: extensions",
            "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: reviews, namespace: demo}\nspec: {hosts: [reviews], http: [{route: [{destination: {host: reviews, port: {number: 9080}}}], mirrors: [{destination: {host: reviews-v2, port: {number: 9080}}, percentage: {value: 0}}]}]}\n---\napiVersion: extensions",
        )],
    ),
    case(
        "TM043 with an older one for a gateway",
        NATIVE,
        &[(
            "apiVersion: networking",
            "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: older, namespace: demo, creationTimestamp: \"2026-01-01T00:00:00Z\"}\nspec: {gateways: [public], hosts: [reviews], http: [{route: [{destination: {host: reviews, port: {number: 9080}}}]}]}\n---\napiVersion: networking",
        )],
    ),
    case(
        "TM049 of a whole name and of a host that is no Service",
        NATIVE,
        &[(
            "  hosts: [reviews]\n",
            "  hosts: [reviews.demo.svc.cluster.local, reviews.example.com]\n",
        )],
    ),
    case(
        "TM043 with an older one for more hosts",
        NATIVE,
        &[(
            "apiVersion: networking",
            "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: older, namespace: demo, creationTimestamp: \"2026-01-01T00:00:00Z\"}\nspec: {hosts: [\"*.demo.svc.cluster.local\"], http: [{route: [{destination: {host: reviews, port: {number: 9080}}}]}]}\n---\napiVersion: networking",
        )],
    ),
    case(
        "TM034 of an alias of a Service",
        NATIVE,
        &[
            ("mirror: {host: reviews-v2", "mirror: {host: alias"),
            (
                "apiVersion: networking",
                "apiVersion: v1\nkind: Service\nmetadata: {name: alias, namespace: demo}\nspec: {type: ExternalName, externalName: reviews-v2.demo.svc.cluster.local, ports: [{name: http, port: 9080}]}\n---\napiVersion: networking",
            ),
        ],
    ),
    case(
        "TM043 being the older one",
        NATIVE,
        &[
            (
                "apiVersion: networking",
                "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: younger, namespace: demo}\nspec: {hosts: [reviews], http: [{route: [{destination: {host: reviews, port: {number: 9080}}}]}]}\n---\napiVersion: networking",
            ),
            (
                "metadata: {name: reviews, namespace: demo}\nspec:\n  hosts",
                "metadata: {name: reviews, namespace: demo, creationTimestamp: \"2026-01-01T00:00:00Z\"}\nspec:\n  hosts",
            ),
        ],
    ),
    case(
        "TM041 without a weight",
        NATIVE,
        &[
            ("mirror: {host: reviews-v2", "mirror: {subset: v1, host: reviews"),
            (
                "subset: v1}\n      weight: 100",
                "subset: v1}\n      weight: 0\n    - {destination: {host: reviews-v2}, weight: 100}",
            ),
        ],
    ),
    case(
        "TM030 at a host outside of the cluster",
        NATIVE,
        &[("mirror: {host: reviews-v2", "mirror: {host: shadow.example.com")],
    ),
    case(
        "TM025 with a percentage that keeps its value",
        NATIVE,
        &[("12.5", "0.0001")],
    ),
    case(
        "TM051 without init containers",
        CLONE,
        &[("restartPolicy: Always", "restartPolicy: Always, command: [a]")],
    ),
    case(
        "TM010 of another filter than ours",
        FILTER,
        &[("FAIL_OPEN", "FAIL_CLOSE"), ("      mirrors:\n", "      others:\n")],
    ),
];
