//! The cluster as the source of objects: a stand-in for its API server has what files would have.

mod credentials;

mod rights;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use mirrorctl::input::{Stdin, documents};
use mirrorctl::objects::World;
use serde_json::{Value, json};

use crate::common::api_server::{ApiServer, Known, TOKEN};
use crate::common::{Ran, goldens, run, server};

/// A job that needs nothing but its Services.
const JOB: &[&str] = &[
    "generate",
    "reviews-v2",
    "--service",
    "reviews",
    "-n",
    "demo",
    "--port",
    "9080",
    "--backend",
    "reviews-v2",
    "--percentage",
    "10",
    "--expires-at",
    "never",
    "--engine",
    "native",
];

fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cluster").join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("a folder");
    folder
}

fn token() -> Value {
    json!({ "token": TOKEN })
}

fn service(name: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": "demo"},
        "spec": {"clusterIP": "10.0.0.1", "selector": {"app": name}, "ports": [{"name": "http", "port": 9080}]},
    })
}

/// Runs a command with the kubeconfig of this folder.
fn with(folder: &Path, args: &[&str]) -> Ran {
    run(folder, &[args, &["--kubeconfig", "kubeconfig"]].concat(), b"")
}

/// The objects of files as an API server has them: each with a namespace.
fn objects(folder: &Path, files: &[String]) -> Vec<Value> {
    let mut found = Vec::new();
    for file in files {
        let path = folder.join(file);
        let mut empty = std::io::empty();
        let documents = documents(path.to_str().expect("UTF-8"), &mut Stdin::new(&mut empty)).expect("documents");
        // What a plain Envoy discovers is no object.
        let objects = documents
            .into_iter()
            .filter(|document| document.value.get("apiVersion").is_some());
        let world = World::of(objects.collect(), "demo", "cluster.local").expect("objects");
        for mut value in world.iter().map(|object| object.value.clone()) {
            let metadata = value["metadata"].as_object_mut().expect("metadata");
            metadata.entry("namespace").or_insert_with(|| json!("demo"));
            found.push(value);
        }
    }
    found
}

#[test]
fn what_is_generated_from_a_cluster_is_what_is_generated_from_files() {
    let mut tried = 0;
    for golden in goldens() {
        let reads_files = golden.args.iter().any(|arg| arg == "--objects");
        let verb = golden.args.first().map(String::as_str);
        let folder = folder(&golden.name);
        let from_files = golden.run();
        if !reads_files || from_files.exit != 0 || !matches!(verb, Some("generate" | "offline")) {
            continue;
        }
        let mut files = Vec::new();
        let mut args: Vec<&str> = Vec::new();
        let mut rest = golden.args.iter();
        while let Some(arg) = rest.next() {
            match arg.as_str() {
                "--objects" => files.push(rest.next().expect("a file").clone()),
                arg => args.push(arg),
            }
        }
        let known = objects(&golden.folder, &files);
        // Pods are not read, and a plain Envoy is in no cluster.
        if known.is_empty() || known.iter().any(|object| object["kind"] == "Pod") {
            continue;
        }
        let server = ApiServer::start(Known {
            objects: known,
            ..Known::default()
        });
        let kubeconfig = server.kubeconfig(&folder, &token());
        args.extend(["--kubeconfig", kubeconfig.to_str().expect("UTF-8")]);
        let from_cluster = run(&golden.folder, &args, b"");
        assert_eq!(
            from_cluster.stdout, from_files.stdout,
            "{}: {}",
            golden.name, from_cluster.stderr
        );
        tried += 1;
    }
    assert!(tried >= 30, "only {tried} golden folders were tried");
}

#[test]
fn a_list_is_read_page_by_page_and_anew_where_it_became_too_old() {
    let folder = folder("pages");
    let mut objects: Vec<Value> = (0..1200).map(|number| service(&format!("other-{number}"))).collect();
    // On the last page.
    objects.extend([service("reviews"), service("reviews-v2")]);
    for (expires, pages) in [(None, 3), (Some("Service"), 3)] {
        let server = ApiServer::start(Known {
            objects: objects.clone(),
            expires,
            ..Known::default()
        });
        server.kubeconfig(&folder, &token());
        let ran = with(&folder, JOB);
        assert_eq!(ran.exit, 0, "{}", ran.stderr);
        let asked = server.asked();
        let of_services = asked
            .iter()
            .filter(|asked| asked.starts_with("/api/v1/services?"))
            .count();
        assert_eq!(of_services, pages, "{asked:#?}");
        assert!(asked.iter().any(|asked| asked.contains("limit=500")), "{asked:#?}");
    }
}

#[test]
fn the_namespace_is_that_of_the_context_if_no_other_is_named() {
    let folder = folder("namespace");
    let objects = vec![service("reviews"), service("reviews-v2")];
    let server = ApiServer::start(Known {
        objects,
        ..Known::default()
    });
    server.kubeconfig(&folder, &token());
    let unnamed: Vec<&str> = JOB
        .iter()
        .copied()
        .filter(|arg| !["-n", "demo"].contains(arg))
        .collect();
    let ran = with(&folder, &unnamed);
    assert_eq!((ran.exit, ran.stdout), (0, with(&folder, JOB).stdout), "{}", ran.stderr);
    let mirror = "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: a}\nspec: {hosts: [reviews], http: [{route: [{destination: {host: reviews}}], mirror: {host: nobody, port: {number: 80}}}]}\n";
    fs::write(folder.join("mirror.yaml"), mirror).expect("written");
    let found = with(&folder, &["validate", "mirror.yaml"]);
    assert!(
        found
            .stdout
            .contains("nobody is not among the Services of namespace demo"),
        "{}",
        found.stdout
    );
    let found = with(&folder, &["validate", "mirror.yaml", "-n", "other"]);
    assert!(
        found
            .stdout
            .contains("nobody is not among the Services of namespace other"),
        "{}",
        found.stdout
    );
}

#[test]
fn only_what_is_needed_is_asked_for() {
    let folder = folder("needed");
    let objects = vec![service("reviews"), service("reviews-v2")];
    let server = ApiServer::start(Known {
        objects,
        ..Known::default()
    });
    server.kubeconfig(&folder, &token());
    assert_eq!(with(&folder, JOB).exit, 0);
    let asked = server.asked();
    let once: BTreeSet<&String> = asked.iter().collect();
    assert_eq!(once.len(), asked.len(), "{asked:#?}");
    assert!(
        !asked
            .iter()
            .any(|asked| asked.contains("secrets") || asked.contains("pods?")),
        "{asked:#?}"
    );
    // Of workloads only those where the job is.
    let of_deployments: Vec<_> = asked.iter().filter(|asked| asked.contains("/deployments")).collect();
    assert_eq!(of_deployments, ["/apis/apps/v1/namespaces/demo/deployments?&limit=500"]);
}

#[test]
fn a_missing_right_is_named_with_the_rule_that_gives_it() {
    let folder = folder("forbidden");
    let server = ApiServer::start(Known {
        forbidden: Some("DestinationRule"),
        ..Known::default()
    });
    server.kubeconfig(&folder, &token());
    let ran = with(&folder, JOB);
    assert_eq!((ran.exit, ran.stdout.as_str()), (1, ""));
    assert_eq!(
        ran.stderr,
        "error: context test: no right to list destinationrules.networking.istio.io in all namespaces; a ClusterRole with the rule {apiGroups: [\"networking.istio.io\"], resources: [destinationrules], verbs: [get, list]} gives it; all that is needed: mirrorctl rbac\n"
    );
}

#[test]
fn a_kind_that_the_cluster_does_not_have_has_no_objects() {
    let folder = folder("absent");
    let server = ApiServer::start(Known {
        objects: vec![service("reviews"), service("reviews-v2")],
        absent: &[
            "Rollout",
            "PodMonitor",
            "TrafficExtension",
            "HTTPRoute",
            "GRPCRoute",
            "ReferenceGrant",
            "Gateway",
        ],
        ..Known::default()
    });
    server.kubeconfig(&folder, &token());
    let ran = with(&folder, JOB);
    assert_eq!(ran.exit, 0, "{}", ran.stderr);
}

#[test]
fn what_is_not_in_the_cluster_does_not_exist() {
    let folder = folder("missing");
    let server = ApiServer::start(Known {
        objects: vec![service("reviews")],
        ..Known::default()
    });
    server.kubeconfig(&folder, &token());
    let ran = with(&folder, JOB);
    let offline = with(&folder, &["offline", "reviews-v2", "-n", "demo"]);
    assert_eq!(
        (offline.exit, offline.stderr.as_str()),
        (
            5,
            "error: no object in the cluster of context test is of the job reviews-v2 of namespace demo; give the job itself by -f if its objects are kept in Git\n"
        )
    );
    assert_eq!(
        (ran.exit, ran.stderr.as_str()),
        (
            5,
            "error: the Service reviews-v2 of namespace demo is not in the cluster of context test\n"
        )
    );
}

#[test]
fn a_cluster_that_is_not_there_is_an_error_and_no_kubeconfig_is_none() {
    let folder = folder("nobody");
    let nobody = ApiServer::start(Known::default());
    let text = fs::read_to_string(nobody.kubeconfig(&folder, &token())).expect("written");
    fs::write(
        folder.join("kubeconfig"),
        text.replace(&nobody.address, &server::nobody()),
    )
    .expect("written");
    let ran = with(&folder, JOB);
    assert_eq!(ran.exit, 1);
    assert!(
        ran.stderr.starts_with("error: context test: Connection refused"),
        "{}",
        ran.stderr
    );

    for (args, exit, expected) in [
        (
            &[][..],
            2,
            "error: the Service reviews of namespace demo is not among the objects; add to --objects",
        ),
        (
            &["--context", "a"],
            2,
            "error: --context a: there is no kubeconfig; name one by --kubeconfig, or set KUBECONFIG",
        ),
        (&["--kubeconfig", "none"], 2, "error: none: No such file or directory"),
        (
            &["--kubeconfig", "kubeconfig", "--context", "a"],
            2,
            "error: the kubeconfig has no context a; it has test",
        ),
        (
            &["--kubeconfig", "kubeconfig", "--no-cluster"],
            2,
            "error: the argument",
        ),
        (
            &["--kubeconfig", "kubeconfig", "--objects", "-"],
            2,
            "error: the argument",
        ),
    ] {
        let ran = run(&folder, &[JOB, args].concat(), b"");
        assert_eq!(ran.exit, exit, "{args:?}: {}", ran.stderr);
        assert!(ran.stderr.starts_with(expected), "{args:?}: {}", ran.stderr);
    }
}
