//! `explain` at its edges: what is no request is refused with the flag's name, and what one command writes the other
//! reads.

use std::path::{Path, PathBuf};

use crate::common::run;
use serde_json::Value;

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

#[test]
fn what_is_no_request_is_refused_by_its_flag() {
    for (args, message) in [
        (&["--method", "GE T"][..], "--method: is not a method"),
        (&["--path", "a"], "--path: is not a path"),
        (&["--path", "/a b"], "--path: is not a path"),
        (&["--scheme", "ftp"], "--scheme: is neither http nor https"),
        (&["--authority", "a/b"], "--authority: is not a host"),
        (&["--header", "x-user"], "--header: the text is not NAME: VALUE"),
        (&["--header", ": 7"], "is not NAME: VALUE"),
        (&["--header", "host: a"], "--header: host is given by --authority"),
        (&["--header", "x y: 7"], "--header: is not a header name"),
        (&["--header", "x: a\u{7}"], "--header: the value of x is not one"),
        (&["--body", "none.json"], "none.json: cannot be read"),
        (&["--body", "-"], "- is given twice"),
        (&["--count", "0"], "--count"),
    ] {
        let args: Vec<&str> = ["explain", "-f", "-"].iter().chain(args).copied().collect();
        let ran = run(
            Path::new("."),
            &args,
            br#"{"mirrors": [{"name": "v2", "cluster": "c"}]}"#,
        );
        assert_eq!((ran.exit, ran.stdout.as_str()), (2, ""), "{args:?}");
        assert!(ran.stderr.contains(message), "{args:?}: {}", ran.stderr);
    }
}

#[test]
fn a_configuration_that_the_filter_refuses_is_refused_with_its_place() {
    let config = br#"{"mirrors": [{"name": "v2", "cluster": "c", "percentage": 140}]}"#;
    let ran = run(Path::new("."), &["explain", "-f", "-"], config);
    assert_eq!((ran.exit, ran.stdout.as_str()), (2, ""));
    assert!(
        ran.stderr.contains("standard input: mirrors[0].percentage: 140"),
        "{}",
        ran.stderr
    );
}

#[test]
fn a_condition_on_host_is_explained_by_the_authority() {
    let config =
        br#"{"mirrors": [{"name": "v2", "cluster": "c", "match": [{"withoutHeaders": {"host": {"exact": "a"}}}]}]}"#;
    for (authority, outcome) in [("a", "no copy, the request meets no entry of `match`"), ("b", "copied")] {
        let ran = run(
            Path::new("."),
            &["explain", "-f", "-", "--authority", authority],
            config,
        );
        assert!(
            ran.stdout.contains(&format!("Mirror v2 (c): {outcome}\n")),
            "{}",
            ran.stdout
        );
        let found = "mirrors[0].match[0].withoutHeaders.host  not exact \"a\"";
        assert!(ran.stdout.contains(found), "{}", ran.stdout);
    }
}

#[test]
fn what_generate_writes_is_what_explain_makes_of_the_job() {
    let folder = golden("sidecar");
    let request = ["--path", "/reviews/1", "--authority", "reviews", "-o", "json"];
    let explained = |file: &str, more: &[&str], stdin: &[u8]| -> Value {
        let args: Vec<&str> = ["explain", "-f", file]
            .iter()
            .chain(&request)
            .chain(more)
            .copied()
            .collect();
        let ran = run(&folder, &args, stdin);
        assert_eq!(ran.exit, 0, "{}", ran.stderr);
        let explained: Value = serde_json::from_str(&ran.stdout).expect("JSON");
        explained["configurations"][0]["mirrors"].clone()
    };
    let generated = std::fs::read(folder.join("expected.yaml")).expect("a golden");
    let of_objects = explained("-", &[], &generated);
    assert_eq!(of_objects[0]["verdict"], "copied");
    assert_eq!(of_objects, explained("job.yaml", &["--objects", "objects.yaml"], b""));
    let of_job = explained("job.yaml", &[], b"");
    assert_eq!(of_job[0]["cluster"], Value::Null, "nothing is guessed");
    assert_eq!(of_job[0]["steps"], of_objects[0]["steps"]);
}

#[test]
fn the_shares_come_near_what_is_configured_and_add_up() {
    let args = [
        "explain",
        "-f",
        "config.yaml",
        "--method",
        "POST",
        "--path",
        "/a",
        "--header",
        "x-user: 7",
    ];
    let more = [
        "--port",
        "9080",
        "--count",
        "10000",
        "--now",
        "2026-11-22T16:00:00Z",
        "-o",
        "json",
    ];
    for seed in ["2", "3", "4"] {
        let args: Vec<&str> = args.iter().chain(&more).chain(&["--seed", seed]).copied().collect();
        let ran = run(&golden("explain_keyed"), &args, b"");
        assert_eq!(ran.exit, 0, "{}", ran.stderr);
        let explained: Value = serde_json::from_str(&ran.stdout).expect("JSON");
        let configuration = &explained["configurations"][0];
        assert_eq!(configuration["varied"], serde_json::json!(["header x-user"]));
        for (mirror, wanted) in [(0, 1000), (1, 2500), (2, 0)] {
            let shares = &configuration["mirrors"][mirror]["shares"];
            let ends = shares["ends"].as_object().expect("ends");
            let sum: u64 = ends.values().filter_map(Value::as_u64).sum();
            assert_eq!(sum, 10_000);
            // Five standard deviations are at most 217.
            let copied = shares["copied"].as_i64().expect("a number");
            assert!((copied - wanted).abs() <= 217, "mirror {mirror}, seed {seed}: {copied}");
        }
    }
}
