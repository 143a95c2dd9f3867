//! The dashboard over real sockets, asked byte by byte: each route, header and method, the stream of views, a proxy
//! that goes away and comes back.

use crate::common::admin::{Admin, Load};
use crate::common::dashboard::{PAGE, Served, served};
use crate::common::http::{Stream, ask, get, send};
use mirrorctl::dashboard::connections::ClientLimits;
use mirrorctl::dashboard::guard::CONTENT_SECURITY_POLICY;
use serde_json::Value;

fn is_up(view: &Value) -> bool {
    view["source"]["endpoints"][0]["up"].as_bool().unwrap()
}

/// Whether a proxy was read twice, so that rates are known, and the pace at which it answers.
fn is_rated(view: &Value) -> bool {
    !view["mirrors"][0]["window"]["perSecond"]["sent"].is_null()
}

#[test]
fn every_answer_has_its_headers() {
    let admin = Admin::start(&Load::new());
    let served = served(&admin);
    let page = "text/html; charset=utf-8";
    let text = "text/plain; charset=utf-8";
    for (method, path, headers, status, kind, kept) in [
        ("GET", "/", "", 200, page, "no-cache"),
        ("HEAD", "/", "", 200, page, "no-cache"),
        ("GET", "/?x=y", "", 200, page, "no-cache"),
        ("GET", "/assets/page.js", "", 200, PAGE[1].content_type, "no-cache"),
        ("GET", "/api/view", "", 200, "application/json", "no-store"),
        ("HEAD", "/api/view", "", 200, "application/json", "no-store"),
        ("GET", "/api/view?window=30m", "", 200, "application/json", "no-store"),
        ("HEAD", "/api/events", "", 200, "text/event-stream", "no-store"),
        ("GET", "/api/view?window=1h", "", 400, text, "no-store"),
        ("GET", "/api/events?window=1h", "", 400, text, "no-store"),
        (
            "GET",
            "/api/view",
            "origin: http://evil.example\r\n",
            403,
            text,
            "no-store",
        ),
        ("GET", "/assets/../", "", 404, text, "no-store"),
        ("GET", "/assets/", "", 404, text, "no-store"),
        ("GET", "/index.html", "", 404, text, "no-store"),
        ("GET", "//", "", 404, text, "no-store"),
        ("GET", "/api/", "", 404, text, "no-store"),
        ("HEAD", "/nothing", "", 404, text, "no-store"),
        ("POST", "/", "content-length: 0\r\n", 405, text, "no-store"),
        ("POST", "/api/view", "content-length: 0\r\n", 405, text, "no-store"),
        ("PUT", "/assets/page.js", "content-length: 0\r\n", 405, text, "no-store"),
        ("DELETE", "/api/events", "", 405, text, "no-store"),
        (
            "OPTIONS",
            "/api/view",
            "access-control-request-method: GET\r\n",
            405,
            text,
            "no-store",
        ),
        ("TRACE", "/", "", 405, text, "no-store"),
        ("BREW", "/", "", 405, text, "no-store"),
    ] {
        let answer = ask(served.address, method, path, headers);
        let case = format!("{method} {path} {headers}: {answer:?}");
        assert_eq!(answer.status, status, "{case}");
        for (name, value) in [
            ("content-type", kind),
            ("cache-control", kept),
            ("content-security-policy", CONTENT_SECURITY_POLICY),
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-resource-policy", "same-origin"),
            ("cross-origin-opener-policy", "same-origin"),
        ] {
            assert_eq!(answer.header(name), Some(value), "{case}");
        }
        let cors = answer
            .headers
            .iter()
            .find(|(name, _)| name.starts_with("access-control-"));
        assert_eq!(cors, None, "{case}");
        assert_eq!(answer.header("allow").is_some(), status == 405, "{case}");
        if method == "HEAD" {
            assert_eq!(answer.body, "", "{case}");
        } else if kind == text {
            assert!(
                answer.body.ends_with('\n') && answer.body.lines().count() == 1,
                "{case}"
            );
        }
    }
    assert_eq!(get(served.address, "/").body.as_bytes(), PAGE[0].bytes);
    let length = ask(served.address, "HEAD", "/", "");
    assert_eq!(
        length.header("content-length"),
        Some(PAGE[0].bytes.len().to_string().as_str())
    );
}

#[test]
fn a_file_that_has_not_changed_is_not_sent_again() {
    let admin = Admin::start(&Load::new());
    let served = served(&admin);
    let first = get(served.address, "/assets/page.js");
    let tag = first.header("etag").expect("a tag").to_owned();
    assert!(tag.starts_with('"') && tag.ends_with('"') && tag.len() > 2, "{tag}");
    assert_ne!(
        get(served.address, "/").header("etag"),
        Some(tag.as_str()),
        "other bytes"
    );
    for (known, status) in [
        (tag.clone(), 304),
        (format!("W/{tag}"), 304),
        (format!("\"x\", {tag}"), 304),
        ("*".to_owned(), 304),
        ("\"x\"".to_owned(), 200),
        (String::new(), 200),
    ] {
        let headers = format!("if-none-match: {known}\r\n");
        let answer = ask(served.address, "GET", "/assets/page.js", &headers);
        assert_eq!(answer.status, status, "{known}");
        assert_eq!(answer.header("etag"), Some(tag.as_str()), "{known}");
        assert_eq!(answer.header("cache-control"), Some("no-cache"), "{known}");
        assert_eq!(answer.body.is_empty(), status == 304, "{known}");
    }
}

#[test]
fn a_foreign_name_is_refused_on_every_route() {
    let admin = Admin::start(&Load::new());
    let served = served(&admin);
    let port = served.address.port();
    for path in ["/", "/assets/page.js", "/api/view", "/api/events", "/nothing"] {
        for (target, host, status) in [
            (path.to_owned(), format!("host: evil.example:{port}\r\n"), 403),
            (path.to_owned(), format!("Host:localhost.evil.example:{port}\r\n"), 403),
            (
                path.to_owned(),
                "host: localhost\r\nhost: evil.example\r\n".to_owned(),
                400,
            ),
            (path.to_owned(), String::new(), 400),
            (path.to_owned(), "host:\r\n".to_owned(), 400),
            (
                format!("http://evil.example{path}"),
                "host: localhost\r\n".to_owned(),
                403,
            ),
            (
                format!("http://localhost{path}"),
                "host: evil.example\r\n".to_owned(),
                403,
            ),
        ] {
            let request = format!("GET {target} HTTP/1.1\r\n{host}connection: close\r\n\r\n");
            let answer = send(served.address, &request);
            assert_eq!(answer.status, status, "{request}");
            assert!(!answer.body.contains("mirrors"), "{request}");
            assert_eq!(answer.header("content-security-policy"), Some(CONTENT_SECURITY_POLICY));
        }
    }
    // Nor does an older way of asking help.
    assert_eq!(send(served.address, "GET /api/view HTTP/1.0\r\n\r\n").status, 400);
    for host in ["localhost", "LOCALHOST.:1", "[::1]:9999", "127.0.0.1"] {
        let request = format!("GET /api/view HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
        assert_eq!(send(served.address, &request).status, 200, "{host}");
    }
}

#[test]
fn a_view_has_the_window_that_was_asked_for() {
    let admin = Admin::start(&Load::new());
    let served = served(&admin);
    for (path, seconds, step) in [
        ("/api/view", 300, 5000),
        ("/api/view?window=5m", 300, 5000),
        ("/api/view?window=30m", 1800, 30_000),
    ] {
        let view = get(served.address, path).json();
        assert_eq!(view["window"]["seconds"], seconds, "{path}");
        assert_eq!(view["window"]["step"], step, "{path}");
        let names: Vec<&str> = view["mirrors"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["name"].as_str().unwrap())
            .collect();
        assert_eq!(names, ["reviews-v2", "reviews-v3"], "{path}");
        assert_eq!(view["source"]["endpoints"][0]["name"], admin.url());
    }
    assert!(get(served.address, "/api/view").body.ends_with("}\n"));
}

#[test]
fn a_stream_begins_with_a_view_and_goes_on_with_new_ones() {
    let admin = Admin::start(&Load::new());
    let served = served(&admin);
    let mut stream = Stream::open(served.address, "/api/events?window=30m");
    assert_eq!(stream.status, 200);
    assert_eq!(stream.header("content-type"), Some("text/event-stream"));
    assert_eq!(stream.next().unwrap().lines, ["retry: 2000"]);
    let first = stream.view(|_| true);
    assert_eq!(first["window"]["seconds"], 1800);
    let sent = |view: &Value| view["mirrors"][0]["total"]["sent"].as_i64().unwrap();
    let later = stream.view(|view| sent(view) > sent(&first));
    assert!(later["at"].as_i64() > first["at"].as_i64());
    // The rate of the recording: 1729 copies in 25 s.
    let rated = stream.view(is_rated);
    let rate = rated["mirrors"][0]["window"]["perSecond"]["sent"].as_f64().unwrap();
    assert!((50.0..90.0).contains(&rate), "{rate}");
}

#[test]
fn all_pages_get_the_same_views() {
    let admin = Admin::start(&Load::new());
    let served = served(&admin);
    let mut streams: Vec<Stream> = (0..3).map(|_| Stream::open(served.address, "/api/events")).collect();
    let newest = streams[0].view(|_| true)["at"].as_i64().unwrap();
    let views: Vec<Value> = streams
        .iter_mut()
        .map(|stream| stream.view(|view| view["at"].as_i64().unwrap() > newest))
        .collect();
    // One may have skipped a view; the same reading is the same view.
    for one in &views {
        for other in &views {
            assert!(one["at"] != other["at"] || one == other);
        }
    }
}

#[test]
fn an_outage_is_told_and_so_is_its_end() {
    let load = Load::new();
    let admin = Admin::start(&load);
    let served = served(&admin);
    let address = admin.address;
    let mut stream = Stream::open(served.address, "/api/events");
    stream.view(is_rated);
    drop(admin);
    let down = stream.view(|view| !is_up(view));
    let endpoint = &down["source"]["endpoints"][0];
    assert_eq!(endpoint["problem"], "connection refused");
    assert!(endpoint["since"].is_i64());
    // What it said last holds for a moment, but not for long.
    stream.view(|view| view["source"]["proxies"] == 0);
    let _admin = Admin::at(address, &load);
    let back = stream.view(is_up);
    assert_eq!(back["source"]["endpoints"][0]["problem"], Value::Null);
    assert_eq!(back["source"]["proxies"], 1);
}

#[test]
fn one_of_two_proxies_may_be_away() {
    let load = Load::new();
    let (admin, other) = (Admin::start(&load), Admin::start(&load));
    let served = Served::start(&[admin.url(), other.url()], ClientLimits::DEFAULT);
    let mut stream = Stream::open(served.address, "/api/events");
    let both = stream.view(|view| view["source"]["proxies"] == 2 && is_rated(view));
    assert!(is_up(&both));
    drop(admin);
    let one = stream.view(|view| view["source"]["proxies"] == 1);
    assert!(!is_up(&one));
    assert_eq!(one["source"]["endpoints"][1]["up"], true);
    assert_eq!(one["mirrors"][0]["proxies"]["known"], 1);
}

#[test]
fn nobody_needs_to_answer_at_the_start() {
    let load = Load::new();
    let admin = Admin::start(&load);
    let (address, url) = (admin.address, admin.url());
    drop(admin);
    let served = Served::start(&[url], ClientLimits::DEFAULT);
    let view = get(served.address, "/api/view").json();
    assert!(!is_up(&view));
    assert_eq!(view["at"], Value::Null);
    assert_eq!(view["mirrors"], Value::Array(Vec::new()));
    let mut stream = Stream::open(served.address, "/api/events");
    let _admin = Admin::at(address, &load);
    assert_eq!(stream.view(is_up)["mirrors"][0]["name"], "reviews-v2");
}
