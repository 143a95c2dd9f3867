//! Fifty updates of every kind while requests flow over two workers: shares, limits, mirrors that come and go, a new
//! module now and then, and a refused configuration in between. No request fails, no connection closes, no counter ever
//! goes back, and in the end nothing is held.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use anyhow::{Result, ensure};

use crate::client::Ask;
use crate::envoy::Update;
use crate::lab::{Lab, Setup};

const UPDATES: u32 = 50;

pub(super) fn setup() -> Setup {
    Setup::new(include_str!("filter.yaml")).workers(2)
}

pub(super) async fn run(lab: &Lab) -> Result<()> {
    let (over, requests) = (AtomicBool::new(false), AtomicU64::new(0));
    let load = async || {
        let mut connection = lab.connect().await?;
        while !over.load(Ordering::Relaxed) {
            for ask in [Ask::get("/?shadow.delay=20ms"), Ask::post("/", vec![1; 20_000])] {
                connection.send(ask).await?.expect_ok()?;
                requests.fetch_add(1, Ordering::Relaxed);
            }
        }
        ensure!(connection.is_open(), "an update closed a connection");
        anyhow::Ok(())
    };
    let updates = async {
        let result = update_often(lab).await;
        over.store(true, Ordering::Relaxed);
        result
    };
    tokio::try_join!(load(), load(), load(), updates)?;

    let settled = lab.settled().await?;
    settled.assert_balanced()?;
    for ledger in settled.mirrors() {
        let held = ledger.gauge("buffered_bytes");
        ensure!(held == 0, "{} bytes of {} are still charged", held, ledger.mirror);
    }
    // This one was never away.
    let (always, requests) = (settled.mirror("always")?.matched, requests.into_inner());
    ensure!(always == requests, "{always} of {requests} requests matched");
    ensure!(
        settled.mirror("sometimes")?.gauge("enabled") == 0,
        "a mirror that left shows as enabled"
    );
    Ok(())
}

async fn update_often(lab: &Lab) -> Result<()> {
    let mut before = lab.statistics_shown().await?;
    for update in 1..=UPDATES {
        let (is_refused, is_new_module) = (update % 10 == 4, update % 25 == 15);
        // With an old VM go the statistics of mirrors that are not in the new one, so it is there whenever the VM is
        // replaced.
        let other = if update % 2 == 1 || is_new_module || update % 25 == 16 {
            ", {name: sometimes, cluster: shadow-b}"
        } else {
            ""
        };
        let always = format!(
            "{{name: always, cluster: shadow, timeout: 1s, percentage: {}, limits: {{maxInFlight: {}}}}}",
            100 - update,
            1 + update % 7
        );
        let config = format!("mirrors: [{always}{other}]");
        let verdict = if is_refused {
            lab.update("mirrors: [{name: always, percentage: 140}]").await?
        } else if is_new_module {
            lab.update_with_new_module(&config, &format!("module-{update}")).await?
        } else {
            // After a new module, this is the old one again.
            lab.update(&config).await?
        };
        ensure!(verdict == Update::Accepted, "update {update} was {verdict:?}: {config}");
        let now = lab.statistics_shown().await?;
        now.assert_not_behind(&before)?;
        before = now;
    }
    Ok(())
}
