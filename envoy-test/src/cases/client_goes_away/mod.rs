//! A client may go at any moment, with its connection or by a reset of its stream. Before its headers end there is no
//! request; once its request is complete the copy goes its way and is counted, although nobody waits for the primary
//! any more.

use anyhow::{Result, bail, ensure};

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
    let mut stream = lab.connect_http2().await?;
    tokio::select! {
        answer = stream.get("/reset") => bail!("nobody answers, and the client got {answer:?}"),
        seen = lab.shadow.journal().wait_for(2, PATIENCE) => drop(seen?),
    }
    // Envoy has noticed when it serves nobody any more.
    lab.wait_for_envoy("http.ingress.downstream_rq_active", 0).await?;
    lab.shadow.release();
    ensure!(copies[0].body == b"body", "the shadow got {:?}", copies[0].body);
    lab.settled()
        .await?
        .mirror("copy")?
        .expect(&[("matched", 2), ("sent", 2), ("responses.2xx", 2)])?;
    lab.primary.release();
    Ok(())
}
