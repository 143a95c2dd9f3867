//! Any VirtualServices and HTTPRoutes whose rules overlap in many ways.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value, json};

fn fields(all: Vec<(&'static str, Option<Value>)>) -> Value {
    let given = all
        .into_iter()
        .filter_map(|(key, value)| Some((key.to_owned(), value?)));
    Value::Object(given.collect::<Map<_, _>>())
}

/// None, or one of these.
fn one(none: usize, values: &[Value]) -> impl Strategy<Value = Option<Value>> + use<> {
    let mut all = vec![None; none];
    all.extend(values.iter().cloned().map(Some));
    select(all)
}

fn texts() -> Vec<Value> {
    vec![
        json!({"exact": "a"}),
        json!({"exact": "ab"}),
        json!({"prefix": "a"}),
        json!({"regex": "a.?"}),
        json!({"regex": ".*"}),
        json!({"regex": "*"}),
        json!({}),
    ]
}

fn entry() -> impl Strategy<Value = Value> {
    let uris = [
        json!({"prefix": "/"}),
        json!({"prefix": "/a"}),
        json!({"prefix": "/a/"}),
        json!({"prefix": "/a/b"}),
        json!({"exact": "/a"}),
        json!({"exact": "/a/b"}),
        json!({"exact": "/A"}),
        json!({"regex": "/a.*"}),
        json!({"regex": ".*"}),
    ];
    let header = (select(vec!["x", "X"]), select(texts())).prop_map(|(name, text)| Some(json!({name: text})));
    (
        one(2, &uris),
        one(4, &[json!({"exact": "GET"}), json!({"prefix": "GE"})]),
        prop_oneof![3 => Just(None), 1 => header],
        one(
            20,
            &texts().into_iter().map(|text| json!({"x": text})).collect::<Vec<_>>(),
        ),
        one(8, &[json!({"q": {"exact": "1"}}), json!({"q": {}})]),
        one(6, &[json!(80), json!(443)]),
        one(6, &[json!(["mesh"]), json!(["public"]), json!(["demo/public", "mesh"])]),
        one(8, &[json!({"app": "a"})]),
        one(4, &[json!(true)]),
    )
        .prop_map(
            |(uri, method, headers, without, query, port, gateways, labels, ignores)| {
                fields(vec![
                    ("uri", uri),
                    ("method", method),
                    ("headers", headers),
                    ("withoutHeaders", without),
                    ("queryParams", query),
                    ("port", port),
                    ("gateways", gateways),
                    ("sourceLabels", labels),
                    ("ignoreUriCase", ignores),
                ])
            },
        )
}

fn metadata(place: usize) -> Value {
    json!({"name": format!("route-{place}"), "namespace": "demo",
        "creationTimestamp": format!("2026-01-0{}T00:00:00Z", place + 1)})
}

/// VirtualServices of one host, from the oldest on.
pub fn virtual_services() -> impl Strategy<Value = Vec<Value>> {
    let rule = vec(entry(), 0..3).prop_map(|entries| {
        let mut rule = json!({"route": [{"destination": {"host": "a"}}], "mirror": {"host": "b"}});
        if !entries.is_empty() {
            rule["match"] = entries.into();
        }
        rule
    });
    let object = (
        vec(rule, 1..5),
        select(vec![json!(["demo/public"]), json!(["public", "mesh"])]),
    );
    vec(object, 1..3).prop_map(|objects| {
        let object = |(place, (rules, gateways)): (usize, (Vec<Value>, Value))| {
            json!({"apiVersion": "networking.istio.io/v1", "kind": "VirtualService", "metadata": metadata(place),
                "spec": {"hosts": ["a.example.com"], "gateways": gateways, "http": rules}})
        };
        objects.into_iter().enumerate().map(object).collect()
    })
}

pub fn http_routes() -> impl Strategy<Value = Vec<Value>> {
    let path = |kind: &str, value: &str| json!({"type": kind, "value": value});
    let paths = [
        path("PathPrefix", "/"),
        path("PathPrefix", "/a"),
        path("PathPrefix", "/a/"),
        path("PathPrefix", "/a/b"),
        path("Exact", "/a"),
        path("Exact", "/a/b"),
        path("RegularExpression", "/a.*"),
        path("RegularExpression", ".*"),
    ];
    let named = |name: &str, value: &str, kind: &str| json!([{"name": name, "value": value, "type": kind}]);
    let entry = (
        one(2, &paths),
        one(3, &[json!("GET")]),
        one(
            3,
            &[
                named("x", "a", "Exact"),
                named("X", "a.?", "RegularExpression"),
                named("x", ".*", "RegularExpression"),
            ],
        ),
        one(4, &[named("q", "1", "Exact")]),
    )
        .prop_map(|(path, method, headers, queries)| {
            fields(vec![
                ("path", path),
                ("method", method),
                ("headers", headers),
                ("queryParams", queries),
            ])
        });
    let rule = vec(entry, 0..3).prop_map(|entries| {
        let mirror = json!([{"type": "RequestMirror", "requestMirror": {"backendRef": {"name": "b", "port": 80}}}]);
        let mut rule = json!({"backendRefs": [{"name": "a", "port": 80}], "filters": mirror});
        if !entries.is_empty() {
            rule["matches"] = entries.into();
        }
        rule
    });
    vec(vec(rule, 1..5), 1..3).prop_map(|objects| {
        let object = |(place, rules): (usize, Vec<Value>)| {
            json!({"apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute", "metadata": metadata(place),
                "spec": {"parentRefs": [{"group": "", "kind": "Service", "name": "a"}], "rules": rules}})
        };
        objects.into_iter().enumerate().map(object).collect()
    })
}
