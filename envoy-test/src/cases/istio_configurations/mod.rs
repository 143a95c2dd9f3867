//! Every configuration that `mirrorctl` is known to generate, in Envoy, with clusters named as Istio names them: each
//! mirror copies a request that it wants to its own cluster, under the authority that it says, and its balances hold.

mod goldens;

use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use crate::client::Connection;
use crate::envoy::{Shape, Update};
use crate::lab::{Lab, PATIENCE, Setup};
use goldens::Golden;

/// So many requests without one copy do not happen at 0.5 %, in the life of anybody.
const ENOUGH: usize = 5000;

pub(super) fn setup() -> Setup {
    let mut clusters: Vec<String> = all().iter().flat_map(Golden::clusters).map(str::to_owned).collect();
    clusters.sort();
    clusters.dedup();
    let clusters: Vec<Value> = clusters
        .into_iter()
        .map(|name| json!({"name": name, "like": "shadow", "with": {}}))
        .collect();
    // A set-up is made once a run; what it holds may stay.
    let clusters: &'static str = Box::leak(Value::from(clusters).to_string().into_boxed_str());
    Setup::new(include_str!("filter.yaml"))
        .shape(Shape::Json)
        .second_listener()
        .clusters(clusters)
}

pub(super) async fn run(lab: &Lab) -> Result<()> {
    for golden in all() {
        prove(lab, &golden)
            .await
            .with_context(|| format!("the golden folder {}", golden.folder))?;
    }
    Ok(())
}

fn all() -> Vec<Golden> {
    goldens::all().expect("the golden folders of mirrorctl")
}

async fn prove(lab: &Lab, golden: &Golden) -> Result<()> {
    let second = lab.envoy.admin().listener(crate::envoy::bootstrap::SECOND).await?;
    let listeners = [lab.envoy.listener(), second];
    let config = golden.on(&listeners)?;
    ensure!(
        lab.update(&config.to_string()).await? == Update::Accepted,
        "the configuration was refused: {}",
        lab.envoy.log().tail(4).join("\n")
    );
    for mirror in config["mirrors"].as_array().into_iter().flatten() {
        let at = goldens::port(mirror);
        let listener = listeners
            .into_iter()
            .find(|listener| at.is_none_or(|port| u64::from(listener.port()) == port));
        let mut connection = Connection::http1(listener.context("no listener has its port")?).await?;
        copies(lab, &config, mirror, &mut connection)
            .await
            .with_context(|| format!("the mirror {}", mirror["name"]))?;
    }
    Ok(())
}

/// Sends what a mirror wants until it has copied it, and looks at the copy and at all that was counted.
async fn copies(lab: &Lab, config: &Value, mirror: &Value, connection: &mut Connection) -> Result<()> {
    let name = mirror["name"].as_str().context("a name")?;
    let off = config["enabled"] == false || mirror["enabled"] == false;
    let over = is_over(mirror)?;
    let never = off || over || mirror["percentage"].as_f64() == Some(0.0);
    let before = lab.settled().await?;
    let requests = called(lab).await?;
    let journal = lab.shadow.journal();
    journal.clear();
    let mut sent = 0_u64;
    let batch = if never { 1 } else { requests_per_copy(mirror) };
    let host = loop {
        let (ask, host) = goldens::request(mirror, usize::try_from(sent)?)?;
        connection.send(ask).await?.expect_ok()?;
        sent += 1;
        // Envoy takes longer to print its statistics than to serve many requests.
        if !sent.is_multiple_of(batch) {
            continue;
        }
        let now = lab.statistics().await?;
        let copied = now.mirror(name)?.sent > before.mirror(name).map_or(0, |ledger| ledger.sent);
        if copied || never {
            break host;
        }
        ensure!(
            sent < ENOUGH as u64,
            "no copy after {sent} requests: {:?}",
            now.mirror(name)?
        );
    };
    let after = lab.settled().await?;
    after.assert_balanced()?;
    let ledger = after.mirror(name)?;
    let grown = |now: u64, of: &dyn Fn(&crate::ledger::Ledger) -> u64| now - before.mirror(name).map_or(0, of);
    let matched = grown(ledger.matched, &|ledger| ledger.matched);
    ensure!(
        matched == if off { 0 } else { sent },
        "{matched} of {sent} requests were matched"
    );
    let expired = grown(ledger.skipped("expired"), &|ledger| ledger.skipped("expired"));
    ensure!(
        expired == if over && !off { sent } else { 0 },
        "{expired} of {sent} requests came after its end"
    );
    let copied = grown(ledger.sent, &|ledger| ledger.sent);
    let answered = grown(ledger.responses("2xx"), &|ledger| ledger.responses("2xx"));
    ensure!(
        copied == answered && (copied == 0) == never,
        "{copied} were copied and {answered} answered"
    );
    if never {
        return Ok(());
    }

    let cluster = mirror["cluster"].as_str().context("a cluster")?;
    let calls = |of: &BTreeMap<String, u64>| of.get(cluster).copied().unwrap_or_default();
    let growth = calls(&called(lab).await?) - calls(&requests);
    let sharing = config["mirrors"].as_array().into_iter().flatten();
    let alone = sharing.filter(|other| other["cluster"] == cluster).count() == 1;
    ensure!(
        growth == copied || (!alone && growth > copied),
        "{copied} were copied, and {cluster} was called {growth} times"
    );
    let marked = |one: &crate::backend::Received| one.header("x-mirrored-by") == Some(name.as_bytes());
    journal
        .wait_until("its copy", PATIENCE, |all| all.iter().any(marked))
        .await?;
    let received = journal.complete_ones().into_iter().find(|one| marked(one));
    let received = received.context("its copy vanished")?;
    let authority = match mirror["authority"]["mode"].as_str() {
        None | Some("suffix") => with_suffix(&host, mirror["authority"]["suffix"].as_str().unwrap_or("-shadow")),
        Some("literal") => mirror["authority"]["value"].as_str().unwrap_or_default().to_owned(),
        Some(_) => host,
    };
    ensure!(
        received.authority == authority,
        "the shadow was asked as {}, not {authority}",
        received.authority
    );
    Ok(())
}

/// The number of requests of which one is copied on average: at least 1, at most [`ENOUGH`].
fn requests_per_copy(mirror: &Value) -> u64 {
    let percentage = mirror["percentage"].as_f64().unwrap_or(100.0);
    (1..ENOUGH as u64)
        .find(|&requests| requests as f64 * percentage >= 100.0)
        .unwrap_or(ENOUGH as u64)
}

/// The suffix stands before the port.
fn with_suffix(host: &str, suffix: &str) -> String {
    match host.rsplit_once(':') {
        Some((host, port)) => format!("{host}{suffix}:{port}"),
        None => format!("{host}{suffix}"),
    }
}

/// Whether the mirror has ended by now.
fn is_over(mirror: &Value) -> Result<bool> {
    let Some(end) = mirror["expiresAt"].as_str() else {
        return Ok(false);
    };
    let mut parts = end.trim_end_matches('Z').split(['-', 'T', ':', '.']);
    let mut part = || parts.next().and_then(|part| part.parse::<i64>().ok()).context("a time");
    let (year, month, day) = (part()?, part()?, part()?);
    let seconds = part()? * 3600 + part()? * 60 + part()?;
    // Days since 1970 in the Gregorian calendar, its years counted from March.
    let (year, month) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let days = 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 1 - 719_468;
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    Ok(days * 86_400 + seconds <= i64::try_from(now)?)
}

/// How often each cluster was called.
async fn called(lab: &Lab) -> Result<BTreeMap<String, u64>> {
    let text = lab.envoy.admin().get("/stats?filter=upstream_rq_total$").await?;
    let lines = text.lines().filter_map(|line| {
        let (name, value) = line.rsplit_once(": ")?;
        let name = name.strip_prefix("cluster.")?.strip_suffix(".upstream_rq_total")?;
        Some((name.to_owned(), value.parse().ok()?))
    });
    Ok(lines.collect())
}
