//! Fields that the API server does not know, and what Istio itself refuses.

use super::{Case, case};
use crate::findings::good::{CONFIG, FILTER, JOB, NATIVE, PLUGIN};

/// The cases of each code: the finding, the file that is good, and the change that brings the finding.
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
        "TM003 spec.http[0].mirrors[0]: destination is required for mirrors",
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
        "TM003 spec.http[0].mirror.host: domain name \"1\" invalid (top level domain \"1\" cannot be all-numeric)",
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
        &[(
            "redirect: {uri: /}",
            "redirect: {uri: /}, fault: {abort: {httpStatus: 500}}",
        )],
    ),
    case(
        "TM003 spec.http[0].fault: HTTP fault injection must have an abort and/or a delay",
        NATIVE,
        &[("mirrorPercentage: {value: 12.5}", "fault: {}")],
    ),
    case(
        "TM003 spec.http[0]: HTTP route cannot contain both fault and direct_response",
        NATIVE,
        &[(
            "redirect: {uri: /}",
            "directResponse: {status: 200}, fault: {abort: {httpStatus: 500}}",
        )],
    ),
    case(
        "TM003 spec.http[0]: HTTP route rule cannot contain both direct_response and redirect",
        NATIVE,
        &[(
            "redirect: {uri: /}",
            "redirect: {uri: /}, directResponse: {status: 200}",
        )],
    ),
    case(
        "TM003 spec.http[0]: HTTP route rule cannot contain both rewrite and redirect",
        NATIVE,
        &[("redirect: {uri: /}", "redirect: {uri: /}, rewrite: {uri: /a}")],
    ),
    case(
        "TM003 spec.gateways: delegate virtual service must have no gateways specified",
        NATIVE,
        &[("  http: [{redirect", "  gateways: [mesh]\n  http: [{redirect")],
    ),
    case(
        "TM003 spec.tcp: delegate virtual service must have no tcp route specified",
        NATIVE,
        &[(
            "  http: [{redirect: {uri: /}}]",
            "  http: [{redirect: {uri: /}}]\n  tcp: [{route: [{destination: {host: reviews, port: {number: 9080}}}]}]",
        )],
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
        "TM003 spec.hosts[1]: duplicate hosts in virtual service: *.example.com & a.example.com",
        NATIVE,
        &[("hosts: [reviews]", "hosts: [\"*.example.com\", a.example.com]")],
    ),
    case(
        "TM003 spec.http[0].mirror.host: domain name \"0.2.1\" invalid (top level domain \"1\" cannot be all-numeric)",
        NATIVE,
        &[("mirror: {host: reviews-v2", "mirror: {host: 192.0.2.1")],
    ),
    case(
        "TM003 spec: http, tcp or tls must be provided in virtual service",
        NATIVE,
        &[("http: [{redirect: {uri: /}}]", "exportTo: [\".\"]")],
    ),
    case(
        "TM003 spec.exportTo[1]: duplicate entries in exportTo: . and current namespace demo",
        NATIVE,
        &[("hosts: [reviews]", "hosts: [reviews]\n  exportTo: [., .]")],
    ),
    case(
        "TM003 spec.exportTo[1]: duplicate entries in exportTo for entry edge",
        NATIVE,
        &[("hosts: [reviews]", "hosts: [reviews]\n  exportTo: [edge, edge]")],
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
        &[("  wasm:\n", "  module:\n")],
    ),
    case(
        "TM002 spec: not exactly one of the forms that it may have",
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
];

/// What Istio takes, and what looks as if it refused it.
pub const NEAR: &[Case] = &[
    case(
        "TM003 of a root whose delegate inherits what a rule alone may not have",
        NATIVE,
        &[
            (
                "    - destination: {host: reviews, port: {number: 9080}, subset: v1}\n      weight: 100\n    mirror: {host: reviews-v2, port: {number: 9080}}\n    mirrorPercentage: {value: 12.5}\n",
                "    mirror: {host: reviews-v2, port: {number: 9080}}\n    mirrors: [{destination: {host: reviews-v2, port: {number: 9080}}}]\n    delegate: {name: delegate}\n",
            ),
            ("    route:\n    mirror", "    mirror"),
        ],
    ),
    case(
        "TM003 of a subset with a capital letter",
        NATIVE,
        &[("subsets: [{name: v1", "subsets: [{name: V2}, {name: v1")],
    ),
    case(
        "TM003 of a host of one label, which is a number",
        NATIVE,
        &[("hosts: [reviews]", "hosts: [reviews, \"1\"]")],
    ),
    case(
        "TM003 of a host that is an address",
        NATIVE,
        &[("hosts: [reviews]", "hosts: [reviews, 192.0.2.1]")],
    ),
    case(
        "TM003 of a whole name that ends with a dot",
        NATIVE,
        &[("hosts: [reviews]", "hosts: [reviews, a.example.com.]")],
    ),
];
