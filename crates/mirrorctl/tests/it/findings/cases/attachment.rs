//! Where the filter is attached.

use super::{Case, case};
use crate::findings::good::{ENVOY, FILTER, GATEWAY, JOB, PATCH, PLUGIN, WAYPOINT};

/// The cases of each code: the finding, the file that is good, and the change that brings the finding.
pub const CASES: &[Case] = &[
    case(
        "TM075 spec.targetRefs[0]: Istio 1.31 does not support an EnvoyFilter at a waypoint, in no version",
        PATCH,
        &[(
            "spec:\n",
            "spec:\n  targetRefs: [{group: \"\", kind: ServiceEntry, name: reviews}]\n",
        )],
    ),
    case(
        "TM007 spec.targetRefs[0]: Istio from 1.30 on and before 1.30.3 names the filter of a Service in the listener of a waypoint of another namespace and refuses to hand it out, so new pods of the waypoint never become ready; say the version: --istio-version 1.31",
        WAYPOINT,
        &[(
            "{istio.io/use-waypoint: waypoint}",
            "{istio.io/use-waypoint: waypoint, istio.io/use-waypoint-namespace: edge}",
        )],
    ),
    case(
        "TM007 spec.targetRefs[0]: the Namespace demo, which may name the waypoint of the Service reviews of namespace demo is not among the objects; add to --objects the output of: kubectl get namespace demo -o yaml",
        WAYPOINT,
        &[("kind: Namespace", "kind: ResourceQuota")],
    ),
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
        "TM008 resources[0].typed_config.config: the filter has no `name`",
        ENVOY,
        &[("      name: mirror\n", "")],
    ),
    case(
        "TM008 resources[1].typed_config.config.name: `mirror` is the name of the filter at resources[0].typed_config.config too, whose configuration is another",
        ENVOY,
        &[(
            "resources:\n",
            r#"resources:
- typed_config:
    "@type": type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm
    config: {name: mirror, fail_open: true, configuration: {value: {mirrors: [{name: b, cluster: b}]}}}
"#,
        )],
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
];
