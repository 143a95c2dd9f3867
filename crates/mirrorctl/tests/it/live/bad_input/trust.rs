//! Redirects, certificates and credentials: who is trusted with what.

use std::io::{Read, Write};

use super::{IDLE, folder, mirrorctl, proxy, refused};
use crate::common::server::{Authority, http, ok, serve, status};

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
