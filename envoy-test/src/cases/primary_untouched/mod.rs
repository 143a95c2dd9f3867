//! Conversations that are more than a request and its answer, among them whatever client and primary break off, each
//! with every shadow that there may be: silent, flapping, gone. What the primary hears on each connection, and what the
//! client hears, is the same, byte for byte, as without the filter; and the books are balanced and nothing is held when
//! all is over.

mod scripts;
mod shadows;

use anyhow::{Context as _, Result, ensure};

use crate::backend::Fault;
use crate::envoy::side_by_side::PLAIN;
use crate::lab::{Lab, Setup};
use crate::ledger::Ledger;
use shadows::Shadow;

/// What is counted of the scripts, whatever the shadow does.
const COUNTED: [(&str, u64); 4] = [
    ("matched", 53),
    ("skipped.upgrade", 8),
    ("dropped.body_too_large", 1),
    ("dropped.request_reset", 7),
];
/// So many requests are complete, and their copies ready to leave.
const COPIES: u64 = 37;
/// The primary's answers to them; the other clients did not wait for one.
const ANSWERED: [(&str, u64); 2] = [("primary.2xx", 29), ("primary.5xx", 6)];

pub(super) fn setup() -> Setup {
    Setup::new(include_str!("filter.yaml"))
        .routes(include_str!("routes.yaml"))
        .clusters(include_str!("clusters.yaml"))
        .conversations(include_str!("manager.yaml"))
        .hostile_shadows(Fault::None)
}

pub(super) async fn run(lab: &Lab) -> Result<()> {
    let plain_listener = lab.envoy.admin().listener(PLAIN).await?;
    let stages = lab.recorders()?.stages.as_ref();
    let [ours, plain] = stages.context("the case asked for no stages")?;
    let mut scripts = Vec::new();
    for script in scripts::all() {
        let without = plain.play(&script, plain_listener).await;
        scripts.push((
            without.with_context(|| format!("{} without the filter", script.name))?,
            script,
        ));
    }
    let [backend, _] = lab.hostile()?;
    for shadow in shadows::ALL {
        let before = backend.requests();
        shadow.enter(lab).await.context(shadow.name)?;
        for (number, (without, script)) in scripts.iter().enumerate() {
            let what = || format!("{} with a shadow that {}", script.name, shadow.name);
            shadow.before(lab, number, scripts.len()).await.with_context(what)?;
            let with = ours.play(script, lab.envoy.listener()).await.with_context(what)?;
            ensure!(
                with == *without,
                "{}: the filter is noticed\nwith:{}\nwithout:{}",
                what(),
                with.show(),
                without.show()
            );
            shadow.after(lab).await.with_context(what)?;
        }
        let statistics = lab.settled().await.context(shadow.name)?;
        let read = backend.requests() - before;
        check(shadow, statistics.mirror(&shadow.mirror())?, read as u64).context(shadow.name)?;
        shadow.leave(lab).await.context(shadow.name)?;
    }
    Ok(())
}

/// Every copy has ended as it can with this shadow, which has read so many of them; nothing else is counted, and
/// nothing is held.
fn check(shadow: &Shadow, ledger: &Ledger, read: u64) -> Result<()> {
    let counted = ledger.counted();
    let count = |name: &str| counted.get(name).copied().unwrap_or(0);
    for (name, expected) in COUNTED {
        ensure!(count(name) == expected, "not {expected} {name}: {counted:?}");
    }
    for end in shadow.ends {
        ensure!(count(end) > 0, "no {end}: {counted:?}");
    }
    let sum =
        |is: &dyn Fn(&str) -> bool| -> u64 { shadow.ends.iter().filter(|end| is(end)).map(|end| count(end)).sum() };
    ensure!(sum(&|_| true) == COPIES, "not {COPIES} copies: {counted:?}");
    let expected = sum(&|end| shadow.has_read(end));
    ensure!(read == expected, "the shadow has read {read} copies: {counted:?}");
    for (name, expected) in ANSWERED {
        // Of what was not sent, the primary's answer is not counted either.
        let holds = if count("sent") == COPIES {
            count(name) == expected
        } else {
            count(name) <= expected
        };
        ensure!(holds, "not {expected} {name}: {counted:?}");
    }
    // With the sums above: no other counter has moved.
    ledger.assert_balanced()?;
    let held = ledger.gauge("buffered_bytes");
    ensure!(held == 0, "{held} bytes are still held");
    Ok(())
}
