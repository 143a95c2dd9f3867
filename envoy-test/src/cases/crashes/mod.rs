//! What a trap of the filter costs whom, under each of Envoy's failure policies: the filter of `make trap` is told to
//! trap at each place where it reads what others send, while requests of all kinds are under way. docs/crashes.md shows
//! the very table that is seen here.

mod trap;

use anyhow::{Context as _, Result, ensure};

use crate::lab::{Lab, Setup};
pub(super) use trap::is_mirrored;
use trap::{Place, Seen};

const DOCUMENT: &str = include_str!("../../../../docs/crashes.md");

/// How each is written in the document, and what stands in the filter's file instead of the shipped `fail_open: true`.
const POLICIES: [(&str, &str, Option<&str>); 5] = [
    ("`fail_open: true`, which we ship", "shipped", None),
    ("`failure_policy: FAIL_OPEN`", "open", Some("failure_policy: FAIL_OPEN")),
    ("`failure_policy: FAIL_RELOAD`", "reload", Some(RELOAD)),
    (
        "`failure_policy: FAIL_CLOSED`",
        "closed",
        Some("failure_policy: FAIL_CLOSED"),
    ),
    ("none", "none", Some("{}")),
];
/// Longer than it takes to look at the request after a trap.
const RELOAD: &str = "{failure_policy: FAIL_RELOAD, reload_config: {backoff: {base_interval: 2s}}}";

pub(super) fn setup() -> Setup {
    Setup::new(include_str!("filter.yaml")).traps()
}

pub(super) async fn run(lab: &Lab) -> Result<()> {
    let mut table = String::new();
    for (written, policy, failure) in POLICIES {
        let mut all: Option<Seen> = None;
        for place in Place::ALL {
            let name = format!("{policy}-{}", place.callback().replace('_', "-"));
            lab.update_with_new_vm(&trap::plugin(&name), &name, failure).await?;
            let seen = trap::trap(lab, &name, place, policy == "reload").await;
            let seen = seen.with_context(|| name.clone())?;
            all = Some(match all {
                Some(all) => all.and(&seen).context(name)?,
                None => seen,
            });
        }
        table.extend(all.map(|seen| seen.row(written)));
    }
    ensure!(
        DOCUMENT.contains(&table),
        "docs/crashes.md has another table; seen was:\n{table}"
    );

    // What is shipped, once more: a new configuration brings mirroring back, although it names the same VM.
    let name = "again";
    lab.update_with_new_vm(&trap::plugin(name), name, None).await?;
    trap::trap(lab, name, Place::RequestHeaders, false).await?;
    let other = trap::plugin(name).replace("60s", "59s");
    lab.update_with_new_vm(&other, name, None).await?;
    ensure!(
        is_mirrored(lab, name).await?,
        "a new configuration does not bring mirroring back"
    );
    Ok(())
}
