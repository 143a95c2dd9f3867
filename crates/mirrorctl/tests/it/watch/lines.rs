//! `watch -o json`, as a script runs it: lines of JSON, and a clean end however it ends.

use std::io::{BufRead, BufReader};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::common::replay::Replay;
use crate::common::run;
use serde_json::Value;

fn start(args: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_mirrorctl"))
        .args(args)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("mirrorctl starts")
}

#[test]
fn each_reading_is_a_line() {
    let envoy = Replay::recorded();
    let args = [
        "watch",
        "-o",
        "json",
        "--envoy",
        envoy.url(),
        "--interval",
        "1s",
        "--count",
        "3",
    ];
    let ran = run(Path::new("."), &args, b"");
    assert_eq!((ran.exit, ran.stderr.as_str()), (0, ""));
    let lines: Vec<Value> = ran
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 3);
    let at: Vec<i64> = lines.iter().map(|line| line["at"].as_i64().unwrap()).collect();
    assert!(at[0] < at[1] && at[1] < at[2], "{at:?}");
    let mirror = &lines[2]["mirrors"][0];
    assert_eq!(mirror["name"], "reviews-v2");
    assert!(mirror["window"]["seconds"].as_f64().unwrap() > 0.5, "{mirror:#}");
    assert!(
        lines[0]["mirrors"][0]["window"]["perSecond"]["sent"].is_null(),
        "one reading tells no rate"
    );
}

/// One shape for all commands: only the series are left out.
#[test]
fn a_line_is_what_status_prints_without_the_series() {
    let status = Replay::recorded();
    let status = run(
        Path::new("."),
        &["status", "-o", "json", "--envoy", status.url(), "--window", "5s"],
        b"",
    );
    assert_eq!(status.exit, 0, "{}", status.stderr);
    let watch = Replay::recorded();
    let watch = run(
        Path::new("."),
        &["watch", "-o", "json", "--envoy", watch.url(), "--count", "1"],
        b"",
    );
    let keys = |value: &Value| -> Vec<String> { value.as_object().unwrap().keys().cloned().collect() };
    let [status, watch] = [status, watch].map(|ran| serde_json::from_str::<Value>(&ran.stdout).unwrap());
    assert_eq!(keys(&watch), keys(&status));
    let mut expected = keys(&status["mirrors"][0]);
    expected.retain(|key| key != "series");
    assert_eq!(keys(&watch["mirrors"][0]), expected);
}

#[test]
fn it_ends_by_itself_after_a_time() {
    let envoy = Replay::recorded();
    let ran = run(
        Path::new("."),
        &["watch", "-o", "json", "--envoy", envoy.url(), "--for", "1s"],
        b"",
    );
    assert_eq!((ran.exit, ran.stdout.lines().count()), (0, 1), "{}", ran.stderr);
}

#[test]
fn a_closed_pipe_ends_it() {
    let envoy = Replay::recorded();
    let mut child = start(&["watch", "-o", "json", "--envoy", envoy.url(), "--interval", "1s"]);
    let mut reader = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    reader.read_line(&mut line).unwrap();
    assert!(line.starts_with('{'), "{line}");
    drop(reader);
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn signals_end_it() {
    for signal in ["-TERM", "-INT", "-HUP"] {
        let envoy = Replay::recorded();
        let mut child = start(&["watch", "-o", "json", "--envoy", envoy.url(), "--interval", "60s"]);
        // With the first line it listens to signals.
        let mut reader = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        let killed = Command::new("kill")
            .args([signal, &child.id().to_string()])
            .status()
            .unwrap();
        assert!(killed.success());
        assert_eq!(child.wait().unwrap().code(), Some(0), "{signal}");
    }
}

/// It was deaf to signals while it wrote into a pipe that was full.
#[test]
fn signals_end_it_even_if_nobody_reads() {
    let envoy = Replay::recorded();
    let command = format!(
        "head -c 1048576 /dev/zero | dd bs=65536 count=1 iflag=fullblock 2>/dev/null; exec {} watch -o json --envoy {} --interval 1s",
        env!("CARGO_BIN_EXE_mirrorctl"),
        envoy.url()
    );
    let mut child = Command::new("sh")
        .args(["-c", &command])
        .stdout(Stdio::piped())
        .spawn()
        .expect("a shell");
    // It asks until it writes; then it can do no more.
    while envoy.asked() == 0 {
        std::thread::sleep(Duration::from_millis(10));
    }
    let killed = Command::new("kill").arg(child.id().to_string()).status().unwrap();
    assert!(killed.success());
    let end = Instant::now() + Duration::from_secs(60);
    let status = loop {
        match child.try_wait().unwrap() {
            Some(status) => break status,
            None if Instant::now() < end => std::thread::sleep(Duration::from_millis(10)),
            None => {
                child.kill().unwrap();
                panic!("it lives on");
            }
        }
    };
    // By the signal, or cleanly if it was told before it wrote.
    assert!(status.signal() == Some(15) || status.code() == Some(0), "{status}");
}

#[test]
fn an_outage_is_in_the_line_and_if_nobody_ever_answers_it_fails() {
    let envoy = Replay::recorded();
    envoy.set_silent(true);
    let args = [
        "watch",
        "-o",
        "json",
        "--envoy",
        envoy.url(),
        "--interval",
        "1s",
        "--count",
        "2",
    ];
    let ran = run(Path::new("."), &args, b"");
    let problem = "the connection ended before the answer was complete";
    assert_eq!(ran.exit, 1);
    assert_eq!(ran.stderr.lines().count(), 1, "{}", ran.stderr);
    assert!(
        ran.stderr.starts_with(&format!("error: {}: ", envoy.url())),
        "{}",
        ran.stderr
    );
    for line in ran.stdout.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        let endpoint = &line["source"]["endpoints"][0];
        assert_eq!(endpoint["up"], false, "{endpoint}");
        assert!(endpoint["since"].is_i64(), "{endpoint} {problem}");
    }
}

#[test]
fn without_a_terminal_it_names_the_way_out() {
    let ran = run(Path::new("."), &["watch"], b"");
    let said = "error: standard output is no terminal, in which watch draws: use -o json for lines of JSON\n";
    assert_eq!((ran.exit, ran.stdout.as_str(), ran.stderr.as_str()), (2, "", said));
}

#[test]
fn intervals_are_between_one_second_and_a_minute() {
    for interval in ["0s", "61s", "2", "500ms", "-1s"] {
        let ran = run(Path::new("."), &["watch", &format!("--interval={interval}")], b"");
        assert_eq!((ran.exit, ran.stdout.as_str()), (2, ""), "{interval}: {}", ran.stderr);
        assert!(ran.stderr.contains("--interval"), "{}", ran.stderr);
    }
}
