//! What is copied.

use super::{Case, case};
use crate::findings::good::{CONFIG, ENVOY, FILTER, JOB, NATIVE, ROUTE};

/// The cases of each code: the finding, the file that is good, and the change that brings the finding.
pub const CASES: &[Case] = &[
    case(
        "TM009 mirrors[0].body.maxBytes: 1048576 is more than `limits.maxExaminedBytes` (65536), and `redact` reads bodies as JSON",
        CONFIG,
        &[
            (
                "  match: [{method: {exact: GET}}]\n",
                "  match: [{method: {exact: GET}}]\n  limits: {maxExaminedBytes: 65536}\n",
            ),
            ("redact: {", "redact: {json: [/a], "),
        ],
    ),
    case(
        "TM009 mirrors[0].match[0]: the limits allow `(a{1,100}b){1,6}` texts of 358 bytes only",
        CONFIG,
        &[(
            "  match: [{method: {exact: GET}}]\n",
            "  match: [{method: {exact: GET}, uri: {regex: '(a{1,100}b){1,6}'}}]\n",
        )],
    ),
    case(
        "TM020 spec.wasm.pluginConfig.mirrors[0]: `expiresAt` is absent",
        FILTER,
        &[("        expiresAt: \"2027-01-01T00:00:00Z\"\n", "")],
    ),
    case(
        "TM039 spec.shadows[0].external: `redact` is absent: api.example.com sees headers, URLs and bodies as clients sent them",
        JOB,
        &[(
            "backendRef: {name: reviews-v2, port: 9080}",
            "external: {host: api.example.com, port: 443, tls: {mode: SIMPLE}}",
        )],
    ),
    case(
        "TM039 spec.shadows[0].external: engine native cannot redact: legacy.example.com sees headers, URLs and bodies as clients sent them, and so does who is on the way, because nothing encrypts them",
        JOB,
        &[
            ("  primary: {version: v1}", "  engine: native"),
            (
                "    match: [{method: {exact: GET}}]\n    headers: {remove: [authorization, cookie]}\n",
                "",
            ),
            (
                "backendRef: {name: reviews-v2, port: 9080}",
                "external: {host: legacy.example.com, port: 8080}",
            ),
        ],
    ),
    case(
        "TM039 spec.wasm.pluginConfig.mirrors[0].cluster: `redact` is absent: api.example.com, which is outside the mesh, sees headers, URLs and bodies as clients sent them, and so does who is on the way, because nothing encrypts them",
        FILTER,
        &[
            (
                "outbound|9080||reviews-v2.demo.svc.cluster.local",
                "outbound|80||api.example.com",
            ),
            (
                "apiVersion: extensions",
                "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: {name: api, namespace: demo}\nspec: {hosts: [api.example.com], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}]}\n---\napiVersion: extensions",
            ),
        ],
    ),
    case(
        "TM020 spec.expiresAt: copies until it is taken offline",
        JOB,
        &[("\"2027-01-01T00:00:00Z\"", "never")],
    ),
    case(
        "TM020 spec.expiresAt: Envoy's own mirroring has no end; take it offline then",
        JOB,
        &[
            ("  primary: {version: v1}", "  engine: native"),
            (
                "    match: [{method: {exact: GET}}]\n    headers: {remove: [authorization, cookie]}\n",
                "",
            ),
        ],
    ),
    case(
        "TM021 spec.expiresAt: 2026-12-01T12:00:00Z is past, it is 2026-12-01T12:00:00Z",
        JOB,
        &[("2027-01-01T00:00:00Z", "2026-12-01T12:00:00Z")],
    ),
    case(
        "TM021 mirrors[0].expiresAt: 2026-01-01T00:00:00Z is past, it is 2026-12-01T12:00:00Z",
        CONFIG,
        &[("2027", "2026")],
    ),
    case(
        "TM022 mirrors[0]: copies POST, PUT, PATCH, DELETE",
        CONFIG,
        &[("  match: [{method: {exact: GET}}]\n", "")],
    ),
    case(
        "TM022 spec.shadows[0].match: copies POST, PUT, PATCH",
        JOB,
        &[("method: {exact: GET}", "method: {regex: \"GET|P.*\"}")],
    ),
    case(
        "TM022 mirrors[0].match: copies PUT",
        CONFIG,
        &[("{exact: GET}", "{prefix: PU}")],
    ),
    case(
        "TM022 spec.http[0].mirror: copies POST, PUT, PATCH, DELETE",
        NATIVE,
        &[("method: {exact: GET}", "uri: {prefix: /}")],
    ),
    case(
        "TM022 spec.http[0].mirror: copies PUT, PATCH",
        NATIVE,
        &[("method: {exact: GET}", "method: {regex: PU.|PATCH}")],
    ),
    case(
        "TM022 spec.rules[0].filters[0]: copies DELETE",
        ROUTE,
        &[("method: HEAD", "method: DELETE")],
    ),
    case(
        "TM023 mirrors[0]: copies the headers cookie",
        CONFIG,
        &[(", cookie]", "]")],
    ),
    case(
        "TM023 spec.shadows[0]: copies the headers authorization and cookie; engine native cannot take them out",
        JOB,
        &[
            ("  primary: {version: v1}", "  engine: native"),
            (
                "    match: [{method: {exact: GET}}]\n    headers: {remove: [authorization, cookie]}\n",
                "",
            ),
        ],
    ),
    case(
        "TM024 mirrors[0]: `percentage` is absent",
        CONFIG,
        &[("  percentage: 10\n", "")],
    ),
    case(
        "TM024 spec.shadows[0]: `percentage` is absent",
        JOB,
        &[("    percentage: 10\n", "")],
    ),
    case(
        "TM024 spec.http[0].mirror: the percentage is absent",
        NATIVE,
        &[("    mirrorPercentage: {value: 12.5}\n", "")],
    ),
    case(
        "TM024 spec.rules[0].filters[0]: `percent` and `fraction` are absent",
        ROUTE,
        &[(", percent: 10", "")],
    ),
    case(
        "TM025 spec.http[0].mirrorPercentage.value: 0.57 becomes 0.5699",
        NATIVE,
        &[("12.5", "0.57")],
    ),
    case(
        "TM025 spec.http[0].mirrorPercentage.value: 0.00009 becomes 0",
        NATIVE,
        &[("12.5", "0.00009")],
    ),
    case(
        "TM026 : 2 × 128 MiB of maxBufferedBytes × 2 workers = 512 MiB; the proxy's limit is 1024 MiB",
        CONFIG,
        &[(
            "  percentage: 10\n",
            "  percentage: 10\n  limits: {maxBufferedBytes: 134217728}\n",
        )],
    ),
    case(
        "TM026 spec.wasm.pluginConfig: 2 × 16 MiB of maxBufferedBytes × 2 workers = 64 MiB; the proxy's limit is 128 MiB",
        FILTER,
        &[(
            "      annotations: {proxy",
            "      annotations: {sidecar.istio.io/proxyMemoryLimit: 128Mi, proxy",
        )],
    ),
    case(
        "TM027 mirrors[0].cluster: `inbound|9080||` has no host to which a copy could be sent",
        CONFIG,
        &[("cluster: shadow", "cluster: inbound|9080||")],
    ),
    case(
        "TM027 mirrors[0].cluster: `PassthroughCluster` has no host to which a copy could be sent",
        CONFIG,
        &[("cluster: shadow", "cluster: PassthroughCluster")],
    ),
    case(
        "TM028 spec.wasm.pluginConfig.mirrors[0].cluster: the DestinationRule shadow of namespace demo chooses the pod by the header x-user",
        FILTER,
        &[(
            "apiVersion: extensions",
            "apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: shadow, namespace: demo}\nspec: {host: reviews-v2, trafficPolicy: {loadBalancer: {consistentHash: {httpHeaderName: x-user}}}}\n---\napiVersion: extensions",
        )],
    ),
    case(
        "TM028 spec.wasm.pluginConfig.mirrors[0].cluster: the DestinationRule shadow of namespace demo chooses the pod by a cookie",
        FILTER,
        &[(
            "apiVersion: extensions",
            "apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: shadow, namespace: demo}\nspec: {host: reviews-v2, trafficPolicy: {loadBalancer: {simple: RANDOM}, portLevelSettings: [{port: {number: 9080}, loadBalancer: {consistentHash: {httpCookie: {name: a}}}}]}}\n---\napiVersion: extensions",
        )],
    ),
    case(
        "TM028 spec.shadows[0].backendRef: the DestinationRule shadow of namespace demo chooses the pod by the client's address",
        JOB,
        &[(
            "apiVersion: traffic-mirror",
            "apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: shadow, namespace: demo}\nspec: {host: reviews-v2, trafficPolicy: {loadBalancer: {consistentHash: {useSourceIp: true}}}}\n---\napiVersion: traffic-mirror",
        )],
    ),
    case(
        "TM028 resources[0].typed_config.config.configuration.value.mirrors[0].cluster: the cluster b has the policy MAGLEV",
        ENVOY,
        &[(
            "resources:",
            "static_resources: {clusters: [{name: b, lb_policy: MAGLEV}]}\nresources:",
        )],
    ),
    case(
        "TM029 resources[0].typed_config.config.configuration.value.mirrors[0].cluster: the cluster b has `lb_subset_config`",
        ENVOY,
        &[(
            "resources:",
            "static_resources: {clusters: [{name: b, lb_subset_config: {subset_selectors: [{keys: [version]}]}}]}\nresources:",
        )],
    ),
];
