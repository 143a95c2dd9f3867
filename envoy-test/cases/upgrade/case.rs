//! An upgrade is a conversation, and half a conversation is of no use to a shadow: `skipped{upgrade}`.

use anyhow::{Result, ensure};

use crate::client;
use crate::lab::{Lab, PATIENCE, Setup};

const HANDSHAKE: &[u8] = b"GET /chat HTTP/1.1\r\nHost: shop.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
    Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

pub(super) fn setup() -> Setup {
    Setup::new(include_str!("filter.yaml")).routes(include_str!("routes.yaml"))
}

pub(super) async fn run(lab: &Lab) -> Result<()> {
    // The echo backend declines the upgrade, which is an answer like any other.
    let answer = client::raw(lab.envoy.listener(), HANDSHAKE, |answer| {
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
    let statistics = lab.settled().await?;
    ensure!(lab.shadow.journal().is_empty(), "the shadow got a half");
    statistics
        .mirror("copy")?
        .expect(&[("matched", 1), ("skipped.upgrade", 1)])
}
