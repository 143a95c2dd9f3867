//! How a job is read: strictly, with its defaults, and refused by the path that the user wrote.

use mirrorctl::input::Document;
use mirrorctl::job::{self, Expiry, Job};
use mirrorctl::place::Place;
use mirrorctl::time::Time;
use mirrorctl::yaml;

const JOB: &str = "
apiVersion: traffic-mirror.dev/v1alpha1
kind: TrafficMirror
metadata: {name: reviews-v2, namespace: demo}
spec:
  targetRef: {kind: Service, name: reviews, port: 9080}
  primary: {version: v1}
  expiresAt: \"2026-12-01T18:00:00+01:00\"
  shadows:
  - percentage: 10
    backendRef: {name: reviews-v2, port: 9080}
    match:
    - method: {exact: GET}
";

const ENVOY_JOB: &str = "
apiVersion: traffic-mirror.dev/v1alpha1
kind: TrafficMirror
metadata: {name: shop}
spec:
  targetRef: {kind: Listener, name: \"any 0.0.0.0_80\", port: 10000}
  dataPlane: envoy
  expiresAt: never
  shadows:
  - name: one
    endpoint: {host: \"::1\", port: 8080}
  - name: two
    endpoint: {host: shadow.example.com, port: 443, protocol: HTTP2, tls: {caFile: /etc/ca.pem}}
";

fn read(text: &str) -> Result<Job, String> {
    let mut values = yaml::read(text).map_err(|problem| format!("{problem:?}"))?;
    job::read(Document {
        place: Place::file("job.yaml"),
        value: values.remove(0),
    })
    .map_err(|error| error.to_string())
}

/// What is said about the job in which one text is replaced by another.
#[track_caller]
fn refused(from: &str, to: &str) -> String {
    assert!(JOB.contains(from), "{from}");
    read(&JOB.replacen(from, to, 1)).expect_err("was accepted")
}

#[test]
fn a_job_is_read_with_its_defaults_and_written_back_as_the_same_job() {
    let job = read(JOB).unwrap();
    assert_eq!(job.shadows[0].name, "reviews-v2", "the job's own name");
    assert_eq!(job.shadows[0].config.percentage.ppm(), 100_000);
    assert_eq!(job.expires_at, Expiry::At(Time::parse("2026-12-01T17:00:00Z").unwrap()));
    let clone = "clone: {deployment: reviews-v1, version: v2, images: {reviews: \"r:2\"}, env: {reviews: {A: \"1\"}}, replicas: 2, isolation: subset, allow: [initContainers]}";
    for text in [
        JOB.to_owned(),
        JOB.replace("backendRef: {name: reviews-v2, port: 9080}", "subset: v2"),
        JOB.replace("backendRef: {name: reviews-v2, port: 9080}", clone),
        JOB.replace(
            "primary: {version: v1}",
            "primary: {subset: one, labels: {track: stable}}\n  dataPlane: waypoint",
        ),
        JOB.replace("\"2026-12-01T18:00:00+01:00\"", "never"),
        JOB.replace(
            "primary: {version: v1}",
            "dataPlane: gateway\n  gateway: {group: networking.istio.io, name: public, namespace: edge, port: 443}",
        ),
        ENVOY_JOB.to_owned(),
    ] {
        let job = read(&text).unwrap();
        let written = yaml::write(&job::write(&job));
        assert_eq!(read(&written).unwrap(), job, "{written}");
    }
}

#[test]
fn the_filters_keys_are_refused_by_their_place_in_the_job() {
    for (from, to, message) in [
        (
            "percentage: 10",
            "percentage: 140",
            "job.yaml: spec.shadows[0].percentage: 140 is not between 0 and 100",
        ),
        (
            "percentage: 10",
            "percentage: 0.00001",
            "job.yaml: spec.shadows[0].percentage: 0.00001 is finer than steps of 0.0001",
        ),
        (
            "{exact: GET}",
            "{is: GET}",
            "job.yaml: spec.shadows[0].match[0].method.is: is not a key that is known here; known are `exact`, `prefix`, `regex`",
        ),
    ] {
        assert_eq!(refused(from, to), message);
    }
}

#[test]
fn a_shadow_is_given_in_one_way() {
    for (from, to, message) in [
        (
            "percentage: 10",
            "cluster: a",
            "job.yaml: spec.shadows[0].cluster: does not stand here: it follows from `backendRef`, `external`, `subset`, `clone` or `endpoint`",
        ),
        (
            "percentage: 10",
            "subset: v2",
            "job.yaml: spec.shadows[0]: give exactly one of `backendRef`, `external`, `subset` and `clone`",
        ),
        (
            "    backendRef: {name: reviews-v2, port: 9080}\n",
            "",
            "job.yaml: spec.shadows[0]: give exactly one of `backendRef`, `external`, `subset` and `clone`",
        ),
        (
            "percentage: 10",
            "expiresAt: never",
            "job.yaml: spec.shadows[0].expiresAt: does not stand here: it stands in `spec.expiresAt`, for all shadows",
        ),
    ] {
        assert_eq!(refused(from, to), message);
    }
}

#[test]
fn each_shadow_is_another_version_than_the_primary() {
    for (from, to, message) in [
        (
            "backendRef: {name: reviews-v2, port: 9080}",
            "subset: v1",
            "job.yaml: spec.shadows[0].subset: `v1` is the primary itself",
        ),
        (
            "backendRef: {name: reviews-v2, port: 9080}",
            "clone: {deployment: reviews-v1, version: v1}",
            "job.yaml: spec.shadows[0].clone.version: `v1` is the version of the primary",
        ),
        (
            "{name: reviews-v2, port: 9080}",
            "{name: reviews}",
            "job.yaml: spec.shadows[0].backendRef.name: `reviews` is the target itself; a copy would be a second live request",
        ),
        (
            "reviews, port: 9080}",
            "reviews}",
            "job.yaml: spec.shadows[0].backendRef.port: every HTTP port of the target is mirrored, each to the same port of the shadow; leave this out or set `spec.targetRef.port`",
        ),
    ] {
        assert_eq!(refused(from, to), message);
    }
    let two = format!("{}{}", JOB, "  - subset: v2\n");
    assert_eq!(
        read(&two).expect_err("was accepted"),
        "job.yaml: spec.shadows[1].name: `reviews-v2` is the name of another shadow too; give each its own"
    );
    let none = JOB.split("  shadows:").next().unwrap().to_owned() + "  shadows: []\n";
    assert_eq!(
        read(&none).expect_err("was accepted"),
        "job.yaml: spec.shadows: 0 entries are not between 1 and 16"
    );
}

#[test]
fn the_target_is_a_service_and_one_of_its_ports() {
    for (from, to, message) in [
        (
            "reviews, port: 9080}",
            "reviews, port: 70000}",
            "job.yaml: spec.targetRef.port: 70000 is not a port by its number, 1 to 65535",
        ),
        (
            "kind: Service",
            "kind: Deployment",
            "job.yaml: spec.targetRef.kind: \"Deployment\" is not one of `Service`",
        ),
    ] {
        assert_eq!(refused(from, to), message);
    }
}

#[test]
fn another_kind_is_no_job() {
    for (from, to, message) in [
        (
            "kind: TrafficMirror",
            "kind: Service",
            "job.yaml: kind: \"Service\" is not \"TrafficMirror\"",
        ),
        (
            "v1alpha1",
            "v2",
            "job.yaml: apiVersion: \"traffic-mirror.dev/v2\" is not \"traffic-mirror.dev/v1alpha1\"",
        ),
        (
            "namespace: demo",
            "namespace: demo, labels: {}",
            "job.yaml: metadata.labels: is not a key that is known here; known are `name`, `namespace`",
        ),
        (
            "name: reviews-v2, n",
            "name: Reviews, n",
            "job.yaml: metadata.name: `Reviews` is not a DNS label (a-z, 0-9 and -, at most 63)",
        ),
        (
            "spec:",
            "status: {}\nspec:",
            "job.yaml: status: is not a key that is known here; known are `apiVersion`, `kind`, `metadata`, `spec`",
        ),
    ] {
        assert_eq!(refused(from, to), message);
    }
}

#[test]
fn a_job_says_when_it_ends() {
    for (from, to, message) in [
        (
            "  expiresAt: \"2026-12-01T18:00:00+01:00\"\n",
            "",
            "job.yaml: spec: `expiresAt` is missing",
        ),
        (
            "2026-12-01T18:00:00+01:00",
            "tomorrow",
            "job.yaml: spec.expiresAt: \"tomorrow\" is not a time with its zone as in RFC 3339, such as \"2026-12-01T18:00:00Z\"",
        ),
    ] {
        assert_eq!(refused(from, to), message);
    }
}

#[test]
fn the_primary_is_told_from_the_shadow_by_its_labels() {
    for (from, to, message) in [
        (
            "{version: v1}",
            "{version: v1, subset: v1}",
            "job.yaml: spec.primary: give either `version` (label and subset of that name), or both `subset` and `labels`",
        ),
        (
            "{version: v1}",
            "{subset: v1, labels: {}}",
            "job.yaml: spec.primary.labels: at least one label is needed",
        ),
    ] {
        assert_eq!(refused(from, to), message);
    }
    let alone = JOB
        .replace("  primary: {version: v1}\n", "")
        .replace("backendRef: {name: reviews-v2, port: 9080}", "subset: v2");
    assert_eq!(
        read(&alone).expect_err("was accepted"),
        "job.yaml: spec.primary: is missing; spec.shadows[0] is a subset of the same Service, and only `primary` tells the two apart"
    );
}

#[test]
fn the_native_engine_has_no_more_than_envoys_own_mirroring() {
    for (from, to, message) in [
        (
            "{version: v1}",
            "{version: v1}\n  engine: native",
            "job.yaml: spec.shadows[0].match: is the filter's; engine `native` has no such thing, so leave it out or use engine `wasm`",
        ),
        (
            "{version: v1}",
            "{version: v1}\n  engine: native\n  dataPlane: envoy",
            "job.yaml: spec.engine: \"native\" is configured through Istio; with dataPlane `envoy`, write request_mirror_policies into Envoy's own route",
        ),
    ] {
        assert_eq!(refused(from, to), message);
    }
}

#[test]
fn an_unknown_key_of_a_shadow_is_answered_with_those_that_stand_there() {
    let message = refused("percentage: 10", "percent: 10");
    assert!(message.starts_with("job.yaml: spec.shadows[0].percent: is not a key that is known here; known are `name`, `backendRef`, `external`, `subset`, `clone`, "), "{message}");
    assert!(
        message.contains("`percentage`") && !message.contains("`cluster`"),
        "{message}"
    );
}

#[test]
fn every_job_in_the_documentation_is_read() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs");
    let mut read_jobs = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        for block in text.split("\n```").skip(1).step_by(2) {
            let (_, body) = block.split_once('\n').unwrap_or_default();
            if body.starts_with("apiVersion: traffic-mirror.dev/") {
                read(body).unwrap_or_else(|error| panic!("{}: {error}\n{body}", path.display()));
                read_jobs += 1;
            }
        }
    }
    assert!(read_jobs > 0, "no job was found");
}
