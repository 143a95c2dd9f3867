//! Clones: what is refused and why, and that an isolated clone never gets a live request and has nothing of other
//! controllers, whatever the Deployment and the Services are.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests"
)]

mod common;

use std::collections::BTreeMap;
use std::path::Path;

use common::{Ran, run};
use mirrorctl::input::{Document, Place, Stdin};
use mirrorctl::job::{self, Job};
use mirrorctl::manifests::{self, Bundle, IstioVersion, Module, Options, Origin, Step};
use mirrorctl::objects::{World, label_selector};
use serde_json::{Value, json};

const MODULE: &str =
    "oci://registry.example.com/m@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

const TARGET: &str = "apiVersion: v1
kind: Service
metadata: {name: reviews, namespace: demo}
spec: {selector: {app: reviews}, ports: [{name: http, port: 9080}]}
";

const POD: &str = "containers: [{name: reviews, image: r:1}, {name: log, image: l:1}]";

fn deployment(pod: &str) -> String {
    format!(
        "---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: reviews-v1, namespace: demo}}
spec:
  replicas: 2
  selector: {{matchLabels: {{app: reviews, version: v1}}}}
  template: {{metadata: {{labels: {{app: reviews, version: v1}}}}, spec: {{{pod}}}}}
"
    )
}

fn generate(args: &[&str], objects: &str) -> Ran {
    let mut all: Vec<&str> = "generate reviews-v2 --service reviews -n demo --port 9080 --primary v1 --clone reviews-v1 --version v2 --expires-at never --objects -"
        .split(' ')
        .collect();
    all.extend(["--module", MODULE]);
    all.extend(args);
    run(Path::new("."), &all, objects.as_bytes())
}

#[track_caller]
fn refused(args: &[&str], objects: &str, message: &str) {
    let ran = generate(args, objects);
    assert_eq!((ran.exit, ran.stdout.as_str()), (2, ""), "{args:?}: {}", ran.stderr);
    assert_eq!(ran.stderr, format!("error: {message}\n"), "{args:?}\n{objects}");
}

#[test]
fn what_cannot_be_cloned_is_refused_with_the_reason() {
    let with = |pod: &str| format!("{TARGET}{}", deployment(pod));
    let also = |object: &str| format!("{}---\n{object}\n", with(POD));
    for (args, objects, message) in [
        (
            &[][..],
            TARGET.to_owned(),
            "the Deployment reviews-v1 of namespace demo is not among the objects; add to --objects the output of: kubectl get deployments reviews-v1 -n demo -o yaml",
        ),
        (
            &[],
            format!(
                "{TARGET}---\n{{apiVersion: apps/v1, kind: StatefulSet, metadata: {{name: reviews-v1, namespace: demo}}}}"
            ),
            "spec.shadows[0].clone.deployment: workload type not supported: the StatefulSet reviews-v1 of namespace demo is no Deployment; its pods have identities and volumes of their own, so run the new version yourself and name its Service by backendRef",
        ),
        (
            &["--image", "review=r:2"],
            with(POD),
            "spec.shadows[0].clone.images: the Deployment reviews-v1 of namespace demo has no container `review`; it has reviews, log",
        ),
        (
            &["--image", "reviews=r:2"],
            with(
                "initContainers: [{name: migrate, image: m:1}, {name: proxy, image: p:1, restartPolicy: Always}], containers: [{name: reviews, image: r:1}]",
            ),
            "spec.shadows[0].clone: TM051: the Deployment reviews-v1 of namespace demo has init containers (migrate), which the clone would run again: a migration or a registration would be made twice; if that does no harm, add `initContainers` to spec.shadows[0].clone.allow (--allow initContainers)",
        ),
        (
            &["--allow", "initContainers"],
            with(
                "containers: [{name: reviews}], volumes: [{name: tmp, emptyDir: {}}, {name: data, persistentVolumeClaim: {claimName: data}}, {name: node, hostPath: {path: /var}}]",
            ),
            "spec.shadows[0].clone: TM052: the Deployment reviews-v1 of namespace demo mounts persistent volumes (data, node), to which the clone would write beside it; if that does no harm, add `persistentVolumes` to spec.shadows[0].clone.allow (--allow persistentVolumes)",
        ),
        (
            &["--allow", "everything"],
            with(POD),
            "the job of the flags: spec.shadows[0].clone.allow[0]: \"everything\" is not one of `initContainers`, `persistentVolumes`",
        ),
        (
            &[],
            with(POD).replace("replicas: 2", "replicas: 0"),
            "spec.shadows[0].clone.replicas: is missing, and the Deployment reviews-v1 of namespace demo runs 0 pods; say how many the clone runs",
        ),
        (
            &[],
            also("{apiVersion: v1, kind: Service, metadata: {name: reviews-v2, namespace: demo}, spec: {}}"),
            "spec.shadows[0].clone.version: the Service reviews-v2 of namespace demo (standard input (document 3)) exists and is not of this job; give the clone another version",
        ),
        (
            &[],
            also(
                "{apiVersion: apps/v1, kind: Deployment, metadata: {name: reviews-v2, namespace: demo, labels: {app.kubernetes.io/managed-by: mirrorctl, traffic-mirror.dev/job: other}}, spec: {}}",
            ),
            "spec.shadows[0].clone.version: the Deployment reviews-v2 of namespace demo (standard input (document 3)) exists and is not of this job; give the clone another version",
        ),
        (
            &[],
            also(
                "{apiVersion: v1, kind: Service, metadata: {name: canary, namespace: demo}, spec: {selector: {version: v2}}}",
            ),
            "spec.shadows[0].clone: the Service canary of namespace demo (standard input (document 3)) selects {\"version\":\"v2\"} and would send the clone live requests; give the clone another version, or change that selector",
        ),
        (
            &[],
            also(
                "{apiVersion: apps/v1, kind: Deployment, metadata: {name: greedy, namespace: demo}, spec: {selector: {matchExpressions: [{key: version, operator: NotIn, values: [v1]}]}}}",
            ),
            "spec.shadows[0].clone: the Deployment greedy of namespace demo (standard input (document 3)) selects {\"matchExpressions\":[{\"key\":\"version\",\"operator\":\"NotIn\",\"values\":[\"v1\"]}]} and would take the clone's pods for its own; give the clone another version, or change that selector",
        ),
        (
            &["--isolation", "subset"],
            with(POD),
            "--step is missing; spec.shadows[0].clone.isolation: with `subset` the pods of v2 are endpoints of the Service reviews as soon as they are ready, and get live requests unless routing already keeps these off them; apply --step prepare and wait until the proxies have it, then --step deploy and wait until the pods are ready, then --step mirror; or use isolation `service`, which needs no order",
        ),
        (
            &["--isolation", "subset", "--step", "deploy"],
            with(POD),
            "spec.shadows[0].clone.isolation: TM050: no VirtualService among the objects sends every request for the Service reviews of namespace demo to subset v1, so the clone's pods would get live ones; write that first, or use isolation `service`, which needs no routing",
        ),
        (
            &["--isolation", "subset", "--step", "deploy"],
            also(
                "{apiVersion: v1, kind: Service, metadata: {name: all, namespace: demo}, spec: {selector: {app: reviews}}}",
            ),
            "spec.shadows[0].clone: the Service all of namespace demo (standard input (document 3)) selects {\"app\":\"reviews\"} and would send the clone live requests; use isolation `service`, which gives the pods labels of their own",
        ),
        (
            &["--isolation", "subset", "--step", "deploy"],
            with(POD).replace(
                "matchLabels: {app: reviews, version: v1}",
                "matchLabels: {app: reviews}",
            ),
            "spec.shadows[0].clone: the Deployment reviews-v1 of namespace demo (standard input (document 2)) selects {\"matchLabels\":{\"app\":\"reviews\"}} and would take the clone's pods for its own; use isolation `service`, which gives the pods labels of their own",
        ),
        (
            &["--authorization-policy", "--engine", "native"],
            with(POD),
            "--authorization-policy: with engine native the callers' own proxies send the copies, so the shadow must allow whom the primary allows; copy the primary's policy, or use engine wasm",
        ),
    ] {
        refused(args, &objects, message);
    }
    let long = "v".repeat(60);
    let ran = run(
        Path::new("."),
        &[
            "generate",
            "j",
            "--service",
            "reviews",
            "-n",
            "demo",
            "--clone",
            "reviews-v1",
            "--version",
            &long,
            "--expires-at",
            "never",
            "--objects",
            "-",
            "--module",
            MODULE,
        ],
        with(POD).as_bytes(),
    );
    assert!(ran.stderr.contains("give a shorter version"), "{}", ran.stderr);
}

/// The first policy that allows someone denies everyone else, so it is not written for pods that others may call.
#[test]
fn a_policy_is_written_only_where_it_takes_nothing_from_others() {
    let objects = format!(
        "{TARGET}{}---\n{{apiVersion: v1, kind: Service, metadata: {{name: next, namespace: demo}}, spec: {{selector: {{app: next}}, ports: [{{name: http, port: 9080}}]}}}}\n---\n{{apiVersion: apps/v1, kind: Deployment, metadata: {{name: next, namespace: demo}}, spec: {{template: {{metadata: {{labels: {{app: next}}}}}}}}}}\n",
        deployment(POD)
    );
    let backend = |args: &[&str], objects: &str| {
        let mut all: Vec<&str> =
            "generate j --service reviews -n demo --primary v1 --backend next --expires-at never --objects -"
                .split(' ')
                .collect();
        all.extend(["--module", MODULE]);
        all.extend(args);
        run(Path::new("."), &all, objects.as_bytes())
    };
    let ran = backend(&["--authorization-policy"], &objects);
    assert_eq!((ran.exit, ran.stdout.as_str()), (2, ""));
    assert!(ran.stderr.contains("would deny all others"), "{}", ran.stderr);
    // Without the flag there is nothing to say; with a policy that selects the shadow there is.
    assert_eq!(backend(&[], &objects).stderr, "");
    for (policy, limits) in [
        ("spec: {selector: {matchLabels: {app: next}}}", true),
        ("spec: {}", true),
        ("spec: {selector: {matchLabels: {app: reviews}}}", false),
        ("spec: {action: DENY, selector: {matchLabels: {app: next}}}", false),
        ("spec: {targetRefs: [{kind: Service, name: next}]}", false),
    ] {
        let object = format!(
            "{objects}---\napiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {{name: p, namespace: demo}}\n{policy}\n"
        );
        let ran = backend(&[], &object);
        assert_eq!(ran.exit, 0, "{}", ran.stderr);
        assert_eq!(
            ran.stderr
                .contains("unless that allows cluster.local/ns/demo/sa/default"),
            limits,
            "{policy}: {}",
            ran.stderr
        );
        let ran = backend(&["--authorization-policy"], &object);
        assert_eq!(ran.exit == 0, limits, "{policy}: {}", ran.stderr);
        assert_eq!(
            ran.stdout.contains("- cluster.local/ns/demo/sa/default"),
            limits,
            "{policy}"
        );
    }
}

/// What is generated is applied, and read again with what the API server adds: it is ours, and is generated again.
#[test]
fn a_clone_that_exists_is_generated_again() {
    let objects = format!("{TARGET}{}", deployment(POD));
    let first = generate(&[], &objects);
    assert_eq!(first.exit, 0, "{}", first.stderr);
    let applied = first.stdout.replacen(
        "spec:\n  replicas: 2",
        "status:\n  readyReplicas: 2\nspec:\n  replicas: 2",
        1,
    );
    assert_ne!(applied, first.stdout);
    let again = generate(&[], &format!("{objects}---\n{applied}"));
    assert_eq!(again, first);
}

// === whatever the Deployment and the Services are ===

/// Numbers that are the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound as u64) as usize
    }

    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }

    fn labels(&mut self, most: usize) -> BTreeMap<String, String> {
        let keys = [
            "app",
            "version",
            "tier",
            "team.example.com/name",
            "app.kubernetes.io/name",
            "app.kubernetes.io/instance",
            "app.kubernetes.io/managed-by",
            "service.istio.io/canonical-name",
            "service.istio.io/canonical-revision",
            "sidecar.istio.io/inject",
            "traffic-mirror.dev/job",
            "traffic-mirror.dev/shadow",
            "pod-template-hash",
            "helm.sh/chart",
            "kustomize.toolkit.fluxcd.io/name",
            "argocd.argoproj.io/instance",
        ];
        let values = ["reviews", "reviews-v2", "v1", "v2", "job", "Helm", "true"];
        (0..self.below(most + 1))
            .map(|_| (self.one(&keys).to_owned(), self.one(&values).to_owned()))
            .collect()
    }

    fn annotations(&mut self) -> Value {
        let keys = [
            "kubectl.kubernetes.io/last-applied-configuration",
            "kubectl.kubernetes.io/restartedAt",
            "deployment.kubernetes.io/revision",
            "argocd.argoproj.io/tracking-id",
            "meta.helm.sh/release-name",
            "fluxcd.io/sync-checksum",
            "kubernetes.io/change-cause",
            "example.com/mine",
        ];
        let some: BTreeMap<&str, &str> = (0..self.below(6)).map(|_| (self.one(&keys), "x")).collect();
        json!(some)
    }

    fn selector(&mut self) -> Value {
        let mut selector = json!({"matchLabels": self.labels(2)});
        if self.below(3) == 0 {
            let operator = self.one(&["In", "NotIn", "Exists", "DoesNotExist"]);
            let mut expression = json!({"key": self.one(&["app", "version", "tier"]), "operator": operator});
            if operator.ends_with("In") {
                expression["values"] = json!([self.one(&["reviews", "reviews-v2", "v2"])]);
            }
            selector["matchExpressions"] = json!([expression]);
        }
        selector
    }
}

fn world(objects: &[Value]) -> World {
    let list = json!({"apiVersion": "v1", "kind": "List", "items": objects}).to_string();
    let mut bytes = list.as_bytes();
    World::read(&["-".to_owned()], "demo", "cluster.local", &mut Stdin::new(&mut bytes)).expect("a world")
}

fn clone_job() -> Job {
    let document = Document {
        place: Place::file("job"),
        value: json!({
            "apiVersion": job::API_VERSION, "kind": job::KIND,
            "metadata": {"name": "job", "namespace": "demo"},
            "spec": {
                "targetRef": {"kind": "Service", "name": "reviews", "port": 9080},
                "expiresAt": "never",
                "shadows": [{"clone": {"deployment": "reviews-v1", "version": "v2", "images": {"c": "i:2"}}}],
            },
        }),
    };
    job::read(document).expect("a job")
}

fn bundle(job: &Job, world: &World) -> mirrorctl::error::Result<Bundle> {
    let options = Options {
        module: Some(MODULE.parse::<Module>().expect("a module")),
        authorization_policy: false,
        ..options()
    };
    manifests::bundle(job, world, &options)
}

fn options() -> Options {
    use clap::Parser;
    #[derive(Parser)]
    struct Args {
        #[command(flatten)]
        options: mirrorctl::cli::OptionArgs,
    }
    Args::parse_from(["test"]).options.options()
}

/// The rule of a Service, written down once more.
fn serves(service: &Value, pod: &Value) -> bool {
    let selector = service["spec"]["selector"].as_object();
    selector
        .is_some_and(|selector| !selector.is_empty() && selector.iter().all(|(key, value)| pod.get(key) == Some(value)))
}

#[test]
fn no_service_that_exists_ever_selects_an_isolated_clone_and_it_has_nothing_of_other_controllers() {
    let job = clone_job();
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    let (mut made, mut refused) = (0, 0);
    for round in 0..1000 {
        let mut labels = dice.labels(6);
        labels.insert("app".to_owned(), "reviews".to_owned());
        let mut selector = dice.labels(2);
        selector.retain(|key, value| labels.get(key) == Some(value));
        selector.insert("app".to_owned(), "reviews".to_owned());
        let mut objects = vec![
            json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "reviews", "namespace": "demo"},
                   "spec": {"selector": selector, "ports": [{"name": "http", "port": 9080, "nodePort": 30000}]}}),
            json!({"apiVersion": "apps/v1", "kind": "Deployment",
                   "metadata": {"name": "reviews-v1", "namespace": "demo", "uid": "u", "resourceVersion": "1", "generation": 2,
                                "creationTimestamp": "2026-01-01T00:00:00Z", "selfLink": "/x", "managedFields": [{}],
                                "ownerReferences": [{"kind": "Application", "name": "a"}], "finalizers": ["a/b"],
                                "labels": dice.labels(6), "annotations": dice.annotations()},
                   "spec": {"replicas": 1, "selector": {"matchLabels": labels},
                            "template": {"metadata": {"creationTimestamp": null, "labels": labels, "annotations": dice.annotations()},
                                         "spec": {"containers": [{"name": "c", "image": "i:1"}]}}},
                   "status": {"replicas": 1}}),
        ];
        for index in 0..dice.below(6) {
            objects.push(json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": format!("s{index}"), "namespace": "demo"},
                                "spec": {"selector": dice.labels(2), "ports": [{"port": 80}]}}));
        }
        if dice.below(4) == 0 {
            let kind = dice.one(&["Deployment", "StatefulSet", "ReplicaSet"]);
            objects.push(json!({"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": "other", "namespace": "demo"},
                                "spec": {"selector": dice.selector(), "template": {"metadata": {"labels": {"a": "b"}}}}}));
        }
        let before = world(&objects);
        let Ok(bundle) = bundle(&job, &before) else {
            refused += 1;
            continue;
        };
        made += 1;
        let ours: Vec<&Value> = bundle.manifests(None).map(|manifest| &manifest.object).collect();
        let kind = |kind: &str| *ours.iter().find(|object| object["kind"] == kind).expect(kind);
        let (service, clone) = (kind("Service"), kind("Deployment"));
        let pod = &clone["spec"]["template"]["metadata"]["labels"];
        let pod_labels = serde_json::from_value(pod.clone()).expect("labels");
        for object in &objects {
            match object["kind"].as_str() {
                Some("Service") => assert!(!serves(object, pod), "round {round}: {object} serves {pod}"),
                _ => assert!(
                    !label_selector(&object["spec"]["selector"], &pod_labels),
                    "round {round}: {object} owns {pod}"
                ),
            }
        }
        assert!(serves(service, pod), "round {round}: its own Service selects it");
        assert!(
            label_selector(&clone["spec"]["selector"], &pod_labels),
            "round {round}: its Deployment selects it"
        );
        for original in objects.iter().filter(|object| object["kind"] == "Deployment") {
            let labels = &original["spec"]["template"]["metadata"]["labels"];
            assert!(
                !serves(service, labels),
                "round {round}: the clone's Service serves {labels}"
            );
            let labels = serde_json::from_value(labels.clone()).expect("labels");
            assert!(
                !label_selector(&clone["spec"]["selector"], &labels),
                "round {round}: the clone owns pods of others"
            );
        }
        has_nothing_of_others(clone, round);
        assert!(service["spec"]["ports"][0].get("nodePort").is_none());
    }
    assert!(made > 200 && refused > 20, "made {made}, refused {refused}");
}

fn has_nothing_of_others(clone: &Value, round: usize) {
    let metadata = clone["metadata"].as_object().expect("metadata");
    for key in metadata.keys() {
        assert!(
            ["name", "namespace", "labels", "annotations"].contains(&key.as_str()),
            "round {round}: metadata.{key}"
        );
    }
    assert!(clone.get("status").is_none(), "round {round}");
    let template = &clone["spec"]["template"]["metadata"];
    assert!(template.get("creationTimestamp").is_none(), "round {round}");
    let all = [&clone["metadata"], template]
        .into_iter()
        .flat_map(|metadata| [&metadata["labels"], &metadata["annotations"]])
        .filter_map(Value::as_object)
        .flatten();
    for (key, value) in all {
        for others in [
            "argoproj.io",
            "fluxcd.io",
            "helm.sh",
            "kubectl.kubernetes.io",
            "deployment.kubernetes.io",
            "change-cause",
            "pod-template-hash",
            "app.kubernetes.io/instance",
        ] {
            assert!(!key.contains(others), "round {round}: {key}");
        }
        assert!(
            key != "app.kubernetes.io/managed-by" || value == "mirrorctl",
            "round {round}: {key}={value}"
        );
    }
}

/// A Service goes before the pods, and the pods before the copies.
#[test]
fn what_makes_a_clone_is_ours_and_comes_step_by_step() {
    let objects = format!("{TARGET}{}", deployment("containers: [{name: c, image: i:1}]"));
    let mut bytes = objects.as_bytes();
    let world = World::read(&["-".to_owned()], "demo", "cluster.local", &mut Stdin::new(&mut bytes)).unwrap();
    let bundle = bundle(&clone_job(), &world).unwrap();
    let steps: Vec<(Step, &str)> = bundle
        .manifests(None)
        .map(|manifest| (manifest.step, manifest.object["kind"].as_str().unwrap()))
        .collect();
    assert_eq!(
        steps,
        [
            (Step::Prepare, "Service"),
            (Step::Deploy, "Deployment"),
            (Step::Mirror, "TrafficExtension")
        ]
    );
    assert!(bundle.manifests(None).all(|manifest| manifest.origin == Origin::Ours));
    assert_eq!(options().istio, IstioVersion { major: 1, minor: 31 });
}
