//! What bounds the shadow's answers: a runtime key in the annotation of the pods, in the configuration of the mesh, or
//! in a bootstrap of plain Envoy.

use super::{Case, case};
use crate::findings::good::{BOOTSTRAP, FILTER, PLUGIN};

/// The pods have another key in their annotation.
const NONE_AT_THE_PODS: (&str, &str) = ("http.async_response_buffer_limit", "http.another");

/// Where another object is put.
const HERE: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: reviews-v2,";

/// Another object, before the Deployment of the shadow.
macro_rules! with {
    ($object:literal) => {
        (
            HERE,
            concat!(
                $object,
                "\n---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: reviews-v2,"
            ),
        )
    };
}

const UNKNOWN: &str = "TM019 spec.wasm: the annotation `proxy.istio.io/config` of the Deployment reviews-v1 of namespace demo has no `runtimeValues` with `http.async_response_buffer_limit`, and no mesh configuration is given";

const NOWHERE: &str = "TM019 spec.wasm: the annotation `proxy.istio.io/config` of the Deployment reviews-v1 of namespace demo has no `runtimeValues` with `http.async_response_buffer_limit`, nor has the mesh configuration";

const NO_LAYER: &str =
    "TM019 layered_runtime: no static layer of the runtime of this bootstrap has `http.async_response_buffer_limit`";

pub const CASES: &[Case] = &[
    case(UNKNOWN, FILTER, &[NONE_AT_THE_PODS]),
    // Not in the template, where no pod gets it.
    case(
        UNKNOWN,
        FILTER,
        &[
            NONE_AT_THE_PODS,
            (
                "metadata: {name: reviews-v1, namespace: demo}",
                "metadata: {name: reviews-v1, namespace: demo, annotations: {proxy.istio.io/config: '{\"runtimeValues\": {\"http.async_response_buffer_limit\": \"65536\"}}'}}",
            ),
        ],
    ),
    // Environment variables of the proxy are no runtime.
    case(UNKNOWN, FILTER, &[("runtimeValues", "proxyMetadata")]),
    case(
        "TM019 spec: the annotation `proxy.istio.io/config` of the Deployment reviews-v1 of namespace demo has no `runtimeValues` with `http.async_response_buffer_limit`, and no mesh configuration is given",
        PLUGIN,
        &[NONE_AT_THE_PODS],
    ),
    // One of two workloads has the annotation.
    case(
        "TM019 spec.wasm: the annotation `proxy.istio.io/config` of the Deployment reviews-old of namespace demo has no `runtimeValues` with `http.async_response_buffer_limit`, and no mesh configuration is given",
        FILTER,
        &[with!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: reviews-old, namespace: demo}\nspec: {template: {metadata: {labels: {app: reviews, version: v1}}, spec: {containers: [{name: reviews, image: a}]}}}"
        )],
    ),
    // Another ConfigMap is not that of the mesh.
    case(
        UNKNOWN,
        FILTER,
        &[
            NONE_AT_THE_PODS,
            with!(
                "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: other, namespace: istio-system}\ndata: {mesh: 'defaultConfig: {runtimeValues: {http.async_response_buffer_limit: \"65536\"}}'}"
            ),
        ],
    ),
    case(
        NOWHERE,
        FILTER,
        &[
            NONE_AT_THE_PODS,
            with!(
                "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: istio, namespace: istio-system}\ndata: {mesh: 'defaultConfig: {concurrency: 2}'}"
            ),
        ],
    ),
    case(
        NOWHERE,
        FILTER,
        &[
            NONE_AT_THE_PODS,
            with!(
                "apiVersion: install.istio.io/v1alpha1\nkind: IstioOperator\nmetadata: {name: mesh, namespace: istio-system}\nspec: {meshConfig: {defaultConfig: {runtimeValues: {http.another: \"1\"}}}}"
            ),
        ],
    ),
    // Neither names a configuration of the mesh, and every default is known.
    case(
        NOWHERE,
        FILTER,
        &[
            NONE_AT_THE_PODS,
            with!("apiVersion: install.istio.io/v1alpha1\nkind: IstioOperator\nspec: {profile: minimal}"),
        ],
    ),
    case(NO_LAYER, BOOTSTRAP, &[("async_response_buffer_limit", "another")]),
    // Without any runtime.
    case(NO_LAYER, BOOTSTRAP, &[("layered_runtime", "stats_config")]),
    // What is no number, or no smaller one than without the key, bounds nothing.
    case(
        "TM019 spec.wasm: the annotation `proxy.istio.io/config` of the Deployment reviews-v1 of namespace demo has `http.async_response_buffer_limit: \"64Ki\"`, which is no number of bytes below 33554432, the default",
        FILTER,
        &[("65536", "64Ki")],
    ),
    case(
        "TM019 spec: the annotation `proxy.istio.io/config` of the Deployment reviews-v1 of namespace demo has `http.async_response_buffer_limit: \"33554432\"`, which is no number of bytes below 33554432, the default",
        PLUGIN,
        &[("65536", "33554432")],
    ),
    // The pods' own value goes before that of the mesh.
    case(
        "TM019 spec.wasm: the annotation `proxy.istio.io/config` of the Deployment reviews-v1 of namespace demo has `http.async_response_buffer_limit: \"-1\"`, which is no number of bytes below 33554432, the default",
        FILTER,
        &[
            ("65536", "-1"),
            with!(
                "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: istio, namespace: istio-system}\ndata: {mesh: 'defaultConfig: {runtimeValues: {http.async_response_buffer_limit: \"65536\"}}'}"
            ),
        ],
    ),
    case(
        "TM019 spec.wasm: the mesh configuration has `http.async_response_buffer_limit: \"none\"`, which is no number of bytes below 33554432, the default",
        FILTER,
        &[
            NONE_AT_THE_PODS,
            with!(
                "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: istio, namespace: istio-system}\ndata: {mesh: 'defaultConfig: {runtimeValues: {http.async_response_buffer_limit: \"none\"}}'}"
            ),
        ],
    ),
    case(
        "TM019 layered_runtime: the runtime of this bootstrap has `http.async_response_buffer_limit: 99999999`, which is no number of bytes below 33554432, the default",
        BOOTSTRAP,
        &[("65536", "99999999")],
    ),
    // A layer that is discovered later may have it or not.
    case(
        NO_LAYER,
        BOOTSTRAP,
        &[(
            "static_layer: {http: {async_response_buffer_limit: 65536}}",
            "disk_layer: {symlink_root: /runtime}",
        )],
    ),
];

/// What has the key in another way.
pub const NEAR: &[Case] = &[
    case(
        "TM019 with the key in YAML in the annotation",
        FILTER,
        &[(
            r#"'{"runtimeValues": {"http.async_response_buffer_limit": "65536"}}'"#,
            r#""concurrency: 2\nruntimeValues:\n  http.async_response_buffer_limit: '65536'\n""#,
        )],
    ),
    case(
        "TM019 with the key in the ConfigMap of the mesh",
        FILTER,
        &[
            NONE_AT_THE_PODS,
            with!(
                "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: istio, namespace: istio-system}\ndata: {mesh: 'defaultConfig: {runtimeValues: {http.async_response_buffer_limit: \"65536\"}}'}"
            ),
        ],
    ),
    case(
        "TM019 with the key in the ConfigMap of a revision",
        PLUGIN,
        &[
            NONE_AT_THE_PODS,
            with!(
                "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: istio-1-28, namespace: istio-system}\ndata: {mesh: 'defaultConfig: {runtimeValues: {http.async_response_buffer_limit: \"65536\"}}'}"
            ),
        ],
    ),
    case(
        "TM019 with the key in an IstioOperator",
        FILTER,
        &[
            NONE_AT_THE_PODS,
            with!(
                "apiVersion: install.istio.io/v1alpha1\nkind: IstioOperator\nspec: {meshConfig: {defaultConfig: {runtimeValues: {http.async_response_buffer_limit: \"65536\"}}}}"
            ),
        ],
    ),
    case(
        "TM019 with the key in the values of an IstioOperator",
        FILTER,
        &[
            NONE_AT_THE_PODS,
            with!(
                "apiVersion: install.istio.io/v1alpha1\nkind: IstioOperator\nmetadata: {name: mesh}\nspec: {meshConfig: {accessLogFile: /dev/stdout}, values: {meshConfig: {defaultConfig: {runtimeValues: {http.async_response_buffer_limit: \"65536\"}}}}}"
            ),
        ],
    ),
    case(
        "TM019 with the key written with dots in a bootstrap",
        BOOTSTRAP,
        &[(
            "{http: {async_response_buffer_limit: 65536}}",
            "{http.async_response_buffer_limit: 65536}",
        )],
    ),
    case(
        "TM019 with a bootstrap in the spelling of JSON",
        BOOTSTRAP,
        &[
            ("layered_runtime", "layeredRuntime"),
            ("static_layer", "staticLayer"),
            ("static_resources", "staticResources"),
        ],
    ),
    case(
        "TM019 of a bootstrap without the filter",
        BOOTSTRAP,
        &[
            ("async_response_buffer_limit", "another"),
            ("                    mirrors:\n", "                    others:\n"),
        ],
    ),
];
