//! What mirroring costs that only a clock tells: latency under an open load, large uploads while the shadow reads
//! nothing, start-up and memory. The filter and Envoy's own mirror are measured side by side.
//!
//! A run has rounds. In each round every arm gets the same open load in turn, in parts whose order is drawn anew, and
//! is compared with the arm without any filter of the same round: what disturbs the machine for longer disturbs all.
//! From the bottom up: [`arms`] and [`cells`] are what is compared, [`results`] what was measured, [`summary`] and
//! [`targets`] what it says, `report` and `chart` how it is shown.

mod alone;
pub mod arms;
pub mod cells;
mod chart;
mod random;
mod report;
pub mod results;
pub mod statistics;
pub mod summary;
pub mod targets;

pub use cells::{Cell, Shadow};

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use clap::Args;
use serde_json::{Value, json};
use tokio::runtime::Handle;

use arms::UNMATCHED;
use cells::GET;
use random::Random;
use results::{Header, Run, Sample, Turn};

use crate::measure::arm::{AGAIN, BASELINE};
use crate::measure::machine::{self, Cores};
use crate::measure::traffic::Traffic;
use crate::measure::{Arm, Build, Proxy, Request, Setup, arm, proxy};

/// How long Envoy may take until it serves.
const START: Duration = Duration::from_secs(60);
/// Connections of the clients to each arm.
const CONNECTIONS: usize = 32;
/// What each arm gets of a fresh Envoy before anything is measured, so that its code is compiled and its connections
/// are open.
const WARM_UP: Duration = Duration::from_millis(400);

/// What to measure.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// The Envoy binary; else `envoy` on the PATH
    #[arg(long, env = "ENVOY_PATH")]
    envoy: Option<PathBuf>,
    /// A build of the filter, `path` or `label=path`; several are compared in the same run
    #[arg(long, value_parser = Build::parse)]
    wasm: Vec<Build>,
    /// Under three minutes: fewer rounds and shorter turns
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
    /// Where bench.txt, bench.json, bench.svg and bench.md go; else dist/bench of this repository
    #[arg(long)]
    out: Option<PathBuf>,
    /// Measure nothing, and print the last run's results as Markdown
    #[arg(long)]
    markdown: bool,
}

/// Runs what the options say, on a thread of its own, and prints what came of it.
pub async fn run(options: Options) -> Result<bool> {
    let out = options
        .out
        .clone()
        .unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../dist/bench"));
    if options.markdown {
        print!("{}", load(&out)?.markdown());
        return Ok(true);
    }
    std::fs::create_dir_all(&out).with_context(|| format!("cannot make {}", out.display()))?;
    let cores = Cores::find()?;
    cores.settle_here()?;
    let runtime = Handle::current();
    let (done, result) = tokio::sync::oneshot::channel();
    std::thread::Builder::new().name("bench".to_owned()).spawn(move || {
        let _ = done.send(Bench::new(options, cores, runtime).and_then(Bench::run));
    })?;
    let run = result.await.context("the bench ended without a result")??;
    save(&out, &run)?;
    print!("{}", run.text());
    eprintln!("written to {}", out.display());
    Ok(true)
}

fn load(out: &Path) -> Result<Run> {
    let file = out.join("bench.json");
    let text = std::fs::read_to_string(&file).with_context(|| format!("no results in {}", file.display()))?;
    let mut saved: Value = serde_json::from_str(&text)?;
    serde_json::from_value(saved["run"].take()).with_context(|| format!("{} is of another version", file.display()))
}

fn save(out: &Path, run: &Run) -> Result<()> {
    let all = json!({"tables": run.tables(), "targets": targets::all(run), "run": run});
    for (name, text) in [
        ("bench.txt", run.text()),
        ("bench.md", run.markdown()),
        ("bench.svg", run.chart()),
        ("bench.json", format!("{all:#}\n")),
    ] {
        let file = out.join(name);
        std::fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(())
}

struct Bench {
    options: Options,
    envoy: PathBuf,
    arms: Vec<Arm>,
    cores: Cores,
    runtime: Handle,
    traffic: Traffic,
    rounds: usize,
    turn: Duration,
    random: Random,
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
        let arms = arm::select(arms::all(&options.wasm), &options.arms, &[BASELINE])?;
        let (rounds, seconds) = if options.quick { (5, 0.75) } else { (7, 3.0) };
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
        let (load, [all, stolen]) = (machine::load_average(), machine::ticks());
        let begin = Instant::now();
        let mut samples = Vec::new();
        for round in 0..self.rounds {
            self.round(round, &mut samples)
                .with_context(|| format!("round {}", round + 1))?;
            eprintln!(
                "round {} of {} after {:.0} s",
                round + 1,
                self.rounds,
                begin.elapsed().as_secs_f64()
            );
        }
        // What no request meets costs the same to start and to hold as what every request meets.
        let is_alone = |arm: &&Arm| arm.kind != AGAIN && arm.kind != UNMATCHED;
        let arms: Vec<_> = self.arms.iter().filter(is_alone).cloned().collect();
        let (alone, uploads) = alone::measure(&arms, &self.envoy, self.cores, &self.runtime, &mut self.traffic)?;
        let [all_now, stolen_now] = machine::ticks();
        let stolen = (stolen_now - stolen) as f64 / (all_now - all).max(1) as f64;
        Ok(Run {
            header: self.header([load, machine::load_average()], stolen)?,
            samples,
            alone,
            uploads,
        })
    }

    /// A round has an Envoy of its own: how its heap and its code happened to be laid out is one more thing to take the
    /// median of.
    fn round(&mut self, round: usize, samples: &mut Vec<Sample>) -> Result<()> {
        let backends = self.traffic.backends()?;
        let setup = setup(&self.envoy, &self.arms, backends, self.cores);
        let proxy = self.runtime.block_on(Proxy::start(&setup))?;
        for arm in &self.arms {
            let target = proxy.listener(arm)?;
            self.traffic.connect(target, CONNECTIONS)?;
            self.traffic.run(&GET.load(target, WARM_UP))?;
        }
        for cell in Cell::select(&self.options.requests, &self.options.shadows) {
            let arms = self.arms.iter().filter(|arm| takes_part(arm, cell)).cloned();
            let mut arms: Vec<_> = arms.map(|arm| (arm, Turn::default())).collect();
            let parts = cell.parts(self.turn);
            for _ in 0..parts {
                self.random.shuffle(&mut arms);
                for (arm, turn) in &mut arms {
                    self.part(arm, cell, self.turn / parts, &proxy, turn)?;
                }
            }
            // In the order of the arms, not of the draw.
            arms.sort_by_key(|(arm, _)| self.arms.iter().position(|other| other.name == arm.name));
            samples.extend(arms.into_iter().map(|(arm, turn)| Sample::new(round, &arm, cell, turn)));
        }
        proxy.check()?;
        self.traffic.disconnect();
        Ok(())
    }

    fn part(&mut self, arm: &Arm, cell: Cell, length: Duration, proxy: &Proxy, turn: &mut Turn) -> Result<()> {
        let target = proxy.listener(arm)?;
        self.traffic.run(&cell.load(target, length / 5))?;
        turn.add(self.traffic.run(&cell.load(target, length))?);
        Ok(())
    }

    fn header(&self, load_average: [f64; 2], stolen: f64) -> Result<Header> {
        Ok(Header {
            processor: machine::processor(),
            kernel: machine::kernel(),
            cores: self.cores.to_string(),
            scheduling: machine::scheduling(),
            envoy: proxy::version(&self.envoy)?,
            builds: self.options.wasm.iter().map(Build::size).collect::<Result<_>>()?,
            rounds: self.rounds,
            turn: self.turn.as_secs_f64(),
            load_average,
            stolen,
        })
    }
}

/// An arm that copies nothing does not care how the shadow behaves.
fn takes_part(arm: &Arm, cell: Cell) -> bool {
    cell.shadow == Shadow::Healthy || arm.name == BASELINE || arm.copies > 0.0
}

fn setup<'a>(envoy: &'a Path, arms: &'a [Arm], backends: [SocketAddr; 2], cores: Cores) -> Setup<'a> {
    Setup {
        envoy,
        under: &[],
        arms,
        backends,
        core: Some(cores.proxy),
        patience: START,
        timeout: arms::TIMEOUT,
    }
}
