//! `mirrorctl dashboard` as it is run: what it says, how it ends, what it refuses. Without the built page it refuses at
//! once; these tests hold in either case.

use std::net::TcpListener;
use std::path::Path;

use crate::common::admin::{Admin, Load};
use crate::common::http::{self, Stream, get};
use crate::common::run;
use crate::common::running::Running;
use mirrorctl::page;

/// Whether the command refuses, as it must without a page. Only then.
fn refuses() -> bool {
    let is_built = page::files().is_some();
    if !is_built {
        let ran = run(Path::new("."), &["dashboard", "--listen", "127.0.0.1:0"], b"");
        assert_eq!((ran.exit, ran.stdout.as_str()), (1, ""));
        assert_eq!(ran.stderr, format!("error: {}\n", page::MISSING));
    }
    !is_built
}

#[test]
fn it_says_where_and_ends_when_it_is_told() {
    if refuses() {
        return;
    }
    let admin = Admin::start(&Load::new());
    for signal in ["INT", "TERM"] {
        let mut running = Running::start(&["--envoy", &admin.url()]);
        assert_eq!(running.line(), format!("dashboard: http://{}", running.address));
        let mut streams: Vec<Stream> = (0..2).map(|_| Stream::open(running.address, "/api/events")).collect();
        for stream in &mut streams {
            assert_eq!(stream.view(|_| true)["mirrors"][1]["name"], "reviews-v3");
        }
        assert!(get(running.address, "/").body.contains("/page.js\""));
        running.signal(signal);
        assert_eq!(running.ended(), Some(0), "{signal}");
        assert_eq!(running.rest(), "", "{signal}");
    }
}

#[test]
fn it_tells_of_a_proxy_that_goes_away_and_comes_back() {
    if refuses() {
        return;
    }
    let load = Load::new();
    let admin = Admin::start(&load);
    let (address, url) = (admin.address, admin.url());
    let mut running = Running::start(&["--envoy", &url, "--interval", "1s"]);
    running.line();
    let mut stream = Stream::open(running.address, "/api/events");
    stream.view(|view| view["source"]["endpoints"][0]["up"] == true);
    drop(admin);
    assert_eq!(
        running.line(),
        format!("{url}: connection refused; it is asked again and again")
    );
    let _admin = Admin::at(address, &load);
    assert_eq!(running.line(), format!("{url}: answers again"));
    running.signal("INT");
    assert_eq!(running.ended(), Some(0));
}

#[test]
fn it_goes_on_although_nobody_answers() {
    if refuses() {
        return;
    }
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut running = Running::start(&["--envoy", &nobody.to_string()]);
    running.line();
    let view = get(running.address, "/api/view").json();
    assert_eq!(view["source"]["endpoints"][0]["problem"], "connection refused");
    running.signal("TERM");
    assert_eq!(running.ended(), Some(0));
}

#[test]
fn it_listens_where_it_is_told() {
    if refuses() {
        return;
    }
    let admin = Admin::start(&Load::new());
    let has_six = TcpListener::bind("[::1]:0").is_ok();
    for (listen, url, is_there) in [
        ("127.0.0.1:0", "http://127.0.0.1:", true),
        ("127.0.0.2:0", "http://127.0.0.2:", cfg!(target_os = "linux")),
        ("localhost:0", "http://localhost:", true),
        ("LOCALHOST.:0", "http://localhost:", true),
        ("[::1]:0", "http://[::1]:", has_six),
    ] {
        if !is_there {
            continue;
        }
        let mut running = Running::on(listen, &["--envoy", &admin.url()]);
        // On loopback there is nothing to warn of.
        let line = running.line();
        assert!(line.starts_with(&format!("dashboard: {url}")), "{listen}: {line}");
        assert_eq!(running.lines.len(), 1, "{listen}");
        assert_ne!(running.address.port(), 0, "{listen}");
        assert_eq!(get(running.address, "/").status, 200, "{listen}");
        running.signal("INT");
        assert_eq!(running.ended(), Some(0), "{listen}");
    }
}

#[test]
fn it_warns_before_others_see_the_page() {
    if refuses() {
        return;
    }
    let admin = Admin::start(&Load::new());
    let url = admin.url();
    let mut running = Running::on("0.0.0.0:0", &["--envoy", &url, "--allow-host", "dash.example.com"]);
    let port = running.address.port();
    assert_eq!(
        running.lines,
        [
            "warning: --listen 0.0.0.0:0: whoever reaches this port sees the page, which has no login and no encryption",
            &format!("dashboard: http://localhost:{port}")
        ]
    );
    for (host, status) in [("dash.example.com", 200), ("evil.example", 403), ("192.0.2.1", 200)] {
        let request = format!("GET / HTTP/1.1\r\nhost: {host}:{port}\r\nconnection: close\r\n\r\n");
        assert_eq!(http::send(running.address, &request).status, status, "{host}");
    }
    running.signal("INT");
    assert_eq!(running.ended(), Some(0));
}

#[test]
fn a_port_that_is_taken_is_named() {
    if refuses() {
        return;
    }
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let ran = run(Path::new("."), &["dashboard", "--listen", &address], b"");
    assert_eq!((ran.exit, ran.stdout.as_str()), (1, ""));
    assert_eq!(
        ran.stderr,
        format!(
            "error: --listen {address}: something else listens there, another dashboard perhaps: choose another port, or \
             port 0 for any free one\n"
        )
    );
    // Addresses for documentation, which no machine has; and a name that cannot be.
    for (listen, reason) in [
        ("192.0.2.1:0", "this machine has no such address"),
        ("[2001:db8::1]:0", "127.0.0.1 is always there"),
        ("mirror.invalid:0", "127.0.0.1 is always there"),
    ] {
        let ran = run(Path::new("."), &["dashboard", "--listen", listen], b"");
        assert_eq!((ran.exit, ran.stdout.as_str()), (1, ""), "{listen}");
        assert!(
            ran.stderr.starts_with(&format!("error: --listen {listen}: ")),
            "{}",
            ran.stderr
        );
        assert!(ran.stderr.contains(reason), "{}", ran.stderr);
        assert_eq!(ran.stderr.lines().count(), 1, "{}", ran.stderr);
    }
}

#[test]
fn what_cannot_be_is_refused_as_usage() {
    for (args, reason) in [
        (&["--listen", "8088"][..], "has no port: write it as 127.0.0.1:8088"),
        (&["--listen", "127.0.0.1:x"], "its port is no number from 0 to 65535"),
        (&["--listen", ":8088"], "or as 0.0.0.0:8088 to let others in"),
        (&["--allow-host", "http://a.example"], "is a URL"),
        (&["--interval", "0s"], "is not a span from 1s to 1m"),
        (&["--interval", "2m"], "is not a span from 1s to 1m"),
        (&["--interval", "fast"], "is not a span from 1s to 1m"),
        (&["--envoy", "ftp://x"], "is not http or https"),
        (
            &["--envoy", "http://a", "--prometheus", "http://b"],
            "cannot be used with",
        ),
    ] {
        let mut all = vec!["dashboard"];
        all.extend(args);
        let ran = run(Path::new("."), &all, b"");
        assert_eq!((ran.exit, ran.stdout.as_str()), (2, ""), "{args:?}");
        assert!(ran.stderr.contains(reason), "{args:?}: {}", ran.stderr);
    }
}
