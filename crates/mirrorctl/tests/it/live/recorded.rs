//! `status` and `report` of a recorded Prometheus server, as a person calls them: the queries that they ask, and what
//! they print of the answers.

use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};

use crate::common::server::{self, http, ok};
use crate::common::{held, run};
use serde_json::Value;

/// When the recordings of the filter ended, and those of engine native.
const ISTIO: f64 = 1_795_371_678.5;
const STANDARD: f64 = 1_795_371_698.6;

const NATIVE: &str = "{apiVersion: traffic-mirror.dev/v1alpha1, kind: TrafficMirror, metadata: {name: reviews-v2, namespace: demo}, spec: {targetRef: {kind: Service, name: reviews, port: 9080}, engine: native, primary: {version: v1}, expiresAt: never, shadows: [{subset: v2, percentage: 50}]}}\n";

fn recorded(name: &str) -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/live").join(name)).expect("the recording")
}

/// `%7B` and its like, undone.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let mut digit = || {
            char::from(rest.next().unwrap_or_default())
                .to_digit(16)
                .unwrap_or_default() as u8
        };
        bytes.push(match byte {
            b'%' => digit() * 16 + digit(),
            byte => byte,
        });
    }
    String::from_utf8(bytes).expect("UTF-8")
}

/// A server at this time that answers by these parts of a query, and what it was asked.
fn prometheus(at: f64, answers: &'static [(&str, &str)]) -> (server::Address, Arc<Mutex<Vec<String>>>) {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&asked);
    let address = http(move |request| {
        let target = request.split_whitespace().nth(1).unwrap_or_default();
        let query = decoded(target.split_once("query=").expect("a query").1);
        log.lock().expect("the log").push(query.clone());
        if query == "time()" {
            let scalar = format!(r#"{{"status":"success","data":{{"resultType":"scalar","result":[{at},"{at}"]}}}}"#);
            return ok(scalar.as_bytes());
        }
        let found = answers.iter().find(|(part, _)| query.contains(part));
        match found {
            Some((_, file)) => ok(&recorded(file)),
            None => ok(br#"{"status":"success","data":{"resultType":"matrix","result":[]}}"#),
        }
    });
    (address, asked)
}

#[test]
fn the_filter_of_a_stock_istio() {
    let (server, asked) = prometheus(ISTIO, &[("traffic_mirror_", "prometheus_istio.json")]);
    let selector = "job=\"istio-proxies\"";
    let args = ["status", "--prometheus", &server, "--selector", selector];
    let ran = run(Path::new("."), &args, b"");
    assert_eq!(ran.exit, 0, "{}", ran.stderr);
    held("recorded_istio.txt", &format!("{}\n{}", ran.stdout, ran.stderr));
    let query = asked.lock().expect("the log")[1].clone();
    assert_eq!(query, "{__name__=~\"traffic_mirror_.+\",job=\"istio-proxies\"}[420s]");
    // It has the past, so there is nothing to wait for.
    let waited = ["status", "--prometheus", &server, "--selector", selector, "--wait"];
    assert_eq!(run(Path::new("."), &waited, b""), ran);
    let args = ["report", "--prometheus", &server, "--window", "1m"];
    let ran = run(Path::new("."), &args, b"");
    assert_eq!((ran.exit, ran.stderr.as_str()), (0, ""));
    held(
        "recorded_istio.md.txt",
        &ran.stdout.replace(&server, "prometheus.example:9090"),
    );
}

/// Of a job, its versions are known by their labels; without one, by their workloads.
#[test]
fn engine_native_by_its_job_and_by_its_workloads() {
    let answers = &[
        ("destination_version=\"v1\"", "prometheus_native_primary.json"),
        ("destination_version=\"v2\"", "prometheus_native_shadow.json"),
        ("destination_workload=\"reviews-v1\"", "prometheus_native_primary.json"),
        ("destination_workload=\"reviews-v2\"", "prometheus_native_shadow.json"),
    ];
    let (server, asked) = prometheus(STANDARD, answers);
    let job = ["status", "--prometheus", &server, "-f", "-"];
    let by_job = run(Path::new("."), &job, NATIVE.as_bytes());
    assert_eq!(by_job.exit, 0, "{}", by_job.stderr);
    held("recorded_native.txt", &by_job.stdout);
    let asked = asked.lock().expect("the log").clone();
    assert!(
        asked[2].contains(
            "destination_workload_namespace=\"demo\",destination_service_name=\"reviews\",destination_version=\"v1\""
        ),
        "{asked:?}"
    );
    let workloads = "reviews-v2=demo/reviews-v1,reviews-v2";
    let named = ["status", "reviews-v2", "--prometheus", &server, "--native", workloads];
    let named = run(Path::new("."), &named, b"");
    assert_eq!(named, by_job);
    let json = ["status", "--prometheus", &server, "--native", workloads, "-o", "json"];
    let view: Value = serde_json::from_str(&run(Path::new("."), &json, b"").stdout).expect("JSON");
    assert_eq!(view["mirrors"][0]["engine"], "native");
    assert_eq!(view["mirrors"][0]["set"]["percentage"], Value::Null);
}

/// The workloads are wrong, or nobody scrapes them: the mirror is shown, and what to look at.
#[test]
fn engine_native_that_nobody_has_seen() {
    let (server, _) = prometheus(STANDARD, &[]);
    let args = ["status", "--prometheus", &server, "--native", "reviews-v2=demo/a,b"];
    let ran = run(Path::new("."), &args, b"");
    assert_eq!(ran.exit, 0);
    let row: Vec<&str> = ran.stdout.lines().nth(1).expect("a row").split_whitespace().collect();
    assert_eq!(
        (row[0], row[1], row.last()),
        ("reviews-v2", "native", Some(&"NotLoaded")),
        "{}",
        ran.stdout
    );
    assert!(
        ran.stderr
            .starts_with("note: reviews-v2: Prometheus has no request of either version"),
        "{}",
        ran.stderr
    );
}
