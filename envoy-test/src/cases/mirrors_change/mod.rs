//! Mirrors are added, renamed and removed while requests pass. Each has an account by its name: a new one begins at
//! nothing, one that left keeps its numbers, shows as not enabled, and goes on from there when it comes back.

use anyhow::{Result, ensure};

use crate::envoy::Update;
use crate::lab::{Lab, PATIENCE, Setup};

pub(super) fn setup() -> Setup {
    Setup::new(include_str!("filter.yaml"))
}

pub(super) async fn run(lab: &Lab) -> Result<()> {
    let mut connection = lab.connect().await?;
    let mut sent = [0, 0, 0];
    let names = ["copy", "added", "renamed"];
    // Who is configured, one step after the other.
    for step in [
        &["copy"][..],
        &["copy", "added"],
        &["copy", "renamed"],
        &["renamed"],
        &["copy", "added"],
    ] {
        let mirrors: Vec<_> = step
            .iter()
            .map(|name| format!("{{name: {name}, cluster: shadow}}"))
            .collect();
        let verdict = lab.update(&format!("mirrors: [{}]", mirrors.join(", "))).await?;
        ensure!(verdict == Update::Accepted, "{step:?} was refused");
        connection.get("/").await?.expect_ok()?;
        for (name, sent) in names.iter().zip(&mut sent) {
            *sent += u64::from(step.contains(name));
        }
        let total = sent.iter().sum::<u64>();
        lab.shadow.journal().wait_for(usize::try_from(total)?, PATIENCE).await?;
        let statistics = lab.settled().await?;
        for (name, sent) in names.iter().zip(sent) {
            // Before it was ever configured it has no statistics.
            if sent > 0 {
                let ledger = statistics.mirror(name)?;
                ledger.expect(&[
                    ("matched", sent),
                    ("sent", sent),
                    ("responses.2xx", sent),
                    ("primary.2xx", sent),
                ])?;
                let enabled = u64::from(step.contains(name));
                ensure!(
                    ledger.gauge("enabled") == enabled,
                    "with {step:?}, {name} shows as enabled: {}",
                    ledger.gauge("enabled")
                );
            }
        }
    }
    ensure!(connection.is_open(), "an update closed the connection");
    Ok(())
}
