//! Sources that are wrong, silent, broken or hostile, and jobs that are none: each ends with one clear line on standard error
//! and nothing on standard output.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::common::server::{Authority, document, http, nobody, ok, request, serve, status};
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
fn nobody_there() {
    proxy(&nobody(), "connection refused");
    prometheus(&nobody(), "connection refused");
    // A port-forward that is not running is told as such.
    let (one, other) = (nobody(), nobody());
    let both = format!("http://{one}: connection refused; http://{other}: connection refused");
    refused(&["--envoy", &one, "--envoy", &other], 1, &both);
}

/// One says nothing, one says a byte now and then, one accepts no connection for long: all three at once, so that the test
/// takes as long as one.
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
fn a_redirect_that_leads_nowhere() {
    let found = |location: &'static str| http(move |_| status("302 Found", &format!("location: {location}\r\n"), b""));
    proxy(&found("/again"), "too many redirects");
    for location in ["file:///etc/passwd", "http://127.0.0.1:1/", "gopher://x/"] {
        let ran = mirrorctl(&["status", "--envoy", &found(location)], "");
        assert_eq!(
            (ran.exit, ran.stdout.as_str(), ran.stderr.lines().count()),
            (1, "", 1),
            "{location}"
        );
    }
}

/// A token is for the server that it was given for, and not for the one that this one sends to.
#[test]
fn a_token_does_not_follow_a_redirect() {
    let file = folder("redirect").join("token");
    std::fs::write(&file, "secret\n").expect("written");
    let elsewhere = http(|request| match request.contains("secret") {
        true => status("500 It Has The Token", "", b""),
        false => ok(br#"{"stats":[]}"#),
    });
    let from = http(move |request| match request.contains("authorization: Bearer secret") {
        true => status("302 Found", &format!("location: http://{elsewhere}/\r\n"), b""),
        false => status("500 It Has No Token", "", b""),
    });
    let ran = mirrorctl(
        &[
            "status",
            "--envoy",
            &from,
            "--bearer-token-file",
            file.to_str().expect("a path"),
        ],
        "",
    );
    assert!(ran.stderr.contains("no traffic_mirror statistics"), "{}", ran.stderr);
}

#[test]
fn tls_that_is_none_or_is_not_trusted() {
    // It takes the greeting for a request that is none.
    let plain = serve(|mut stream| {
        let _ = stream.read(&mut [0; 65536]);
        let _ = stream.write_all(&status("400 Bad Request", "", b""));
    });
    let ran = mirrorctl(&["status", "--envoy", &format!("https://{plain}")], "");
    assert_eq!((ran.exit, ran.stdout.as_str(), ran.stderr.lines().count()), (1, "", 1));
    let problem = "TLS: received corrupt message of type InvalidContentType: does it speak https?";
    assert_eq!(ran.stderr, format!("error: https://{plain}: {problem}\n"));

    let folder = folder("tls");
    let (trusted, other) = (Authority::new(&folder, "trusted"), Authority::new(&folder, "other"));
    let url = format!("https://{}", trusted.https("127.0.0.1", IDLE));
    let file = |authority: &Authority| authority.file.to_str().expect("a path").to_owned();
    for args in [
        &["status", "--envoy", &url][..],
        &["status", "--envoy", &url, "--ca-file", &file(&other)],
    ] {
        let ran = mirrorctl(args, "");
        let problem = "TLS: invalid peer certificate: UnknownIssuer: --ca-file names the file of who signed it";
        let expected = format!("error: {url}: {problem}\n");
        assert_eq!(
            (ran.exit, ran.stdout.as_str(), ran.stderr),
            (1, "", expected),
            "{args:?}"
        );
    }
    let misnamed = format!("https://{}", trusted.https("envoy.example.com", IDLE));
    let ran = mirrorctl(&["status", "--envoy", &misnamed, "--ca-file", &file(&trusted)], "");
    assert!(
        ran.exit == 1 && ran.stderr.contains("certificate not valid for name"),
        "{}",
        ran.stderr
    );
    let ran = mirrorctl(
        &[
            "status",
            "--envoy",
            &url,
            "--ca-file",
            &file(&trusted),
            "--window",
            "1s",
        ],
        "",
    );
    assert!(ran.exit == 0 && ran.stdout.contains("reviews-v2"), "{}", ran.stderr);
}

#[test]
fn a_file_of_credentials_that_holds_none() {
    let folder = folder("credentials");
    let file = |name: &str, bytes: &[u8]| {
        let file = folder.join(name);
        std::fs::write(&file, bytes).expect("written");
        file.to_str().expect("a path").to_owned()
    };
    let (empty, text, two) = (file("empty", b" \n"), file("text", b"hello"), file("two", b"a\nb\n"));
    let missing = folder.join("missing").to_str().expect("a path").to_owned();
    for (flag, file, problem) in [
        ("--ca-file", &text, "holds no certificate in PEM"),
        (
            "--ca-file",
            &missing,
            "cannot be read: No such file or directory (os error 2)",
        ),
        ("--bearer-token-file", &empty, "is empty: it should hold a token"),
        (
            "--bearer-token-file",
            &two,
            "holds more than one line, or what a header cannot carry",
        ),
    ] {
        refused(&[flag, file], 2, &format!("{file}: {problem}"));
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
