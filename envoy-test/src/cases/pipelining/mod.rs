//! Three requests in one write, on one connection that is used again afterwards: answers in order, one copy each,
//! whole.

use anyhow::{Result, ensure};

use crate::client::Socket;
use crate::lab::{Lab, PATIENCE, Setup, assert_same};

pub(super) fn setup() -> Setup {
    Setup::new(include_str!("filter.yaml"))
}

pub(super) async fn run(lab: &Lab) -> Result<()> {
    let mut socket = Socket::connect(lab.envoy.listener()).await?;
    let head = "HTTP/1.1\r\nHost: shop.example\r\n";
    for round in 0..2 {
        socket
            .send(format!(
                "GET /a?{round} {head}x-test-id: a{round}\r\n\r\n\
                POST /b?{round} {head}x-test-id: b{round}\r\nContent-Length: 3\r\n\r\none\
                POST /c?{round} {head}x-test-id: c{round}\r\nTransfer-Encoding: chunked\r\n\r\n3\r\ntwo\r\n0\r\n\r\n"
            ))
            .await?;
        for path in ["a", "b", "c"] {
            let echoed = socket.read_to(&format!("\"path\": \"/{path}?{round}\"")).await?;
            ensure!(echoed.matches("HTTP/1.1 200").count() == 1, "{echoed}");
        }
    }
    for id in ["a0", "b0", "c0", "a1", "b1", "c1"] {
        let primary = lab.primary.journal().wait_for_id(id, PATIENCE).await?;
        let shadow = lab.shadow.journal().wait_for_id(id, PATIENCE).await?;
        assert_same(&primary, &shadow)?;
    }
    lab.settled().await?.mirror("copy")?.expect(&[
        ("matched", 6),
        ("sent", 6),
        ("responses.2xx", 6),
        ("primary.2xx", 6),
    ])
}
