//! An upgrade is a conversation, and half a conversation is of no use to a shadow: `skipped{upgrade}`, whether the
//! primary accepts or declines. What is accepted works untouched: bytes flow both ways.

use anyhow::{Result, ensure};

use crate::client::{self, Socket};
use crate::lab::{Lab, PATIENCE, Setup};

const HANDSHAKE: &str = "GET /chat HTTP/1.1\r\nHost: shop.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
    Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

pub(super) fn setup() -> Setup {
    Setup::new(include_str!("filter.yaml")).routes(include_str!("routes.yaml"))
}

pub(super) async fn run(lab: &Lab) -> Result<()> {
    // The echo backend declines the upgrade, which is an answer like any other.
    let declined = format!("{HANDSHAKE}\r\n");
    let answer = client::raw(lab.envoy.listener(), declined.as_bytes(), |answer| {
        answer.ends_with(b"\r\n\r\n") || answer.len() > 20
    })
    .await?;
    ensure!(
        answer.starts_with(b"HTTP/1.1 200"),
        "{}",
        String::from_utf8_lossy(&answer)
    );
    let received = lab.primary.journal().wait_for(1, PATIENCE).await?;
    ensure!(
        received[0].text("upgrade").as_deref() == Some("websocket"),
        "the primary got no upgrade: {:?}",
        received[0].headers
    );

    let mut tunnel = Socket::connect(lab.envoy.listener()).await?;
    tunnel.send(format!("{HANDSHAKE}x-echo-upgrade: yes\r\n\r\n")).await?;
    let switched = tunnel.read_to("\r\n\r\n").await?;
    ensure!(switched.starts_with("HTTP/1.1 101"), "{switched}");
    for word in ["to be", " or not", &"…".repeat(100_000), " to be."] {
        tunnel.send(word).await?;
        ensure!(tunnel.read_to(word).await? == word, "the tunnel changes bytes");
    }
    // Nothing is held for it while it lives.
    let during = lab.settled().await?;
    let buffered = during.mirror("copy")?.gauge("buffered_bytes");
    ensure!(buffered == 0, "{buffered} bytes are charged for a tunnel");
    drop(tunnel);

    let statistics = lab.settled().await?;
    ensure!(lab.shadow.journal().is_empty(), "the shadow got a half");
    statistics
        .mirror("copy")?
        .expect(&[("matched", 2), ("skipped.upgrade", 2)])
}
