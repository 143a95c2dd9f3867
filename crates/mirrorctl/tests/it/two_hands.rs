//! Objects of the user that are changed stay theirs: what is printed has nothing that the API server set, and what
//! someone else changed meanwhile is noticed. `mesh-test` has the same with the real API server.

use std::path::Path;

use crate::common::{Ran, run};
use mirrorctl::yaml;
use serde_json::{Value, json};

const SERVICES: &str = "
apiVersion: v1
kind: Service
metadata: {name: reviews, namespace: demo}
spec: {selector: {app: reviews}, ports: [{name: http, port: 9080}]}
---
apiVersion: v1
kind: Service
metadata: {name: reviews-v2, namespace: demo}
spec: {selector: {app: reviews-v2}, ports: [{name: http, port: 9080}]}
";

/// The user's object as `kubectl get --show-managed-fields -o yaml` prints it.
fn route(kind: &str) -> Value {
    let (version, spec) = match kind {
        "VirtualService" => (
            "networking.istio.io/v1",
            json!({
                "hosts": ["reviews"],
                "http": [{"route": [{"destination": {"host": "reviews", "port": {"number": 9080}}}]}],
            }),
        ),
        _ => (
            "gateway.networking.k8s.io/v1",
            json!({
                "parentRefs": [{"group": "", "kind": "Service", "name": "reviews", "port": 9080}],
                "rules": [{"backendRefs": [{"name": "reviews", "port": 9080}]}],
            }),
        ),
    };
    json!({
        "apiVersion": version,
        "kind": kind,
        "metadata": {
            "annotations": {
                "kubectl.kubernetes.io/last-applied-configuration": "{}",
                "team.example.com/contact": "reviews@example.com",
            },
            "creationTimestamp": "2026-01-01T00:00:00Z",
            "generation": 3,
            "managedFields": [{"manager": "kubectl", "operation": "Update"}],
            "name": "reviews",
            "namespace": "demo",
            "resourceVersion": "4711",
            "selfLink": "/apis/of/it",
            "uid": "5d3f4c1e-0000-4000-8000-000000000001",
        },
        "spec": spec,
        "status": {"conditions": []},
    })
}

fn objects(route: &Value) -> String {
    format!("{SERVICES}---\n{}", yaml::write(route))
}

fn generate(route: &Value, more: &[&str]) -> Ran {
    let api = match route["kind"].as_str() {
        Some("HTTPRoute") => "gateway",
        _ => "istio",
    };
    let job = "generate reviews-v2 --engine native --service reviews -n demo --port 9080 --backend reviews-v2 --expires-at never --objects - --api";
    let args: Vec<&str> = job.split(' ').chain([api]).chain(more.iter().copied()).collect();
    run(Path::new("."), &args, objects(route).as_bytes())
}

fn offline(route: &Value, more: &[&str]) -> Ran {
    let args = [&["offline", "reviews-v2", "--objects", "-"], more].concat();
    run(Path::new("."), &args, objects(route).as_bytes())
}

/// The object that was printed.
#[track_caller]
fn printed(ran: &Ran) -> Value {
    assert_eq!(ran.exit, 0, "{}", ran.stderr);
    let mut documents = yaml::read(&ran.stdout).expect("YAML");
    documents.retain(|document| document["metadata"]["name"] == "reviews");
    documents.remove(0)
}

/// As the API server has it once it is applied over what was there.
fn applied(over: &Value, new: &Value) -> Value {
    let mut live = over.clone();
    live["spec"] = new["spec"].clone();
    live["metadata"]["annotations"] = new["metadata"]["annotations"].clone();
    live["metadata"]["generation"] = json!(over["metadata"]["generation"].as_u64().expect("a generation") + 1);
    live
}

fn keys(value: &Value) -> Vec<&str> {
    value
        .as_object()
        .expect("an object")
        .keys()
        .map(String::as_str)
        .collect()
}

#[test]
fn what_the_api_server_set_is_not_printed_in_any_step() {
    for kind in ["VirtualService", "HTTPRoute"] {
        let route = route(kind);
        let changed = printed(&generate(&route, &[]));
        let live = applied(&route, &changed);
        let stopped = printed(&offline(&live, &[]));
        let restored = printed(&offline(&live, &["--restore-original"]));
        for (step, object) in [("generate", &changed), ("stop", &stopped), ("restore", &restored)] {
            assert_eq!(
                keys(object),
                ["apiVersion", "kind", "metadata", "spec"],
                "{kind} {step}"
            );
            let metadata = &object["metadata"];
            assert_eq!(keys(metadata), ["annotations", "name", "namespace"], "{kind} {step}");
            let annotations = keys(&metadata["annotations"]);
            assert!(annotations.contains(&"team.example.com/contact"), "{kind} {step}");
            assert!(
                !annotations.iter().any(|name| name.starts_with("kubectl")),
                "{kind} {step}"
            );
        }
        assert_eq!(restored["spec"], route["spec"], "{kind}");
        assert_eq!(
            keys(&restored["metadata"]["annotations"]),
            ["team.example.com/contact"],
            "{kind}"
        );
    }
}

/// As an object is that was once applied as it was read.
#[test]
fn an_apply_that_cannot_succeed_is_foretold() {
    let mut route = route("VirtualService");
    let remembered = json!({"metadata": {"resourceVersion": "1"}}).to_string();
    let live = applied(&route, &printed(&generate(&route, &[])));
    let note = "note: the VirtualService reviews of namespace demo: it was applied with a resourceVersion, which kubectl remembers, so the API server refuses each `kubectl apply` of it; run `kubectl apply set-last-applied -f FILE` with your own file of it first\n";
    let steps = |before: &Value, live: &Value| {
        [
            generate(before, &[]),
            offline(live, &[]),
            offline(live, &["--restore-original"]),
        ]
    };
    assert!(steps(&route, &live).iter().all(|ran| !ran.stderr.contains(note)));
    let mut remembering = live.clone();
    for object in [&mut route, &mut remembering] {
        object["metadata"]["annotations"]["kubectl.kubernetes.io/last-applied-configuration"] = json!(remembered);
    }
    for ran in steps(&route, &remembering) {
        assert_eq!(ran.exit, 0, "{}", ran.stderr);
        assert!(ran.stderr.contains(note), "{}", ran.stderr);
    }
}

#[test]
fn the_resource_version_is_kept_for_those_who_want_it_compared() {
    let route = route("VirtualService");
    let keep = "--keep-resource-version";
    let live = applied(&route, &printed(&generate(&route, &[keep])));
    for object in [
        printed(&generate(&route, &[keep])),
        printed(&offline(&live, &[keep])),
        printed(&offline(&live, &[keep, "--restore-original"])),
    ] {
        let metadata = &object["metadata"];
        assert_eq!(metadata["resourceVersion"], "4711");
        assert_eq!(keys(metadata), ["annotations", "name", "namespace", "resourceVersion"]);
    }
    let ran = generate(&route, &[keep, "--gitops"]);
    assert_eq!((ran.exit, ran.stdout.as_str()), (2, ""), "{}", ran.stderr);
}

#[test]
fn a_change_of_somebody_else_is_noticed_in_the_next_step() {
    for (kind, part) in [("VirtualService", "http"), ("HTTPRoute", "rules")] {
        let route = route(kind);
        let changed = printed(&generate(&route, &[]));
        let live = applied(&route, &changed);
        for quiet in [
            offline(&live, &[]),
            offline(&live, &["--restore-original"]),
            generate(&live, &[]),
        ] {
            assert!(!quiet.stderr.contains("someone else"), "{}", quiet.stderr);
        }
        // Between reading and applying, somebody changed it: 4. Then ours came over it: 5.
        let mut over = live.clone();
        over["metadata"]["generation"] = json!(5);
        let note = format!(
            "note: the {kind} reviews of namespace demo was changed by someone else too: it was read for the job reviews-v2 at generation 3 and is at 5, and one change is the job's. If theirs came in between, spec.{part} does not have it any more; compare it with what they applied\n"
        );
        for told in [
            offline(&over, &[]),
            offline(&over, &["--restore-original"]),
            generate(&over, &[]),
        ] {
            assert!(told.stderr.contains(&note), "{}", told.stderr);
        }
        // Each step of ours is one change, however many there are.
        let stopped = applied(&live, &printed(&offline(&live, &[])));
        let ran = offline(&stopped, &["--restore-original"]);
        assert_eq!((ran.exit, ran.stderr.as_str()), (0, ""), "{kind}");
    }
}
