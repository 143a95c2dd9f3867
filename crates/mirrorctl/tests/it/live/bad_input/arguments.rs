//! What is typed or read from a file and is wrong, before anyone is asked.

use super::{JOB, folder, mirrorctl, refused};

#[test]
fn a_url_that_is_none_is_refused_before_anyone_is_asked() {
    for (url, problem) in [
        ("", "is no URL"),
        ("ftp://localhost", "is not http or https"),
        ("http://", "is no URL"),
        ("http://user:secret@localhost", "holds credentials"),
        ("http://localhost:15000/stats?format=json", "has more than a path"),
        (
            "http://localhost:99999999",
            "has a port that is no number from 0 to 65535",
        ),
    ] {
        for flag in ["--envoy", "--prometheus"] {
            let ran = mirrorctl(&["status", flag, url], "");
            assert_eq!((ran.exit, ran.stdout.as_str()), (2, ""));
            let line = ran.stderr.lines().next().unwrap_or_default();
            let begin = format!("error: invalid value '{url}' for '{flag} <URL>': {problem}");
            assert!(line.starts_with(&begin), "{line}");
        }
    }
}

#[test]
fn envoy_and_prometheus_are_not_asked_together() {
    let ran = mirrorctl(&["status", "--envoy", "a:1", "--prometheus", "b:1"], "");
    assert_eq!((ran.exit, ran.stdout.as_str()), (2, ""));
    assert!(
        ran.stderr
            .starts_with("error: the argument '--envoy <URL>' cannot be used with '--prometheus <URL>'")
    );
}

#[test]
fn a_job_that_is_none() {
    let folder = folder("jobs");
    let other = folder.join("other.yaml");
    std::fs::write(&other, "kind: Pod\n").expect("written");
    let name = other.to_str().expect("a path");
    refused(
        &["-f", name],
        2,
        &format!("{name}: kind: \"Pod\" is not \"TrafficMirror\""),
    );
    refused(
        &["-f", "nowhere.yaml"],
        2,
        "nowhere.yaml: cannot be read: No such file or directory (os error 2)",
    );
    let ran = mirrorctl(&["status", "-f", "-"], &format!("{JOB}---\n{JOB}"));
    let line = "error: standard input: has 2 documents; one job is wanted\n";
    assert_eq!((ran.exit, ran.stdout.as_str(), ran.stderr.as_str()), (2, "", line));
    let native = JOB.replace("spec: {", "spec: {engine: native, ");
    let ran = mirrorctl(&["status", "-f", "-", "--envoy", "a:1"], &native);
    assert!(
        ran.exit == 2 && ran.stderr.starts_with("error: --prometheus is missing"),
        "{}",
        ran.stderr
    );
}

#[test]
fn a_window_that_is_none() {
    for window in ["0s", "5", "-1m", "99999999999h", "1.5m"] {
        let ran = mirrorctl(&["status", &format!("--window={window}")], "");
        let line = ran.stderr.lines().next().unwrap_or_default();
        assert_eq!((ran.exit, ran.stdout.as_str()), (2, ""));
        assert!(line.ends_with("is not a span such as 30s, 5m or 1h30m"), "{line}");
    }
    refused(
        &["--window", "2d"],
        2,
        "--window: is longer than 1d, which is not looked at",
    );
}
