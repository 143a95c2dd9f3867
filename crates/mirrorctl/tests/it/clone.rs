//! Clones, and the policy that lets copies in: what is refused and why.

use std::path::Path;

use crate::common::{Ran, run};

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

/// The target, and a Deployment with this pod.
fn with(pod: &str) -> String {
    format!("{TARGET}{}", deployment(pod))
}

/// The same, and another object.
fn also(object: &str) -> String {
    format!("{}---\n{object}\n", with(POD))
}

#[test]
fn what_is_no_deployment_cannot_be_cloned() {
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
    ] {
        refused(args, &objects, message);
    }
}

#[test]
fn a_container_of_the_clone_must_be_one_of_the_original() {
    refused(
        &["--image", "review=r:2"],
        &with(POD),
        "spec.shadows[0].clone.images: the Deployment reviews-v1 of namespace demo has no container `review`; it has reviews, log",
    );
}

#[test]
fn what_a_clone_would_do_twice_must_be_allowed() {
    for (args, objects, message) in [
        (
            &["--image", "reviews=r:2"][..],
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
    ] {
        refused(args, &objects, message);
    }
}

#[test]
fn a_clone_says_how_many_pods_it_runs() {
    refused(
        &[],
        &with(POD).replace("replicas: 2", "replicas: 0"),
        "spec.shadows[0].clone.replicas: is missing, and the Deployment reviews-v1 of namespace demo runs 0 pods; say how many the clone runs",
    );
}

#[test]
fn a_clone_takes_no_name_that_exists() {
    for (args, objects, message) in [
        (
            &[][..],
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
    ] {
        refused(args, &objects, message);
    }
}

#[test]
fn nothing_that_exists_may_select_the_pods_of_a_clone() {
    for (args, objects, message) in [
        (
            &[][..],
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
    ] {
        refused(args, &objects, message);
    }
}

#[test]
fn a_clone_as_a_subset_comes_step_by_step() {
    for (args, objects, message) in [
        (
            &["--isolation", "subset"][..],
            with(POD),
            "--step is missing; spec.shadows[0].clone.isolation: with `subset` the pods of v2 are endpoints of the Service reviews as soon as they are ready, and get live requests unless routing already keeps these off them; apply --step prepare and wait until the proxies have it, then --step deploy and wait until the pods are ready, then --step mirror; or use isolation `service`, which needs no order",
        ),
        (
            &[
                "--isolation",
                "subset",
                "--step",
                "deploy",
                "--no-virtual-service",
                "--pin-primary",
            ],
            with(POD),
            "spec.shadows[0].clone.isolation: TM050: no VirtualService among the objects sends every request for the Service reviews of namespace demo to subset v1, so the clone's pods would get live ones; apply what --step prepare prints and read the objects anew, or use isolation `service`, which needs no routing",
        ),
    ] {
        refused(args, &objects, message);
    }
}

#[test]
fn nothing_else_may_select_the_pods_of_a_subset() {
    for (args, objects, message) in [
        (
            &["--isolation", "subset", "--step", "deploy"][..],
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
    ] {
        refused(args, &objects, message);
    }
}

#[test]
fn no_policy_is_written_for_the_callers_proxies() {
    refused(
        &["--authorization-policy", "--engine", "native"],
        &with(POD),
        "--authorization-policy: with engine native the callers' own proxies send the copies, so the shadow must allow whom the primary allows; copy the primary's policy, or use engine wasm",
    );
}

#[test]
fn the_name_of_the_clones_service_must_not_be_too_long() {
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
