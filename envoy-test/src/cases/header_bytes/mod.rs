//! Headers reach the shadow byte for byte and in their order: repeated ones, `te`, bytes that are not UTF-8. Compared
//! at the level of bytes, with a backend that parses nothing.

use anyhow::{Context as _, Result, ensure};

use crate::client;
use crate::lab::{Lab, PATIENCE, Setup, Shadow};

const REQUEST: &[u8] =
    b"POST /odd?q=%zz HTTP/1.1\r\nHost: [::1]:80\r\nX-Twice: 1\r\nX-Latin: caf\xe9\r\nx-twice: 2\r\nTE: trailers\r\n\
    X-Empty:\r\nCookie: a=1\r\nCookie: b=2\r\nContent-Length: 4\r\nConnection: close\r\n\r\nbody";

pub(super) fn setup() -> Setup {
    Setup::new(include_str!("filter.yaml")).shadow(Shadow::Raw)
}

pub(super) async fn run(lab: &Lab) -> Result<()> {
    let answer = client::raw(lab.envoy.listener(), REQUEST, |_| false).await?;
    ensure!(
        answer.starts_with(b"HTTP/1.1 200"),
        "{}",
        String::from_utf8_lossy(&answer)
    );
    let request = lab.raw_shadow.wait_for(1, PATIENCE).await?.remove(0);
    let shown = request.escape_ascii().to_string();
    let (head, body) = shown.split_once(r"\r\n\r\n").context("no end of the headers")?;
    let lines: Vec<_> = head.split(r"\r\n").collect();
    ensure!(
        lines[0] == "POST /odd?q=%zz HTTP/1.1" && lines[1] == "host: [::1]-shadow:80",
        "{lines:?}"
    );
    let own = [
        "x-twice: ",
        "x-latin: ",
        "te: ",
        "x-empty:",
        "cookie: ",
        "content-length: ",
    ];
    let got: Vec<_> = lines
        .iter()
        .filter(|line| own.iter().any(|name| line.starts_with(name)))
        .copied()
        .collect();
    let expected = [
        "x-twice: 1",
        r"x-latin: caf\xe9",
        "x-twice: 2",
        "te: trailers",
        "x-empty: ",
        "cookie: a=1",
        "cookie: b=2",
        "content-length: 4",
    ];
    ensure!(got == expected, "the shadow got {got:?}");
    ensure!(body == "body", "the body is {body}");
    ensure!(
        !lines.iter().any(|line| line.starts_with("connection:")),
        "a header of one hop was copied: {lines:?}"
    );
    lab.settled().await?.mirror("copy")?.expect(&[
        ("matched", 1),
        ("sent", 1),
        ("responses.2xx", 1),
        ("primary.2xx", 1),
    ])
}
