//! A client that waits for `100 Continue` before it sends its body gets it, and its request is mirrored like any other.

use anyhow::{Result, ensure};

use crate::client::Socket;
use crate::lab::{Lab, PATIENCE, Setup, assert_same};

pub(super) fn setup() -> Setup {
    Setup::new(include_str!("filter.yaml"))
}

pub(super) async fn run(lab: &Lab) -> Result<()> {
    let mut socket = Socket::connect(lab.envoy.listener()).await?;
    socket
        .send("POST /upload HTTP/1.1\r\nHost: shop.example\r\nContent-Length: 11\r\nExpect: 100-continue\r\n\r\n")
        .await?;
    let go_on = socket.read_to("\r\n\r\n").await?;
    ensure!(go_on.starts_with("HTTP/1.1 100"), "{go_on}");
    socket.send("here it is!").await?;
    let answer = socket.read_to("\r\n\r\n").await?;
    ensure!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let primary = lab.primary.journal().wait_for(1, PATIENCE).await?;
    let shadow = lab.shadow.journal().wait_for(1, PATIENCE).await?;
    assert_same(&primary[0], &shadow[0])?;
    ensure!(shadow[0].body == b"here it is!", "the shadow got {:?}", shadow[0].body);
    lab.settled().await?.mirror("copy")?.expect(&[
        ("matched", 1),
        ("sent", 1),
        ("responses.2xx", 1),
        ("primary.2xx", 1),
    ])
}
