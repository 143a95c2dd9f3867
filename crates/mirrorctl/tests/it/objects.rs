//! What the tool reads from the user's objects: Istio's rules of names, protocols and precedence, as tables.

use mirrorctl::input::documents;
use mirrorctl::input::{Document, Stdin};
use mirrorctl::objects::{Labels, Object, Protocol, TargetPort, World, fully_qualified, host_covers, kinds, selects};
use mirrorctl::place::Place;

use serde_json::json;

const HOST: &str = "reviews.demo.svc.cluster.local";

fn world(text: &str) -> World {
    let mut bytes = text.as_bytes();
    World::of(
        documents("-", &mut Stdin::new(&mut bytes)).unwrap(),
        "demo",
        "cluster.local",
    )
    .unwrap()
}

fn labels(pairs: &[(&str, &str)]) -> Labels {
    pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

fn names(objects: &[&Object]) -> Vec<String> {
    objects
        .iter()
        .map(|object| format!("{}/{}", object.namespace, object.name()))
        .collect()
}

#[test]
fn a_host_without_a_dot_is_a_service_of_the_namespace_and_one_with_a_dot_is_itself() {
    for (host, full) in [
        ("reviews", HOST),
        ("reviews.demo", "reviews.demo"),
        (HOST, HOST),
        ("*", "*"),
        ("*.demo", "*.demo"),
    ] {
        assert_eq!(fully_qualified(host, "demo", "cluster.local"), full);
    }
    for (pattern, covers) in [
        (HOST, true),
        ("*", true),
        ("*.demo.svc.cluster.local", true),
        ("*.other.svc.cluster.local", false),
        ("reviews", false),
    ] {
        assert_eq!(host_covers(pattern, HOST), covers, "{pattern}");
    }
}

#[test]
fn a_port_speaks_what_istio_takes_it_to_speak() {
    for (port, protocol) in [
        ("{name: http, port: 80}", Protocol::Http),
        ("{name: HTTP-web, port: 80}", Protocol::Http),
        ("{name: http2-a, port: 80}", Protocol::Http),
        ("{name: grpc, port: 80}", Protocol::Http),
        ("{name: grpc-web-a, port: 80}", Protocol::Http),
        ("{name: httpx, port: 80}", Protocol::Undeclared),
        ("{name: web, port: 80}", Protocol::Undeclared),
        ("{port: 80}", Protocol::Undeclared),
        ("{name: mysql-a, port: 80}", Protocol::Opaque),
        ("{name: https, port: 443}", Protocol::Opaque),
        ("{name: tcp, appProtocol: http, port: 80}", Protocol::Http),
        ("{name: http, appProtocol: tcp, port: 80}", Protocol::Opaque),
        ("{name: a, appProtocol: kubernetes.io/h2c, port: 80}", Protocol::Http),
        ("{name: http, protocol: UDP, port: 80}", Protocol::Udp),
        ("{name: db, port: 3306}", Protocol::Opaque),
        ("{name: http, port: 3306}", Protocol::Http),
    ] {
        let world = world(&format!(
            "{{apiVersion: v1, kind: Service, metadata: {{name: reviews}}, spec: {{ports: [{port}]}}}}"
        ));
        let ports = world.service("demo", "reviews").unwrap().ports().unwrap();
        assert_eq!(ports[0].protocol, protocol, "{port}");
    }
}

#[test]
fn a_named_target_port_is_what_the_pods_of_the_version_say() {
    let deployment = |name: &str, version: &str, port: u16| {
        format!(
            "---\n{{apiVersion: apps/v1, kind: Deployment, metadata: {{name: {name}, namespace: demo}}, spec: {{template: {{metadata: {{labels: {{app: reviews, version: {version}}}}}, spec: {{containers: [{{ports: [{{name: web, containerPort: {port}}}]}}]}}}}}}}}\n"
        )
    };
    let world = world(&format!(
        "{{apiVersion: v1, kind: Service, metadata: {{name: reviews}}, spec: {{selector: {{app: reviews}}, ports: [{{port: 80, targetPort: web}}, {{port: 81}}, {{port: 82, targetPort: 8082}}]}}}}\n{}{}",
        deployment("one", "v1", 8081),
        deployment("two", "v2", 8082)
    ));
    let service = world.service("demo", "reviews").unwrap();
    let ports = service.ports().unwrap();
    assert_eq!(ports[0].target, TargetPort::Name("web".to_owned()));
    assert_eq!(
        service.target_port(&ports[0], &labels(&[("version", "v1")])).unwrap(),
        8081
    );
    assert_eq!(
        service.target_port(&ports[0], &labels(&[("version", "v2")])).unwrap(),
        8082
    );
    assert_eq!(
        service.target_port(&ports[1], &Labels::new()).unwrap(),
        81,
        "absent is the port itself"
    );
    assert_eq!(service.target_port(&ports[2], &Labels::new()).unwrap(), 8082);
    assert_eq!(
        service.target_port(&ports[0], &Labels::new()).unwrap_err().to_string(),
        "the port `web` of the Service reviews of namespace demo is 8081 in the Deployment one of namespace demo and 8082 in the Deployment two of namespace demo; name one version by `spec.primary`"
    );
    let missing = service
        .target_port(&ports[0], &labels(&[("version", "v3")]))
        .unwrap_err();
    assert!(
        missing.to_string().ends_with("kubectl get deployments -n demo -o yaml"),
        "{missing}"
    );
}

#[test]
fn a_selector_without_labels_selects_nothing() {
    let pod = labels(&[("app", "reviews"), ("version", "v1")]);
    assert!(selects(&labels(&[("app", "reviews")]), &pod));
    assert!(!selects(&labels(&[("app", "reviews"), ("version", "v2")]), &pod));
    assert!(!selects(&Labels::new(), &pod));
}

#[test]
fn the_oldest_virtual_service_of_a_host_comes_first() {
    let world = world(
        "
{apiVersion: networking.istio.io/v1, kind: VirtualService, metadata: {name: young, creationTimestamp: 2026-02-01T00:00:00Z}, spec: {hosts: [reviews]}}
---
{apiVersion: networking.istio.io/v1beta1, kind: VirtualService, metadata: {name: old, creationTimestamp: 2026-01-01T00:00:00Z}, spec: {hosts: [ratings, reviews.demo.svc.cluster.local]}}
---
{apiVersion: networking.istio.io/v1, kind: VirtualService, metadata: {name: short, namespace: other}, spec: {hosts: [reviews]}}
---
{apiVersion: networking.istio.io/v1, kind: VirtualService, metadata: {name: hidden, namespace: other}, spec: {hosts: [reviews.demo.svc.cluster.local], exportTo: [.]}}
",
    );
    assert_eq!(names(&world.virtual_services(HOST, "demo")), ["demo/old", "demo/young"]);
    assert_eq!(
        names(&world.virtual_services(HOST, "other")),
        ["other/hidden", "demo/old", "demo/young"]
    );
}

#[test]
fn a_destination_rule_of_the_clients_namespace_hides_those_of_the_service() {
    let rule = |name: &str, namespace: &str, host: &str, subset: &str| {
        format!(
            "---\n{{apiVersion: networking.istio.io/v1, kind: DestinationRule, metadata: {{name: {name}, namespace: {namespace}}}, spec: {{host: {host}, subsets: [{{name: {subset}, labels: {{version: {subset}}}}}]}}}}\n"
        )
    };
    let own = [
        rule("a", "demo", "reviews", "v1"),
        rule("b", "demo", HOST, "v2"),
        rule("wide", "demo", "\"*.demo.svc.cluster.local\"", "v3"),
    ]
    .concat();
    let world_of_service = world(&own);
    assert_eq!(
        names(&world_of_service.destination_rules(HOST, "demo", "demo")),
        ["demo/a", "demo/b"],
        "merged, without the wider one"
    );
    assert_eq!(
        world_of_service.subset(HOST, "demo", "demo", "v2"),
        Some(labels(&[("version", "v2")]))
    );
    assert_eq!(world_of_service.subset(HOST, "demo", "demo", "v3"), None);
    let hidden = world(
        &[
            own.clone(),
            rule("c", "client", HOST, "v9"),
            rule("root", "istio-system", HOST, "v0"),
        ]
        .concat(),
    );
    assert_eq!(names(&hidden.destination_rules(HOST, "client", "demo")), ["client/c"]);
    assert_eq!(
        names(&hidden.destination_rules(HOST, "another", "demo")),
        ["demo/a", "demo/b"]
    );
    assert_eq!(
        hidden.subset(HOST, "client", "demo", "v2"),
        None,
        "hidden by the client's own"
    );
    let root = world(&rule("root", "istio-system", HOST, "v0"));
    assert_eq!(
        names(&root.destination_rules(HOST, "demo", "demo")),
        ["istio-system/root"]
    );
}

#[test]
fn the_sidecar_that_selects_a_pod_goes_before_that_of_its_namespace_and_of_the_mesh() {
    let text = "
{apiVersion: networking.istio.io/v1, kind: Sidecar, metadata: {name: default}, spec: {egress: []}}
---
{apiVersion: networking.istio.io/v1, kind: Sidecar, metadata: {name: reviews}, spec: {workloadSelector: {labels: {app: reviews}}}}
---
{apiVersion: networking.istio.io/v1, kind: Sidecar, metadata: {name: mesh, namespace: istio-system}, spec: {}}
";
    let world = world(text);
    let name = |namespace: &str, app: &str| world.sidecar(namespace, &labels(&[("app", app)])).map(Object::name);
    assert_eq!(name("demo", "reviews"), Some("reviews"));
    assert_eq!(name("demo", "ratings"), Some("default"));
    assert_eq!(name("other", "reviews"), Some("mesh"));
}

#[test]
fn the_http_routes_of_a_service_are_those_that_name_it_as_a_parent() {
    let world = world(
        "
{apiVersion: gateway.networking.k8s.io/v1, kind: HTTPRoute, metadata: {name: mesh}, spec: {parentRefs: [{group: \"\", kind: Service, name: reviews}]}}
---
{apiVersion: gateway.networking.k8s.io/v1, kind: HTTPRoute, metadata: {name: edge}, spec: {parentRefs: [{name: reviews}]}}
---
{apiVersion: gateway.networking.k8s.io/v1, kind: HTTPRoute, metadata: {name: consumer, namespace: other}, spec: {parentRefs: [{group: \"\", kind: Service, name: reviews, namespace: demo}]}}
",
    );
    assert_eq!(
        names(&world.routes(kinds::HTTP_ROUTE, kinds::SERVICE, "demo", "reviews")),
        ["demo/mesh", "other/consumer"]
    );
    assert_eq!(
        names(&world.routes(kinds::HTTP_ROUTE, kinds::GATEWAY, "demo", "reviews")),
        ["demo/edge"]
    );
}

#[test]
fn a_list_and_the_same_object_twice_are_taken_once() {
    let service = "{apiVersion: v1, kind: Service, metadata: {name: reviews}}";
    let world = world(&format!(
        "{{apiVersion: v1, kind: List, items: [{service}]}}\n---\n{{apiVersion: v1, kind: ServiceList, items: [{service}]}}\n---\n{service}\n"
    ));
    assert_eq!(world.all(kinds::SERVICE).count(), 1);
    assert_eq!(
        world.objects[0].place.to_string(),
        "standard input (document 1, item 1)"
    );
}

/// An object of the user's own kind may have a field `items`.
#[test]
fn only_a_list_is_taken_apart() {
    let world = world("{apiVersion: example.com/v1, kind: Basket, metadata: {name: a}, items: [1], spec: {}}");
    assert_eq!(
        world.objects[0].value.to_string(),
        r#"{"apiVersion":"example.com/v1","kind":"Basket","metadata":{"name":"a"},"items":[1],"spec":{}}"#
    );
}

/// A Deployment that an application owns was once taken for no workload, so nobody was behind its Service.
#[test]
fn a_workload_is_one_that_no_other_workload_owns() {
    let object = |kind: &str, name: &str, owner: &str| {
        format!("---\n{{apiVersion: apps/v1, kind: {kind}, metadata: {{name: {name}, ownerReferences: [{owner}]}}}}\n")
    };
    let text = [
        object(
            "Deployment",
            "of-an-application",
            "{apiVersion: app.k8s.io/v1beta1, kind: Application, name: a}",
        ),
        object(
            "ReplicaSet",
            "of-a-rollout",
            "{apiVersion: argoproj.io/v1alpha1, kind: Rollout, name: a}",
        ),
        object(
            "ReplicaSet",
            "of-a-deployment",
            "{apiVersion: apps/v1, kind: Deployment, name: a}",
        ),
    ];
    let world = world(&text.concat());
    let found: Vec<&str> = world.workloads("demo").map(|workload| workload.object.name()).collect();
    assert_eq!(found, ["of-an-application", "of-a-rollout"]);
}

#[test]
fn a_label_selector_selects_by_labels_and_expressions() {
    for (selector, selected) in [
        ("{}", true),
        ("{matchLabels: {app: reviews}}", true),
        ("{matchLabels: {app: ratings}}", false),
        (
            "{matchExpressions: [{key: app, operator: In, values: [ratings, reviews]}]}",
            true,
        ),
        ("{matchExpressions: [{key: app, operator: In, values: []}]}", false),
        (
            "{matchExpressions: [{key: app, operator: NotIn, values: [reviews]}]}",
            false,
        ),
        (
            "{matchExpressions: [{key: tier, operator: NotIn, values: [reviews]}]}",
            true,
        ),
        ("{matchExpressions: [{key: app, operator: Exists}]}", true),
        ("{matchExpressions: [{key: app, operator: DoesNotExist}]}", false),
        (
            "{matchExpressions: [{key: app, operator: Exists}, {key: tier, operator: Exists}]}",
            false,
        ),
        (
            "{matchLabels: {app: reviews}, matchExpressions: [{key: tier, operator: Exists}]}",
            false,
        ),
    ] {
        let world = world(&format!(
            "{{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {{name: a}}, spec: {{selector: {selector}}}}}"
        ));
        let selecting = world.selecting("demo").next().expect("it selects pods");
        assert_eq!(
            selecting.selects(&labels(&[("app", "reviews")])),
            selected,
            "{selector}"
        );
    }
}

/// Every object was once compared with all before it: ten thousand took minutes.
#[test]
fn a_large_world_is_read_in_time_linear_in_its_objects() {
    let documents = (0..50_000).map(|number| Document {
        place: Place::file("large.yaml"),
        value: json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": format!("s{number}"), "namespace": "demo"}}),
    });
    let world = World::of(documents.collect(), "demo", "cluster.local").expect("a world");
    assert_eq!(world.objects.len(), 50_000);
    assert!(world.find(kinds::SERVICE, "demo", "s49999").is_some());
}
