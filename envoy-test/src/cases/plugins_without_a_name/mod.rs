//! Filters without a name beside each other and beside one with a name, all in one VM. Each has limits of its own, also
//! for mirrors of one name; each shows what is configured for its own mirrors; an update of one touches no other.

use anyhow::{Result, ensure};

use crate::envoy::Update;
use crate::lab::{Lab, PATIENCE, Setup};
use crate::ledger::Statistics;

pub(super) fn setup() -> Setup {
    Setup::new(include_str!("filter.yaml")).filters(include_str!("filters.yaml"))
}

pub(super) async fn run(lab: &Lab) -> Result<()> {
    let mut connection = lab.connect().await?;
    lab.shadow.hold();
    for _ in 0..5 {
        connection.get("/").await?.expect_ok()?;
    }
    // Two copies of one filter, and five of the other.
    lab.shadow.journal().wait_for(7, PATIENCE).await?;
    let shown = lab.statistics().await?;
    shown.mirror("shared")?.expect(&[
        ("matched", 10),
        ("sent", 7),
        ("dropped.in_flight", 3),
        ("primary.2xx", 7),
    ])?;
    assert_shown(&shown)?;

    let verdict = lab.update("mirrors: [{name: renamed, cluster: shadow-b}]").await?;
    ensure!(verdict == Update::Accepted, "the update was refused");
    lab.statistics_when("the named filter is updated", |now| {
        now.mirror("renamed").is_ok_and(|renamed| renamed.gauge("enabled") == 1)
            && now.mirror("named").is_ok_and(|named| named.gauge("enabled") == 0)
    })
    .await?;
    for _ in 0..2 {
        connection.get("/").await?.expect_ok()?;
    }
    lab.shadow.journal().wait_for(9, PATIENCE).await?;
    let shown = lab.statistics().await?;
    let dropped = shown.mirror("shared")?.dropped("in_flight");
    ensure!(dropped == 5, "{dropped} copies were dropped, and the limit is 2");
    assert_shown(&shown)?;
    lab.shadow.release();
    lab.settled().await?.mirror("shared")?.expect(&[
        ("matched", 14),
        ("sent", 9),
        ("dropped.in_flight", 5),
        ("responses.2xx", 9),
        ("primary.2xx", 9),
    ])
}

/// The mirrors that only one of the filters has show that filter's configuration.
fn assert_shown(shown: &Statistics) -> Result<()> {
    for (mirror, percentage) in [("few", 0), ("many", 1_000_000)] {
        let ledger = shown.mirror(mirror)?;
        let is = (ledger.gauge("enabled"), ledger.gauge("percentage_ppm"));
        ensure!(is == (1, percentage), "{mirror} shows {is:?}");
    }
    Ok(())
}
