//! What takes time: watching a proxy, waiting for copies, Ctrl-C, and proxies of which one is away.

use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use crate::common::server::{document, http, nobody, ok};
use crate::common::{Ran, run};
use clap::Parser;
use mirrorctl::cli::Cli;
use mirrorctl::cluster::Kubeconfigs;
use mirrorctl::commands::{self, Environment};
use mirrorctl::input::Stdin;
use mirrorctl::module::Logins;
use mirrorctl::output::Answer;
use mirrorctl::time::Time;
use mirrorctl::wait::Wait;

/// A proxy whose mirror has matched and sent so many requests.
fn counted(matched: u64, sent: u64) -> Vec<u8> {
    let stat = |name: &str, value: u64| {
        format!(r#"{{"name":"wasmcustom.wasm_filter.reviews-v2.traffic_mirror_{name}","value":{value}}}"#)
    };
    let skipped = format!(
        r#"{{"name":"wasmcustom.tag.not_sampled;.wasm_filter.reviews-v2.traffic_mirror_skipped_total","value":{}}}"#,
        matched - sent
    );
    let stats = [
        stat("enabled", 1),
        stat("percentage_ppm", 100_000),
        stat("in_flight_limit", 128),
        stat("matched_total", matched),
        stat("sent_total", sent),
        skipped,
    ];
    ok(format!(r#"{{"stats":[{}]}}"#, stats.join(",")).as_bytes())
}

fn mirrorctl(args: &[&str]) -> Ran {
    run(Path::new("."), args, b"")
}

/// Time that passes as soon as it is waited for.
#[derive(Default)]
struct Clock {
    now: Duration,
    said: Vec<String>,
    /// When the user presses Ctrl-C.
    enough: Option<Duration>,
    catches: bool,
}

impl Wait for Clock {
    fn elapsed(&self) -> Duration {
        self.now
    }

    fn sleep(&mut self, span: Duration) -> bool {
        self.now += span;
        !self.catches || self.enough.is_none_or(|enough| self.now < enough)
    }

    fn catch_interrupt(&mut self) {
        self.catches = true;
    }

    fn say(&mut self, line: &str) {
        self.said.push(line.to_owned());
    }
}

fn command(args: &[&str], clock: &mut Clock) -> Result<Answer, String> {
    let args = std::iter::once("mirrorctl").chain(args.iter().copied());
    let (mut stdin, mut stdout) = (std::io::empty(), Vec::new());
    let environment = Environment {
        stdin: Stdin::new(&mut stdin),
        kubeconfigs: Kubeconfigs::default(),
        logins: Logins::default(),
        now: Time::from_unix(1_795_371_600),
        colour: false,
        wait: clock,
        look: None,
        stdout: &mut stdout,
    };
    commands::run(Cli::parse_from(args).command, environment).map_err(|error| error.to_string())
}

#[test]
fn a_proxy_is_watched_for_the_window_and_asked_every_five_seconds() {
    for (command_line, seconds, polls) in [
        (&["status"][..], 6, 2),
        (&["status", "--window", "1s"], 1, 2),
        (&["status", "--window", "9s"], 9, 2),
        (&["status", "--window", "12s"], 12, 3),
        (&["report"], 60, 13),
        (&["report", "--window", "10m"], 600, 121),
        (&["report", "--since-start"], 0, 1),
    ] {
        let asked = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&asked);
        let proxy = http(move |_| {
            count.fetch_add(1, Ordering::Relaxed);
            counted(10, 1)
        });
        let args: Vec<&str> = command_line.iter().copied().chain(["--envoy", &proxy]).collect();
        let mut clock = Clock::default();
        command(&args, &mut clock).expect("an answer");
        assert_eq!(clock.now, Duration::from_secs(seconds), "{command_line:?}");
        assert_eq!(asked.load(Ordering::Relaxed), polls, "{command_line:?}");
        assert_eq!(clock.said.len() as u64, seconds);
        if seconds == 6 {
            assert_eq!(clock.said[0], "watching for 6 s: 6 s to go");
            assert_eq!(clock.said[5], "watching for 6 s: 1 s to go");
        }
    }
}

#[test]
fn a_report_that_is_interrupted_tells_what_was_seen() {
    let proxy = document(r#"{"stats":[{"name":"wasmcustom.wasm_filter.m.traffic_mirror_enabled","value":1}]}"#);
    let mut clock = Clock {
        enough: Some(Duration::from_secs(7)),
        ..Clock::default()
    };
    let answer = command(&["report", "--envoy", &proxy], &mut clock).expect("an answer");
    assert_eq!(clock.now, Duration::from_secs(7));
    assert_eq!(
        answer.hints[0],
        "note: interrupted: the report is of what was seen until then"
    );
    assert!(answer.data.starts_with("## Traffic mirroring\n"));
}

#[test]
fn copies_that_never_come_are_waited_for_no_longer_than_told() {
    let idle = http(|_| counted(0, 0));
    let (mut clock, missing) = (Clock::default(), nobody());
    let waited = command(&["status", "--wait", "--envoy", &idle], &mut clock).unwrap_err();
    let problem = "reviews-v2 is NoTraffic. No request met the mirror's match: does the primary have traffic, and does `match` \
                   fit it? mirrorctl explain tells of any request.";
    assert_eq!(waited, format!("no copies within 60 s: {problem}"));
    assert_eq!(clock.now, Duration::from_secs(60));
    let first = "There is one reading yet: what goes on shows with the next one.";
    assert_eq!(
        clock.said[0],
        format!("waiting for copies, 60 s at most: reviews-v2 is NoTraffic. {first}")
    );
    assert_eq!(clock.said[59], format!("waiting for copies, 1 s at most: {problem}"));
    for (args, problem) in [
        (
            &["reviews-v3", "--envoy", &idle][..],
            "there is no mirror `reviews-v3`; there are reviews-v2".to_owned(),
        ),
        (&["--envoy", &missing], format!("http://{missing}: connection refused")),
    ] {
        let args: Vec<&str> = ["status", "--wait", "--timeout", "3s"]
            .into_iter()
            .chain(args.iter().copied())
            .collect();
        let waited = command(&args, &mut Clock::default()).unwrap_err();
        assert_eq!(waited, format!("no copies within 3 s: {problem}"));
    }
    let ran = mirrorctl(&["status", "--wait", "--timeout", "1s", "--envoy", &missing]);
    assert_eq!((ran.exit, ran.stdout.as_str(), ran.stderr.lines().count()), (4, "", 1));
}

/// The port-forward comes up, the filter is loaded, requests come: in the end copies flow.
#[test]
fn waiting_ends_when_copies_flow() {
    let asked = AtomicU64::new(0);
    let proxy = http(move |_| match asked.fetch_add(1, Ordering::Relaxed) {
        0 => Vec::new(),
        1 => ok(br#"{"stats":[]}"#),
        2 | 3 => counted(20, 0),
        polls => counted(20 * polls, 2 * polls),
    });
    let ran = mirrorctl(&["status", "reviews-v2", "--wait", "--envoy", &proxy]);
    assert_eq!(ran.exit, 0, "{}", ran.stderr);
    assert!(ran.stdout.contains("\nState    Mirroring: "), "{}", ran.stdout);
    assert_eq!(ran.stderr, "");
}

#[test]
fn a_proxy_that_is_away_is_told_beside_those_that_answer() {
    let (proxy, away) = (http(|_| counted(10, 1)), nobody());
    let ran = mirrorctl(&["status", "--envoy", &away, "--envoy", &proxy, "--window", "1s"]);
    assert_eq!(ran.exit, 0);
    assert!(
        ran.stdout
            .lines()
            .nth(1)
            .expect("a row")
            .starts_with("reviews-v2  wasm    1/1 ")
    );
    let warning = format!("warning: http://{away}: connection refused");
    assert_eq!(ran.stderr.lines().next(), Some(warning.as_str()));
    let ran = mirrorctl(&[
        "status", "--envoy", &away, "--envoy", &proxy, "--window", "1s", "-o", "json",
    ]);
    assert_eq!((ran.exit, ran.stderr), (0, format!("{warning}\n")));
    let view: serde_json::Value = serde_json::from_str(&ran.stdout).expect("JSON");
    assert_eq!(view["source"]["endpoints"][0]["up"], false);
    assert_eq!(view["mirrors"][0]["name"], "reviews-v2");
    let ran = mirrorctl(&["report", "--envoy", &away, "--envoy", &proxy, "--since-start"]);
    let line = format!("\n**Not in these numbers:** `http://{away}`: `connection refused`\n");
    assert!(ran.exit == 0 && ran.stdout.contains(&line), "{}", ran.stdout);
}

/// The mirrors of a job that no proxy has are shown as such; those of no job are left out.
#[test]
fn a_job_s_mirrors_are_shown_even_if_no_proxy_has_them() {
    let proxy = http(|_| counted(10, 1));
    let job = "{apiVersion: traffic-mirror.dev/v1alpha1, kind: TrafficMirror, metadata: {name: job, namespace: demo}, spec: {targetRef: {kind: Service, name: reviews}, expiresAt: never, shadows: [{name: a, backendRef: {name: to-a}}, {name: b, backendRef: {name: to-b}}]}}\n";
    let ran = run(
        Path::new("."),
        &["status", "-f", "-", "--envoy", &proxy, "--window", "1s"],
        job.as_bytes(),
    );
    let states: Vec<Vec<&str>> = ran
        .stdout
        .lines()
        .skip(1)
        .map(|row| row.split_whitespace().collect())
        .collect();
    assert_eq!(states.len(), 2, "{}", ran.stdout);
    assert!(states.iter().all(|row| row.last() == Some(&"NotLoaded")));
    assert_eq!((states[0][0], states[1][0]), ("a", "b"));
}

/// Runs the command, interrupts it once it has asked for the first time.
fn interrupted(args: &[&str]) -> Output {
    let (sender, asked) = mpsc::channel();
    let proxy = http(move |_| {
        let _ = sender.send(());
        counted(10, 1)
    });
    let child = Command::new(env!("CARGO_BIN_EXE_mirrorctl"))
        .args(args)
        .args(["--window", "1h", "--envoy", &proxy])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    asked.recv().expect("it asks");
    let killed = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(killed.expect("kill").success());
    child.wait_with_output().expect("it ends")
}

#[test]
fn an_interrupted_status_prints_nothing() {
    let output = interrupted(&["status"]);
    // A shell says 130.
    assert_eq!(output.status.signal(), Some(2));
    assert!(output.stdout.is_empty() && output.stderr.is_empty());
}

#[test]
fn an_interrupted_report_is_printed() {
    let output = interrupted(&["report"]);
    assert_eq!(output.status.code(), Some(0));
    assert!(output.stdout.starts_with(b"## Traffic mirroring\n"));
    let notes = String::from_utf8(output.stderr).expect("UTF-8");
    assert!(notes.contains("interrupted"), "{notes}");
}
