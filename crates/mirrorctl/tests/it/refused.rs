//! What `generate` refuses is an error of `validate`.

use std::fs;
use std::path::Path;

use crate::common::run;

const MODULE: &str =
    "oci://registry.example.com/traffic-mirror@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

/// What `generate` refuses, `validate` finds, however the world is given; what it takes, it does not.
#[test]
fn a_job_that_generate_refuses_is_an_error_of_validate() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/sidecar");
    let text = |name: &str| fs::read_to_string(folder.join(name)).expect("a file of the golden");
    let (job, objects) = (text("job.yaml"), text("objects.yaml"));
    for (from, to) in [
        ("version: v1", "version: v1"),
        ("name: reviews\n", "name: nothing\n"),
        ("port: 9080", "port: 80"),
        (
            "backendRef:\n      name: reviews-v2",
            "backendRef:\n      name: nothing",
        ),
        (
            "backendRef:\n      name: reviews-v2\n      port: 9080",
            "clone:\n      deployment: nothing\n      version: v2\n      images: {reviews: a}",
        ),
        (
            "backendRef:\n      name: reviews-v2\n      port: 9080",
            "clone:\n      deployment: reviews-v1\n      version: v2\n      images: {nothing: a}",
        ),
    ] {
        assert!(job.contains(from), "{from}: {job}");
        let job = job.replacen(from, to, 1);
        let args = ["generate", "-f", "-", "--objects", "objects.yaml", "--module", MODULE];
        let generated = run(&folder, &args, job.as_bytes());
        let beside = run(&folder, &["validate", "-", "--objects", "objects.yaml"], job.as_bytes());
        let together = format!("{objects}\n---\n{job}");
        let together = run(&folder, &["validate", "-"], together.as_bytes());
        for found in [&beside, &together] {
            let is_found = found.stdout.contains("TM076");
            assert_eq!(is_found, from != to, "{to}: {}{}", generated.stderr, found.stdout);
            assert_eq!(generated.exit == 2, is_found, "{to}: {}", generated.stderr);
            assert_eq!(found.exit == 3, is_found, "{to}: {}", found.stdout);
        }
    }
}

/// A refusal that a flag lifts is none of the job's.
#[test]
fn a_job_that_needs_a_flag_is_no_error_of_validate() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/refused_native_unpinned");
    let job = "apiVersion: traffic-mirror.dev/v1alpha1\nkind: TrafficMirror\nmetadata: {name: reviews-v2, namespace: demo}\n\
               spec:\n  targetRef: {kind: Service, name: reviews, port: 9080}\n  engine: native\n  primary: {version: v1}\n  \
               expiresAt: never\n  shadows: [{percentage: 10, subset: v2}]\n";
    let generate = |flags: &[&str]| {
        let args = ["generate", "-f", "-", "--objects", "objects.yaml"];
        run(&folder, &[&args[..], flags].concat(), job.as_bytes()).exit
    };
    let found = run(&folder, &["validate", "-", "--objects", "objects.yaml"], job.as_bytes());
    assert_eq!(generate(&[]), 2);
    assert_eq!(generate(&["--no-virtual-service"]), 2);
    assert_eq!(generate(&["--no-virtual-service", "--pin-primary"]), 0);
    assert_eq!(found.exit, 0, "{}", found.stdout);
}
