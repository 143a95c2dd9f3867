//! Who may ask the dashboard: every way to write a host, every name and site that is refused, every form of `--listen`.

use axum::http::{HeaderMap, HeaderValue, Uri, header};
use mirrorctl::dashboard::frames::PageWindow;
use mirrorctl::dashboard::guard::check;
use mirrorctl::dashboard::host::{Host, Hosts};
use mirrorctl::dashboard::listen::Listen;

#[test]
fn a_host_is_read_in_every_spelling() {
    for (text, host) in [
        ("localhost", "localhost"),
        ("localhost:8088", "localhost"),
        ("LOCALHOST:8088", "localhost"),
        ("localhost.:8088", "localhost"),
        ("localhost:", "localhost"),
        ("127.0.0.1", "127.0.0.1"),
        ("127.0.0.1.:80", "127.0.0.1"),
        ("127.255.0.9:65535", "127.255.0.9"),
        ("[::1]", "[::1]"),
        ("[::1]:8088", "[::1]"),
        ("[0:0:0:0:0:0:0:1]:8088", "[::1]"),
        ("[::ffff:127.0.0.1]:8088", "127.0.0.1"),
        ("mirror.Example.COM:443", "mirror.example.com"),
        ("a_b.demo.svc", "a_b.demo.svc"),
    ] {
        let read = Host::of_authority(text).unwrap_or_else(|| panic!("{text} is refused"));
        assert_eq!(read.to_string(), host, "{text}");
    }
}

#[test]
fn what_is_no_host_is_refused() {
    let long = format!("{}.example", "a".repeat(64));
    for text in [
        "",
        ":8088",
        ".",
        ".localhost",
        "localhost..",
        "local host",
        "localhost/",
        "localhost:8088/",
        "localhost:80a",
        "localhost:-1",
        "localhost:808800",
        "user@localhost",
        "localhost@evil.example",
        "localhost,evil.example",
        "localhost\tevil.example",
        "::1",
        "::1:8088",
        "[::1",
        "::1]",
        "[::1]x",
        "[::1]:80:80",
        "[fe80::1%eth0]:8088",
        "[127.0.0.1]",
        "127.1",
        "127.0.0.1.1",
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "evil.0x1",
        "löcalhost",
        &long,
    ] {
        assert_eq!(Host::of_authority(text), None, "{text}");
    }
}

fn hosts(listen: &str, bound: &str, allowed: &[&str]) -> Hosts {
    let listen: Listen = listen.parse().unwrap();
    let allowed: Vec<Host> = allowed.iter().map(|name| name.parse().unwrap()).collect();
    Hosts::new(listen.host(), bound.parse().unwrap(), &allowed)
}

/// The status with which a request is refused; 200 if it is not.
fn status(hosts: &Hosts, uri: &str, headers: &[(&'static str, &str)]) -> u16 {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.append(*name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
    }
    let uri: Uri = uri.parse().unwrap();
    match check(hosts, &uri, &map) {
        Ok(()) => 200,
        Err((status, line)) => {
            assert!(line.ends_with('\n') && line.lines().count() == 1, "{line:?}");
            status.as_u16()
        }
    }
}

#[test]
fn only_our_own_names_are_served() {
    let loopback = hosts("127.0.0.1:8088", "127.0.0.1", &[]);
    let six = hosts("[::1]:8088", "::1", &[]);
    let named = hosts("mirror.lan:8088", "192.168.1.5", &[]);
    let open = hosts("0.0.0.0:8088", "0.0.0.0", &["dash.example.com"]);
    let open_six = hosts("[::]:8088", "::", &[]);
    for (host, on_loopback, on_name, on_all) in [
        ("127.0.0.1:8088", 200, 200, 200),
        ("127.0.0.2:9999", 200, 200, 200),
        ("localhost:8088", 200, 200, 200),
        ("LocalHost.", 200, 200, 200),
        ("[::1]:8088", 200, 200, 200),
        ("[::ffff:127.0.0.1]", 200, 200, 200),
        ("mirror.lan:8088", 403, 200, 403),
        ("MIRROR.lan.:80", 403, 200, 403),
        ("192.168.1.5:8088", 403, 200, 200),
        ("192.168.1.6:8088", 403, 403, 200),
        ("[2001:db8::1]:8088", 403, 403, 200),
        ("0.0.0.0:8088", 403, 403, 200),
        ("dash.example.com", 403, 403, 200),
        ("evil.example:8088", 403, 403, 403),
        ("localhost.evil.example", 403, 403, 403),
        ("evil.localhost", 403, 403, 403),
        ("127.0.0.1.evil.example:8088", 403, 403, 403),
        ("xn--localhost-.example", 403, 403, 403),
        ("127.1", 400, 400, 400),
        ("::1", 400, 400, 400),
        ("user@localhost", 400, 400, 400),
        ("", 400, 400, 400),
    ] {
        let asked = [("host", host)];
        for path in ["/", "/assets/page.js", "/api/view", "/nothing"] {
            assert_eq!(
                status(&loopback, path, &asked),
                on_loopback,
                "{host} {path} on loopback"
            );
            assert_eq!(status(&six, path, &asked), on_loopback, "{host} {path} on loopback");
            assert_eq!(status(&named, path, &asked), on_name, "{host} {path} on a name");
            assert_eq!(status(&open, path, &asked), on_all, "{host} {path} on all");
        }
        let on_all = if host == "dash.example.com" { 403 } else { on_all };
        assert_eq!(status(&open_six, "/", &asked), on_all, "{host} on all");
    }
}

#[test]
fn the_host_stands_there_once_and_agrees_with_the_target() {
    let hosts = hosts("127.0.0.1:8088", "127.0.0.1", &[]);
    assert_eq!(status(&hosts, "/", &[]), 400, "no Host");
    let twice = [("host", "localhost"), ("host", "localhost")];
    assert_eq!(status(&hosts, "/", &twice), 400, "twice");
    let foreign = [("host", "localhost"), ("host", "evil.example")];
    assert_eq!(status(&hosts, "/", &foreign), 400, "two");
    assert_eq!(status(&hosts, "/", &[("host", "löcalhost")]), 400, "no text");
    let absolute = "http://evil.example/api/view";
    assert_eq!(status(&hosts, absolute, &[("host", "localhost")]), 403, "absolute");
    assert_eq!(status(&hosts, "http://localhost/", &[("host", "evil.example")]), 403);
    assert_eq!(
        status(&hosts, "http://localhost:8088/", &[("host", "localhost:8088")]),
        200
    );
}

#[test]
fn foreign_sites_get_nothing_of_the_interface() {
    let hosts = hosts("127.0.0.1:8088", "127.0.0.1", &["dash.example.com"]);
    for (header, value, wanted) in [
        ("origin", "http://localhost:8088", 200),
        ("origin", "HTTP://LOCALHOST:8088", 403),
        ("origin", "http://LOCALHOST:8088", 200),
        ("origin", "https://localhost:8088", 200),
        ("origin", "http://localhost", 403),
        ("origin", "http://localhost:8089", 403),
        ("origin", "http://127.0.0.1:8088", 403),
        ("origin", "http://evil.example", 403),
        ("origin", "http://localhost:8088.evil.example", 403),
        ("origin", "http://evil.example/localhost:8088", 403),
        ("origin", "null", 403),
        ("origin", "", 403),
        ("origin", "file://", 403),
        ("sec-fetch-site", "same-origin", 200),
        ("sec-fetch-site", "none", 200),
        ("sec-fetch-site", "same-site", 403),
        ("sec-fetch-site", "cross-site", 403),
        ("sec-fetch-site", "", 403),
    ] {
        let asked = [("host", "localhost:8088"), (header, value)];
        for path in ["/api/view", "/api/events?window=30m", "/api/"] {
            assert_eq!(status(&hosts, path, &asked), wanted, "{header}: {value} {path}");
        }
        // A link from another site leads to the page.
        assert_eq!(status(&hosts, "/", &asked), 200, "{header}: {value}");
    }
    let twice = [
        ("host", "localhost"),
        ("origin", "http://localhost"),
        ("origin", "http://evil.example"),
    ];
    assert_eq!(status(&hosts, "/api/view", &twice), 400);
    let proxied = [("host", "dash.example.com"), ("origin", "https://dash.example.com")];
    assert_eq!(status(&hosts, "/api/view", &proxied), 200);
}

#[test]
fn the_refusal_says_what_to_do() {
    let mut headers = HeaderMap::new();
    headers.insert(header::HOST, HeaderValue::from_static("dash.example.com:8443"));
    let hosts = hosts("127.0.0.1:8088", "127.0.0.1", &[]);
    let (_, line) = check(&hosts, &Uri::from_static("/"), &headers).unwrap_err();
    assert_eq!(
        line,
        "dash.example.com is not known as a name of this dashboard; if it is one: mirrorctl dashboard --allow-host \
         dash.example.com\n"
    );
}

#[test]
fn an_address_to_listen_on_has_a_host_and_a_port() {
    for (text, shown) in [
        ("127.0.0.1:8088", "127.0.0.1:8088"),
        ("0.0.0.0:0", "0.0.0.0:0"),
        ("[::1]:8088", "[::1]:8088"),
        ("[::]:65535", "[::]:65535"),
        ("LocalHost:80", "localhost:80"),
        ("mirror.lan.:80", "mirror.lan:80"),
    ] {
        assert_eq!(text.parse::<Listen>().unwrap().to_string(), shown, "{text}");
    }
    for (text, reason) in [
        ("", "has no port"),
        ("8088", "has no port"),
        ("localhost", "has no port"),
        (":8088", "names no address"),
        ("localhost:", "its port"),
        ("localhost:http", "its port"),
        ("localhost:+80", "its port"),
        ("localhost:65536", "its port"),
        ("::1:8088", "its address"),
        ("http://localhost:8088", "its address"),
        ("127.1:8088", "its address"),
        ("*:8088", "its address"),
    ] {
        let problem = text.parse::<Listen>().unwrap_err();
        assert!(problem.starts_with(reason), "{text}: {problem}");
        assert!(problem.contains("write it as 127.0.0.1:8088"), "{text}: {problem}");
    }
}

#[test]
fn a_name_to_allow_is_a_name_alone() {
    for (text, reason) in [
        ("https://mirror.example.com", "is a URL"),
        ("*.example.com", "is a pattern"),
        ("mirror.example.com:443", "has a port"),
        ("::1", "is neither"),
        ("a b", "is neither"),
        ("", "is neither"),
    ] {
        let problem = text.parse::<Host>().unwrap_err();
        assert!(problem.starts_with(reason), "{text}: {problem}");
    }
    assert_eq!(
        "Mirror.Example.com.".parse::<Host>().unwrap().to_string(),
        "mirror.example.com"
    );
}

#[test]
fn a_query_names_one_window() {
    for (query, span) in [
        (None, PageWindow::Short),
        (Some(""), PageWindow::Short),
        (Some("window=5m"), PageWindow::Short),
        (Some("window=30m"), PageWindow::Long),
    ] {
        assert_eq!(PageWindow::of_query(query), Ok(span), "{query:?}");
    }
    for query in [
        "window=",
        "window=1m",
        "window=5m&window=30m",
        "window=5m&x=1",
        "Window=5m",
        "x",
        "window",
    ] {
        assert!(PageWindow::of_query(Some(query)).is_err(), "{query}");
    }
}
