//! What is in order: the cases change one thing of it.

/// Every text, by name.
pub const ALL: &[(&str, &str)] = &[
    ("FILTER", FILTER),
    ("PLUGIN", PLUGIN),
    ("GATEWAY", GATEWAY),
    ("WAYPOINT", WAYPOINT),
    ("CONFIG", CONFIG),
    ("ENVOY", ENVOY),
    ("BOOTSTRAP", BOOTSTRAP),
    ("PATCH", PATCH),
    ("JOB", JOB),
    ("NATIVE", NATIVE),
    ("ROUTE", ROUTE),
    ("CLONE", CLONE),
];

/// The Services and workloads of a primary and of a shadow with labels of its own.
macro_rules! world {
    ($rest:literal) => {
        concat!(
            r#"apiVersion: v1
kind: Service
metadata: {name: reviews, namespace: demo}
spec:
  clusterIP: 10.96.0.1
  selector: {app: reviews}
  ports: [{name: http, port: 9080, targetPort: 9081}]
---
apiVersion: v1
kind: Service
metadata: {name: reviews-v2, namespace: demo}
spec:
  clusterIP: 10.96.0.2
  selector: {app: reviews-v2}
  ports: [{name: http, port: 9080, targetPort: 9081}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: reviews-v1, namespace: demo}
spec:
  template:
    metadata:
      labels: {app: reviews, version: v1}
      annotations: {proxy.istio.io/config: '{"runtimeValues": {"http.async_response_buffer_limit": "65536"}}'}
    spec:
      serviceAccountName: reviews
      containers: [{name: reviews, image: a, env: [{name: A, valueFrom: {secretKeyRef: {name: db, key: a}}}]}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: reviews-v2, namespace: demo}
spec:
  template:
    metadata: {labels: {app: reviews-v2, version: v2}}
    spec: {containers: [{name: reviews, image: a}]}
---
"#,
            $rest
        )
    };
}

/// A TrafficExtension for sidecars.
pub const FILTER: &str = world!(
    r#"apiVersion: extensions.istio.io/v1alpha1
kind: TrafficExtension
metadata: {name: mirror, namespace: demo}
spec:
  selector:
    matchLabels: {app: reviews, version: v1}
  match:
  - mode: SERVER
    ports: [{number: 9081}]
  wasm:
    url: oci://registry.example.com/traffic-mirror@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
    failStrategy: FAIL_OPEN
    pluginName: reviews-v2
    pluginConfig:
      mirrors:
      - name: reviews-v2
        cluster: outbound|9080||reviews-v2.demo.svc.cluster.local
        percentage: 10
        expiresAt: "2027-01-01T00:00:00Z"
        match: [{method: {exact: GET}}, {method: {regex: HEAD|OPTIONS}}]
        headers: {remove: [authorization, cookie]}
"#
);

/// A WasmPlugin for sidecars.
pub const PLUGIN: &str = world!(
    r#"apiVersion: extensions.istio.io/v1alpha1
kind: WasmPlugin
metadata: {name: mirror, namespace: demo}
spec:
  selector:
    matchLabels: {app: reviews, version: v1}
  match:
  - mode: SERVER
    ports: [{number: 9081}]
  url: https://example.com/traffic-mirror.wasm
  sha256: 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
  failStrategy: FAIL_OPEN
  vmConfig: {env: [{name: A, value: b}]}
  pluginConfig:
    mirrors:
    - name: reviews-v2
      destination: {host: reviews-v2.demo.svc.cluster.local, port: {number: 9080}}
      percentage: 10
      expiresAt: "2027-01-01T00:00:00Z"
      match: [{method: {exact: GET}}]
      headers: {remove: [authorization], set: {cookie: none}}
"#
);

/// A TrafficExtension at a gateway.
pub const GATEWAY: &str = world!(
    r#"apiVersion: extensions.istio.io/v1alpha1
kind: TrafficExtension
metadata: {name: mirror, namespace: demo}
spec:
  targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: public}]
  match:
  - mode: CLIENT
    ports: [{number: 80}]
  wasm:
    url: oci://registry.example.com/traffic-mirror@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
    failStrategy: FAIL_OPEN
    pluginConfig:
      mirrors:
      - name: reviews-v2
        cluster: outbound|9080||reviews-v2.demo.svc.cluster.local
        percentage: 10
        expiresAt: "2027-01-01T00:00:00Z"
        match: [{method: {exact: GET}, authority: {exact: reviews.example.com}}]
        headers: {remove: [authorization, cookie]}
"#
);

/// A TrafficExtension at the waypoint of a Service.
pub const WAYPOINT: &str = world!(
    r#"apiVersion: v1
kind: Namespace
metadata: {name: demo, labels: {istio.io/use-waypoint: waypoint}}
---
apiVersion: extensions.istio.io/v1alpha1
kind: TrafficExtension
metadata: {name: mirror, namespace: demo}
spec:
  targetRefs: [{group: "", kind: Service, name: reviews}]
  wasm:
    url: oci://registry.example.com/traffic-mirror@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
    failStrategy: FAIL_OPEN
    pluginConfig:
      mirrors:
      - name: reviews-v2
        cluster: outbound|9080||reviews-v2.demo.svc.cluster.local
        percentage: 10
        expiresAt: "2027-01-01T00:00:00Z"
        match: [{method: {exact: GET}}]
        redact: {preset: credentials}
"#
);

/// The filter's configuration alone.
pub const CONFIG: &str = r#"mirrors:
- name: reviews-v2
  cluster: shadow
  percentage: 10
  expiresAt: "2027-01-01T00:00:00Z"
  match: [{method: {exact: GET}}]
  redact: {headers: [Authorization, cookie]}
"#;

/// A filter that plain Envoy discovers.
pub const ENVOY: &str = r#"resources:
- "@type": type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig
  name: traffic_mirror
  typed_config:
    "@type": type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm
    config:
      name: mirror
      fail_open: true
      configuration:
        "@type": type.googleapis.com/google.protobuf.Struct
        value:
          mirrors:
          - {name: a, cluster: b, percentage: 1, expiresAt: "2027-01-01T00:00:00Z", match: [{method: {exact: GET}}], redact: {preset: credentials}}
"#;

/// A bootstrap of plain Envoy with the filter in its listener.
pub const BOOTSTRAP: &str = r#"layered_runtime:
  layers:
  - name: static
    static_layer: {http: {async_response_buffer_limit: 65536}}
  - {name: admin, admin_layer: {}}
static_resources:
  listeners:
  - filter_chains:
    - filters:
      - typed_config:
          http_filters:
          - typed_config:
              "@type": type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm
              config:
                name: mirror
                fail_open: true
                configuration:
                  "@type": type.googleapis.com/google.protobuf.Struct
                  value:
                    mirrors:
                    - {name: a, cluster: b, percentage: 1, expiresAt: "2027-01-01T00:00:00Z", match: [{method: {exact: GET}}], redact: {preset: credentials}}
"#;

/// The filter in an EnvoyFilter, as text.
pub const PATCH: &str = r#"apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: {name: a, namespace: demo}
spec:
  configPatches:
  - applyTo: HTTP_FILTER
    patch:
      operation: INSERT_BEFORE
      value:
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm
          config:
            name: mirror
            failure_policy: FAIL_OPEN
            configuration:
              "@type": type.googleapis.com/google.protobuf.StringValue
              value: >-
                {"mirrors": [{"name": "a", "cluster": "b", "percentage": 1, "expiresAt": "2027-01-01T00:00:00Z",
                "match": [{"method": {"exact": "GET"}}], "redact": {"preset": "credentials"}}]}
"#;

/// A job.
pub const JOB: &str = world!(
    r#"apiVersion: traffic-mirror.dev/v1alpha1
kind: TrafficMirror
metadata: {name: reviews-v2, namespace: demo}
spec:
  targetRef: {kind: Service, name: reviews, port: 9080}
  primary: {version: v1}
  expiresAt: "2027-01-01T00:00:00Z"
  shadows:
  - backendRef: {name: reviews-v2, port: 9080}
    percentage: 10
    match: [{method: {exact: GET}}]
    headers: {remove: [authorization, cookie]}
"#
);

/// A VirtualService with a mirror, a DestinationRule, and another VirtualService that has nothing to do with it.
pub const NATIVE: &str = world!(
    r#"apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: reviews, namespace: demo}
spec:
  host: reviews
  subsets: [{name: v1, labels: {version: v1}}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: reviews, namespace: demo}
spec:
  hosts: [reviews]
  http:
  - match: [{method: {exact: GET}}]
    route:
    - destination: {host: reviews, port: {number: 9080}, subset: v1}
      weight: 100
    mirror: {host: reviews-v2, port: {number: 9080}}
    mirrorPercentage: {value: 12.5}
  - route:
    - destination: {host: reviews, port: {number: 9080}, subset: v1}
      weight: 100
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: delegate, namespace: demo}
spec:
  http: [{redirect: {uri: /}}]
"#
);

/// An HTTPRoute with a mirror.
pub const ROUTE: &str = world!(
    r#"apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: reviews, namespace: demo}
spec:
  parentRefs: [{group: "", kind: Service, name: reviews, port: 9080}]
  rules:
  - matches: [{method: GET}, {method: HEAD}]
    backendRefs: [{name: reviews, port: 9080}]
    filters:
    - type: RequestMirror
      requestMirror: {backendRef: {name: reviews-v2, port: 9080}, percent: 10}
"#
);

/// A Deployment of ours.
pub const CLONE: &str = world!(
    r#"apiVersion: apps/v1
kind: Deployment
metadata:
  name: reviews-shadow
  namespace: demo
  labels: {app.kubernetes.io/managed-by: mirrorctl, traffic-mirror.dev/job: reviews-v2}
spec:
  template:
    metadata:
      labels: {app: reviews-shadow, version: v2}
    spec:
      initContainers: [{name: proxy, restartPolicy: Always, image: a}]
      containers: [{name: reviews, image: b}]
      volumes: [{name: tmp, emptyDir: {}}]
"#
);
