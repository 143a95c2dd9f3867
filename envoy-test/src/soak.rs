//! Whether memory stays within what the configuration promises: an Envoy whose shadows never answer, under bodies of
//! all sizes, its resident memory printed against the budget until the time is over.
//!
//! First the same load runs with the mirrors off: that is the baseline. Then they are on, and nothing may grow past
//! `baseline + workers × mirrors × (budget + answers) + allowance`. [`load`] are the clients, [`shadows`] the backends
//! that do not answer, [`limit`] the formula.

pub mod limit;
pub mod load;
pub mod shadows;

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use clap::Args;
use tokio::time::Instant;

use crate::backend::{Behaviour, Echo, Journal};
use crate::envoy::{self, Binaries, Bootstrap, Envoy, Shape, Update};
use crate::ledger::{self, Statistics};
use limit::{Limit, MIB};
use load::Load;
use shadows::{Manner, Unanswering};

/// The clusters of envoy.yaml that can be shadows.
const CLUSTERS: [&str; 2] = ["shadow", "shadow-b"];
/// After the load, this is long enough for every callout to time out on the busiest machine.
const PATIENCE: Duration = Duration::from_secs(60);
const TICK: Duration = Duration::from_millis(200);

/// The key of the tokens.
const HASH_KEY: &str = "000102030405060708090a0b0c0d0e0f";

/// How long, under which budget, and with which shadows.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// How long the mirrors are on
    #[arg(long, env = "SOAK_MINUTES", default_value_t = 10.0)]
    minutes: f64,
    /// Seconds of the same load without mirroring, before
    #[arg(long, default_value_t = 20.0)]
    warm_up: f64,
    /// Seconds between two lines
    #[arg(long, default_value_t = 5.0)]
    interval: f64,
    /// Worker threads of Envoy
    #[arg(long, default_value_t = 2)]
    workers: u32,
    /// What each mirror's shadow does; as many mirrors as there are words, at most two
    #[arg(long, value_enum, value_delimiter = ',', default_value = "silent,unread")]
    shadows: Vec<Manner>,
    /// `limits.maxBufferedBytes` of each mirror
    #[arg(long, default_value_t = 16 * MIB)]
    budget: u64,
    /// `limits.maxInFlight` of each mirror
    #[arg(long, default_value_t = 128)]
    in_flight: u64,
    /// `timeout` of each mirror, in seconds
    #[arg(long, default_value_t = 10)]
    timeout: u64,
    /// The largest body, in bytes; at most 1 MiB
    #[arg(long, default_value_t = MIB)]
    largest: u64,
    /// Clients that send at the same time
    #[arg(long, default_value_t = 64)]
    clients: usize,
    /// What memory may grow besides: a share of the budget for the module's own heap, in percent
    #[arg(long, default_value_t = limit::HEAP_PERCENT)]
    heap: u64,
    /// What memory may grow besides, whatever the budget is, in bytes
    #[arg(long, default_value_t = limit::SLACK)]
    slack: u64,
    /// Hold memory against this budget instead of the configured one: a wrong one shows that the soak can fail
    #[arg(long)]
    claim: Option<u64>,
}

/// One moment.
struct Sample {
    resident: u64,
    statistics: Statistics,
}

/// What runs.
struct Soak {
    options: Options,
    envoy: Envoy,
    load: Load,
    _primary: Echo,
    _shadows: Vec<Unanswering>,
}

/// Runs the soak and says whether memory stayed within its limit.
pub async fn run(options: Options, binaries: &Binaries) -> Result<bool> {
    ensure!(
        (1..=CLUSTERS.len()).contains(&options.shadows.len()),
        "--shadows takes one or two words"
    );
    let minutes = options.minutes;
    let mut soak = Soak::start(options, binaries).await?;
    let baseline = soak.warm_up(binaries).await?;
    let limit = soak.limit(baseline);
    println!("{limit}");
    println!();
    let verdict = soak.watch(&limit, Duration::from_secs_f64(minutes * 60.0)).await?;
    let peak = soak.settle(verdict).await?;
    let allowed = limit.total();
    println!();
    println!(
        "{}: at most {} of {} MiB resident, all balances hold, nothing is in flight any more",
        if peak <= allowed { "held" } else { "FAILED" },
        limit::mib(peak),
        limit::mib(allowed)
    );
    Ok(peak <= allowed)
}

// === impl Soak ===

impl Soak {
    async fn start(options: Options, binaries: &Binaries) -> Result<Self> {
        let anywhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let primary = Echo::start("primary", anywhere, Behaviour::size(2), Journal::latest(1)).await?;
        let mut clusters = vec![("primary", Some(primary.address()))];
        let mut running = Vec::new();
        for (cluster, manner) in CLUSTERS.into_iter().zip(&options.shadows) {
            let shadow = Unanswering::start(*manner, Duration::from_secs(options.timeout)).await?;
            clusters.push((cluster, Some(shadow.address())));
            running.push(shadow);
        }
        for cluster in CLUSTERS.into_iter().skip(options.shadows.len()) {
            clusters.push((cluster, None));
        }
        let settings = envoy::Options {
            bootstrap: Bootstrap {
                clusters,
                ..Bootstrap::default()
            },
            filter: options.filter(binaries, false)?,
            workers: options.workers,
        };
        let envoy = Envoy::start(binaries, &settings).await?;
        let load = Load::start(envoy.listener(), options.clients, options.largest);
        Ok(Self {
            options,
            envoy,
            load,
            _primary: primary,
            _shadows: running,
        })
    }

    /// The most that is resident under the load without mirroring; then the mirrors are on.
    async fn warm_up(&mut self, binaries: &Binaries) -> Result<u64> {
        println!(
            "warm-up: {} clients, bodies of 0 to {} bytes, declared and chunked, for {} s with the mirrors off",
            self.options.clients, self.options.largest, self.options.warm_up
        );
        let end = Instant::now() + Duration::from_secs_f64(self.options.warm_up);
        let mut baseline = 0;
        while Instant::now() < end {
            tokio::time::sleep(TICK).await;
            baseline = baseline.max(self.sample().await?.resident);
        }
        let verdict = self.envoy.update(&self.options.filter(binaries, true)?).await?;
        ensure!(
            verdict == Update::Accepted,
            "the filter refused the soak's configuration"
        );
        Ok(baseline)
    }

    fn limit(&self, baseline: u64) -> Limit {
        let options = &self.options;
        let answers = options.shadows.contains(&Manner::Endless);
        Limit {
            baseline,
            workers: options.workers.into(),
            mirrors: options.shadows.len() as u64,
            budget: options.claim.unwrap_or(options.budget),
            answers: if answers {
                options.in_flight * limit::RESPONSE_BUFFER
            } else {
                0
            },
            heap_percent: options.heap,
            slack: options.slack,
        }
    }

    /// A line an interval until the time is over or memory is past its limit. Returns the most that was resident.
    async fn watch(&mut self, limit: &Limit, time: Duration) -> Result<u64> {
        let configured = limit.workers * limit.mirrors * self.options.budget;
        println!("{}", limit.heading(configured));
        let begin = Instant::now();
        let interval = Duration::from_secs_f64(self.options.interval);
        let (mut peak, mut next) = (0, begin + interval);
        while begin.elapsed() < time && peak <= limit.total() {
            tokio::time::sleep(TICK).await;
            let sample = self.sample().await?;
            peak = peak.max(sample.resident);
            let charged = sample.gauge("buffered_bytes");
            ensure!(
                charged <= configured,
                "{charged} bytes are charged, of {configured} configured"
            );
            if Instant::now() >= next || peak > limit.total() {
                next += interval;
                println!("{}", line(begin.elapsed(), &self.load, &sample, peak, limit));
            }
        }
        Ok(peak)
    }

    /// Ends the load and waits until nothing is in flight: then nothing may be charged, and both balances hold.
    async fn settle(mut self, peak: u64) -> Result<u64> {
        self.load.stop().await?;
        let deadline = Instant::now() + Duration::from_secs(self.options.timeout) + PATIENCE;
        let mut peak = peak;
        loop {
            let sample = self.sample().await?;
            peak = peak.max(sample.resident);
            if sample.statistics.is_settled() {
                break;
            }
            ensure!(
                Instant::now() < deadline,
                "copies are still in flight {PATIENCE:?} after their timeout"
            );
            tokio::time::sleep(TICK).await;
        }
        let sample = self.sample().await?;
        sample.statistics.assert_balanced()?;
        ensure!(sample.gauge("buffered_bytes") == 0, "bytes are charged for nothing");
        ensure!(
            sample.sum(|ledger| ledger.sent) > 0,
            "nothing was mirrored, so nothing was measured"
        );
        let trouble = ["[critical]", "panicked", "Function: proxy_"].map(|words| self.envoy.log().lines_with(words));
        let trouble = trouble.concat();
        ensure!(trouble.is_empty(), "Envoy's log has trouble: {}", trouble.join("\n"));
        Ok(peak)
    }

    async fn sample(&mut self) -> Result<Sample> {
        if let Some(error) = self.load.trouble() {
            bail!("a client did not get what it should: {error}");
        }
        Ok(Sample {
            resident: self.envoy.memory().context("Envoy's memory")? * 1024,
            statistics: Statistics::parse(&self.envoy.admin().statistics(ledger::FILTER).await?)?,
        })
    }
}

// === impl Options ===

impl Options {
    /// The discovered file, with the mirrors on or off.
    fn filter(&self, binaries: &Binaries, enabled: bool) -> Result<String> {
        let mirrors: Vec<_> = CLUSTERS
            .into_iter()
            .zip(&self.shadows)
            .map(|(cluster, manner)| {
                serde_json::json!({
                    "name": format!("{manner}-{cluster}"),
                    "cluster": cluster,
                    "timeout": format!("{}s", self.timeout),
                    "body": {"maxBytes": (self.budget - self.budget / 8).min(MIB)},
                    // A token is much longer than the empty cookies of the load.
                    "redact": {"preset": "credentials", "headers": ["x-user"], "mode": "hash", "hashKey": HASH_KEY},
                    "limits": {"maxInFlight": self.in_flight, "maxBufferedBytes": self.budget},
                })
            })
            .collect();
        let plugin = serde_yaml_ng::to_value(serde_json::json!({"enabled": enabled, "mirrors": mirrors}))?;
        envoy::filter_file::filter(&binaries.module, &plugin, Shape::Json)
    }
}

// === impl Sample ===

impl Sample {
    fn sum(&self, of: impl Fn(&ledger::Ledger) -> u64) -> u64 {
        self.statistics.mirrors().map(of).sum()
    }

    fn gauge(&self, name: &str) -> u64 {
        self.sum(|ledger| ledger.gauge(name))
    }
}

fn line(elapsed: Duration, load: &Load, sample: &Sample, peak: u64, limit: &Limit) -> String {
    let seconds = elapsed.as_secs();
    format!(
        "{:>3}:{:02} {:>9} {:>9} {:>9} {:>10} {:>9} {:>9} {:>9}{}",
        seconds / 60,
        seconds % 60,
        load.answered(),
        sample.sum(|ledger| ledger.sent),
        sample.sum(|ledger| ledger::sum(&ledger.dropped)),
        sample.gauge("in_flight") + sample.gauge("collecting"),
        limit::mib(sample.gauge("buffered_bytes")),
        limit::mib(sample.resident),
        limit::mib(peak),
        if peak > limit.total() { "  past the limit" } else { "" }
    )
}
