//! A trap ends mirroring on its own worker, which serves on; the other worker goes on mirroring.

use anyhow::{Result, ensure};

use super::crashes::is_mirrored;
use crate::backend::TRAP;
use crate::client::Ask;
use crate::lab::{Lab, Setup};

/// Connections that are tried, each of which comes to either worker.
const TRIES: usize = 100;

pub(super) fn setup() -> Setup {
    Setup::new(include_str!("filter.yaml")).workers(2).traps()
}

pub(super) async fn run(lab: &Lab) -> Result<()> {
    let trap = Ask::get("/").header(TRAP, "yes");
    lab.connect().await?.send(trap).await?.expect_ok()?;
    let (mut mirrored, mut not) = (0, 0);
    for _ in 0..TRIES {
        // The client gets its answer on either.
        let count = if is_mirrored(lab, "copy").await? {
            &mut mirrored
        } else {
            &mut not
        };
        *count += 1;
        if mirrored > 0 && not > 0 {
            return Ok(());
        }
    }
    ensure!(not > 0, "there was no trap");
    anyhow::bail!("the trap ended mirroring on both workers")
}
