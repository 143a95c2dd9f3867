//! Flags beside a file: each stands for one field of the file's job or is refused. None is ignored.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::common::run;
use clap::{CommandFactory, Parser};
use mirrorctl::cli::{Cli, Command};
use mirrorctl::input::Document;
use mirrorctl::job::{self, Expiry, Override};
use mirrorctl::place::Place;
use mirrorctl::time::Time;
use mirrorctl::yaml;
use serde_json::{Value, json};

const HEADING: &str = "The job by flags; with -f each stands for what the file says";

const SERVICE: &str = "
apiVersion: traffic-mirror.dev/v1alpha1
kind: TrafficMirror
metadata: {name: reviews-v2, namespace: demo}
spec:
  targetRef: {kind: Service, name: reviews, port: 9080}
  primary: {version: v1}
  expiresAt: \"2029-12-01T18:00:00Z\"
  shadows:
  - percentage: 100
    backendRef: {name: reviews-v2, namespace: other, port: 9080}
";

fn outside() -> String {
    SERVICE.replace(
        "backendRef: {name: reviews-v2, namespace: other, port: 9080}",
        "external: {host: a.example.com, port: 80}",
    )
}

fn outside_case() -> Case {
    let written = json!({"host": "b.example.com", "port": 443, "tls": {"mode": "SIMPLE"}});
    one(outside(), "https://b.example.com", "spec.shadows[0].external", written)
}

fn clone() -> String {
    let of_clone = "clone: {deployment: reviews-v1, version: v2, images: {reviews: \"r:2\", log: \"l:1\"}}";
    SERVICE.replace("backendRef: {name: reviews-v2, namespace: other, port: 9080}", of_clone)
}

fn subset() -> String {
    SERVICE.replace(
        "backendRef: {name: reviews-v2, namespace: other, port: 9080}",
        "subset: v2",
    )
}

fn gateway() -> String {
    let of_gateway =
        "dataPlane: gateway\n  gateway: {group: networking.istio.io, name: public, namespace: edge}\n  primary:";
    SERVICE.replace("primary:", of_gateway)
}

fn envoy() -> String {
    SERVICE
        .replace("  primary: {version: v1}\n", "  dataPlane: envoy\n")
        .replace("kind: Service", "kind: Listener")
        .replace(
            "backendRef: {name: reviews-v2, namespace: other, port: 9080}",
            "endpoint: {host: a.example.com, port: 80, tls: {caFile: /ca.pem}}",
        )
}

/// The file, the flag's value, and each field with what it is then.
type Case = (String, &'static str, Vec<(&'static str, Value)>);

/// Each flag of the job by its name in clap.
fn of_job() -> Vec<(&'static str, Case)> {
    vec![
        ("namespace", one(shadow(), "shop", "metadata.namespace", json!("shop"))),
        (
            "service",
            one(shadow(), "ratings", "spec.targetRef.name", json!("ratings")),
        ),
        ("listener", one(envoy(), "https", "spec.targetRef.name", json!("https"))),
        ("port", one(shadow(), "80", "spec.targetRef.port", json!(80))),
        ("primary", one(shadow(), "v0", "spec.primary", json!({"version": "v0"}))),
        (
            "span",
            one(shadow(), "2h", "spec.expiresAt", json!("2029-11-01T02:00:00Z")),
        ),
        ("expires_at", one(shadow(), "never", "spec.expiresAt", json!("never"))),
        (
            "data_plane",
            one(shadow(), "waypoint", "spec.dataPlane", json!("waypoint")),
        ),
        (
            "gateway",
            (
                gateway(),
                "north/inner",
                vec![
                    ("spec.gateway.name", json!("inner")),
                    ("spec.gateway.namespace", json!("north")),
                ],
            ),
        ),
        ("engine", one(shadow(), "native", "spec.engine", json!("native"))),
    ]
}

/// Each flag of the shadow by its name in clap.
fn of_shadow() -> Vec<(&'static str, Case)> {
    vec![
        (
            "backend",
            (
                shadow(),
                "ratings:80",
                vec![
                    ("spec.shadows[0].backendRef.name", json!("ratings")),
                    ("spec.shadows[0].backendRef.port", json!(80)),
                ],
            ),
        ),
        ("external", outside_case()),
        (
            "endpoint",
            (
                envoy(),
                "b.example.com:81",
                vec![
                    ("spec.shadows[0].endpoint.host", json!("b.example.com")),
                    ("spec.shadows[0].endpoint.port", json!(81)),
                ],
            ),
        ),
        ("subset", one(subset(), "v3", "spec.shadows[0].subset", json!("v3"))),
        (
            "clone",
            one(
                clone(),
                "ratings-v1",
                "spec.shadows[0].clone.deployment",
                json!("ratings-v1"),
            ),
        ),
        (
            "version",
            one(clone(), "v3", "spec.shadows[0].clone.version", json!("v3")),
        ),
        (
            "image",
            one(
                clone(),
                "reviews=r:3",
                "spec.shadows[0].clone.images.reviews",
                json!("r:3"),
            ),
        ),
        (
            "replicas",
            one(clone(), "4", "spec.shadows[0].clone.replicas", json!(4)),
        ),
        (
            "isolation",
            one(clone(), "subset", "spec.shadows[0].clone.isolation", json!("subset")),
        ),
        (
            "allow",
            one(
                clone(),
                "initContainers",
                "spec.shadows[0].clone.allow",
                json!(["initContainers"]),
            ),
        ),
        ("percentage", one(shadow(), "1", "spec.shadows[0].percentage", json!(1))),
        (
            "authority",
            one(
                shadow(),
                "a.example.com",
                "spec.shadows[0].match",
                json!([{"authority": {"exact": "a.example.com"}}]),
            ),
        ),
    ]
}

fn one(file: String, value: &'static str, path: &'static str, now: Value) -> Case {
    (file, value, vec![(path, now)])
}

fn shadow() -> String {
    SERVICE.to_owned()
}

/// The flags of a job that a verb takes: the name in clap, and as it is typed.
fn flags_of(verb: &str) -> Vec<(String, String)> {
    let command = Cli::command();
    let verb = command.find_subcommand(verb).expect("the verb");
    verb.get_arguments()
        .filter(|arg| arg.get_help_heading() == Some(HEADING))
        .map(|arg| {
            let typed = arg.get_long().map_or("NAME".to_owned(), |long| format!("--{long}"));
            (arg.get_id().to_string(), typed)
        })
        .collect()
}

/// What is read of a file beside these flags.
fn over(file: &str, flags: &[&str]) -> Result<(job::Job, Vec<Override>), String> {
    let args = [&["mirrorctl", "generate", "-f", "job.yaml"], flags].concat();
    let cli = Cli::try_parse_from(&args).map_err(|error| error.to_string())?;
    let Command::Generate(args) = cli.command else {
        panic!("another verb")
    };
    let document = Document {
        place: Place::file("job.yaml"),
        value: yaml::read(file).expect("YAML").remove(0),
    };
    let now = Time::parse("2029-11-01T00:00:00Z").expect("a time");
    job::over_file(document, &args.from.job, now).map_err(|error| error.to_string())
}

#[test]
fn every_flag_of_a_job_stands_for_its_field_of_a_file() {
    let cases: BTreeMap<_, _> = of_job().into_iter().chain(of_shadow()).collect();
    for verb in ["generate", "plan"] {
        let flags = flags_of(verb);
        assert!(flags.len() > 20, "{verb}: {flags:?}");
        for (id, flag) in flags.iter().filter(|(id, _)| id != "name") {
            let (file, value, wanted) = cases.get(id.as_str()).unwrap_or_else(|| panic!("{flag}: no case"));
            let (plain, none) = over(file, &[]).expect("the file alone");
            assert_eq!(none, [], "{flag}");
            let (job, changed) = over(file, &[flag, value]).unwrap_or_else(|error| panic!("{flag}: {error}"));
            let seen: Vec<(&str, Value)> = changed.iter().map(|one| (one.path.as_str(), one.now.clone())).collect();
            assert_eq!(&seen, wanted, "{flag}");
            assert!(
                changed.iter().all(|one| one.flag == flag && one.file != one.now),
                "{flag}"
            );
            assert_ne!(job, plain, "{flag}");
        }
    }
}

#[test]
fn fields_that_no_flag_names_stay_as_the_file_has_them() {
    let (job, _) = over(SERVICE, &["--backend", "ratings", "--for", "1h"]).expect("a job");
    assert_eq!(
        job.shadows[0].backend,
        job::Backend::Service {
            name: "ratings".to_owned(),
            namespace: Some("other".to_owned()),
            port: Some(9080)
        }
    );
    assert_eq!(
        job.expires_at,
        Expiry::At(Time::parse("2029-11-01T01:00:00Z").expect("a time"))
    );
    let matched = SERVICE.replace(
        "percentage: 100",
        "match: [{method: {exact: GET}, authority: {prefix: a}}, {method: {exact: HEAD}}]",
    );
    let (job, changed) = over(&matched, &["--authority", "b.example.com"]).expect("a job");
    assert_eq!(
        job.shadows[0].filter["match"],
        json!([
            {"method": {"exact": "GET"}, "authority": {"exact": "b.example.com"}},
            {"method": {"exact": "HEAD"}, "authority": {"exact": "b.example.com"}},
        ])
    );
    assert_eq!(changed[0].path, "spec.shadows[0].match[0].authority");
    let (job, _) = over(&clone(), &["--image", "reviews=r:3"]).expect("a job");
    let job::Backend::Clone(clone) = &job.shadows[0].backend else {
        panic!("{job:?}")
    };
    let images = [("reviews", "r:3"), ("log", "l:1")].map(|(name, image)| (name.to_owned(), image.to_owned()));
    assert_eq!(clone.images, images);
}

#[test]
fn a_flag_may_bring_what_the_file_lacks() {
    let endless = SERVICE.replace("  expiresAt: \"2029-12-01T18:00:00Z\"\n", "");
    let (_, changed) = over(&endless, &["--expires-at", "never"]).expect("a job");
    assert_eq!(
        changed[0].note("job.yaml"),
        "--expires-at: spec.expiresAt is \"never\"; job.yaml has none"
    );
    let (_, changed) = over(SERVICE, &["--percentage", "100", "--engine", "native"]).expect("a job");
    assert_eq!(changed.len(), 1, "what the file says already is no change");
}

#[test]
fn what_cannot_be_combined_with_the_file_is_refused() {
    let two = format!("{SERVICE}  - {{name: two, backendRef: {{name: reviews-v3, port: 9080}}}}\n");
    for (file, flags, message) in [
        (
            SERVICE.to_owned(),
            &["other"][..],
            "NAME: job.yaml has the job's name in metadata.name; change it there, or leave NAME or -f out",
        ),
        (
            two.clone(),
            &["--percentage", "1"],
            "--percentage: is for one shadow, and spec.shadows of job.yaml has 2; change the one that is meant in the file",
        ),
        (
            two,
            &["--authority", "a"],
            "--authority: is for one shadow, and spec.shadows of job.yaml has 2; change the one that is meant in the file",
        ),
        (
            SERVICE.to_owned(),
            &["--replicas", "2"],
            "--replicas: is for a shadow by `clone`, and spec.shadows[0] of job.yaml has `backendRef`; use --backend to change that one, or put `clone` in its place in the file",
        ),
        (
            SERVICE.to_owned(),
            &["--listener", "http"],
            "--listener: is for a target of kind Listener, and spec.targetRef.kind of job.yaml is Service; leave the flag out, or write a job for the Listener",
        ),
        (
            SERVICE.to_owned(),
            &["--gateway", "public"],
            "job.yaml with --gateway: spec.gateway: is for dataPlane `gateway`; leave it out, or set spec.dataPlane to it",
        ),
        (
            SERVICE.replace("percentage: 100", "redact: {preset: credentials}"),
            &["--engine", "native"],
            "job.yaml with --engine: spec.shadows[0].redact: is the filter's; engine `native` has no such thing, so leave it out or use engine `wasm`",
        ),
        (
            SERVICE.to_owned(),
            &["--percentage", "101"],
            "job.yaml with --percentage: spec.shadows[0].percentage: 101 is not between 0 and 100",
        ),
    ] {
        assert_eq!(over(&file, flags).expect_err("was accepted"), message, "{flags:?}");
    }
}

#[test]
fn flags_of_a_clone_need_the_clone() {
    let flags = ["generate", "a", "-n", "b", "--service", "c", "--for", "1h"];
    for (more, message) in [
        (
            &["--backend", "d", "--image", "e=f"][..],
            "error: --image says something of a clone; name its Deployment with --clone, or leave --image out\n",
        ),
        (
            &["--clone", "d"],
            "error: --version is missing; a job needs NAME, --namespace, --service (or --listener), a shadow (--backend, --external, --subset, --clone or --endpoint), and --for or --expires-at; or give a file with -f\n",
        ),
    ] {
        let ran = run(Path::new("."), &[&flags[..], more].concat(), b"");
        assert_eq!((ran.exit, ran.stderr.as_str()), (2, message));
    }
}

/// What is printed follows from the flags, and both verbs say so.
#[test]
fn generate_and_plan_tell_what_the_flags_changed() {
    let folder: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/sidecar");
    let module = concat!(
        "oci://registry.example.com/m@sha256:",
        "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
    );
    let with = |verb: &'static str, more: &[&'static str]| {
        let args = [verb, "-f", "job.yaml", "--objects", "objects.yaml", "--module", module];
        run(&folder, &[&args[..], more].concat(), b"")
    };
    let ran = with("generate", &["--percentage", "1"]);
    assert!(ran.stdout.contains("percentage: 1\n"), "{}", ran.stdout);
    let note = "--percentage: spec.shadows[0].percentage is 1, and not 12.5 as in job.yaml";
    assert_eq!(ran.stderr, format!("note: {note}\n"));
    let ran = with("plan", &["--percentage", "1", "-o", "json"]);
    let plan: Value = serde_json::from_str(&ran.stdout).expect("JSON");
    assert_eq!(
        plan["overrides"],
        json!([{"flag": "--percentage", "path": "spec.shadows[0].percentage", "file": 12.5, "now": 1}])
    );
    assert_eq!(plan["notes"][0], note);
    let ran = with("plan", &["--percentage", "1"]);
    let part = "\nWhat the flags changed of the file:\n
FIELD                       FILE  NOW  FLAG
spec.shadows[0].percentage  12.5  1    --percentage
";
    assert!(ran.stdout.contains(part), "{}", ran.stdout);
}
