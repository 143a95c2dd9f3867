//! From 100 to 0 to 50 percent under load: no request fails, the connections stay open, no counter goes back, and the
//! new share holds from the update on.

use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Result, ensure};

use crate::client::Connection;
use crate::envoy::Update;
use crate::lab::{Lab, Setup};

const REQUESTS: u64 = 400;

pub(super) fn setup() -> Setup {
    Setup::new(include_str!("filter.yaml"))
}

pub(super) async fn run(lab: &Lab) -> Result<()> {
    let mut connection = lab.connect().await?;
    let mut before = lab.statistics().await?;
    for (percentage, share) in [
        (None, REQUESTS..=REQUESTS),
        (Some(0), 0..=0),
        (Some(50), 120..=280),
        (Some(100), REQUESTS..=REQUESTS),
    ] {
        if let Some(percentage) = percentage {
            update_under_load(lab, percentage).await?;
            let settled = lab.settled().await?;
            settled.assert_not_behind(&before)?;
            before = settled;
        }
        for _ in 0..REQUESTS {
            connection.get("/").await?.expect_ok()?;
        }
        let after = lab.settled().await?;
        after.assert_not_behind(&before)?;
        let sent = after.mirror("copy")?.sent - before.mirror("copy")?.sent;
        ensure!(
            share.contains(&sent),
            "{sent} of {REQUESTS} were sent at {percentage:?} percent"
        );
        before = after;
    }
    ensure!(connection.is_open(), "the connection was closed");
    Ok(())
}

/// Changes the percentage while another connection keeps asking.
async fn update_under_load(lab: &Lab, percentage: u32) -> Result<()> {
    let updated = AtomicBool::new(false);
    let load = async {
        let mut connection: Connection = lab.connect().await?;
        while !updated.load(Ordering::Relaxed) {
            connection.get("/load").await?.expect_ok()?;
        }
        ensure!(connection.is_open(), "the update closed a connection");
        Ok(())
    };
    let update = async {
        let config = format!(
            "mirrors: [{{name: copy, cluster: shadow, percentage: {percentage}, limits: {{maxInFlight: 1000}}}}]"
        );
        let verdict = lab.update(&config).await;
        updated.store(true, Ordering::Relaxed);
        ensure!(verdict? == Update::Accepted, "the new configuration was refused");
        Ok(())
    };
    tokio::try_join!(load, update)?;
    Ok(())
}
