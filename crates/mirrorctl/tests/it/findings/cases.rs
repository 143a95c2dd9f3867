//! The cases: what is in order, what is changed in it, and what is then found.

use super::good::{CLONE, CONFIG, ENVOY, FILTER, GATEWAY, JOB, NATIVE, PATCH, PLUGIN, ROUTE, WAYPOINT};

/// One case.
pub struct Case {
    /// Code, path and message.
    pub finding: &'static str,
    /// What is in order.
    pub good: &'static str,
    /// Each text, once, by another one.
    pub changes: &'static [(&'static str, &'static str)],
}

const fn case(finding: &'static str, good: &'static str, changes: &'static [(&'static str, &'static str)]) -> Case {
    Case { finding, good, changes }
}

/// Code by code.
pub const CASES: &[Case] = &[
    case(
        "TM001 spec.http[0].mirrorPercent1: is not a field that is known here; known are `corsPolicy`, `delegate`, `directResponse`, `fault`, `headers`, `match`, `mirror`, `mirror_percent`, `mirrorPercent`, `mirrorPercentage`, `mirrors`, `name`, `redirect`, `retries`, `rewrite`, `route`, `timeout`",
        NATIVE,
        &[("mirrorPercentage", "mirrorPercent1")],
    ),
    case(
        "TM001 spec.tcp[0].mirror: is not a field that is known here; known are `match`, `route`",
        NATIVE,
        &[(
            "hosts: [reviews]",
            "hosts: [reviews]\n  tcp: [{route: [{destination: {host: a}}], mirror: {host: b}}]",
        )],
    ),
    case(
        "TM002 spec.match[0].mode: \"INBOUND\" is not one of \"UNDEFINED\", \"CLIENT\", \"SERVER\", \"CLIENT_AND_SERVER\"",
        FILTER,
        &[("SERVER", "INBOUND")],
    ),
    case(
        "TM002 spec.http[0].mirror: `host` is missing",
        NATIVE,
        &[("mirror: {host: reviews-v2, ", "mirror: {")],
    ),
    // === Istio's own messages, virtualservice.go ===
    case(
        "TM003 spec.http[0].mirrorPercentage.value: mirror_percentage must have a max value of 100 (it has 101.000000)",
        NATIVE,
        &[("12.5", "101")],
    ),
    case(
        "TM003 spec.http[0].mirrorPercentage.value: mirror_percentage must have a min value of 0 (it has -1.500000)",
        NATIVE,
        &[("12.5", "-1.5")],
    ),
    case(
        "TM003 spec.http[0].mirrorPercent: mirror_percent must have a max value of 100 (it has 101)",
        NATIVE,
        &[("mirrorPercentage: {value: 12.5}", "mirrorPercent: 101")],
    ),
    case(
        "TM003 spec.http[0]: HTTP route cannot contain both mirror and mirrors",
        NATIVE,
        &[("mirrorPercentage: {value: 12.5}", "mirrors: [{destination: {host: a}}]")],
    ),
    case(
        "TM003 spec.http[0].mirrors[0]: mirror cannot be null",
        NATIVE,
        &[("mirrorPercentage: {value: 12.5}", "mirrors: [null]")],
    ),
    case(
        "TM003 spec.http[0].mirrors[0]: destination is required for mirrors",
        NATIVE,
        &[("mirrorPercentage: {value: 12.5}", "mirrors: [{percentage: {value: 1}}]")],
    ),
    case(
        "TM003 spec.http[0].mirrors[0].percentage.value: mirror percentage must have a max value of 100 (it has 100.500000)",
        NATIVE,
        &[(
            "mirrorPercentage: {value: 12.5}",
            "mirrors: [{destination: {host: a}, percentage: {value: 100.5}}]",
        )],
    ),
    case(
        "TM003 spec.http[0].mirrors[0].percentage.value: mirror percentage must have a min value of 0 (it has -1.000000)",
        NATIVE,
        &[(
            "mirrorPercentage: {value: 12.5}",
            "mirrors: [{destination: {host: a}, percentage: {value: -1}}]",
        )],
    ),
    case(
        "TM003 spec.http[0].mirror.host: invalid destination host *",
        NATIVE,
        &[("mirror: {host: reviews-v2", "mirror: {host: \"*\"")],
    ),
    case(
        "TM003 spec.http[0].mirror.host: empty domain name not allowed",
        NATIVE,
        &[("mirror: {host: reviews-v2", "mirror: {host: \"\"")],
    ),
    case(
        "TM003 spec.http[0].mirror.host: domain name \"a_b.demo\" invalid (label \"a_b\" invalid)",
        NATIVE,
        &[("mirror: {host: reviews-v2", "mirror: {host: a_b.demo")],
    ),
    case(
        "TM003 spec.http[0].mirror.host: domain name \"a.1\" invalid (top level domain \"1\" cannot be all-numeric)",
        NATIVE,
        &[("mirror: {host: reviews-v2", "mirror: {host: a.1")],
    ),
    case(
        "TM003 spec.http[0].mirror.subset: subset name is invalid: v_2",
        NATIVE,
        &[("mirror: {host: reviews-v2", "mirror: {subset: v_2, host: reviews-v2")],
    ),
    case(
        "TM003 spec.http[0].mirror.port: port number 0 must be in the range 1..65535",
        NATIVE,
        &[(
            "mirror: {host: reviews-v2, port: {number: 9080}",
            "mirror: {host: reviews-v2, port: {}",
        )],
    ),
    case(
        "TM003 spec.http[0].route[0]: destination is required",
        NATIVE,
        &[(
            "- destination: {host: reviews, port: {number: 9080}, subset: v1}\n      weight",
            "- weight",
        )],
    ),
    case(
        "TM003 spec.http[0].route[0].weight: weight -1 < 0",
        NATIVE,
        &[("weight: 100", "weight: -1")],
    ),
    case(
        "TM003 spec.http[0].route: total destination weight = 0",
        NATIVE,
        &[("weight: 100", "weight: 0\n    - {destination: {host: a}, weight: 0}")],
    ),
    case(
        "TM003 spec.http[2]: HTTP route, redirect or direct_response is required",
        NATIVE,
        &[("      weight: 100\n---", "      weight: 100\n  - match: []\n---")],
    ),
    case(
        "TM003 spec.http[0]: HTTP route cannot contain both route and redirect",
        NATIVE,
        &[("mirrorPercentage: {value: 12.5}", "redirect: {uri: /}")],
    ),
    case(
        "TM003 spec.http[0]: HTTP route cannot contain both route and direct_response",
        NATIVE,
        &[("mirrorPercentage: {value: 12.5}", "directResponse: {status: 200}")],
    ),
    case(
        "TM003 spec.http[0]: HTTP route cannot contain both fault and redirect",
        NATIVE,
        &[("redirect: {uri: /}", "redirect: {uri: /}, fault: {}")],
    ),
    case(
        "TM003 spec.gateways: delegate virtual service must have no gateways specified",
        NATIVE,
        &[("  http: [{redirect", "  gateways: [mesh]\n  http: [{redirect")],
    ),
    case(
        "TM003 spec.http[0].delegate: delegate HTTP route cannot contain delegate",
        NATIVE,
        &[("redirect: {uri: /}", "delegate: {name: a}")],
    ),
    case(
        "TM003 spec.http[0].route: root HTTP route a must not specify route",
        NATIVE,
        &[("mirrorPercentage: {value: 12.5}", "delegate: {name: b}\n    name: a")],
    ),
    case(
        "TM003 spec.hosts[0]: wildcard host * is not allowed for virtual services bound to the mesh gateway",
        NATIVE,
        &[("hosts: [reviews]", "hosts: [\"*\"]")],
    ),
    case(
        "TM003 spec.hosts[1]: duplicate hosts in virtual service: reviews & reviews",
        NATIVE,
        &[("hosts: [reviews]", "hosts: [reviews, reviews]")],
    ),
    case(
        "TM003 spec: http, tcp or tls must be provided in virtual service",
        NATIVE,
        &[("http: [{redirect: {uri: /}}]", "exportTo: [\".\"]")],
    ),
    case(
        "TM003 spec.exportTo[1]: duplicate entries in exportTo for entry .",
        NATIVE,
        &[("hosts: [reviews]", "hosts: [reviews]\n  exportTo: [., .]")],
    ),
    case(
        "TM003 spec.exportTo: cannot have both public (*) and non-public exportTo values for a resource",
        NATIVE,
        &[("  host: reviews\n", "  host: reviews\n  exportTo: [\"*\", \".\"]\n")],
    ),
    case(
        "TM003 spec.subsets[1].name: duplicate subset names: v1",
        NATIVE,
        &[("subsets: [", "subsets: [{name: v1}, ")],
    ),
    case(
        "TM003 spec.subsets[0]: subset name cannot be empty",
        NATIVE,
        &[("subsets: [{name: v1", "subsets: [{name: \"\"")],
    ),
    // === Istio's own messages, validation.go ===
    case(
        "TM003 spec.wasm.url: url contains unsupported scheme: localhost",
        FILTER,
        &[("oci://registry.example.com/", "localhost:5000/")],
    ),
    case(
        "TM003 spec.wasm: url field needs to be set",
        FILTER,
        &[("url: oci", "imagePullSecret: oci")],
    ),
    case(
        "TM003 spec.sha256: sha256 field must be 64 characters long",
        PLUGIN,
        &[("sha256: 0123", "sha256: a")],
    ),
    case(
        "TM003 spec.sha256: sha256 field must match [a-f0-9]{64} pattern",
        PLUGIN,
        &[("sha256: 0123", "sha256: ABCD")],
    ),
    case(
        "TM003 spec: exactly one of wasm or lua must be set",
        FILTER,
        &[("  wasm:\n", "  lua: {inlineCode: a}\n  wasm:\n")],
    ),
    case(
        "TM003 spec.match[0].ports[0]: spec.Match[0].Ports[0] is out of range: 0",
        FILTER,
        &[("number: 9081}]\n  wasm", "number: 0}]\n  wasm")],
    ),
    case(
        "TM003 spec.vmConfig.env[1]: duplicate env",
        PLUGIN,
        &[("{name: A, value: b}", "{name: A, value: b}, {name: A, value: c}")],
    ),
    case(
        "TM003 spec.vmConfig.env[0]: value may only be set when valueFrom is INLINE",
        PLUGIN,
        &[("{name: A, value: b}", "{name: A, value: b, valueFrom: HOST}")],
    ),
    case(
        "TM004 spec.http[0].mirrorPercent: using deprecated setting \"mirrorPercent\", use \"mirrorPercentage\" instead",
        NATIVE,
        &[("mirrorPercentage: {value: 12.5}", "mirrorPercent: 12")],
    ),
    case(
        "TM004 spec.gateways[1]: using legacy gatewayName format \"public.istio-system\"; prefer the <namespace>/<name> format: \"istio-system/public\"",
        NATIVE,
        &[(
            "hosts: [reviews]",
            "hosts: [reviews]\n  gateways: [mesh, public.istio-system]",
        )],
    ),
    case(
        "TM004 spec.http[1]: virtualService rule #1 not used (route without matches defined before, at spec.http[0])",
        NATIVE,
        &[("- match: [{method: {exact: GET}}]\n    route", "- route")],
    ),
    case(
        "TM005 spec.shadows[0].percentage: 140 is not between 0 and 100",
        JOB,
        &[("percentage: 10", "percentage: 140")],
    ),
    case(
        "TM005 spec.shadow: is not a key that is known here; known are `targetRef`, `dataPlane`, `gateway`, `engine`, `primary`, `expiresAt`, `shadows`",
        JOB,
        &[("shadows:", "shadow:")],
    ),
    case(
        "TM006 spec.wasm.pluginConfig.mirrors[0].percentage: 140 is not between 0 and 100",
        FILTER,
        &[("percentage: 10", "percentage: 140")],
    ),
    case(
        "TM006 mirrors[0].name: `A_b` is not a DNS label (a-z, 0-9 and -, at most 63)",
        CONFIG,
        &[("name: reviews-v2", "name: A_b")],
    ),
    case(
        "TM007 spec.wasm.pluginConfig.mirrors[0].cluster: no Service of namespace other is given: kubectl get services -n other -o yaml",
        FILTER,
        &[("||reviews-v2.demo", "||reviews-v2.other")],
    ),
    case(
        "TM007 spec.http[0].mirror: no DestinationRule for reviews-v2.demo.svc.cluster.local is given: kubectl get destinationrules.networking.istio.io -n demo -o yaml",
        NATIVE,
        &[("mirror: {", "mirror: {subset: v2, ")],
    ),
    case(
        "TM007 spec.match: the number of the port `web` to which the Service reviews of namespace demo leads is not among the objects; add to --objects the output of: kubectl get deployments -n demo -o yaml",
        FILTER,
        &[("targetPort: 9081", "targetPort: web")],
    ),
    // === where the filter is attached ===
    case(
        "TM006 resources[0].typed_config.config.configuration.value.mirrors[0].percentage: 101 is not between 0 and 100",
        ENVOY,
        &[("percentage: 1,", "percentage: 101,")],
    ),
    case(
        "TM006 spec.configPatches[0].patch.value.typed_config.config.configuration.value.mirrors[0].percentage: 101 is not between 0 and 100",
        PATCH,
        &[("\"percentage\": 1,", "\"percentage\": 101,")],
    ),
    case(
        "TM010 spec.wasm: `failStrategy` is absent, which is FAIL_CLOSE",
        FILTER,
        &[("    failStrategy: FAIL_OPEN\n", "")],
    ),
    case(
        "TM010 spec.failStrategy: is FAIL_RELOAD",
        PLUGIN,
        &[("FAIL_OPEN", "FAIL_RELOAD")],
    ),
    case(
        "TM010 resources[0].typed_config.config: neither `fail_open: true` nor `failure_policy: FAIL_OPEN` is given",
        ENVOY,
        &[("fail_open: true", "fail_open: false")],
    ),
    case(
        "TM010 spec.configPatches[0].patch.value.typed_config.config: neither `fail_open: true` nor `failure_policy: FAIL_OPEN` is given",
        PATCH,
        &[("FAIL_OPEN", "FAIL_RELOAD")],
    ),
    case(
        "TM011 spec: `match` is absent, which is both directions",
        FILTER,
        &[("  match:\n  - mode: SERVER\n    ports: [{number: 9081}]\n", "")],
    ),
    case(
        "TM011 spec.match[0]: the mode is CLIENT_AND_SERVER, which is both directions",
        PLUGIN,
        &[("mode: SERVER", "mode: CLIENT_AND_SERVER")],
    ),
    case(
        "TM012 spec.selector: selects the pods of reviews-v2.demo.svc.cluster.local",
        FILTER,
        &[
            ("selector: {app: reviews-v2}", "selector: {app: reviews, version: v2}"),
            (
                "labels: {app: reviews-v2, version: v2}",
                "labels: {app: reviews, version: v2}",
            ),
            (
                "matchLabels: {app: reviews, version: v1}",
                "matchLabels: {app: reviews}",
            ),
        ],
    ),
    case(
        "TM012 spec.selector: selects the Deployment reviews-v2 of namespace demo, which gets the copies",
        FILTER,
        &[
            ("selector: {app: reviews-v2}", "selector: {shadow: a}"),
            (
                "labels: {app: reviews-v2, version: v2}",
                "labels: {app: reviews, version: v1, shadow: a}",
            ),
        ],
    ),
    case(
        "TM012 spec.primary: selects the Deployment reviews-v2 of namespace demo, which gets the copies",
        JOB,
        &[
            ("selector: {app: reviews-v2}", "selector: {shadow: a}"),
            (
                "labels: {app: reviews-v2, version: v2}",
                "labels: {app: reviews, version: v1, shadow: a}",
            ),
        ],
    ),
    case(
        "TM013 spec.wasm.pluginConfig.mirrors[0].match[0]: `authority` is absent, so the requests for every host are copied",
        GATEWAY,
        &[(", authority: {exact: reviews.example.com}", "")],
    ),
    case(
        "TM013 spec.wasm.pluginConfig.mirrors[0].match[1]: `authority` is absent, so the requests for every host are copied",
        FILTER,
        &[("mode: SERVER", "mode: CLIENT")],
    ),
    case(
        "TM013 spec.pluginConfig.mirrors[0].match[0]: `authority` is absent, so the requests for every host are copied",
        PLUGIN,
        &[(
            "{app: reviews, version: v1}\n  match",
            "{istio: ingressgateway}\n  match",
        )],
    ),
    case(
        "TM013 spec.shadows[0].match[0]: `authority` is absent, so the requests for every host are copied",
        JOB,
        &[(
            "primary: {version: v1}",
            "dataPlane: gateway\n  gateway: {name: public}",
        )],
    ),
    case(
        "TM014 spec: neither `selector` nor `targetRefs` says which pods",
        FILTER,
        &[("  selector:\n    matchLabels: {app: reviews, version: v1}\n", "")],
    ),
    case(
        "TM015 spec.wasm.url: `oci://registry.example.com/traffic-mirror:1` names no digest",
        FILTER,
        &[(
            "@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
            ":1",
        )],
    ),
    case(
        "TM016 spec.phase: is \"AUTHN\"",
        FILTER,
        &[("  match:\n", "  phase: AUTHN\n  match:\n")],
    ),
    case(
        "TM016 spec.priority: is -1000",
        PLUGIN,
        &[("  match:\n", "  priority: -1000\n  match:\n")],
    ),
    case(
        "TM017 spec.match[0]: names ports, and the listener of a waypoint has none",
        WAYPOINT,
        &[(
            "  wasm:\n",
            "  match: [{mode: SERVER, ports: [{number: 9080}]}]\n  wasm:\n",
        )],
    ),
    case(
        "TM017 spec.match[0]: the mode is CLIENT, and a waypoint is a server",
        WAYPOINT,
        &[("  wasm:\n", "  match: [{mode: CLIENT}]\n  wasm:\n")],
    ),
    case(
        "TM018 spec.match[0].ports[0]: no Service leads to 9080; they lead to 9081",
        FILTER,
        &[("number: 9081}]\n  wasm", "number: 9080}]\n  wasm")],
    ),
    // === what is copied ===
    case(
        "TM020 spec.wasm.pluginConfig.mirrors[0]: `expiresAt` is absent",
        FILTER,
        &[("        expiresAt: \"2027-01-01T00:00:00Z\"\n", "")],
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
            "metadata: {labels: {app: reviews, version: v1}}",
            "metadata: {labels: {app: reviews, version: v1}, annotations: {sidecar.istio.io/proxyMemoryLimit: 128Mi}}",
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
    // === where the copies go ===
    case(
        "TM030 spec.wasm.pluginConfig.mirrors[0].cluster: reviews-v3 is not among the Services of namespace demo that are given: reviews, reviews-v2",
        FILTER,
        &[("||reviews-v2", "||reviews-v3")],
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
        "TM031 spec.wasm.pluginConfig.mirrors[0].cluster: the Service reviews-v2 of namespace demo has no port 9081; it has 9080 (http)",
        FILTER,
        &[("outbound|9080", "outbound|9081")],
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
    case(
        "TM038 spec.wasm.pluginConfig.mirrors[0].cluster: the Sidecar a of namespace demo imports nothing that covers demo/reviews-v2.demo.svc.cluster.local",
        FILTER,
        &[(
            "apiVersion: extensions",
            "apiVersion: networking.istio.io/v1\nkind: Sidecar\nmetadata: {name: a, namespace: demo}\nspec: {egress: [{hosts: [istio-system/*, ./reviews.demo.svc.cluster.local]}]}\n---\napiVersion: extensions",
        )],
    ),
    // === live traffic ===
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
        "TM046 metadata.annotations: has a mirror of ours and argocd.argoproj.io/tracking-id",
        NATIVE,
        &[(
            "metadata: {name: reviews, namespace: demo}\nspec:\n  hosts",
            "metadata: {name: reviews, namespace: demo, annotations: {traffic-mirror.dev/original: a, argocd.argoproj.io/tracking-id: b}}\nspec:\n  hosts",
        )],
    ),
    // === a new version made from the old one ===
    case(
        "TM050 spec.template.metadata.labels: the Service reviews of namespace demo selects these pods",
        CLONE,
        &[("{app: reviews-shadow,", "{app: reviews,")],
    ),
    case(
        "TM051 spec.template.spec.initContainers[0]: migrate runs once more",
        CLONE,
        &[(
            "{name: proxy, restartPolicy: Always, image: a}",
            "{name: migrate, image: a}",
        )],
    ),
    case(
        "TM052 spec.template.spec.volumes[0]: mounts the claim data",
        CLONE,
        &[("emptyDir: {}", "persistentVolumeClaim: {claimName: data}")],
    ),
    case(
        "TM053 spec.template.spec: reads the Secret db, as the Deployment reviews-v1 of namespace demo does",
        CLONE,
        &[("image: b", "image: b, envFrom: [{secretRef: {name: db}}]")],
    ),
];

/// What looks like a case and is none: the code that must not be found, what is in order, and what is changed in it.
pub const NEAR: &[Case] = &[
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
