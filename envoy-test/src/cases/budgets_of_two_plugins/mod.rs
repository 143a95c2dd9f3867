//! Two filters in one VM whose budgets do not fit into it together. The one that is configured later is refused by
//! path, with what both may need and with the limit. No request is harmed, and the other filter copies as before.
//! Budgets that fit are then accepted, and when they grow again, the last good configuration goes on.

use anyhow::{Result, ensure};

use crate::client::Connection;
use crate::lab::{Lab, PATIENCE, PLUGIN, Setup};

const REQUESTS: usize = 5;

/// What the later filter and the other one may need, in bytes. For each mirror this is half as much again as its
/// 256 MiB, and 256 bytes for each of 128 copies in flight and 128 that are collected. For each filter the largest body
/// is added, 1 MiB.
const NEEDED: [u64; 2] = [MIRROR + (1 << 20), 2 * MIRROR + (1 << 20)];
const MIRROR: u64 = (256 << 20) * 3 / 2 + 256 * 256;

/// What a VM allows, in bytes.
const ALLOWED: u64 = 896 << 20;

const FITTING: &str = r#"{"mirrors": [{"name": "second", "cluster": "shadow-b"}]}"#;

const TOO_LARGE: &str =
    r#"{"mirrors": [{"name": "second", "cluster": "shadow-b", "limits": {"maxBufferedBytes": 268435456}}]}"#;

pub(super) fn setup() -> Setup {
    // The filter of the listener is configured before the discovered one.
    Setup::new(include_str!("filter.yaml"))
        .filters(include_str!("filters.yaml"))
        .workers(2)
        .refused()
}

pub(super) async fn run(lab: &Lab) -> Result<()> {
    let mut connection = lab.connect().await?;
    let [own, others] = NEEDED;
    let message = format!(
        "mirrors: the budgets of all mirrors together may need {own} bytes of memory, and those of other plugins in the \
         same VM {others}; {ALLOWED} are allowed"
    );
    lab.wait_for_refusals(&[PLUGIN, &message, "; nothing is copied"], 2)
        .await?;
    assert_refused(lab, true).await?;
    assert_copied(lab, &mut connection, false).await?;

    lab.update_plugin(PLUGIN, Some(FITTING)).await?;
    assert_refused(lab, false).await?;
    assert_copied(lab, &mut connection, true).await?;

    lab.update_plugin(PLUGIN, Some(TOO_LARGE)).await?;
    lab.wait_for_refusals(&[PLUGIN, &message, "; the last good configuration goes on"], 2)
        .await?;
    assert_refused(lab, true).await?;
    assert_copied(lab, &mut connection, true).await
}

/// Waits until the gauge of the later filter shows whether it is refused. The other one never is.
async fn assert_refused(lab: &Lab, is_refused: bool) -> Result<()> {
    let shown = lab.wait_for_gauge(PLUGIN, is_refused).await?;
    ensure!(shown.refused("first") == Some(0), "the first filter is refused too");
    Ok(())
}

/// Sends requests, each of which is answered and copied by the first filter, and by the second one or not.
async fn assert_copied(lab: &Lab, connection: &mut Connection, by_the_second: bool) -> Result<()> {
    let before = lab.shadow_b.journal().len();
    lab.assert_copied(connection, true).await?;
    let expected = if by_the_second { REQUESTS } else { 0 };
    lab.shadow_b.journal().wait_for(before + expected, PATIENCE).await?;
    lab.settled().await?;
    let copied = lab.shadow_b.journal().len() - before;
    ensure!(
        copied == expected,
        "the second filter copied {copied} of {REQUESTS} requests"
    );
    Ok(())
}
