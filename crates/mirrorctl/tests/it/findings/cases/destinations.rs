//! Where the copies go.

use super::{Case, case};
use crate::findings::good::{FILTER, JOB, NATIVE, ROUTE, WAYPOINT};

/// The cases of each code: the finding, the file that is good, and the change that brings the finding.
pub const CASES: &[Case] = &[
    case(
        "TM030 spec.wasm.pluginConfig.mirrors[0].cluster: reviews-v3 is not among the Services of namespace demo that are given: reviews, reviews-v2",
        FILTER,
        &[("||reviews-v2", "||reviews-v3")],
    ),
    // A gateway is the same by its short name and by its whole name.
    case(
        "TM030 spec.http[0].mirror: nobody is not among the Services of namespace demo that are given: reviews, reviews-v2",
        NATIVE,
        &[
            ("  hosts: [reviews]\n", "  hosts: [reviews]\n  gateways: [ingress]\n"),
            ("- match: [{method", "- match: [{gateways: [demo/ingress], method"),
            ("mirror: {host: reviews-v2", "mirror: {host: nobody"),
        ],
    ),
    // What a DestinationRule says for a port takes no TLS from what it says for all ports.
    case(
        "TM036 spec.http[0].mirror: port 443 of the ServiceEntry a of namespace demo is HTTPS, and no DestinationRule originates TLS for it",
        NATIVE,
        &[
            (
                "mirror: {host: reviews-v2, port: {number: 9080}}",
                "mirror: {host: a.example.com, port: {number: 443}}",
            ),
            (
                "apiVersion: networking",
                "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: {name: a, namespace: demo}\nspec: {hosts: [a.example.com], resolution: DNS, ports: [{number: 443, name: https, protocol: HTTPS}]}\n---\napiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: a, namespace: demo}\nspec: {host: a.example.com, trafficPolicy: {tls: {mode: SIMPLE, caCertificates: /ca.pem}, portLevelSettings: [{port: {number: 443}, loadBalancer: {simple: LEAST_REQUEST}}]}}\n---\napiVersion: networking",
            ),
        ],
    ),
    // Of two ServiceEntries of a host, the proxies obey that of their own namespace, wherever the other one stands.
    case(
        "TM034 spec.http[0].mirror: the ServiceEntry a of namespace demo has `resolution: NONE`: its cluster forwards to where a connection was going",
        NATIVE,
        &[
            (
                "mirror: {host: reviews-v2, port: {number: 9080}}",
                "mirror: {host: a.example.com, port: {number: 80}}",
            ),
            (
                "apiVersion: networking",
                "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: {name: b, namespace: other}\nspec: {hosts: [a.example.com], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}]}\n---\napiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: {name: a, namespace: demo}\nspec: {hosts: [a.example.com], resolution: NONE, ports: [{number: 80, name: http, protocol: HTTP}]}\n---\napiVersion: networking",
            ),
        ],
    ),
    case(
        "TM030 spec.http[0].mirror: `reviews-v2.demo` is not a whole name; that of the Service is reviews-v2.demo.svc.cluster.local",
        NATIVE,
        &[("mirror: {host: reviews-v2", "mirror: {host: reviews-v2.demo")],
    ),
    case(
        "TM030 spec.shadows[0].backendRef: reviews-v3 is not among the Services of namespace demo that are given: reviews, reviews-v2",
        JOB,
        &[("{name: reviews-v2, port", "{name: reviews-v3, port")],
    ),
    case(
        "TM030 spec.wasm.pluginConfig.mirrors[0].cluster: the Service reviews-v2 of namespace demo is exported to `lab, ~` only (networking.istio.io/exportTo), and not to namespace demo",
        FILTER,
        &[(
            "metadata: {name: reviews-v2, namespace: demo}\nspec:\n  clusterIP",
            "metadata: {name: reviews-v2, namespace: demo, annotations: {networking.istio.io/exportTo: \"lab, ~\"}}\nspec:\n  clusterIP",
        )],
    ),
    case(
        "TM031 spec.wasm.pluginConfig.mirrors[0].cluster: the Service reviews-v2 of namespace demo has no port 9081; it has 9080 (http)",
        FILTER,
        &[("outbound|9080", "outbound|9081")],
    ),
    case(
        "TM031 spec.http[0].mirror: the Service reviews-v2 of namespace demo has no port 81; it has 9080 (http)",
        NATIVE,
        &[("reviews-v2, port: {number: 9080}}", "reviews-v2, port: {number: 81}}")],
    ),
    case(
        "TM030 spec.http[0].mirror: reviews-v3 is not among the Services of namespace demo that are given: reviews, reviews-v2",
        NATIVE,
        &[("mirror: {host: reviews-v2", "mirror: {host: reviews-v3")],
    ),
    case(
        "TM031 spec.rules[0].filters[0].requestMirror.backendRef: the Service reviews-v2 of namespace demo has no port 81; it has 9080 (http)",
        ROUTE,
        &[("{name: reviews-v2, port: 9080}", "{name: reviews-v2, port: 81}")],
    ),
    case(
        "TM031 spec.wasm.pluginConfig.mirrors[0].cluster: the Service reviews-v2 of namespace demo has no port 9081; it has 9080 (http)",
        WAYPOINT,
        &[("outbound|9080||", "inbound-vip|9081|http|")],
    ),
    case(
        "TM032 spec.http[0].mirror: the DestinationRule reviews of namespace demo has no subset v2",
        NATIVE,
        &[("mirror: {host: reviews-v2", "mirror: {subset: v2, host: reviews")],
    ),
    case(
        "TM033 spec.http[0].mirror: the DestinationRule shadow of namespace istio-system defines the subset v2, and proxies of namespace demo obey the DestinationRule reviews of namespace demo",
        NATIVE,
        &[
            ("mirror: {host: reviews-v2", "mirror: {subset: v2, host: reviews"),
            (
                "apiVersion: networking",
                "apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: shadow, namespace: istio-system}\nspec: {host: reviews.demo.svc.cluster.local, subsets: [{name: v2}]}\n---\napiVersion: networking",
            ),
        ],
    ),
    case(
        "TM034 spec.wasm.pluginConfig.mirrors[0].cluster: the Service reviews-v2 of namespace demo is headless",
        FILTER,
        &[("clusterIP: 10.96.0.2", "clusterIP: None")],
    ),
    case(
        "TM034 spec.http[0].mirror: the Service reviews-v2 of namespace demo only stands for a.example.com",
        NATIVE,
        &[(
            "clusterIP: 10.96.0.2",
            "type: ExternalName\n  externalName: a.example.com",
        )],
    ),
    case(
        "TM030 spec.wasm.pluginConfig.mirrors[0].cluster: reviews-v2.demo.svc.cluster.local only stands for a.example.com, and no cluster has the name of an alias: write a.example.com",
        FILTER,
        &[
            (
                "clusterIP: 10.96.0.2",
                "type: ExternalName\n  externalName: a.example.com",
            ),
            (
                "apiVersion: extensions",
                "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: {name: api, namespace: demo}\nspec: {hosts: [a.example.com], location: MESH_INTERNAL, ports: [{number: 9080, name: http, protocol: HTTP}], resolution: DNS}\n---\napiVersion: extensions",
            ),
        ],
    ),
    case(
        "TM030 spec.http[0].mirror: the ServiceEntry api of namespace demo is not exported to namespace ingress",
        NATIVE,
        &[
            (
                "mirror: {host: reviews-v2, port: {number: 9080}}",
                "mirror: {host: a.example.com, port: {number: 9080}}",
            ),
            (
                "hosts: [reviews]\n",
                "hosts: [reviews.example.com]\n  gateways: [edge/public]\n",
            ),
            (
                "apiVersion: networking",
                "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: {name: api, namespace: demo}\nspec: {hosts: [a.example.com], location: MESH_INTERNAL, ports: [{number: 9080, name: http, protocol: HTTP}], resolution: DNS, exportTo: [.]}\n---\napiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {name: public, namespace: edge}\nspec: {selector: {app: public}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: [\"*\"]}]}\n---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: public, namespace: ingress}\nspec: {template: {metadata: {labels: {app: public}}, spec: {containers: [{name: a, image: a}]}}}\n---\napiVersion: networking",
            ),
        ],
    ),
    case(
        "TM034 spec.http[0].mirror: the ServiceEntry api of namespace demo is resolved by DNS and has no endpoint with the labels of the subset v2",
        NATIVE,
        &[
            (
                "mirror: {host: reviews-v2, port: {number: 9080}}",
                "mirror: {host: a.example.com, subset: v2, port: {number: 9080}}",
            ),
            (
                "apiVersion: networking",
                "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: {name: api, namespace: demo}\nspec: {hosts: [a.example.com], location: MESH_INTERNAL, ports: [{number: 9080, name: http, protocol: HTTP}], resolution: DNS}\n---\napiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: api, namespace: demo}\nspec: {host: a.example.com, subsets: [{name: v2, labels: {version: v2}}]}\n---\napiVersion: networking",
            ),
        ],
    ),
    case(
        "TM032 spec.http[0].mirror: the DestinationRule api of namespace demo has no subset v2",
        NATIVE,
        &[
            (
                "clusterIP: 10.96.0.2",
                "type: ExternalName\n  externalName: a.example.com",
            ),
            ("mirror: {host: reviews-v2", "mirror: {subset: v2, host: reviews-v2"),
            (
                "apiVersion: networking",
                "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: {name: api, namespace: demo}\nspec: {hosts: [a.example.com], location: MESH_INTERNAL, ports: [{number: 9080, name: http, protocol: HTTP}], resolution: DNS}\n---\napiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: alias, namespace: demo}\nspec: {host: reviews-v2, subsets: [{name: v2, labels: {version: v2}}]}\n---\napiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: api, namespace: demo}\nspec: {host: a.example.com}\n---\napiVersion: networking",
            ),
        ],
    ),
    case(
        "TM035 spec.wasm.pluginConfig.mirrors[0].cluster: port 9080 (web) of the Service reviews-v2 of namespace demo declares no protocol",
        FILTER,
        &[(
            "selector: {app: reviews-v2}\n  ports: [{name: http",
            "selector: {app: reviews-v2}\n  ports: [{name: web",
        )],
    ),
    case(
        "TM035 spec.match[0].ports[0]: port 9080 (web) of the Service reviews of namespace demo, which leads there, declares no protocol",
        FILTER,
        &[("name: http", "name: web")],
    ),
    case(
        "TM036 spec.http[0].mirror: port 9080 (tcp-a) of the Service reviews-v2 of namespace demo is not HTTP",
        NATIVE,
        &[(
            "selector: {app: reviews-v2}\n  ports: [{name: http",
            "selector: {app: reviews-v2}\n  ports: [{name: tcp-a",
        )],
    ),
    case(
        "TM036 spec.match[0].ports[0]: port 9080 (tcp) of the Service reviews of namespace demo, which leads there, is not HTTP",
        FILTER,
        &[("name: http", "name: tcp")],
    ),
    case(
        "TM037 spec.http[0].mirror: `port` is absent",
        NATIVE,
        &[(
            "mirror: {host: reviews-v2, port: {number: 9080}}",
            "mirror: {host: reviews-v2}",
        )],
    ),
    // Istio's analyzer asks for a port here. The proxies do with that of the request.
    case(
        "TM037 spec.http[0].mirror: `port` is absent",
        NATIVE,
        &[
            (
                "selector: {app: reviews-v2}\n  ports: [",
                "selector: {app: reviews-v2}\n  ports: [{name: http-other, port: 9090}, ",
            ),
            (
                "mirror: {host: reviews-v2, port: {number: 9080}}",
                "mirror: {host: reviews-v2}",
            ),
        ],
    ),
    case(
        "TM038 spec.wasm.pluginConfig.mirrors[0].cluster: the Sidecar a of namespace demo imports nothing that covers demo/reviews-v2.demo.svc.cluster.local",
        FILTER,
        &[(
            "apiVersion: extensions",
            "apiVersion: networking.istio.io/v1\nkind: Sidecar\nmetadata: {name: a, namespace: demo}\nspec: {egress: [{hosts: [istio-system/*, ./reviews.demo.svc.cluster.local]}]}\n---\napiVersion: extensions",
        )],
    ),
];
