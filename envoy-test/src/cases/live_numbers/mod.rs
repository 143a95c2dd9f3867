//! What `mirrorctl` shows is what the backends counted themselves: the page, the terminal, its lines for programs, and
//! the report agree with the journals to the last request, and with each other, for each reason and class, while
//! shadows fail in every way and the share changes.

use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use crate::client::{Ask, Connection};
use crate::envoy::Update;
use crate::lab::{Lab, PATIENCE, Setup};
use crate::ledger::Counts;
use crate::mirrorctl::of_envoys;
use crate::onlooker::{Glance, Onlookers, Pane, View, assert_same, counted};
use crate::traffic;

const MIRROR: &str = "reviews-v2";
/// Of the primary's answers more than one in a hundred is this late, of the shadow's more than one in thirty.
const SLOW_PRIMARY: &str = "/reviews?primary.delay=120ms";
const PRIMARY_DELAY: f64 = 120.0;
const SHADOW_DELAY: f64 = 300.0;
/// The largest bound of Envoy's buckets below a delay: what is as late is in a bucket above it.
const BOUNDS: [(&str, f64); 2] = [("primary", 100.0), ("shadow", 250.0)];

pub(super) fn setup() -> Setup {
    Setup::new(include_str!("filter.yaml")).workers(2)
}

pub(super) async fn run(lab: &Lab) -> Result<()> {
    let mirrorctl = lab.mirrorctl()?;
    let admin = lab.envoy.admin().address;
    let onlookers = Onlookers::start(&mirrorctl, of_envoys(&[admin])).await?;
    let pane = lab.pane(MIRROR, admin).await?;
    // A report of all that comes, until its user has seen enough.
    let report = Glance::begin(&mirrorctl, &["report", "--window=30m"], admin).await?;

    let mut connection = lab.connect().await?;
    first_requests(lab, &onlookers, &pane, &mut connection).await?;
    every_reason(lab, &onlookers, &pane, &mut connection).await?;
    latencies(lab, &onlookers).await?;
    let share = half_of_the_requests(lab, &onlookers, &pane, &mut connection).await?;
    let (all, paused) = what_stops_it(lab, &onlookers, &pane, &mut connection, &share).await?;

    // Those who look once say the same: since the start, and while they looked.
    onlookers
        .say(&["report", "--since-start"])
        .await?
        .assert_total(MIRROR, &all)?;
    let row = onlookers.print(&["status", "--window=1s"]).await?;
    let row: Vec<&str> = row.lines().last().unwrap_or_default().split_whitespace().collect();
    ensure!(
        row.starts_with(&[MIRROR, "wasm", "1/1"]) && row.ends_with(&["never", "Paused"]),
        "{row:?}"
    );
    let report = report.end(true).await?;
    report.assert_counted(MIRROR, &all, Some(&all)).context("the report")?;
    assert_same(("the report", &report), ("the page", &paused))?;
    onlookers.stop().await
}

/// Before the first request nothing is counted. Then every request is copied and answered, and a `status` that began
/// before them counts the same.
async fn first_requests(lab: &Lab, onlookers: &Onlookers, pane: &Pane, connection: &mut Connection) -> Result<()> {
    let nothing = expect(lab, onlookers, pane, "NoTraffic").await?;
    ensure!(
        nothing.is_empty(),
        "something was counted before the first request: {nothing:?}"
    );
    let admin = lab.envoy.admin().address;
    let status = Glance::begin(&lab.mirrorctl()?, &["status", "--window=1s"], admin).await?;
    status.hold();
    for number in 0..20 {
        connection.get(&format!("/reviews/{number}")).await?.expect_ok()?;
    }
    lab.settled().await?;
    let status = status.end(false).await?;
    let first = expect(lab, onlookers, pane, "Mirroring").await?;
    status
        .assert_counted(MIRROR, &first, Some(&first))
        .context("the status")?;
    ensure!(status.state(MIRROR) == "Mirroring", "{}", status.brief());
    Ok(())
}

/// Each kind of failure and loss, and late answers: the numbers have every reason.
async fn every_reason(lab: &Lab, onlookers: &Onlookers, pane: &Pane, connection: &mut Connection) -> Result<()> {
    for _ in 0..8 {
        connection.get(SLOW_PRIMARY).await?.expect_ok()?;
    }
    for path in [
        "/reviews?shadow.silent",
        "/reviews?shadow.silent",
        "/reviews?shadow.status=404",
    ] {
        connection.get(path).await?.expect_ok()?;
    }
    let sent = traffic::varied(lab.envoy.listener(), connection).await?;
    ensure!(
        sent.answers.iter().all(|answer| answer.status == 200),
        "a client noticed"
    );
    let everything = expect(lab, onlookers, pane, "Losing").await?;
    for reason in [
        "skipped.loop",
        "dropped.body_too_large",
        "responses.4xx",
        "responses.5xx",
        "failures.reset",
        "failures.timeout",
    ] {
        ensure!(
            everything.contains_key(reason),
            "the load has no {reason}: {everything:?}"
        );
    }
    Ok(())
}

/// The share changes to one half: the numbers have `not_sampled`, and the page shows the share. Returns what the
/// journals say.
async fn half_of_the_requests(
    lab: &Lab,
    onlookers: &Onlookers,
    pane: &Pane,
    connection: &mut Connection,
) -> Result<Counts> {
    update(lab, "percentage: 50, timeout: 3s").await?;
    for number in 0..300 {
        connection.get(&format!("/reviews/{number}")).await?.expect_ok()?;
    }
    let share = expect(lab, onlookers, pane, "Losing").await?;
    ensure!(share.contains_key("skipped.not_sampled"), "all were sampled: {share:?}");
    let view = onlookers.now().await?;
    ensure!(view.mirror(MIRROR)?["set"]["percentage"] == 50, "{}", view.brief());
    Ok(share)
}

/// A mirror that is removed, expired or off keeps its numbers. Returns these numbers and the last view of them.
async fn what_stops_it(
    lab: &Lab,
    onlookers: &Onlookers,
    pane: &Pane,
    connection: &mut Connection,
    share: &Counts,
) -> Result<(Counts, Arc<View>)> {
    let gone = "mirrors: [{name: another, cluster: shadow, match: [{uri: {prefix: /never}}]}]";
    ensure!(lab.update(gone).await? == Update::Accepted, "a mirror cannot go");
    stopped(onlookers, pane, "NotLoaded", share).await?;
    update(lab, "expiresAt: \"2020-01-01T00:00:00Z\"").await?;
    stopped(onlookers, pane, "Expired", share).await?;
    update(lab, "enabled: false").await?;
    let before = lab.primary.journal().len();
    connection
        .send(Ask::post("/reviews", "not counted"))
        .await?
        .expect_ok()?;
    lab.primary.journal().wait_for(before + 1, PATIENCE).await?;
    let last = lab.primary.journal().complete_ones();
    ensure!(last.len() == before + 1, "the primary has {} requests", last.len());
    // A mirror that is off counts nothing.
    let all = counted(&last[..before], &lab.shadow.journal().complete_ones())?;
    ensure!(all == *share, "a mirror that is off sent a copy: {all:?}");
    let paused = stopped(onlookers, pane, "Paused", &all).await?;
    Ok((all, paused))
}

/// Everyone who looks says what the journals say, and this state. Returns what the journals say.
async fn expect(lab: &Lab, onlookers: &Onlookers, pane: &Pane, state: &str) -> Result<Counts> {
    let statistics = lab.settled().await?;
    let counts = counted(
        &lab.primary.journal().complete_ones(),
        &lab.shadow.journal().complete_ones(),
    )?;
    // The filter is not the one to be judged here; but if it is wrong, this says so.
    let own = statistics.mirror(MIRROR)?.counted();
    ensure!(own == counts, "the filter counted {own:?}, the backends {counts:?}");
    let view = onlookers.now().await?;
    view.assert_counted(MIRROR, &counts, Some(&counts))?;
    ensure!(view.state(MIRROR) == state, "{} instead of {state}", view.state(MIRROR));
    pane.when(state, &counts).await?;
    Ok(counts)
}

/// Waits until everyone who looks says this state, with the same numbers as ever.
async fn stopped(onlookers: &Onlookers, pane: &Pane, state: &str, counts: &Counts) -> Result<Arc<View>> {
    let view = onlookers.when(state, |view| view.state(MIRROR) == state).await?;
    view.assert_counted(MIRROR, counts, Some(counts))
        .context(state.to_owned())?;
    pane.when(state, counts).await?;
    Ok(view)
}

/// The quantiles lie where Envoy's buckets have them, and the slowest where the backends made them slow.
async fn latencies(lab: &Lab, onlookers: &Onlookers) -> Result<()> {
    let view = onlookers.now().await?;
    for ((version, bound), delay) in BOUNDS.into_iter().zip([PRIMARY_DELAY, SHADOW_DELAY]) {
        let buckets = buckets(lab, version).await?;
        view.assert_latency(MIRROR, version, &buckets)?;
        ensure!(
            buckets
                .iter()
                .filter(|(other, _)| *other <= delay)
                .all(|(other, _)| *other <= bound),
            "Envoy has other buckets: {buckets:?}"
        );
        let slowest = view.mirror(MIRROR)?["window"][version]["p99"].as_f64();
        ensure!(
            slowest.is_some_and(|slowest| slowest > bound),
            "the slowest of the {version} took {slowest:?} ms, and were delayed by {delay}"
        );
    }
    Ok(())
}

/// Envoy's own buckets of a version's durations: upper bounds in milliseconds, and how many are below.
async fn buckets(lab: &Lab, version: &str) -> Result<Vec<(f64, u64)>> {
    let name = format!("wasmcustom.wasm_filter.{MIRROR}.traffic_mirror_{version}_duration_milliseconds");
    let statistics = lab.envoy.admin().statistics("traffic_mirror_.*_duration").await?;
    let all = statistics["stats"].as_array().into_iter().flatten();
    let mut histograms = all.flat_map(|one| one["histograms"].as_array().into_iter().flatten());
    let histogram = histograms.find(|one| one["name"] == name.as_str()).context(name)?;
    let pair = |bucket: &Value| Some((bucket["upper_bound"].as_f64()?, bucket["cumulative"].as_u64()?));
    let buckets = histogram["buckets"].as_array().into_iter().flatten();
    buckets.map(|bucket| pair(bucket).context("no bucket")).collect()
}

/// Changes the mirror while Envoy runs.
async fn update(lab: &Lab, keys: &str) -> Result<()> {
    let config = format!("mirrors: [{{name: {MIRROR}, cluster: shadow, {keys}}}]");
    ensure!(lab.update(&config).await? == Update::Accepted, "{keys} was refused");
    Ok(())
}
