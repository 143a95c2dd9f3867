//! Whatever the Deployment and the Services are: an isolated clone never gets a live request, and it has nothing of
//! other controllers.

use std::collections::BTreeMap;

use mirrorctl::input::documents;
use mirrorctl::input::{Document, Stdin};
use mirrorctl::istio::IstioVersion;
use mirrorctl::job::{self, Job};
use mirrorctl::manifests::{self, Bundle, Module, Options, Origin, Step};
use mirrorctl::objects::{World, label_selector};
use mirrorctl::place::Place;
use serde_json::{Value, json};

const MODULE: &str =
    "oci://registry.example.com/m@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

const OBJECTS: &str = "apiVersion: v1
kind: Service
metadata: {name: reviews, namespace: demo}
spec: {selector: {app: reviews}, ports: [{name: http, port: 9080}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: reviews-v1, namespace: demo}
spec:
  selector: {matchLabels: {app: reviews}}
  template: {metadata: {labels: {app: reviews}}, spec: {containers: [{name: c, image: i:1}]}}
";

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
    World::of(
        documents("-", &mut Stdin::new(&mut bytes)).unwrap(),
        "demo",
        "cluster.local",
    )
    .expect("a world")
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
        options: mirrorctl::manifests::OptionArgs,
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
    let mut bytes = OBJECTS.as_bytes();
    let world = World::of(
        documents("-", &mut Stdin::new(&mut bytes)).unwrap(),
        "demo",
        "cluster.local",
    )
    .unwrap();
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
    assert_eq!(options().istio, IstioVersion::minor(31));
}
