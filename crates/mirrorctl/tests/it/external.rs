//! A shadow outside the mesh: what a job may say of it, and that what is written for it is right for `validate`.

use std::fs;
use std::path::{Path, PathBuf};

use crate::common::run;

const MODULE: &str =
    "oci://registry.example.com/traffic-mirror@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/external")
}

/// What `generate` says of the job with a change.
fn refusal(from: &str, to: &str) -> String {
    let job = fs::read_to_string(folder().join("job.yaml")).expect("the job");
    assert!(job.contains(from), "{from}: {job}");
    let args = ["generate", "-f", "-", "--objects", "objects.yaml", "--module", MODULE];
    let ran = run(&folder(), &args, job.replacen(from, to, 1).as_bytes());
    assert_eq!(ran.exit, 2, "{to}: {}", ran.stdout);
    ran.stderr
}

#[test]
fn what_is_no_host_outside_is_refused_with_its_place() {
    let external = "external: {host: api.example.com, port: 443, tls: {mode: SIMPLE}}";
    for (from, to, wanted) in [
        ("api.example.com", "10.0.0.1", "external.host: `10.0.0.1` is an address"),
        ("api.example.com", "reviews", "external.host: `reviews` has no dot"),
        (
            "api.example.com",
            "reviews.shop.svc.cluster.local",
            "external.host: `reviews.shop.svc.cluster.local` is a Service",
        ),
        (
            ", tls: {mode: SIMPLE}",
            "",
            "external.tls: is missing; port 443 speaks TLS",
        ),
        ("SIMPLE", "ISTIO_MUTUAL", "external.tls.mode: "),
        (
            "mode: SIMPLE",
            "mode: SIMPLE, subjectAltNames: []",
            "external.tls.subjectAltNames: is empty",
        ),
        (
            external,
            "external: {host: api.example.com, port: 80}\n    subset: v2",
            "give exactly one of `backendRef`, `external`, `subset` and `clone`",
        ),
        (
            "  primary: {version: v1}",
            "  dataPlane: waypoint",
            "spec.shadows: a waypoint gets no cluster for a host outside",
        ),
    ] {
        let said = refusal(from, to);
        assert!(said.contains(wanted), "{to}: {said}");
    }
}

#[test]
fn what_is_written_for_a_host_outside_is_good_for_validate() {
    for name in [
        "external",
        "external_native",
        "external_httproute",
        "external_https_entry",
    ] {
        let folder = folder().with_file_name(name);
        let objects = match name {
            "external_https_entry" => "objects.yaml",
            _ => "../external/objects.yaml",
        };
        let ran = run(&folder, &["validate", "expected.yaml", "--objects", objects], b"");
        assert!(!ran.stdout.contains("error "), "{name}: {}", ran.stdout);
        assert!(!ran.stdout.contains("TM007"), "{name}: {}", ran.stdout);
    }
}

#[test]
fn an_authority_of_the_job_goes_before_the_hosts_own() {
    let job = fs::read_to_string(folder().join("job.yaml")).expect("the job");
    let job = job.replace("    redact:", "    authority: {mode: preserve}\n    redact:");
    let args = ["generate", "-f", "-", "--objects", "objects.yaml", "--module", MODULE];
    let ran = run(&folder(), &args, job.as_bytes());
    assert!(ran.stdout.contains("mode: preserve"), "{}{}", ran.stdout, ran.stderr);
    assert!(!ran.stdout.contains("value: api.example.com"), "{}", ran.stdout);
}
