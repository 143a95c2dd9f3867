//! Live traffic stays where it is: for arbitrary jobs and existing objects, after every single object that is applied,
//! and after every one on the way back, each request can reach exactly the pods that it could reach before. At the end
//! of the way back every object is as it was. What a request reaches is told by a model of Istio's routing
//! (`common/mesh.rs`).

use std::cell::Cell;
use std::collections::BTreeSet;

use crate::common::cases::{Case, case};
use crate::common::mesh::{Mesh, Reached, Request, Routed};
use mirrorctl::input::Document;
use mirrorctl::istio::IstioVersion;
use mirrorctl::job::{self, Job};
use mirrorctl::manifests::offline::{self, OfflineJob};
use mirrorctl::manifests::{self, Bundle, Options, Origin, Step};
use mirrorctl::objects::{Object, World};
use mirrorctl::place::Place;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};

fn requests() -> Vec<Request> {
    let mut all = Vec::new();
    for (gateway, ports) in [("mesh", &[9080, 9090, 9200][..]), ("gw", &[80])] {
        for namespace in ["demo", "shop"] {
            for port in ports {
                for path in ["/", "/a/b"] {
                    for tenant in [None, Some("x")] {
                        all.push(Request {
                            namespace,
                            gateway,
                            port: *port,
                            path,
                            tenant,
                        });
                    }
                }
            }
        }
    }
    all
}

fn routed(mesh: &Mesh) -> Vec<Routed> {
    requests().iter().map(|request| mesh.route(request)).collect()
}

fn world(mesh: &Mesh) -> World {
    let objects = mesh.0.values().map(|value| {
        let document = Document {
            place: Place::file("what exists"),
            value: value.clone(),
        };
        Object::new(document, "demo").unwrap()
    });
    World {
        objects: objects.map(std::sync::Arc::new).collect(),
        domain: "cluster.local".to_owned(),
        cluster: None,
    }
}

/// Whether the pods are those of before; or, if pinning was asked for, those of them that are of the primary.
fn stays(before: &Reached, now: &Reached, pinned: bool) -> bool {
    let of_primary = |pods: &BTreeSet<String>| -> BTreeSet<String> {
        let is_other = |pod: &&String| pod.starts_with("reviews-v2:") || pod.starts_with("reviews-v9:");
        pods.iter().filter(|pod| !is_other(pod)).cloned().collect()
    };
    match (before, now) {
        (Reached::Pods(before), Reached::Pods(now)) if pinned => {
            let mut allowed: Vec<_> = before.clone();
            before.len() == now.len()
                && now.iter().all(|(weight, pods)| {
                    let fits = |(other, were): &(i64, BTreeSet<String>)| {
                        other == weight && (were == pods || of_primary(were) == *pods)
                    };
                    allowed
                        .iter()
                        .position(fits)
                        .map(|index| allowed.remove(index))
                        .is_some()
                })
        }
        (before, now) => before == now,
    }
}

struct Try<'a> {
    case: &'a Case,
    before: Vec<Routed>,
    policies: [Value; 2],
    pinned: bool,
}

/// The policies under which callers of both namespaces call the target.
fn policies(mesh: &Mesh) -> [Value; 2] {
    ["demo", "shop"].map(|namespace| mesh.policy(namespace))
}

impl Try<'_> {
    fn check(&self, mesh: &Mesh, after: &str) {
        assert_eq!(policies(mesh), self.policies, "{after}: {:?}", self.case);
        for ((request, (before, _)), (now, _)) in requests().iter().zip(&self.before).zip(routed(mesh)) {
            assert!(
                stays(before, &now, self.pinned),
                "{after}: {request:?}\nbefore: {before:?}\nnow: {now:?}\n{:?}\n{}",
                self.case,
                mesh.0
                    .values()
                    .filter(|object| !self.case.objects.contains(object))
                    .map(|object| format!("now {object}\n"))
                    .collect::<String>()
            );
        }
    }
}

fn options(case: &Case) -> Options {
    Options {
        istio: IstioVersion::minor(31),
        extension_api: None,
        module: None,
        pull_secret: None,
        authorization_policy: false,
        trust_domain: "cluster.local".to_owned(),
        api: case.api,
        // The flag is only used where it is true.
        no_virtual_service: !case
            .objects
            .iter()
            .any(|object| object["kind"] == "HTTPRoute" || (object["kind"] == "VirtualService" && is_of_mesh(object))),
        pin_primary: case.pin_primary,
        gitops: case.gitops,
        keep_resource_version: false,
    }
}

fn is_of_mesh(object: &Value) -> bool {
    object["spec"]["gateways"]
        .as_array()
        .is_none_or(|gateways| gateways.contains(&json!("mesh")))
}

fn read(job: &Value) -> Option<Job> {
    let document = Document {
        place: Place::file("the job"),
        value: job.clone(),
    };
    job::read(document).ok()
}

/// What routes copy, request by request.
fn copies(mesh: &Mesh) -> Vec<BTreeSet<String>> {
    routed(mesh).into_iter().map(|(_, copies)| copies).collect()
}

/// Applies a job and takes it offline. Tells what kinds of it there were; `None` if it was refused.
fn there_and_back(case: &Case) -> Option<BTreeSet<&'static str>> {
    let job = read(&case.job)?;
    if case.gitops && case.job.to_string().contains("audit") {
        // In Git nothing tells our mirror from one of the user's to the same destination.
        return None;
    }
    let origin = Mesh::new(&case.objects);
    let mut mesh = origin.clone();
    let first = manifests::bundle(&job, &world(&mesh), &options(case)).ok()?;
    let tried = Try {
        case,
        before: routed(&mesh),
        policies: policies(&mesh),
        pinned: case.pin_primary && format!("{:?}", case.job).contains("subset"),
    };
    let mut seen = apply(&tried, &job, &first, &mut mesh);
    if gained(&origin, &mesh, case) {
        seen.insert("copies");
    }
    generates_the_same_again(&job, &mesh, case);
    stop(&tried, &job, &origin, &mut mesh);
    if case.gitops {
        seen.insert("git");
        return Some(seen);
    }
    remove_and_restore(&tried, &job, &mut mesh);
    for (now, was) in mesh.0.values().zip(origin.0.values()) {
        assert_eq!(now.to_string(), was.to_string(), "not as it was\n{case:?}");
    }
    assert_eq!(mesh.0.len(), origin.0.len(), "not as it was\n{case:?}");
    Some(seen)
}

/// Applies a job object by object. Tells whose objects there were.
fn apply(tried: &Try<'_>, job: &Job, first: &Bundle, mesh: &mut Mesh) -> BTreeSet<&'static str> {
    let case = tried.case;
    let mut seen = BTreeSet::new();
    let stepwise = manifests::clone::why_stepwise(job).is_some();
    for step in [Step::Prepare, Step::Deploy, Step::Mirror] {
        // Step by step each one is generated from what the one before has left.
        let bundle = if stepwise {
            manifests::bundle(job, &world(mesh), &options(case))
        } else {
            Ok(first.clone())
        };
        let bundle = bundle.unwrap_or_else(|error| panic!("{step:?}: {error}\n{case:?}"));
        for manifest in bundle.manifests(Some(step)) {
            let labels = &manifest.object["metadata"]["labels"]["traffic-mirror.dev/job"];
            assert_eq!(labels.is_string(), manifest.origin == Origin::Ours);
            mesh.apply(&manifest.object);
            tried.check(mesh, "on the way there");
            seen.insert(if manifest.origin == Origin::Ours {
                "ours"
            } else {
                "patched"
            });
        }
    }
    seen
}

/// Whether requests are copied that were not. No mirror of the user is lost.
fn gained(origin: &Mesh, mesh: &Mesh, case: &Case) -> bool {
    let (before, now) = (copies(origin), copies(mesh));
    for (before, now) in before.iter().zip(&now) {
        assert!(
            before.is_subset(now),
            "a mirror of the user is gone: {before:?} {now:?}\n{case:?}"
        );
    }
    now != before
}

/// Generating again changes nothing more.
fn generates_the_same_again(job: &Job, mesh: &Mesh, case: &Case) {
    if let Ok(again) = manifests::bundle(job, &world(mesh), &options(case)) {
        let mut same = mesh.clone();
        again
            .manifests(None)
            .filter(|manifest| manifest.step == Step::Mirror)
            .for_each(|manifest| same.apply(&manifest.object));
        assert_eq!(routed(&same), routed(mesh), "generated again\n{case:?}");
    }
}

/// Ends the copies, which a second time changes nothing.
fn stop(tried: &Try<'_>, job: &Job, origin: &Mesh, mesh: &mut Mesh) {
    let case = tried.case;
    let offline_job = OfflineJob {
        name: &job.name,
        job: case.gitops.then_some(job),
        namespace: None,
    };
    for object in offline::stop(offline_job, &world(mesh)).objects {
        mesh.apply(&object);
        tried.check(mesh, "stop");
    }
    assert_eq!(copies(mesh), copies(origin), "copies after stop\n{case:?}");
    assert!(
        offline::stop(offline_job, &world(mesh)).objects.is_empty(),
        "stopped twice\n{case:?}"
    );
}

/// Deletes what was made for the job, and writes the user's objects as they were.
fn remove_and_restore(tried: &Try<'_>, job: &Job, mesh: &mut Mesh) {
    let by_name = OfflineJob {
        name: &job.name,
        job: None,
        namespace: None,
    };
    for _ in 0..2 {
        for object in offline::remove(by_name, &world(mesh)).objects {
            mesh.delete(&object);
            tried.check(mesh, "remove");
        }
        if let Ok(undo) = offline::restore(by_name, &world(mesh)) {
            for object in undo.objects {
                mesh.apply(&object);
                tried.check(mesh, "restore");
            }
        }
    }
    for object in offline::remove(by_name, &world(mesh)).objects {
        mesh.delete(&object);
        tried.check(mesh, "remove the rest");
    }
}

#[test]
fn live_traffic_stays_where_it_is_and_everything_comes_back() {
    let (kept, patched, ours, copied) = (Cell::new(0), Cell::new(0), Cell::new(0), Cell::new(0));
    let count = |cell: &Cell<u32>, is: bool| cell.set(cell.get() + u32::from(is));
    let cases = std::env::var("PROPTEST_CASES").map_or(3000, |cases| cases.parse().unwrap());
    let mut runner = TestRunner::new(Config {
        cases,
        failure_persistence: None,
        ..Config::default()
    });
    let outcome = runner.run(&case(), |case| {
        let seen = there_and_back(&case);
        count(&kept, seen.is_some());
        let seen = seen.unwrap_or_default();
        count(&patched, seen.contains("patched"));
        count(&ours, seen.contains("ours"));
        count(&copied, seen.contains("copies"));
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
    println!(
        "{} of {cases} jobs accepted, {} changed objects, {} made some, {} copied",
        kept.get(),
        patched.get(),
        ours.get(),
        copied.get()
    );
    for (what, tried) in [
        ("accepted", kept),
        ("changed objects", patched),
        ("made objects", ours),
        ("copied", copied),
    ] {
        assert!(
            tried.get() > 100,
            "only {} jobs {what}: the test tries nothing",
            tried.get()
        );
    }
}
