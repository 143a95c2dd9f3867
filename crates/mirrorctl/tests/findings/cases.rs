//! The cases: what is in order, what is changed in it, and what is then found.

use crate::good::{CLONE, CONFIG, FILTER, GATEWAY, JOB, NATIVE, PLUGIN, WAYPOINT};

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
        "TM005 spec.shadow: is not a key that is known here; known are `targetRef`, `dataPlane`, `engine`, `primary`, `expiresAt`, `shadows`",
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
    // === where the filter is attached ===
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
        &[("primary: {version: v1}", "dataPlane: gateway")],
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
        "TM026 : 2 × 128 MiB of maxBufferedBytes × 2 workers = 512 MiB; the proxy's limit is 1024 MiB",
        CONFIG,
        &[(
            "  percentage: 10\n",
            "  percentage: 10\n  limits: {maxBufferedBytes: 134217728}\n",
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
