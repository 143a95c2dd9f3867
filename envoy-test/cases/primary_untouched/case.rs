//! Conversations that are more than a request and its answer, each played through Envoy without the filter and with it, at 100 % and
//! with a shadow that never answers: what the primary hears on each connection, and what the client hears, is the same, byte for byte.

mod scripts;

use anyhow::{Context as _, Result, ensure};

use crate::envoy::side_by_side::PLAIN;
use crate::lab::{Lab, Setup};

pub(super) fn setup() -> Setup {
    Setup::new(include_str!("filter.yaml"))
        .routes(include_str!("routes.yaml"))
        .conversations(include_str!("manager.yaml"))
}

pub(super) async fn run(lab: &Lab) -> Result<()> {
    let plain_listener = lab.envoy.admin().listener(PLAIN).await?;
    let stages = lab.recorders()?.stages.as_ref();
    let [ours, plain] = stages.context("the case asked for no stages")?;
    for script in scripts::all() {
        let played = async {
            let without = plain.play(&script, plain_listener).await.context("without")?;
            let with = ours.play(&script, lab.envoy.listener()).await.context("with")?;
            anyhow::Ok((with, without))
        };
        let (with, without) = played.await.context(script.name)?;
        ensure!(
            with == without,
            "{}: the filter is noticed\nwith:{}\nwithout:{}",
            script.name,
            with.show(),
            without.show()
        );
    }

    let statistics = lab.settled().await?;
    let copied = [
        ("matched", 47),
        ("sent", 32),
        ("skipped.upgrade", 8),
        ("dropped.body_too_large", 1),
        ("dropped.request_reset", 6),
        // The client did not wait for two more answers.
        ("primary.2xx", 26),
        ("primary.5xx", 4),
    ];
    let with = |own| [copied.as_slice(), &[own]].concat();
    statistics.mirror("copy")?.expect(&with(("responses.2xx", 32)))?;
    statistics.mirror("silent")?.expect(&with(("failures.timeout", 32)))
}
