//! Bad input: each ends with exit code 2, one clear message, and nothing on standard output.

use std::path::{Path, PathBuf};

use crate::common::{Ran, run};

const OBJECTS: &str = "apiVersion: v1\nkind: Service\nmetadata: {name: reviews, namespace: demo}\nspec: {selector: {app: reviews}, ports: [{name: http, port: 9080}]}\n";

const JOB: &str = "{apiVersion: traffic-mirror.dev/v1alpha1, kind: TrafficMirror, metadata: {name: reviews-v2, namespace: demo}, spec: {targetRef: {kind: Service, name: reviews, port: 9080}, expiresAt: never, shadows: [{backendRef: {name: reviews-v2, port: 9080}}]}}\n";

fn sidecar() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/sidecar")
}

/// Runs `generate` in the folder of the golden job `sidecar`.
fn generate(args: &[&str], stdin: &[u8]) -> Ran {
    let module = concat!(
        "oci://registry.example.com/m@sha256:",
        "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
    );
    let mut all = vec!["generate"];
    all.extend(args);
    if !args.contains(&"--module") {
        all.extend(["--module", module]);
    }
    run(&sidecar(), &all, stdin)
}

#[track_caller]
fn refused(args: &[&str], stdin: &[u8], message: &str) {
    let ran = generate(args, stdin);
    assert_eq!((ran.exit, ran.stdout.as_str()), (2, ""), "{args:?}: {}", ran.stderr);
    assert_eq!(ran.stderr, format!("error: {message}\n"), "{args:?}");
}

#[test]
fn a_job_that_cannot_be_read_is_refused() {
    let with = ["-f", "-", "--objects", "objects.yaml"];
    for (stdin, message) in [
        (b"".as_slice(), "standard input: is empty"),
        (b"# only a comment\n", "standard input: is empty"),
        (b"---\n---\n", "standard input: is empty"),
        (
            b"a: 1\n---\nb: 2\n",
            "standard input: has 2 documents; one job is wanted",
        ),
        (b"a\xff", "standard input: is not UTF-8 at byte 1"),
        (
            b"a: &x 1\nb: *x\n",
            "standard input: line 1: an anchor (&name) is not read; write each value out",
        ),
        (
            b"kind: a\nkind: b\n",
            "standard input: line 2: the key `kind` stands twice",
        ),
        (
            b"{\"kind\": 1, \"kind\": 2}",
            "standard input: is not JSON: the key `kind` stands twice at line 1 column 18",
        ),
        (
            b"{\"kind\": ",
            "standard input: is not JSON: EOF while parsing a value at line 1 column 9",
        ),
        (
            b"a: [\n",
            "standard input: line 2: while parsing a node, did not find expected node content",
        ),
        (b"text\n", "standard input: the job: this text is not an object"),
        (
            b"kind: Service\n",
            "standard input: kind: \"Service\" is not \"TrafficMirror\"",
        ),
        (
            b"kind: TrafficMirror\n",
            "standard input: the job: `apiVersion` is missing",
        ),
    ] {
        refused(&with, stdin, message);
    }
    let large = vec![b' '; 10 << 20];
    refused(
        &with,
        &large,
        "standard input: is 10 MiB or larger, which is not read; ask for fewer objects, such as those of one namespace",
    );
    let job = JOB.replace("9080}}]", "9080}, percentage: 101}]");
    refused(
        &with,
        job.as_bytes(),
        "standard input: spec.shadows[0].percentage: 101 is not between 0 and 100",
    );
    refused(
        &["-f", "gone.yaml"],
        b"",
        "gone.yaml: cannot be read: No such file or directory (os error 2)",
    );
    refused(&["-f", "."], b"", ".: cannot be read: Is a directory (os error 21)");
    refused(
        &[],
        b"",
        "there is no job; give a file with -f, or NAME and the flags that --help lists",
    );
    refused(
        &["-f", "-", "--objects", "-"],
        JOB.as_bytes(),
        "- is given twice; standard input can be read once, so put one of the two into a file",
    );
    refused(
        &["-f", "-", "--objects", "objects.yaml", "--now", "2030-01-01T00:00:00Z"],
        JOB.replace("never", "\"2029-12-31T23:00:00Z\"").as_bytes(),
        "spec.expiresAt: 2029-12-31T23:00:00Z is past, it is 2030-01-01T00:00:00Z; nothing would be copied",
    );
}

#[test]
fn objects_that_are_none_or_not_enough_are_refused() {
    let with = ["-f", "job.yaml", "--objects", "-"];
    let twice = format!("{OBJECTS}---\n{}", OBJECTS.replace("9080", "9081"));
    for (stdin, message) in [
        (
            JOB.to_owned(),
            "standard input: is a job; --objects takes what is in the cluster, and -f the job",
        ),
        (
            "a: 1\n".to_owned(),
            "standard input: is not a Kubernetes object: `apiVersion` is missing",
        ),
        (
            "apiVersion: v1\nkind: List\nitems: [{apiVersion: v1, kind: Service, metadata: {}}]\n".to_owned(),
            "standard input (item 1): is not a Kubernetes object: `metadata.name` is missing",
        ),
        (
            twice,
            "standard input (document 2): the Service reviews of namespace demo is in standard input (document 1) too, and differs; give each object once",
        ),
        (
            OBJECTS.replace("9080", "9081"),
            "spec.targetRef.port: the Service reviews of namespace demo has no port 9080; it has 9081 (http)",
        ),
        (
            OBJECTS.replace("demo", "other"),
            "the Service reviews of namespace demo is not among the objects; add to --objects the output of: kubectl get services reviews -n demo -o yaml",
        ),
        (
            OBJECTS.replace("port: 9080", "port: 0"),
            "standard input: spec.ports[0]: is not the port of a Service",
        ),
    ] {
        refused(&with, stdin.as_bytes(), message);
    }
}

#[test]
fn flags_that_are_not_enough_or_not_right_are_refused() {
    let job = [
        "reviews-v2",
        "--service",
        "reviews",
        "-n",
        "demo",
        "--port",
        "9080",
        "--backend",
        "reviews-v2:9080",
        "--objects",
        "objects.yaml",
    ];
    let with = |more: &[&'static str]| [&job[..], more].concat();
    let needs = "is missing; a job needs NAME, --namespace, --service (or --listener), a shadow (--backend, --external, --subset, --clone or --endpoint), and --for or --expires-at; or give a file with -f";
    refused(&with(&[]), b"", &format!("--for {needs}"));
    refused(&["reviews-v2"], b"", &format!("--namespace {needs}"));
    refused(
        &with(&["--for", "2x"]),
        b"",
        "--for 2x: is not a span such as 90s, 30m, 2h or 7d",
    );
    refused(
        &with(&["--expires-at", "never", "--percentage", "101"]),
        b"",
        "the job of the flags: spec.shadows[0].percentage: 101 is not between 0 and 100",
    );
    refused(
        &with(&["--expires-at", "never", "--percentage", "ten"]),
        b"",
        "the job of the flags: spec.shadows[0].percentage: \"ten\" is not a number from 0 to 100",
    );
    refused(
        &with(&[
            "--expires-at",
            "never",
            "--istio-version",
            "1.29",
            "--extension-api",
            "traffic-extension",
        ]),
        b"",
        "--extension-api: Istio 1.29 has no TrafficExtension, which came with 1.30; 1.30 and later are right",
    );
}

/// What clap refuses ends with the same exit code.
#[test]
fn a_command_line_that_cannot_be_read_is_refused() {
    for args in [
        &["generate", "-f", "job.yaml", "--module", "oci://a/b:latest"][..],
        &["generate", "-f", "job.yaml", "--istio-version", "two"],
        &["generate", "-f", "job.yaml", "reviews-v2"],
        &["generate", "--port", "80"],
        &["generate", "-f", "job.yaml", "--unknown"],
        &["offline", "reviews-v2", "--force"],
        &["offline", "reviews-v2", "--force", "--restore-original"],
        &["frobnicate"],
        &[],
    ] {
        let ran = run(&sidecar(), args, b"");
        assert_eq!((ran.exit, ran.stdout.as_str()), (2, ""), "{args:?}");
        assert!(!ran.stderr.is_empty(), "{args:?}");
    }
    let ran = run(
        &sidecar(),
        &["generate", "-f", "job.yaml", "--objects", "objects.yaml"],
        b"",
    );
    assert_eq!((ran.exit, ran.stdout.as_str()), (2, ""));
    assert!(ran.stderr.starts_with("error: --module is missing"), "{}", ran.stderr);
}
