//! Arbitrary jobs and the objects that exist beside them, for the tests of what becomes of live traffic.

use std::fmt;

use mirrorctl::manifests::RoutingApi;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::{Value, json};

/// What exists, and what is asked for.
#[derive(Clone)]
pub struct Case {
    pub objects: Vec<Value>,
    pub job: Value,
    pub pin_primary: bool,
    pub gitops: bool,
    pub api: RoutingApi,
}

impl fmt::Debug for Case {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            objects,
            job,
            pin_primary,
            gitops,
            api,
        } = self;
        writeln!(
            formatter,
            "api {api:?}, --pin-primary {pin_primary}, --gitops {gitops}, {job}"
        )?;
        objects.iter().try_for_each(|object| writeln!(formatter, "{object}"))
    }
}

// === arbitrary objects ===

fn metadata(namespace: &str, name: &str) -> Value {
    json!({"name": name, "namespace": namespace})
}

fn service(name: &str, ports: &[Value]) -> Value {
    json!({"apiVersion": "v1", "kind": "Service", "metadata": metadata("demo", name),
        "spec": {"clusterIP": "10.0.0.1", "selector": {"app": name}, "ports": ports}})
}

fn deployment(name: &str, labels: Value) -> Value {
    json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata("demo", name),
        "spec": {"selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels},
            "spec": {"containers": [{"name": "main", "image": "reviews:1"}]}}}})
}

fn ports() -> impl Strategy<Value = Vec<Value>> {
    let http = json!({"name": "http", "port": 9080, "targetPort": 8080});
    let grpc = json!({"name": "grpc-api", "port": 9090, "targetPort": 8090});
    let tcp = json!({"name": "tcp-admin", "port": 9100, "targetPort": 9100});
    let sniffed = json!({"name": "web", "port": 9200, "targetPort": 8200});
    select(vec![
        vec![http.clone()],
        vec![http.clone()],
        vec![http.clone(), grpc.clone()],
        vec![http.clone(), grpc.clone(), tcp.clone()],
        vec![http.clone(), tcp],
        vec![http, grpc, sniffed],
    ])
}

fn destination() -> impl Strategy<Value = Value> {
    let hosts = select(vec![
        "reviews",
        "reviews",
        "reviews.demo.svc.cluster.local",
        "audit",
        "nowhere",
    ]);
    let ports = select(vec![None, None, Some(9080), Some(9090)]);
    let subsets = select(vec![None, Some("v1"), Some("v1"), Some("v2"), Some("gone")]);
    (hosts, ports, subsets).prop_map(|(host, port, subset)| {
        let mut to = json!({"host": host});
        if let Some(port) = port {
            to["port"] = json!({"number": port});
        }
        if let Some(subset) = subset {
            to["subset"] = json!(subset);
        }
        to
    })
}

fn matches() -> impl Strategy<Value = Vec<Value>> {
    let entry = (
        select(vec![None, None, Some(9080), Some(9090), Some(80)]),
        select(vec![None, Some("/a"), Some("/")]),
        select(vec![None, None, Some("x")]),
        select(vec![None, None, None, Some("mesh"), Some("gw")]),
    )
        .prop_map(|(port, path, tenant, gateway)| {
            let mut entry = json!({});
            if let Some(port) = port {
                entry["port"] = json!(port);
            }
            if let Some(path) = path {
                entry["uri"] = json!({"prefix": path});
            }
            if let Some(tenant) = tenant {
                entry["headers"] = json!({"x-tenant": {"exact": tenant}});
            }
            if let Some(gateway) = gateway {
                entry["gateways"] = json!([gateway]);
            }
            entry
        });
    prop::collection::vec(entry, 0..3)
}

fn rule() -> impl Strategy<Value = Value> {
    let action = prop_oneof![
        8 => prop::collection::vec((destination(), select(vec![0, 10, 90])), 1..3).prop_map(|routes| {
            let routes: Vec<Value> = routes.into_iter().map(|(to, weight)| json!({"destination": to, "weight": weight})).collect();
            json!({"route": routes})
        }),
        1 => Just(json!({"redirect": {"uri": "/elsewhere"}})),
        1 => Just(json!({"delegate": {"name": "other"}})),
    ];
    let audit = json!({"host": "audit", "port": {"number": 9080}});
    let mirror = select(vec![
        json!({}),
        json!({}),
        json!({}),
        json!({"mirror": audit}),
        json!({"mirror": audit, "mirrorPercentage": {"value": 2.5}}),
        json!({"mirrorPercentage": {"value": 7}}),
        json!({"mirrors": [{"destination": audit, "percentage": {"value": 3}}]}),
    ]);
    let foreign = select(vec![
        json!({}),
        json!({"timeout": "7s", "x-future": {"a": [1]}}),
        json!({"name": "named"}),
    ]);
    (matches(), action, mirror, foreign).prop_map(|(matches, action, mirror, foreign)| {
        let mut rule = json!({});
        if !matches.is_empty() {
            rule["match"] = json!(matches);
        }
        for part in [foreign, action, mirror] {
            rule.as_object_mut().unwrap().extend(part.as_object().unwrap().clone());
        }
        rule
    })
}

fn virtual_service(name: &'static str, created: &'static str) -> impl Strategy<Value = Value> {
    (
        prop::collection::vec(rule(), 1..5),
        select(vec![
            "reviews",
            "reviews",
            "reviews.demo.svc.cluster.local",
            "*.demo.svc.cluster.local",
        ]),
        select(vec![json!(null), json!(null), json!(["mesh", "gw"]), json!(["gw"])]),
        any::<bool>(),
    )
        .prop_map(move |(rules, host, gateways, annotated)| {
            let mut object = json!({"apiVersion": "networking.istio.io/v1", "kind": "VirtualService",
                "metadata": metadata("demo", name), "spec": {"hosts": [host], "http": rules, "x-foreign": true}});
            object["metadata"]["creationTimestamp"] = json!(created);
            if !gateways.is_null() {
                object["spec"]["hosts"] = json!([host, "reviews.example.com"]);
                object["spec"]["gateways"] = gateways;
            }
            if annotated {
                object["metadata"]["annotations"] = json!({"example.com/owner": "us"});
            }
            object
        })
}

fn destination_rule() -> impl Strategy<Value = Value> {
    (
        select(vec![
            ("demo", "reviews"),
            ("demo", "reviews"),
            ("demo", "*.demo.svc.cluster.local"),
            ("istio-system", "*.local"),
            ("shop", "reviews.demo.svc.cluster.local"),
        ]),
        subsequence(vec!["v1", "v2"], 0..=2),
        any::<bool>(),
    )
        .prop_map(|((namespace, host), subsets, policy)| {
            let subsets: Vec<Value> = subsets
                .iter()
                .map(|name| json!({"name": name, "labels": {"version": name}}))
                .collect();
            let mut object = json!({"apiVersion": "networking.istio.io/v1", "kind": "DestinationRule",
                "metadata": metadata(namespace, "rule"), "spec": {"host": host}});
            if policy {
                object["spec"]["trafficPolicy"] = json!({"tls": {"mode": "ISTIO_MUTUAL"}});
            }
            if !subsets.is_empty() {
                object["spec"]["subsets"] = json!(subsets);
            }
            object
        })
}

fn http_route() -> impl Strategy<Value = Value> {
    let backend = (
        select(vec!["reviews", "reviews", "audit"]),
        select(vec![9080, 9080, 9090]),
        select(vec![0, 1, 9]),
    )
        .prop_map(|(name, port, weight)| json!({"name": name, "port": port, "weight": weight}));
    let filters = select(vec![
        json!([]),
        json!([]),
        json!([{"type": "RequestRedirect", "requestRedirect": {"statusCode": 301}}]),
        json!([{"type": "RequestMirror", "requestMirror": {"backendRef": {"name": "audit", "port": 9080}}}]),
    ]);
    let rule = (
        prop::collection::vec(backend, 1..3),
        filters,
        select(vec![None, Some("/a")]),
    )
        .prop_map(|(backends, filters, path)| {
            let mut rule = json!({"backendRefs": backends, "x-foreign": 1});
            if let Some(path) = path {
                rule["matches"] = json!([{"path": {"type": "PathPrefix", "value": path}}]);
            }
            if filters != json!([]) {
                rule["filters"] = filters;
            }
            rule
        });
    (prop::collection::vec(rule, 1..4), select(vec![None, Some(9080)])).prop_map(|(rules, port)| {
        let mut parent = json!({"group": "", "kind": "Service", "name": "reviews"});
        if let Some(port) = port {
            parent["port"] = json!(port);
        }
        json!({"apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute", "metadata": metadata("demo", "route"),
            "spec": {"parentRefs": [parent], "rules": rules}})
    })
}

fn job() -> impl Strategy<Value = Value> {
    let clone =
        |isolation: &str| json!({"clone": {"deployment": "reviews-v1", "version": "v9", "isolation": isolation}});
    let shadow = prop_oneof![
        3 => Just(json!({"backendRef": {"name": "reviews-v2"}})),
        1 => Just(json!({"backendRef": {"name": "audit"}})),
        3 => Just(json!({"subset": "v2"})),
        1 => Just(clone("service")),
        2 => Just(clone("subset")),
    ];
    let percentage = select(vec![None, Some(json!(10)), Some(json!(0.57)), Some(json!(0))]);
    let shadows = prop::collection::vec((shadow, percentage), 1..3);
    (
        shadows,
        select(vec![None, None, Some(9080), Some(9090)]),
        select(vec!["sidecar", "sidecar", "sidecar", "waypoint", "gateway"]),
    )
        .prop_map(|(shadows, port, data_plane)| {
            let shadows: Vec<Value> = shadows
                .into_iter()
                .enumerate()
                .map(|(index, (mut shadow, percentage))| {
                    shadow["name"] = json!(format!("s{index}"));
                    if let Some(percentage) = percentage {
                        shadow["percentage"] = percentage;
                    }
                    shadow
                })
                .collect();
            let mut target = json!({"kind": "Service", "name": "reviews"});
            if let Some(port) = port {
                target["port"] = json!(port);
            }
            json!({"apiVersion": "traffic-mirror.dev/v1alpha1", "kind": "TrafficMirror",
                "metadata": metadata("demo", "job"),
                "spec": {"targetRef": target, "engine": "native", "dataPlane": data_plane, "primary": {"version": "v1"},
                    "expiresAt": "never", "shadows": shadows}})
        })
}

/// A case.
pub fn case() -> impl Strategy<Value = Case> {
    let routing = prop_oneof![
        3 => Just(Vec::new()),
        5 => virtual_service("first", "2026-01-01T00:00:00Z").prop_map(|one| vec![one]),
        2 => (virtual_service("first", "2026-01-01T00:00:00Z"), virtual_service("second", "2026-02-01T00:00:00Z"))
            .prop_map(|(one, other)| vec![one, other]),
        3 => http_route().prop_map(|one| vec![one]),
    ];
    let rules = prop_oneof![2 => Just(None), 3 => destination_rule().prop_map(Some)];
    (
        ports(),
        any::<bool>(),
        routing,
        rules,
        job(),
        prop::bool::weighted(0.8),
        prop::bool::weighted(0.3),
        prop::bool::weighted(0.3),
    )
        .prop_map(
            |(ports, has_v2, routing, rules, job, pin_primary, gitops, gateway_api)| {
                let mut objects = vec![
                    service("reviews", &ports),
                    service("reviews-v2", &ports),
                    service("audit", &ports),
                    deployment("reviews-v1", json!({"app": "reviews", "version": "v1"})),
                    deployment("shadow", json!({"app": "reviews-v2"})),
                    deployment("audit", json!({"app": "audit"})),
                ];
                if has_v2 {
                    objects.push(deployment("reviews-v2", json!({"app": "reviews", "version": "v2"})));
                }
                let is_route = routing.iter().any(|object| object["kind"] == "HTTPRoute");
                objects.extend(routing);
                objects.extend(rules);
                Case {
                    objects,
                    job,
                    pin_primary,
                    gitops,
                    api: if gateway_api || is_route {
                        RoutingApi::Gateway
                    } else {
                        RoutingApi::Istio
                    },
                }
            },
        )
}
