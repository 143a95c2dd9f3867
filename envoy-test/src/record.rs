//! `envoy-test record`: what Prometheus would see of a real Envoy under traffic, written down for the tests of
//! `deploy/`.
//!
//! After each batch of requests `/stats/prometheus` is read once. The tests take the readings as scrapes that are
//! [`INTERVAL`] seconds apart, so ten minutes of a dashboard are recorded in one. Half-way Envoy restarts: two
//! scrapes fail, and its counters begin anew. The file has one line a series: name and labels, then one value a scrape,
//! `_` where there is none.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result};
use tokio::task::JoinSet;

use crate::backend::{Behaviour, Echo, Journal};
use crate::client::{Ask, Connection};
use crate::envoy::bootstrap::ISTIO_STATISTICS;
use crate::envoy::{self, Binaries, Bootstrap, Envoy, Shape, filter_file};

/// Seconds between two scrapes, as the tests take it.
pub const INTERVAL: u32 = 15;
/// Scrapes before Envoy restarts, and after it.
const SCRAPES: usize = 20;
/// Scrapes that fail while it does.
const FAILED: usize = 2;
/// Requests to each mirror before a scrape.
const BATCH: usize = 48;
/// Clients that send them at the same time.
const CLIENTS: usize = 8;

/// The recorded files, with the `stats_config` that names their labels; none is that of envoy.yaml.
const FILES: [(&str, Option<&str>); 2] = [("istio.series", Some(ISTIO_STATISTICS)), ("envoy.series", None)];
/// What is recorded: the filter's statistics, and those of Envoy that the rules ask for.
const NAMES: [&str; 3] = [
    "traffic_mirror_",
    "envoy_server_concurrency",
    "envoy_http_downstream_rq_total",
];

/// One mirror with all that can happen to copies, and one that is sent everything and has a quiet life.
const MIRRORS: &str = r#"
mirrors:
- name: reviews-v2
  cluster: shadow
  percentage: 50
  match: [{uri: {prefix: /reviews}}]
  timeout: 50ms
  limits: {maxInFlight: 4, maxBufferedBytes: 1048576}
  expiresAt: "2099-12-01T18:00:00Z"
- name: ratings-v3
  cluster: shadow
  match: [{uri: {prefix: /ratings}}]
"#;

/// What Prometheus would have stored.
#[derive(Default)]
struct Recording {
    scrapes: usize,
    series: BTreeMap<String, Vec<Option<f64>>>,
}

/// Records both files.
pub async fn run(binaries: &Binaries, folder: &Path) -> Result<()> {
    for (name, statistics) in FILES {
        let path = folder.join(name);
        let recording = record(binaries, statistics).await?;
        std::fs::write(&path, recording.text()).with_context(|| format!("cannot write {}", path.display()))?;
        println!(
            "{}: {} series, {} scrapes",
            path.display(),
            recording.series.len(),
            recording.scrapes
        );
    }
    Ok(())
}

async fn record(binaries: &Binaries, statistics: Option<&'static str>) -> Result<Recording> {
    let mut recording = Recording::default();
    for life in 0..2 {
        if life > 0 {
            recording.scrapes += FAILED;
        }
        let (envoy, _backends) = start(binaries, statistics).await?;
        let mut clients = Vec::new();
        for _ in 0..CLIENTS {
            clients.push(Connection::http1(envoy.listener()).await?);
        }
        for scrape in 1..=SCRAPES {
            let mut rounds = JoinSet::new();
            for (client, mut connection) in clients.drain(..).enumerate() {
                rounds.spawn(async move {
                    for n in (client..BATCH).step_by(CLIENTS) {
                        connection.send(Ask::get(&path("reviews", n))).await?;
                        connection.send(Ask::get(&path("ratings", n))).await?;
                    }
                    anyhow::Ok(connection)
                });
            }
            while let Some(round) = rounds.join_next().await {
                clients.push(round??);
            }
            recording.take(&complete_reading(&envoy, scrape * BATCH).await?)?;
        }
        envoy.stop().await?;
    }
    Ok(recording)
}

/// A reading in which the histograms have all requests so far. The filter writes its statistics by a tick, and Envoy
/// shows histograms from the next flush on.
async fn complete_reading(envoy: &Envoy, requests: usize) -> Result<String> {
    const QUIET: &str = "traffic_mirror_primary_duration_milliseconds_count";
    let count = format!(" {requests}");
    for _ in 0..200 {
        let text = envoy.admin().get("/stats/prometheus").await?;
        let mut lines = text.lines();
        if lines.any(|line| line.starts_with(QUIET) && line.contains("ratings-v3") && line.ends_with(&count)) {
            return Ok(text);
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    anyhow::bail!("the statistics do not show {requests} answers of the primary after 10 s")
}

async fn start(binaries: &Binaries, statistics: Option<&'static str>) -> Result<(Envoy, [Echo; 2])> {
    let backend = async |name| {
        let anywhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        Echo::start(name, anywhere, Behaviour::default(), Journal::latest(1)).await
    };
    let backends = [backend("primary").await?, backend("shadow").await?];
    let options = envoy::Options {
        bootstrap: Bootstrap {
            clusters: vec![
                ("primary", Some(backends[0].address())),
                ("shadow", Some(backends[1].address())),
                ("shadow-b", None),
            ],
            statistics,
            ..Bootstrap::default()
        },
        filter: filter_file::filter(&binaries.module, &serde_yaml_ng::from_str(MIRRORS)?, Shape::Struct)?,
        workers: 2,
    };
    Ok((Envoy::start(binaries, &options).await?, backends))
}

/// The request of this number: all that a primary and its shadow may do, in known shares.
fn path(service: &str, n: usize) -> String {
    let query = match n % 24 {
        1 => "shadow.status=503",
        2 | 3 => "shadow.status=404",
        4 => "shadow.silent",
        5 => "shadow.reset",
        6 => "primary.status=500",
        7 => "grpc_only=0",
        8 => "shadow.grpc_only=13&primary.grpc_only=0",
        9..=12 => "shadow.delay=12ms",
        13..=15 => "shadow.delay=30ms&primary.delay=5ms",
        _ => "primary.delay=2ms",
    };
    match service {
        "reviews" => format!("/reviews/{n}?{query}"),
        _ => format!("/{service}/{n}"),
    }
}

// === impl Recording ===

impl Recording {
    /// Takes one reading.
    fn take(&mut self, text: &str) -> Result<()> {
        for line in text
            .lines()
            .filter(|line| NAMES.iter().any(|name| line.starts_with(name)))
        {
            let (series, value) = line.rsplit_once(' ').with_context(|| format!("no value in `{line}`"))?;
            let value: f64 = value.parse().with_context(|| format!("no number in `{line}`"))?;
            let values = self.series.entry(series.to_owned()).or_default();
            values.resize(self.scrapes, None);
            values.push(Some(value));
        }
        self.scrapes += 1;
        Ok(())
    }

    fn text(&self) -> String {
        let mut text = String::new();
        for (series, values) in &self.series {
            text.push_str(series);
            for value in values {
                let _ = match value {
                    Some(value) => write!(text, " {value}"),
                    None => write!(text, " _"),
                };
            }
            text.push('\n');
        }
        text
    }
}
