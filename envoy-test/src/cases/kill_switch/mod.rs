//! A mirror that is switched off counts nothing and sends nothing, and its statistics stay. Switching works while Envoy
//! runs.

use anyhow::{Result, ensure};

use crate::envoy::Update;
use crate::lab::{Lab, Setup};

pub(super) fn setup() -> Setup {
    Setup::new(include_str!("filter.yaml"))
}

pub(super) async fn run(lab: &Lab) -> Result<()> {
    let mut connection = lab.connect().await?;
    connection.get("/").await?.expect_ok()?;
    let first = lab.settled().await?;
    let one = [("matched", 1), ("sent", 1), ("responses.2xx", 1), ("primary.2xx", 1)];
    first.mirror("on")?.expect(&one)?;
    first.mirror("off")?.expect(&[])?;
    ensure!(
        (
            first.mirror("on")?.gauge("enabled"),
            first.mirror("off")?.gauge("enabled")
        ) == (1, 0),
        "the gauges say otherwise"
    );

    let verdict = lab
        .update("{enabled: false, mirrors: [{name: 'on', cluster: shadow}, {name: 'off', cluster: shadow-b}]}")
        .await?;
    ensure!(verdict == Update::Accepted, "refused");
    connection.get("/").await?.expect_ok()?;
    let second = lab.settled().await?;
    second.mirror("on")?.expect(&one)?;
    second.mirror("off")?.expect(&[])?;
    ensure!(
        second.mirrors().all(|mirror| mirror.gauge("enabled") == 0),
        "the gauges say otherwise"
    );
    ensure!(
        lab.shadow.journal().len() == 1 && lab.shadow_b.journal().is_empty(),
        "a mirror that is off sends"
    );
    Ok(())
}
