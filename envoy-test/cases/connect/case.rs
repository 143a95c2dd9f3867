//! CONNECT asks for a tunnel, over HTTP/1 as over HTTP/2: `skipped{upgrade}`, and the tunnel works untouched.

use anyhow::{Result, ensure};

use crate::client::Socket;
use crate::lab::{Lab, PATIENCE, Setup};

pub(super) fn setup() -> Setup {
    Setup::new(include_str!("filter.yaml")).routes(include_str!("routes.yaml"))
}

pub(super) async fn run(lab: &Lab) -> Result<()> {
    let mut tunnel = Socket::connect(lab.envoy.listener()).await?;
    tunnel
        .send("CONNECT shop.example:443 HTTP/1.1\r\nHost: shop.example:443\r\nx-echo-upgrade: yes\r\n\r\n")
        .await?;
    let opened = tunnel.read_to("\r\n\r\n").await?;
    ensure!(opened.starts_with("HTTP/1.1 200"), "{opened}");
    for word in ["ask", "again"] {
        tunnel.send(word).await?;
        ensure!(tunnel.read_to(word).await? == word, "the tunnel changes bytes");
    }
    let received = lab.primary.journal().wait_for(1, PATIENCE).await?;
    ensure!(
        received[0].method == "CONNECT",
        "the primary got a {}",
        received[0].method
    );
    drop(tunnel);
    let statistics = lab.settled().await?;
    ensure!(lab.shadow.journal().is_empty(), "the shadow got a half");
    statistics
        .mirror("copy")?
        .expect(&[("matched", 1), ("skipped.upgrade", 1)])
}
