//! Sources that are wrong, silent, broken or hostile, and jobs that are none: each ends with one clear line on standard
//! error and nothing on standard output.

mod arguments;

mod trust;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::common::server::{document, http, nobody, ok, request, serve, status};
use crate::common::{Ran, run};
use flate2::Compression;
use flate2::write::GzEncoder;

/// A proxy with one mirror that has done nothing.
const IDLE: &str = r#"{"stats":[
    {"name":"wasmcustom.wasm_filter.reviews-v2.traffic_mirror_enabled","value":1},
    {"name":"wasmcustom.wasm_filter.reviews-v2.traffic_mirror_percentage_ppm","value":100000},
    {"name":"wasmcustom.wasm_filter.reviews-v2.traffic_mirror_in_flight_limit","value":128},
    {"name":"server.uptime","value":7}
]}"#;

const JOB: &str = "{apiVersion: traffic-mirror.dev/v1alpha1, kind: TrafficMirror, metadata: {name: reviews-v2, namespace: demo}, spec: {targetRef: {kind: Service, name: reviews, port: 9080}, expiresAt: never, shadows: [{backendRef: {name: reviews-v2, port: 9080}}]}}\n";

fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::create_dir_all(&folder).expect("a folder");
    folder
}

fn mirrorctl(args: &[&str], stdin: &str) -> Ran {
    run(Path::new("."), args, stdin.as_bytes())
}

/// Both commands end with this exit code and this line.
#[track_caller]
fn refused(args: &[&str], exit: i32, line: &str) {
    for command in ["status", "report"] {
        let args: Vec<&str> = std::iter::once(command).chain(args.iter().copied()).collect();
        let ran = mirrorctl(&args, "");
        let expected = (exit, "", format!("error: {line}\n"));
        assert_eq!((ran.exit, ran.stdout.as_str(), ran.stderr), expected, "{args:?}");
    }
}

/// A proxy at this address ends both commands with exit code 1 and this problem.
#[track_caller]
fn proxy(address: &str, problem: &str) {
    refused(&["--envoy", address], 1, &format!("http://{address}: {problem}"));
}

/// So does a Prometheus server.
#[track_caller]
fn prometheus(address: &str, problem: &str) {
    refused(&["--prometheus", address], 1, &format!("http://{address}: {problem}"));
}

#[test]
fn nobody_there() {
    proxy(&nobody(), "connection refused");
    prometheus(&nobody(), "connection refused");
    // A port-forward that is not running is told as such.
    let (one, other) = (nobody(), nobody());
    let both = format!("http://{one}: connection refused; http://{other}: connection refused");
    refused(&["--envoy", &one, "--envoy", &other], 1, &both);
}

/// One says nothing, one says a byte now and then, one accepts no connection for long: all three at once, so that the
/// test takes as long as one.
#[test]
fn an_answer_may_take_five_seconds_as_a_whole() {
    let silent = serve(|mut stream| {
        request(&mut stream);
        std::thread::sleep(Duration::from_secs(60));
    });
    let slow = serve(|mut stream| {
        request(&mut stream);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n");
        while stream.write_all(b" ").is_ok() {
            std::thread::sleep(Duration::from_millis(200));
        }
    });
    let ran = mirrorctl(&["status", "--envoy", &silent, "--envoy", &slow], "");
    let expected =
        format!("error: http://{silent}: no whole answer within 5 s; http://{slow}: no whole answer within 5 s\n");
    assert_eq!((ran.exit, ran.stdout.as_str(), ran.stderr), (1, "", expected));
}

#[test]
fn an_answer_that_breaks_off() {
    let cut = "the connection ended before the answer was complete";
    proxy(&http(|_| Vec::new()), cut);
    proxy(&http(|_| ok(IDLE.as_bytes())[..200].to_vec()), cut);
    let chunk = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{\"sta\r\n";
    proxy(&http(|_| chunk.to_vec()), cut);
    prometheus(&http(|_| chunk.to_vec()), cut);
}

#[test]
fn an_answer_that_is_no_http() {
    let banner = http(|_| b"SSH-2.0-OpenSSH_9.6\r\n".to_vec());
    proxy(&banner, "protocol: http parse fail: invalid HTTP version");
    let endless = serve(|mut stream| {
        request(&mut stream);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n");
        while stream
            .write_all(format!("x: {}\r\n", "y".repeat(1000)).as_bytes())
            .is_ok()
        {}
    });
    let ran = mirrorctl(&["status", "--envoy", &endless], "");
    assert_eq!((ran.exit, ran.stderr.lines().count()), (1, 1));
    assert!(ran.stderr.contains("response header is too big"), "{}", ran.stderr);
    let packed = http(|_| status("200 OK", "content-encoding: gzip\r\n", b"hello"));
    let ran = mirrorctl(&["status", "--envoy", &packed], "");
    assert_eq!((ran.exit, ran.stderr.lines().count()), (1, 1));
    assert!(ran.stderr.contains("gzip decompression failed"), "{}", ran.stderr);
}

#[test]
fn an_answer_that_is_no_json() {
    let html = document("<!doctype html>\n<title>Sign in</title>");
    let problem = "its answer is not JSON: it begins with \"<!doctype html>\\n<title>Sign in</title>\" (expected value at line 1 column 1)";
    proxy(&html, problem);
    prometheus(&html, problem);
    proxy(&document(""), "its answer is empty");
    let cut = document(&IDLE.as_bytes()[..IDLE.len() - 3]);
    let ran = mirrorctl(&["status", "--envoy", &cut], "");
    assert_eq!((ran.exit, ran.stderr.lines().count()), (1, 1));
    assert!(ran.stderr.contains("its answer is not JSON"), "{}", ran.stderr);
    // Whatever it holds, it is one line, and no command of a terminal.
    let ran = mirrorctl(&["status", "--envoy", &document("\u{1b}[2J\r\n\u{1b}]0;x\u{7}")], "");
    assert!(ran.exit == 1 && ran.stderr.lines().count() == 1 && !ran.stderr.contains('\u{1b}'));
    // Nested too deeply for any reader.
    let ran = mirrorctl(&["status", "--envoy", &document("[".repeat(1_000_000))], "");
    assert!(ran.stderr.contains("recursion limit exceeded"), "{}", ran.stderr);
}

#[test]
fn json_of_something_else() {
    for body in ["{}", "[]", "null", "7", r#"{"stats":{}}"#, r#"{"status":"ok"}"#] {
        proxy(
            &document(body),
            "its answer is JSON, but not Envoy's: it has no list `stats`",
        );
    }
    for body in ["{}", "[]", "null", "7", r#"{"status":"ok"}"#, IDLE] {
        prometheus(
            &document(body),
            "its answer is JSON, but not Prometheus': it has no `status`",
        );
    }
    let clock = "it does not tell its time: is it a Prometheus server?";
    prometheus(&document(r#"{"status":"success"}"#), clock);
    prometheus(&document(r#"{"status":"success","data":{"result":["x","y"]}}"#), clock);
    let timeless = http(|request| {
        ok(match request.contains("time") {
            true => br#"{"status":"success","data":{"resultType":"scalar","result":[1795370400,"1795370400"]}}"#,
            false => br#"{"status":"success","data":{"resultType":"matrix","result":7}}"#,
        })
    });
    prometheus(
        &timeless,
        "its answer is JSON, but not Prometheus': it has no list `data.result`",
    );
}

#[test]
fn an_answer_without_end() {
    let endless = || {
        serve(|mut stream| {
            request(&mut stream);
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n");
            while stream.write_all(&[b' '; 65536]).is_ok() {}
        })
    };
    proxy(&endless(), "its answer is over 50 MiB");
    prometheus(&endless(), "its answer is over 50 MiB");
}

#[test]
fn an_answer_that_unfolds_to_one_without_end() {
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    for _ in 0..(51 << 4) {
        packed.write_all(&[b' '; 65536]).expect("packed");
    }
    let packed = packed.finish().expect("packed");
    assert!(packed.len() < 1 << 20, "{}", packed.len());
    let bomb = http(move |_| status("200 OK", "content-encoding: gzip\r\n", &packed));
    proxy(&bomb, "its answer is over 50 MiB");
}

#[test]
fn a_status_that_is_no_answer() {
    for code in ["401 Unauthorized", "403 Forbidden"] {
        let closed = http(move |_| status(code, "", b"<h1>no</h1>"));
        proxy(
            &closed,
            &format!("it answers {code}: it wants credentials (--bearer-token-file)"),
        );
    }
    for code in ["404 Not Found", "500 Internal Server Error", "503 Service Unavailable"] {
        let other = http(move |_| status(code, "", b"<h1>no</h1>"));
        proxy(&other, &format!("it answers {code}: is the URL right?"));
        prometheus(&other, &format!("it answers {code}: is the URL right?"));
    }
}

#[test]
fn prometheus_refuses_a_query() {
    for code in ["400 Bad Request", "422 Unprocessable Entity"] {
        let body =
            br#"{"status":"error","errorType":"execution","error":"query\nprocessing would load too many samples"}"#;
        let server = http(move |_| status(code, "content-type: application/json\r\n", body));
        let ran = mirrorctl(&["status", "--prometheus", &server], "");
        assert_eq!((ran.exit, ran.stdout.as_str(), ran.stderr.lines().count()), (1, "", 1));
        assert!(
            ran.stderr.contains("Prometheus refused the query: query"),
            "{}",
            ran.stderr
        );
    }
    let html = http(|_| status("400 Bad Request", "", b"<html>"));
    let ran = mirrorctl(&["status", "--prometheus", &html], "");
    assert!(ran.exit == 1 && ran.stderr.contains("not JSON"), "{}", ran.stderr);
}

#[test]
fn a_proxy_without_the_filter() {
    for body in [
        r#"{"stats":[]}"#,
        r#"{"stats":[{"name":"server.uptime","value":7},7,null,{"name":7}]}"#,
    ] {
        let address = document(body);
        let url = format!("http://{address}");
        let line = format!(
            "no traffic_mirror statistics at {url}: is the filter loaded? See: curl -s '{url}/stats?filter=wasm' (and for an \
             Istio sidecar docs/istio-prerequisites.md)"
        );
        refused(&["--envoy", &address], 1, &line);
        // Nobody has any mirror, so it is not the name that is wrong.
        refused(&["--envoy", &address, "reviews-v2"], 1, &line);
    }
    let empty = http(|request| {
        ok(match request.contains("query=time") {
            true => br#"{"status":"success","data":{"resultType":"scalar","result":[1795370400,"1795370400"]}}"#,
            false => br#"{"status":"success","data":{"resultType":"matrix","result":[]}}"#,
        })
    });
    let ran = mirrorctl(&["status", "--prometheus", &empty], "");
    let begin = format!("error: no traffic_mirror statistics at http://{empty}: is the filter loaded");
    assert!(
        ran.exit == 1 && ran.stdout.is_empty() && ran.stderr.starts_with(&begin),
        "{}",
        ran.stderr
    );
}

#[test]
fn a_mirror_that_nobody_has() {
    let address = document(IDLE);
    refused(
        &["--envoy", &address, "reviews-v3"],
        5,
        "there is no mirror `reviews-v3`; there are reviews-v2",
    );
}

/// Numbers that no proxy counts: nothing overflows, nothing is printed that is no number.
#[test]
fn numbers_beyond_all_bounds() {
    let values = ["18446744073709551615", "1e308", "-7", "0.5", "\"NaN\"", "null", "true"];
    // Each waits for a second reading; together they wait as long as one.
    let all = std::thread::scope(|scope| {
        let threads = values.map(|value| scope.spawn(move || numbers(value)));
        threads.map(|thread| thread.join().is_ok())
    });
    assert_eq!(all, [true; 7]);
    let beyond = document(r#"{"stats":[{"name":"x","value":1e999}]}"#);
    let ran = mirrorctl(&["status", "--envoy", &beyond], "");
    assert!(
        ran.exit == 1 && ran.stderr.contains("number out of range"),
        "{}",
        ran.stderr
    );
}

fn numbers(value: &str) {
    let names = [
        "matched_total",
        "sent_total",
        "in_flight",
        "buffered_bytes",
        "percentage_ppm",
        "expiry_timestamp_seconds",
        "in_flight_limit",
    ];
    let stats: Vec<String> = names
        .iter()
        .map(|name| format!(r#"{{"name":"wasmcustom.wasm_filter.m.traffic_mirror_{name}","value":{value}}}"#))
        .collect();
    let histogram = format!(
        r#"{{"histograms":[{{"name":"wasmcustom.wasm_filter.m.traffic_mirror_shadow_duration_milliseconds","buckets":[{{"upper_bound":{value},"cumulative":{value}}},{{"upper_bound":1,"cumulative":1}}]}}]}}"#
    );
    let address = document(format!(r#"{{"stats":[{},{histogram}]}}"#, stats.join(",")));
    for args in [
        &["status", "-o", "wide", "--window", "1s"][..],
        &["status", "-o", "json", "--window", "1s"],
        &["status", "m", "--window", "1s"],
        &["report", "--since-start"],
    ] {
        let args: Vec<&str> = args.iter().copied().chain(["--envoy", &address]).collect();
        let ran = mirrorctl(&args, "");
        assert_eq!(ran.exit, 0, "{value} {args:?}: {}", ran.stderr);
        let printed = [&ran.stdout, &ran.stderr];
        let bad = ["NaN", "inf", "panicked"];
        let bad = bad.iter().find(|bad| printed.iter().any(|text| text.contains(**bad)));
        assert_eq!(bad, None, "{value} {args:?}: {}", ran.stdout);
    }
}
