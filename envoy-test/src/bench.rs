//! What mirroring costs the proxy and its clients: the filter, an empty filter and Envoy's own mirror, measured side by side.
//!
//! One run has rounds. In each round every arm gets the same open load in turn, in an order drawn anew, and is compared with the arm
//! without any filter of the *same* round: what disturbs the machine for longer than a turn disturbs all. [`traffic`] is the load and the
//! backends, [`proxy`] the Envoy, [`arms`] what is compared, [`results`] what came of it.

pub mod arms;
pub mod machine;
pub mod proxy;
pub mod results;
pub mod schedule;
pub mod statistics;
pub mod traffic;

use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use clap::{Args, ValueEnum};
use serde::{Deserialize, Serialize};
use tokio::runtime::Handle;

use arms::{Arm, BASELINE, Build};
use machine::Cores;
use proxy::Proxy;
use results::{Run, Sample, Turns};
use schedule::Random;
use traffic::{Load, Manner, Traffic};

/// Connections of the clients to each arm.
const CONNECTIONS: usize = 32;
/// The slow shadow's delay.
const DELAY: Duration = Duration::from_millis(200);

/// How long one part of a turn is, in seconds.
const PART: f64 = 0.25;

/// What to measure.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// The Envoy binary; else `envoy` on the PATH
    #[arg(long, env = "ENVOY_PATH")]
    envoy: Option<PathBuf>,
    /// A build of the filter, `path` or `label=path`; several are compared in the same run
    #[arg(long, value_parser = Build::parse)]
    wasm: Vec<Build>,
    /// The empty filter that is built beside it
    #[arg(long)]
    empty: Option<PathBuf>,
    /// Under three minutes: fewer rounds, shorter turns, fewer combinations
    #[arg(long)]
    quick: bool,
    /// Only these arms, besides the one without a filter
    #[arg(long, value_delimiter = ',')]
    arms: Vec<String>,
    /// Only these requests
    #[arg(long, value_delimiter = ',')]
    requests: Vec<Request>,
    /// Only these shadows
    #[arg(long, value_delimiter = ',')]
    shadows: Vec<Shadow>,
    /// How often every arm has its turn
    #[arg(long)]
    rounds: Option<usize>,
    /// How long a turn is, in seconds
    #[arg(long)]
    seconds: Option<f64>,
}

/// What the clients send.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Request {
    Get,
    Post1k,
    Post64k,
}

/// How the shadow behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Shadow {
    Healthy,
    Slow,
    Silent,
}

/// Runs what the options say, on a thread of its own, and prints what came of it.
pub async fn run(options: Options) -> Result<bool> {
    let runtime = Handle::current();
    let (done, result) = tokio::sync::oneshot::channel();
    let cores = Cores::find()?;
    cores.settle_here()?;
    std::thread::Builder::new().name("bench".to_owned()).spawn(move || {
        let _ = done.send(Bench::new(options, cores, runtime).and_then(Bench::run));
    })?;
    let run = result.await.context("the bench ended without a result")??;
    print!("{}", run.text());
    Ok(true)
}

struct Bench {
    envoy: PathBuf,
    arms: Vec<Arm>,
    options: Options,
    cores: Cores,
    runtime: Handle,
    traffic: Traffic,
    rounds: usize,
    turn: Duration,
    random: Random,
}

/// A combination in which arms are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell {
    pub request: Request,
    pub shadow: Shadow,
}

// === impl Bench ===

impl Bench {
    fn new(mut options: Options, cores: Cores, runtime: Handle) -> Result<Self> {
        let first = options.wasm.first().map(|build| build.module.clone());
        let binaries = crate::envoy::Binaries::find(options.envoy.clone(), first, false)?;
        if options.wasm.is_empty() {
            options.wasm.push(Build {
                label: String::new(),
                module: binaries.module.clone(),
            });
        }
        let empty = options.empty.clone().map(|path| (path.clone(), path));
        let arms = arms::select(arms::all(&options.wasm, empty.as_ref()), &options.arms)?;
        let (rounds, seconds) = if options.quick { (5, 1.0) } else { (9, 3.0) };
        Ok(Self {
            envoy: binaries.envoy,
            arms,
            cores,
            runtime,
            traffic: Traffic::new()?,
            rounds: options.rounds.unwrap_or(rounds),
            turn: Duration::from_secs_f64(options.seconds.unwrap_or(seconds)),
            random: Random::new(1),
            options,
        })
    }

    fn run(mut self) -> Result<Run> {
        let mut run = Run::default();
        for round in 0..self.rounds {
            self.round(round, &mut run.samples)
                .with_context(|| format!("round {}", round + 1))?;
        }
        Ok(run)
    }

    /// A round has an Envoy of its own: how its heap and its code happened to be laid out is one more thing to take the median of.
    fn round(&mut self, round: usize, samples: &mut Vec<Sample>) -> Result<()> {
        let backends = self.traffic.backends()?;
        let proxy = self
            .runtime
            .block_on(Proxy::start(&self.envoy, &self.arms, backends, self.cores.proxy))?;
        eprintln!("round {}: Envoy ready in {:?}", round + 1, proxy.started_in());
        let warm_up = Duration::from_millis(1000);
        for arm in self.arms.clone() {
            let target = proxy.listener(&arm)?;
            self.traffic.connect(target, CONNECTIONS)?;
            let cell = Cell {
                request: Request::Get,
                shadow: Shadow::Healthy,
            };
            self.traffic.run(&cell.load(target, warm_up))?;
        }
        for cell in self.cells() {
            let mut arms: Vec<_> = self
                .arms
                .iter()
                .filter(|arm| self.is_in(arm, cell))
                .map(|arm| (arm.clone(), Turns::default()))
                .collect();
            let passes = cell.passes(self.turn);
            for _ in 0..passes {
                self.random.shuffle(&mut arms);
                for (arm, turns) in &mut arms {
                    self.turn(arm, cell, self.turn / passes, &proxy, turns)?;
                }
            }
            samples.extend(
                arms.into_iter()
                    .map(|(arm, turns)| Sample::new(round, &arm, cell, turns)),
            );
        }
        proxy.check()?;
        self.traffic.disconnect();
        Ok(())
    }

    fn turn(&mut self, arm: &Arm, cell: Cell, length: Duration, proxy: &Proxy, turns: &mut Turns) -> Result<()> {
        let target = proxy.listener(arm)?;
        self.traffic.run(&cell.load(target, length / 5))?;
        let before = proxy.cpu_time()?;
        let outcome = self.traffic.run(&cell.load(target, length))?;
        turns.add(proxy.cpu_time()? - before, outcome);
        Ok(())
    }

    fn cells(&self) -> Vec<Cell> {
        let mut cells = Vec::new();
        for shadow in [Shadow::Healthy, Shadow::Slow, Shadow::Silent] {
            for request in [Request::Get, Request::Post1k, Request::Post64k] {
                let asked = (self.options.requests.is_empty() || self.options.requests.contains(&request))
                    && (self.options.shadows.is_empty() || self.options.shadows.contains(&shadow));
                if asked {
                    cells.push(Cell { request, shadow });
                }
            }
        }
        cells
    }

    /// An arm that sends nothing to the shadow does not care how that behaves.
    fn is_in(&self, arm: &Arm, cell: Cell) -> bool {
        arm.name == BASELINE || cell.shadow == Shadow::Healthy || arm.share() >= 0.1
    }
}

// === impl Cell ===

impl Cell {
    /// Requests per second: about a third of what one core can do, and less where copies pile up.
    pub fn rate(self) -> f64 {
        let healthy = match self.request {
            Request::Get | Request::Post1k => 2000.0,
            Request::Post64k => 500.0,
        };
        match self.shadow {
            Shadow::Healthy => healthy,
            Shadow::Slow | Shadow::Silent => healthy / 4.0,
        }
    }

    /// A round's turn is taken in so many parts, all arms in between: the shorter, the less the machine changes meanwhile. Where the
    /// copies outlive the load by far, waiting for them would take most of the time.
    fn passes(self, turn: Duration) -> u32 {
        match self.shadow {
            Shadow::Healthy => (turn.as_secs_f64() / PART).round().max(1.0) as u32,
            Shadow::Slow | Shadow::Silent => 1,
        }
    }

    fn load(self, target: std::net::SocketAddr, duration: Duration) -> Load {
        let (shadow, settle) = match self.shadow {
            Shadow::Healthy => (Manner::Prompt, Duration::from_millis(50)),
            Shadow::Slow => (Manner::Slow(DELAY), DELAY + Duration::from_millis(50)),
            Shadow::Silent => (Manner::Silent, Duration::from_millis(1100)),
        };
        Load {
            target,
            request: self.request.bytes(),
            rate: self.rate(),
            duration,
            settle,
            shadow,
        }
    }
}

// === impl Request ===

impl Request {
    /// As a browser behind a load balancer would send it.
    fn bytes(self) -> Rc<[u8]> {
        let (method, size) = match self {
            Self::Get => ("GET", 0),
            Self::Post1k => ("POST", 1024),
            Self::Post64k => ("POST", 64 * 1024),
        };
        let mut text = format!(
            "{method} /reviews/42?page=7&sort=date HTTP/1.1\r\n\
             host: shop.example.com\r\n\
             user-agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36\r\n\
             accept: application/json\r\n\
             accept-encoding: gzip, deflate, br\r\n\
             accept-language: en-GB,en;q=0.9\r\n\
             cookie: session=0123456789abcdef0123456789abcdef; theme=dark\r\n\
             authorization: Bearer abcdefghijklmnopqrstuvwxyz0123456789\r\n\
             x-forwarded-for: 203.0.113.7\r\n\
             traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n"
        );
        if size > 0 {
            text += &format!("content-type: application/octet-stream\r\ncontent-length: {size}\r\n");
        }
        text += "\r\n";
        let mut bytes = text.into_bytes();
        bytes.resize(bytes.len() + size, b'b');
        bytes.into()
    }
}
