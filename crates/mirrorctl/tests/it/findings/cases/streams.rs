//! Which requests a mirror copies, and to which cluster: hosts, gateways, delegates, ports and ServiceEntries.

use super::{Case, case};
use crate::findings::good::{FILTER, NATIVE, ROUTE};

/// An entry of the mirror that calls a host outside of the mesh.
const OUTSIDE: (&str, &str) = (
    "cluster: outbound|9080||reviews-v2.demo.svc.cluster.local",
    "cluster: outbound|80||api.example.com",
);

/// The cases of each code: the finding, the file that is good, and the change that brings the finding.
pub const CASES: &[Case] = &[
    case(
        "TM042 spec.wasm.pluginConfig.mirrors[0].cluster: the VirtualService reviews of namespace demo copies the same requests to reviews-v2.demo.svc.cluster.local too",
        FILTER,
        &[(
            "apiVersion: extensions",
            "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: reviews, namespace: demo}\nspec: {gateways: [public, mesh], hosts: [api.example.com, reviews], http: [{route: [{destination: {host: reviews, port: {number: 9080}}}], mirror: {host: reviews-v2, port: {number: 9080}}}]}\n---\napiVersion: extensions",
        )],
    ),
    // The requests come through a gateway and arrive at the pods that copy them once more.
    case(
        "TM042 spec.wasm.pluginConfig.mirrors[0].cluster: the VirtualService public of namespace edge copies the same requests to reviews-v2.demo.svc.cluster.local too",
        FILTER,
        &[(
            "apiVersion: extensions",
            "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: public, namespace: edge}\nspec: {gateways: [public], hosts: [api.example.com], http: [{route: [{destination: {host: reviews.demo.svc.cluster.local, port: {number: 9080}}}], mirror: {host: reviews-v2.demo.svc.cluster.local, port: {number: 9080}}}]}\n---\napiVersion: extensions",
        )],
    ),
    case(
        "TM042 spec.wasm.pluginConfig.mirrors[0].cluster: the VirtualService routes of namespace demo copies the same requests to reviews-v2.demo.svc.cluster.local too",
        FILTER,
        &[(
            "apiVersion: extensions",
            "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: root, namespace: demo}\nspec: {hosts: [reviews], http: [{delegate: {name: routes}}]}\n---\napiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: routes, namespace: demo}\nspec: {http: [{route: [{destination: {host: reviews, port: {number: 9080}}}], mirror: {host: reviews-v2, port: {number: 9080}}}]}\n---\napiVersion: extensions",
        )],
    ),
    case(
        "TM042 spec.http[0].mirrors[1].destination: spec.http[0].mirrors[0].destination copies the same requests to reviews-v2.demo.svc.cluster.local too",
        NATIVE,
        &[(
            "mirror: {host: reviews-v2, port: {number: 9080}}",
            "mirrors: [{destination: {host: reviews-v2}}, {destination: {host: reviews-v2, port: {number: 9080}}}]",
        )],
    ),
    case(
        "TM042 spec.rules[0].filters[0].requestMirror.backendRef: the VirtualService reviews of namespace demo copies the same requests to reviews-v2.demo.svc.cluster.local too",
        ROUTE,
        &[
            ("parentRefs: [", "parentRefs: [{kind: Gateway, name: public}, "),
            (
                "- matches: [{method: GET}, {method: HEAD}]\n    backendRefs",
                "- backendRefs",
            ),
            (
                "apiVersion: gateway",
                "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: reviews, namespace: demo}\nspec: {hosts: [reviews], http: [{route: [{destination: {host: reviews, port: {number: 9080}}}], mirror: {host: reviews-v2, port: {number: 9080}}}]}\n---\napiVersion: gateway",
            ),
        ],
    ),
    case(
        "TM040 spec.http[0].mirror: the Service reviews of namespace demo selects the pods of reviews-v2.demo.svc.cluster.local too",
        NATIVE,
        &[
            (
                "hosts: [reviews]",
                "hosts: [api.example.com]\n  gateways: [edge/public]",
            ),
            ("selector: {app: reviews-v2}", "selector: {app: reviews, version: v2}"),
            (
                "labels: {app: reviews-v2, version: v2}",
                "labels: {app: reviews, version: v2}",
            ),
        ],
    ),
    case(
        "TM033 spec.http[0].mirror: proxies of namespace web obey the DestinationRule own of namespace web, which lacks the subset v2, so their requests are not copied",
        NATIVE,
        &[
            ("mirror: {host: reviews-v2,", "mirror: {host: reviews, subset: v2,"),
            (
                "subsets: [{name: v1, labels: {version: v1}}]",
                "subsets: [{name: v1, labels: {version: v1}}, {name: v2, labels: {version: v2}}]",
            ),
            (
                "apiVersion: networking",
                "apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: own, namespace: web}\nspec: {host: reviews.demo.svc.cluster.local, trafficPolicy: {loadBalancer: {simple: RANDOM}}}\n---\napiVersion: networking",
            ),
        ],
    ),
    case(
        "TM030 spec.rules[0].filters[0].requestMirror.backendRef: reviews-v3 is not among the Services of namespace demo that are given: reviews, reviews-v2",
        ROUTE,
        &[
            ("kind: HTTPRoute", "kind: GRPCRoute"),
            (
                "- matches: [{method: GET}, {method: HEAD}]\n",
                "- matches: [{method: {method: A}}]\n",
            ),
            ("{backendRef: {name: reviews-v2", "{backendRef: {name: reviews-v3"),
        ],
    ),
    case(
        "TM007 spec.wasm.pluginConfig.mirrors[0].cluster: no ServiceEntry for api.example.com is given: kubectl get serviceentries.networking.istio.io -A -o yaml",
        FILTER,
        &[OUTSIDE],
    ),
    case(
        "TM030 spec.wasm.pluginConfig.mirrors[0].cluster: `reviews-v2` is not a whole name; that of the Service is reviews-v2.demo.svc.cluster.local",
        FILTER,
        &[("||reviews-v2.demo.svc.cluster.local", "||reviews-v2")],
    ),
    case(
        "TM030 spec.wasm.pluginConfig.mirrors[0].cluster: api.example.com is neither a Service nor a host of a ServiceEntry that is given",
        FILTER,
        &[
            OUTSIDE,
            ("apiVersion: extensions", ENTRY),
            ("hosts: [api.example.com]", "hosts: [other.example.com]"),
        ],
    ),
    case(
        "TM030 spec.wasm.pluginConfig.mirrors[0].cluster: the ServiceEntry api of namespace outside is not exported to namespace demo",
        FILTER,
        &[
            OUTSIDE,
            ("apiVersion: extensions", ENTRY),
            ("hosts: [api", "exportTo: [.]\n  hosts: [api"),
        ],
    ),
    case(
        "TM030 spec.wasm.pluginConfig.mirrors[0].cluster: the ServiceEntry api of namespace outside has *.example.com, and no cluster has the name api.example.com",
        FILTER,
        &[
            OUTSIDE,
            ("apiVersion: extensions", ENTRY),
            ("hosts: [api.example.com]", "hosts: [\"*.example.com\"]"),
            (
                "resolution: DNS",
                "resolution: STATIC\n  endpoints: [{address: 192.0.2.1}]",
            ),
        ],
    ),
    case(
        "TM031 spec.wasm.pluginConfig.mirrors[0].cluster: the ServiceEntry api of namespace outside has no port 80; it has 8080",
        FILTER,
        &[
            OUTSIDE,
            ("apiVersion: extensions", ENTRY),
            ("number: 80,", "number: 8080,"),
        ],
    ),
    case(
        "TM034 spec.wasm.pluginConfig.mirrors[0].cluster: the ServiceEntry api of namespace outside has `resolution: NONE`: its cluster forwards to where a connection was going",
        FILTER,
        &[
            OUTSIDE,
            ("apiVersion: extensions", ENTRY),
            ("resolution: DNS", "resolution: NONE"),
        ],
    ),
    case(
        "TM034 spec.wasm.pluginConfig.mirrors[0].cluster: the ServiceEntry api of namespace outside has no endpoints",
        FILTER,
        &[
            OUTSIDE,
            ("apiVersion: extensions", ENTRY),
            ("resolution: DNS", "resolution: STATIC"),
        ],
    ),
    case(
        "TM035 spec.wasm.pluginConfig.mirrors[0].cluster: port 80 of the ServiceEntry api of namespace outside declares no protocol",
        FILTER,
        &[OUTSIDE, ("apiVersion: extensions", ENTRY), (", protocol: HTTP", "")],
    ),
    case(
        "TM036 spec.wasm.pluginConfig.mirrors[0].cluster: port 80 of the ServiceEntry api of namespace outside is HTTPS, and no DestinationRule originates TLS for it",
        FILTER,
        &[
            OUTSIDE,
            ("apiVersion: extensions", ENTRY),
            ("protocol: HTTP", "protocol: HTTPS"),
        ],
    ),
    case(
        "TM038 spec.wasm.pluginConfig.mirrors[0].cluster: the Sidecar a of namespace demo imports nothing that covers outside/api.example.com",
        FILTER,
        &[
            OUTSIDE,
            ("apiVersion: extensions", ENTRY),
            (
                "apiVersion: extensions",
                "apiVersion: networking.istio.io/v1\nkind: Sidecar\nmetadata: {name: a, namespace: demo}\nspec: {egress: [{hosts: [\"./*\"]}]}\n---\napiVersion: extensions",
            ),
        ],
    ),
    case(
        "TM007 spec.wasm.pluginConfig.mirrors[0].cluster: the Service reviews-v2 of namespace demo selects no pods, and its endpoints are in no input: kubectl get endpointslices -n demo -l kubernetes.io/service-name=reviews-v2 -o yaml",
        FILTER,
        &[("  selector: {app: reviews-v2}\n", "")],
    ),
    case(
        "TM007 spec.wasm.pluginConfig.mirrors[0].cluster: no workload of reviews-v2.demo.svc.cluster.local is among those of namespace demo that are given: kubectl get deployments -n demo -o yaml",
        FILTER,
        &[("selector: {app: reviews-v2}", "selector: {app: reviews-next}")],
    ),
    case(
        "TM047 spec.wasm.pluginConfig.mirrors[0].cluster: the VirtualService next of namespace demo routes requests for reviews-v2.demo.svc.cluster.local to real.demo.svc.cluster.local, and a copy goes to reviews-v2.demo.svc.cluster.local itself",
        FILTER,
        &[(
            "apiVersion: extensions",
            "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: next, namespace: demo}\nspec: {hosts: [reviews-v2], http: [{route: [{destination: {host: real, port: {number: 9080}}}]}]}\n---\napiVersion: extensions",
        )],
    ),
    // Without a port the copies go to the port of the requests, and the shadow has one of two.
    case(
        "TM031 spec.http[0].mirror: the Service reviews-v2 of namespace demo has no port 9090, to which the requests of that port are copied; it has 9080 (http)",
        NATIVE,
        &[
            (
                "selector: {app: reviews}\n  ports: [",
                "selector: {app: reviews}\n  ports: [{name: http-api, port: 9090, targetPort: 9091}, ",
            ),
            (
                "mirror: {host: reviews-v2, port: {number: 9080}}",
                "mirror: {host: reviews-v2}",
            ),
        ],
    ),
    // Without a port the copies go to the port of the requests, and not to the only port of the Service.
    case(
        "TM031 spec.http[0].mirror: the Service reviews-v2 of namespace demo has no port 9080; it has 9090 (http)",
        NATIVE,
        &[
            (
                "selector: {app: reviews-v2}\n  ports: [{name: http, port: 9080,",
                "selector: {app: reviews-v2}\n  ports: [{name: http, port: 9090,",
            ),
            (
                "mirror: {host: reviews-v2, port: {number: 9080}}",
                "mirror: {host: reviews-v2}",
            ),
        ],
    ),
];

/// A ServiceEntry for the host that [`OUTSIDE`] calls.
const ENTRY: &str = "apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: api, namespace: outside}
spec:
  hosts: [api.example.com]
  ports: [{number: 80, name: web, protocol: HTTP}]
  resolution: DNS
---
apiVersion: extensions";

/// What looks like a case and is none.
pub const NEAR: &[Case] = &[
    case(
        "TM036 of a port of a ServiceEntry for the requests of a proxy",
        FILTER,
        &[
            OUTSIDE,
            ("apiVersion: extensions", ENTRY),
            ("protocol: HTTP}", "protocol: HTTP_PROXY}"),
        ],
    ),
    case(
        "TM031 of a rule that is for the port that the shadow has",
        NATIVE,
        &[
            (
                "selector: {app: reviews}\n  ports: [",
                "selector: {app: reviews}\n  ports: [{name: http-api, port: 9090, targetPort: 9091}, ",
            ),
            (
                "mirror: {host: reviews-v2, port: {number: 9080}}",
                "mirror: {host: reviews-v2}",
            ),
            ("[{method: {exact: GET}}]", "[{method: {exact: GET}, port: 9080}]"),
        ],
    ),
    case(
        "TM030 of a ServiceEntry",
        FILTER,
        &[OUTSIDE, ("apiVersion: extensions", ENTRY)],
    ),
    case(
        "TM007 of a ServiceEntry",
        FILTER,
        &[OUTSIDE, ("apiVersion: extensions", ENTRY)],
    ),
    case(
        "TM036 of a port for which TLS is originated",
        FILTER,
        &[
            OUTSIDE,
            ("apiVersion: extensions", ENTRY),
            ("protocol: HTTP", "protocol: HTTPS"),
            (
                "apiVersion: extensions",
                "apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: api, namespace: demo}\nspec: {host: api.example.com, trafficPolicy: {portLevelSettings: [{port: {number: 80}, tls: {mode: SIMPLE}}]}}\n---\napiVersion: extensions",
            ),
        ],
    ),
    case(
        "TM042 of two hosts at one gateway",
        NATIVE,
        &[
            ("hosts: [reviews]", "hosts: [a.example.com]\n  gateways: [edge/public]"),
            ("  - match: [{method: {exact: GET}}]\n    route:\n", "  - route:\n"),
            (
                "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: delegate",
                "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: b, namespace: demo}\nspec: {gateways: [edge/public], hosts: [b.example.com], http: [{route: [{destination: {host: other}}], mirror: {host: reviews-v2, port: {number: 9080}}}]}\n---\napiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: delegate",
            ),
        ],
    ),
    case(
        "TM042 of two gateways",
        NATIVE,
        &[
            ("hosts: [reviews]", "hosts: [a.example.com]\n  gateways: [edge/public]"),
            ("  - match: [{method: {exact: GET}}]\n    route:\n", "  - route:\n"),
            (
                "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: delegate",
                "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: b, namespace: demo}\nspec: {gateways: [edge/private], hosts: [a.example.com], http: [{route: [{destination: {host: other}}], mirror: {host: reviews-v2, port: {number: 9080}}}]}\n---\napiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: delegate",
            ),
        ],
    ),
    case(
        "TM042 of a mirror in a rule for another sender",
        FILTER,
        &[(
            "apiVersion: extensions",
            "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: reviews, namespace: demo}\nspec: {gateways: [mesh], hosts: [reviews], http: [{match: [{gateways: [edge/public]}], route: [{destination: {host: reviews, port: {number: 9080}}}], mirror: {host: reviews-v2, port: {number: 9080}}}]}\n---\napiVersion: extensions",
        )],
    ),
    case(
        "TM042 of requests that are routed to other pods",
        FILTER,
        &[(
            "apiVersion: extensions",
            "apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: reviews, namespace: demo}\nspec: {host: reviews, subsets: [{name: v3, labels: {version: v3}}]}\n---\napiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: reviews, namespace: demo}\nspec: {hosts: [reviews], http: [{route: [{destination: {host: reviews, subset: v3, port: {number: 9080}}}], mirror: {host: reviews-v2, port: {number: 9080}}}]}\n---\napiVersion: extensions",
        )],
    ),
    case(
        "TM047 of a route to the shadow itself",
        FILTER,
        &[(
            "apiVersion: extensions",
            "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: next, namespace: demo}\nspec: {hosts: [reviews-v2], http: [{route: [{destination: {host: reviews-v2, port: {number: 9080}}}]}]}\n---\napiVersion: extensions",
        )],
    ),
];
