//! Two proxies with the same mirror add up. One that is out of reach is told and takes nothing from the other; when it
//! comes back as a new process, nothing is lost and nothing invented of what both counted.

use std::net::SocketAddr;

use anyhow::{Result, ensure};

use crate::client::Connection;
use crate::lab::{Lab, Setup};
use crate::ledger::{Counts, Statistics};
use crate::mirrorctl::of_envoys;
use crate::onlooker::{Onlookers, Relay, View, counted};
use crate::{envoy::Envoy, traffic};

const MIRROR: &str = "reviews-v2";

pub(super) fn setup() -> Setup {
    Setup::new(include_str!("filter.yaml")).workers(2)
}

pub(super) async fn run(lab: &Lab) -> Result<()> {
    let other = lab.another_envoy().await?;
    let relay = Relay::to(other.admin().address).await?;
    let both = of_envoys(&[lab.envoy.admin().address, relay.address()]);
    let onlookers = Onlookers::start(&lab.mirrorctl()?, both).await?;

    let mut connection = lab.connect().await?;
    traffic::varied(lab.envoy.listener(), &mut connection).await?;
    send(other.listener(), 25).await?;
    let old = settled(&other).await?;
    let counts = expect(lab, &onlookers, |counts| counts.clone()).await?;
    let view = onlookers.now().await?;
    proxies(&view, 2, &[true, true])?;
    ensure!(counts["matched"] == 325, "{counts:?}");

    let without_old = |all: &Counts| -> Counts {
        let rest = all
            .iter()
            .map(|(name, count)| (name.clone(), count - old.get(name).unwrap_or(&0)));
        rest.filter(|(_, count)| *count > 0).collect()
    };

    // The second one is out of reach, and the first goes on.
    relay.lead(None);
    onlookers.when("an outage", |view| view.up() == [true, false]).await?;
    for number in 0..30 {
        connection.get(&format!("/reviews/{number}")).await?.expect_ok()?;
    }
    let more = expect(lab, &onlookers, |counts| counts.clone()).await?;
    ensure!(more["matched"] == counts["matched"] + 30, "{more:?}");
    let view = onlookers.now().await?;
    ensure!(view.up() == [true, false], "{:?}", view.up());
    let down = view.get("/source/endpoints/1");
    ensure!(
        down["problem"].as_str().is_some_and(|problem| !problem.is_empty()) && down["since"].is_i64(),
        "nothing is said of the outage: {down}"
    );
    // Who did not look before knows nothing of what cannot be reached.
    once(&onlookers, &without_old(&more), &[true, false]).await?;

    // It comes back as another process, which has counted something before anybody looks. A process does not know what
    // the one before it counted, so that is no part of a total; in the window it stays.
    other.stop().await?;
    let new = lab.another_envoy().await?;
    send(new.listener(), 10).await?;
    settled(&new).await?;
    relay.lead(Some(new.admin().address));
    onlookers
        .when("the end of the outage", |view| view.up() == [true, true])
        .await?;
    let all = expect(lab, &onlookers, without_old).await?;
    ensure!(all["matched"] == more["matched"] + 10, "{all:?}");
    let view = onlookers.now().await?;
    proxies(&view, 2, &[true, true])?;

    // And everything goes on as if nothing had been.
    traffic::varied(new.listener(), &mut Connection::http1(new.listener()).await?).await?;
    settled(&new).await?;
    let last = expect(lab, &onlookers, without_old).await?;
    ensure!(last["matched"] == all["matched"] + 300, "{last:?}");
    once(&onlookers, &without_old(&last), &[true, true]).await?;
    onlookers.stop().await?;
    new.stop().await?;
    Ok(())
}

/// Everyone who looks says what the journals say; `total` works out from it what is known since the proxies started.
async fn expect(lab: &Lab, onlookers: &Onlookers, total: impl Fn(&Counts) -> Counts) -> Result<Counts> {
    lab.settled().await?;
    let counts = counted(
        &lab.primary.journal().complete_ones(),
        &lab.shadow.journal().complete_ones(),
    )?;
    let view = onlookers.now().await?;
    view.assert_counted(MIRROR, &counts, Some(&total(&counts)))?;
    Ok(counts)
}

/// Who looks once says what is known since the start, and who answers.
async fn once(onlookers: &Onlookers, total: &Counts, up: &[bool]) -> Result<()> {
    let view = onlookers.say(&["report", "--since-start"]).await?;
    ensure!(view.up() == up, "answering are {:?}", view.up());
    view.assert_total(MIRROR, total)
}

fn proxies(view: &View, count: u64, up: &[bool]) -> Result<()> {
    let known = &view.mirror(MIRROR)?["proxies"];
    ensure!(
        *view.get("/source/proxies") == count && known["loaded"] == count && known["known"] == count && view.up() == up,
        "{known} proxies, answering {:?}",
        view.up()
    );
    Ok(())
}

async fn send(envoy: SocketAddr, requests: u32) -> Result<()> {
    let mut connection = Connection::http1(envoy).await?;
    for number in 0..requests {
        connection.get(&format!("/ratings/{number}")).await?.expect_ok()?;
    }
    Ok(())
}

/// What this Envoy has counted once no copy is under way.
async fn settled(envoy: &Envoy) -> Result<Counts> {
    let statistics: Statistics = crate::lab::settled(envoy).await?;
    Ok(statistics.mirror(MIRROR)?.counted())
}
