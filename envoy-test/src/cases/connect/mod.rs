//! CONNECT asks for a tunnel, over HTTP/1 as over HTTP/2, where a WebSocket is opened by a CONNECT as well:
//! `skipped{upgrade}`, and each tunnel works untouched.

use anyhow::{Result, ensure};
use hyper::Method;

use crate::client::{Ask, Socket};
use crate::lab::{Lab, PATIENCE, Setup};

pub(super) fn setup() -> Setup {
    Setup::new(include_str!("filter.yaml"))
        .routes(include_str!("routes.yaml"))
        .http2_tunnels()
}

pub(super) async fn run(lab: &Lab) -> Result<()> {
    let mut tunnel = Socket::connect(lab.envoy.listener()).await?;
    tunnel
        .send("CONNECT shop.example:443 HTTP/1.1\r\nHost: shop.example:443\r\nx-echo-upgrade: yes\r\n\r\n")
        .await?;
    let opened = tunnel.read_to("\r\n\r\n").await?;
    ensure!(opened.starts_with("HTTP/1.1 200"), "{opened}");
    flows_both_ways(&mut tunnel).await?;

    let mut connection = lab.connect_http2().await?;
    // With its first answer the client knows that it may.
    connection.get("/").await?.expect_ok()?;
    let connect = Ask::new(Method::CONNECT, "")
        .host("shop.example:443")
        .header("x-echo-upgrade", "yes");
    flows_both_ways(&mut connection.tunnel(connect, None).await?).await?;
    let websocket = Ask::new(Method::CONNECT, "/chat").header("x-echo-upgrade", "yes");
    flows_both_ways(&mut connection.tunnel(websocket, Some("websocket")).await?).await?;

    let received = lab.primary.journal().wait_for(4, PATIENCE).await?;
    let methods: Vec<_> = received.iter().map(|one| one.method.as_str()).collect();
    ensure!(
        methods == ["CONNECT", "GET", "CONNECT", "GET"],
        "the primary got {methods:?}"
    );
    drop(tunnel);
    let statistics = lab.settled().await?;
    ensure!(lab.shadow.journal().len() == 1, "the shadow got a half");
    statistics.mirror("copy")?.expect(&[
        ("matched", 4),
        ("skipped.upgrade", 3),
        ("sent", 1),
        ("responses.2xx", 1),
        ("primary.2xx", 1),
    ])
}

async fn flows_both_ways(tunnel: &mut Socket) -> Result<()> {
    for word in ["ask", "again"] {
        tunnel.send(word).await?;
        ensure!(tunnel.read_to(word).await? == word, "the tunnel changes bytes");
    }
    Ok(())
}
