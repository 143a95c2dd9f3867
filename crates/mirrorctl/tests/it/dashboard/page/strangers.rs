//! What strangers say stays text, and other sites read nothing.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};

use serde_json::{Value, json};

use crate::common::admin::{Admin, Load};
use crate::common::running::Running;
use crate::dashboard::browser::{Page, served};

#[test]
#[ignore = "needs Chromium: make test-dashboard"]
fn what_a_source_says_stays_text() {
    // A stranger behind the URL answers with a page of its own.
    let address = stranger("<img src=x onerror=alert(1)><script>alert(2)</script>");
    let running = Running::start(&["--envoy", &address.to_string()]);
    let page = Page::open(&format!("http://{}/", running.address));
    page.until_text("banner-endpoint", "<img src=x onerror=alert(1)>");
    assert_eq!(
        page.value("document.querySelectorAll('img, script[src=\"x\"]').length"),
        json!(0)
    );
    page.finish();
}

#[test]
#[ignore = "needs Chromium: make test-dashboard"]
fn no_other_site_reads_it() {
    let admin = Admin::start(&Load::new());
    let (running, url) = served(&admin);
    let port = running.address.port();
    // A site that knows where the dashboard is.
    let site = stranger("<!doctype html><title>another site</title>");
    let page = Page::open(&format!("http://{site}/"));
    let ask = |what: &str| page.browser.run_later(what).as_str().unwrap().to_owned();
    for path in ["", "api/view", "assets/page.js"] {
        let answer = ask(&format!("return (await fetch('{url}{path}')).text();"));
        assert_eq!(answer, "TypeError: Failed to fetch", "{path}");
        // What may be asked for without reading it is not handed over either.
        let answer = ask(&format!(
            "return (await fetch('{url}{path}', {{ mode: 'no-cors' }})).type;"
        ));
        assert_eq!(answer, "TypeError: Failed to fetch", "{path}");
    }
    let loaded = |element: &str, attribute: &str, target: &str| {
        ask(&format!(
            "return new Promise((done) => {{ const one = document.createElement('{element}'); one.{attribute} = '{target}';
             one.onload = () => done('loaded'); one.onerror = () => done('refused'); document.body.append(one); }});"
        ))
    };
    assert_eq!(loaded("script", "src", &format!("{url}assets/page.js")), "refused");
    let stream = ask(&format!(
        "return new Promise((done) => {{ const stream = new EventSource('{url}api/events');
         stream.onopen = () => done('open'); stream.onerror = () => done('refused'); }});"
    ));
    assert_eq!(stream, "refused");
    // In a frame it could be clicked on unseen.
    loaded("iframe", "src", &url);
    let refused = |line: &Value| {
        line["message"]
            .as_str()
            .is_some_and(|line| line.contains("frame-ancestors"))
    };
    assert!(
        page.browser.log("browser").iter().any(refused),
        "it is shown in a frame"
    );
    // A name that was pointed here makes it a part of the site, in the browser's eyes.
    page.browser.open(&format!("http://rebound.example:{port}/"));
    let text = page.value("document.body.textContent");
    assert!(
        text.as_str()
            .unwrap()
            .starts_with("rebound.example is not known as a name"),
        "{text}"
    );
    let answer = ask("return (await fetch('/api/view')).status + ' ' + (await fetch('/api/view')).ok;");
    assert_eq!(answer, "403 false");
}

/// Whoever asks gets this page.
fn stranger(page: &'static str) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.read(&mut [0; 4096]);
            let _ = write!(
                stream,
                "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{page}",
                page.len()
            );
        }
    });
    address
}
