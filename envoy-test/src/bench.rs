//! What mirroring costs the proxy and its clients: the filter, an empty filter and Envoy's own mirror, measured side by side.
//!
//! A run has rounds. In each round every arm gets the same open load in turn, in parts whose order is drawn anew, and is compared with
//! the arm without any filter of the *same* part: what disturbs the machine for longer disturbs all. From the bottom up: [`traffic`] is
//! the load and the backends, `proxy` the Envoy, [`arms`] and [`cells`] what is compared, [`results`] what was measured,
//! [`summary`] and [`targets`] what it says, `report` and `chart` how it is shown.

mod alone;
pub mod arms;
pub mod cells;
mod chart;
pub(crate) mod machine;
mod proxy;
mod report;
pub mod results;
mod schedule;
pub mod statistics;
pub mod summary;
pub mod targets;
pub mod traffic;
mod trim;

pub use cells::{Cell, Request, Shadow};

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use clap::Args;
use serde_json::{Value, json};
use tokio::runtime::Handle;

use arms::{AGAIN, Arm, BARE, BASELINE, Build, EMPTY, NATIVE, References};
use machine::Cores;
use proxy::Proxy;
use results::{Header, Module, Run, Sample, Turns};
use schedule::Random;
use traffic::Traffic;

/// Connections of the clients to each arm.
const CONNECTIONS: usize = 32;
/// What each arm gets of a fresh Envoy before anything is measured, so that its code is compiled and its connections are open.
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
    /// An empty filter, for the arms with one
    #[arg(long)]
    empty: Option<PathBuf>,
    /// The least mirror that a wasm filter can be, for the arm with one
    #[arg(long)]
    bare: Option<PathBuf>,
    /// Under three minutes: fewer rounds, shorter turns, and only the combinations that say most
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
    let folder = out.clone();
    std::thread::Builder::new().name("bench".to_owned()).spawn(move || {
        let _ = done.send(Bench::new(options, cores, runtime, &folder).and_then(Bench::run));
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
    fn new(mut options: Options, cores: Cores, runtime: Handle, out: &Path) -> Result<Self> {
        let first = options.wasm.first().map(|build| build.module.clone());
        let binaries = crate::envoy::Binaries::find(options.envoy.clone(), first, false)?;
        if options.wasm.is_empty() {
            options.wasm.push(Build {
                label: String::new(),
                module: binaries.module.clone(),
            });
        }
        let references = references(&options, out)?;
        let mut arms = arms::select(arms::all(&options.wasm, &references), &options.arms)?;
        if options.quick && options.arms.is_empty() {
            arms.retain(|arm| !["empty-trimmed", "filter-0", "filter-10", "native-10", "hollow"].contains(&arm.kind));
        }
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
        let chosen = !self.options.arms.is_empty();
        let arms: Vec<_> = self
            .arms
            .iter()
            .filter(|arm| arm.name != AGAIN && (!self.options.quick || (is_telling(arm) && !chosen)))
            .cloned()
            .collect();
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

    /// A round has an Envoy of its own: how its heap and its code happened to be laid out is one more thing to take the median of.
    fn round(&mut self, round: usize, samples: &mut Vec<Sample>) -> Result<()> {
        let backends = self.traffic.backends()?;
        let start = Proxy::start(&self.envoy, &self.arms, backends, self.cores.proxy);
        let proxy = self.runtime.block_on(start)?;
        for arm in &self.arms {
            let target = proxy.listener(arm)?;
            self.traffic.connect(target, CONNECTIONS)?;
            let cell = Cell {
                request: Request::Get,
                shadow: Shadow::Healthy,
            };
            self.traffic.run(&cell.load(target, WARM_UP))?;
        }
        for (cell, arms) in self.plan() {
            let mut arms: Vec<_> = arms.into_iter().map(|arm| (arm, Turns::default())).collect();
            let parts = cell.parts(self.turn);
            for _ in 0..parts {
                self.random.shuffle(&mut arms);
                for (arm, turns) in &mut arms {
                    self.part(arm, cell, self.turn / parts, &proxy, turns)?;
                }
            }
            // In the order of the arms, not of the draw.
            arms.sort_by_key(|(arm, _)| self.arms.iter().position(|other| other.name == arm.name));
            samples.extend(
                arms.into_iter()
                    .map(|(arm, turns)| Sample::new(round, &arm, cell, turns)),
            );
        }
        proxy.check()?;
        self.traffic.disconnect();
        Ok(())
    }

    fn part(&mut self, arm: &Arm, cell: Cell, length: Duration, proxy: &Proxy, turns: &mut Turns) -> Result<()> {
        let target = proxy.listener(arm)?;
        self.traffic.run(&cell.load(target, length / 5))?;
        let before = proxy.cpu_time()?;
        let outcome = self.traffic.run(&cell.load(target, length))?;
        turns.add(proxy.cpu_time()? - before, outcome);
        Ok(())
    }

    /// In which cells which arms are compared; the baseline comes first. An arm that sends next to nothing to the shadow does not care
    /// how that behaves.
    fn plan(&self) -> Vec<(Cell, Vec<Arm>)> {
        let options = &self.options;
        let is_brief = options.quick && options.requests.is_empty() && options.shadows.is_empty();
        let shadows = match options.shadows.as_slice() {
            [] if options.quick && !is_brief => &[Shadow::Healthy],
            asked => asked,
        };
        let least_share = |cell: Cell| match (cell.request, cell.shadow) {
            (Request::Get, Shadow::Healthy) => Some(0.0),
            (Request::Post64k, Shadow::Healthy) | (Request::Get, Shadow::Silent) if is_brief => Some(1.0),
            _ if is_brief => None,
            (_, Shadow::Healthy) => Some(0.0),
            _ => Some(0.1),
        };
        let arms = |cell| {
            let least = least_share(cell)?;
            let arms = self
                .arms
                .iter()
                .filter(|arm| arm.name == BASELINE || arm.share() >= least)
                .filter(|arm| arm.kind != BARE || (cell.request, cell.shadow) == (Request::Get, Shadow::Healthy));
            Some((cell, arms.cloned().collect()))
        };
        Cell::all(&options.requests, shadows)
            .into_iter()
            .filter_map(arms)
            .collect()
    }

    fn header(&self, load_average: [f64; 2], stolen: f64) -> Result<Header> {
        let version = Command::new(&self.envoy).arg("--version").output()?;
        let version = String::from_utf8_lossy(&version.stdout).into_owned();
        let builds = self.options.wasm.iter().map(|build| {
            Ok(Module {
                label: build.label.clone(),
                bytes: std::fs::metadata(&build.module)?.len(),
            })
        });
        Ok(Header {
            processor: machine::processor(),
            kernel: machine::kernel(),
            cores: self.cores.to_string(),
            scheduling: machine::scheduling(),
            envoy: version_number(&version).unwrap_or("of unknown version").to_owned(),
            builds: builds.collect::<Result<_>>()?,
            rounds: self.rounds,
            turn: self.turn.as_secs_f64(),
            load_average,
            stolen,
        })
    }
}

/// From `…/envoy  version: COMMIT/1.40.0/Clean/RELEASE/BoringSSL`.
fn version_number(text: &str) -> Option<&str> {
    text.split_once("version: ")?.1.split('/').nth(1)
}

/// The arms that say most.
fn is_telling(arm: &Arm) -> bool {
    [BASELINE, NATIVE, "empty", "filter-100"].contains(&arm.kind)
}

/// The modules to compare with; those with fewer exports are written beside the results.
fn references(options: &Options, out: &Path) -> Result<References> {
    let trimmed = |module: &Path, name: &str, exports: &[&str]| -> Result<PathBuf> {
        let bytes = std::fs::read(module).with_context(|| format!("no filter at {}", module.display()))?;
        let file = out.join(name).with_extension("wasm");
        std::fs::write(&file, trim::exports(&bytes, exports)?)?;
        Ok(file.canonicalize()?)
    };
    let empty = options.empty.as_deref().map(|empty| -> Result<_> {
        Ok([
            empty
                .canonicalize()
                .with_context(|| format!("no filter at {}", empty.display()))?,
            trimmed(empty, EMPTY[1], &[trim::HOLLOW, trim::STREAMS].concat())?,
            trimmed(empty, EMPTY[2], trim::HOLLOW)?,
        ])
    });
    let bare = options
        .bare
        .as_deref()
        .map(|bare| trimmed(bare, BARE, &[trim::HOLLOW, trim::STREAMS, trim::HEAD].concat()));
    Ok(References {
        empty: empty.transpose()?,
        bare: bare.transpose()?,
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_version_is_found_behind_any_path() {
        let text = "/a/version/envoy  version: 6d9bb7d9/1.40.0/Clean/RELEASE/BoringSSL\n";
        assert_eq!(super::version_number(text), Some("1.40.0"));
        assert_eq!(super::version_number("no idea"), None);
    }
}
