//! A client may go at any moment. Before its headers end there is no request; once its request is complete the copy goes its way and
//! is counted, although nobody waits for the primary any more.

use anyhow::{Result, ensure};

use crate::client::Socket;
use crate::lab::{Lab, PATIENCE, Setup};

pub(super) fn setup() -> Setup {
    Setup::new(include_str!("filter.yaml"))
}

pub(super) async fn run(lab: &Lab) -> Result<()> {
    let mut before = Socket::connect(lab.envoy.listener()).await?;
    before.send("GET /never HTTP/1.1\r\nHost: shop.exam").await?;
    drop(before);

    lab.primary.hold();
    lab.shadow.hold();
    let mut after = Socket::connect(lab.envoy.listener()).await?;
    after
        .send("POST /sent HTTP/1.1\r\nHost: shop.example\r\nContent-Length: 4\r\n\r\nbody")
        .await?;
    lab.primary.journal().wait_for(1, PATIENCE).await?;
    let copies = lab.shadow.journal().wait_for(1, PATIENCE).await?;
    drop(after);
    // Envoy has noticed when it has no client any more.
    let gone = "http.ingress.downstream_cx_active";
    lab.wait_for_envoy(gone, 0).await?;
    lab.shadow.release();
    ensure!(copies[0].body == b"body", "the shadow got {:?}", copies[0].body);
    lab.settled()
        .await?
        .mirror("copy")?
        .expect(&[("matched", 1), ("sent", 1), ("responses.2xx", 1)])?;
    lab.primary.release();
    Ok(())
}
