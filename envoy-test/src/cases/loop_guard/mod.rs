//! A request that carries the marker of any mirror is itself a copy: no mirror copies it, however the proxies are
//! wired, and it is answered like any other. Every copy carries its mirror's marker.

use anyhow::{Result, ensure};

use crate::client::Ask;
use crate::lab::{Lab, PATIENCE, Setup};

pub(super) fn setup() -> Setup {
    Setup::new(include_str!("filter.yaml"))
}

pub(super) async fn run(lab: &Lab) -> Result<()> {
    let mut connection = lab.connect().await?;
    for marker in ["x-mirrored-by", "x-copy-of"] {
        connection
            .send(Ask::get("/copy").header(marker, "somebody"))
            .await?
            .expect_ok()?;
    }
    connection.get("/original").await?.expect_ok()?;
    let copies = lab.shadow.journal().wait_for(1, PATIENCE).await?;
    ensure!(
        copies[0].text("x-mirrored-by").as_deref() == Some("one"),
        "{:?}",
        copies[0].headers
    );
    let copies = lab.shadow_b.journal().wait_for(1, PATIENCE).await?;
    ensure!(
        copies[0].text("x-copy-of").as_deref() == Some("two"),
        "{:?}",
        copies[0].headers
    );
    let statistics = lab.settled().await?;
    for mirror in ["one", "two"] {
        let expected = [
            ("matched", 3),
            ("skipped.loop", 2),
            ("sent", 1),
            ("responses.2xx", 1),
            ("primary.2xx", 1),
        ];
        statistics.mirror(mirror)?.expect(&expected)?;
    }
    Ok(())
}
