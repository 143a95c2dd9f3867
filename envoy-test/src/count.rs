//! What mirroring costs the proxy in instructions: the filter, the least wasm modules and Envoy's own mirror, counted
//! in one Envoy.
//!
//! A clock on a shared machine cannot tell a small difference; a count of instructions repeats to about 0.1 %, whatever
//! else the machine does. Time in the kernel is not in it. From the bottom up: [`callgrind`] counts, [`arms`] are what
//! is compared, [`trim`] takes exports out of a module, [`results`] are what was counted, [`counter`] counts it,
//! `report` shows it, the [`budget`] says how much the filter may cost, and the [`relations`] how much more a hostile
//! request may cost than an ordinary one.

pub mod arms;
pub mod budget;
pub mod callgrind;
pub mod counter;
pub mod relations;
mod report;
pub mod results;
pub mod trim;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use clap::{Args, ValueEnum as _};
use tempfile::TempDir;
use tokio::runtime::Handle;

use arms::{ALWAYS, Case, References};
use budget::Budget;
use callgrind::Callgrind;
use counter::{Amount, Counter, Schedule};
use results::{Header, Run};

use crate::measure::{Build, Request, arm, machine, proxy};

/// The different modules that fit into V8's address space under valgrind.
const MODULES: usize = 6;

/// What to count.
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
    /// The valgrind to count with; else `valgrind` on the PATH
    #[arg(long, env = "VALGRIND_PATH")]
    valgrind: Option<PathBuf>,
    /// Only these arms, besides the one without a filter and Envoy's own mirror
    #[arg(long, value_delimiter = ',', conflicts_with_all = ["check", "write_budget"])]
    arms: Vec<String>,
    /// Only these kinds of request
    #[arg(long, value_delimiter = ',', conflicts_with_all = ["check", "write_budget"])]
    requests: Vec<Request>,
    /// Requests of each arm that come before all counts
    #[arg(long, default_value_t = 300)]
    warm_up: u32,
    /// Requests of each arm that are counted in a round
    #[arg(long, default_value_t = 300, value_parser = clap::value_parser!(u32).range(1..))]
    number: u32,
    /// How often every arm is counted; the least count is taken
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// Count the arms of the budget, and fail where an arm costs more
    #[arg(long, conflicts_with = "write_budget")]
    check: bool,
    /// Count the arms of the budget, and write the budget anew
    #[arg(long)]
    write_budget: bool,
    /// Where the results go; else dist/count.json of this repository, and dist/count-check.json for a budget
    #[arg(long)]
    out: Option<PathBuf>,
    /// Count nothing, and print the last run's results as Markdown
    #[arg(long)]
    markdown: bool,
}

/// Counts what the options say, on a thread of its own, and prints the results. False if the budget does not hold.
///
/// # Errors
/// Something that is needed is missing, or an arm did not do its work, which makes the count void.
pub async fn run(options: Options) -> Result<bool> {
    let out = options.out();
    if options.markdown {
        print!("{}", load(&out)?.markdown());
        return Ok(true);
    }
    let budget = options.check.then(|| Budget::read(&budget::file())).transpose()?;
    let is_new = options.write_budget;
    let runtime = Handle::current();
    let (done, result) = tokio::sync::oneshot::channel();
    std::thread::Builder::new().name("count".to_owned()).spawn(move || {
        let _ = done.send(count(options, &runtime));
    })?;
    let run = result.await.context("the count ended without a result")??;
    save(&out, &run)?;
    print!("{}", run.text());
    eprintln!("written to {}", out.display());
    if is_new {
        Budget::of(&run).write(&budget::file())?;
        eprintln!("written to {}", budget::file().display());
    }
    let breaches = relations::breaches(&run);
    for breach in &breaches {
        println!("fails: {breach}");
    }
    let judgement = budget.map(|budget| budget.judge(&run));
    if let Some(judgement) = &judgement {
        print!("\n{}", judgement.text);
    }
    Ok(breaches.is_empty() && judgement.is_none_or(|judgement| judgement.holds))
}

fn count(mut options: Options, runtime: &Handle) -> Result<Run> {
    let callgrind = Callgrind::find(options.valgrind.as_deref())?;
    let first = options.wasm.first().map(|build| build.module.clone());
    let binaries = crate::envoy::Binaries::find(options.envoy.clone(), first, false)?;
    if options.wasm.is_empty() {
        options.wasm.push(Build {
            label: String::new(),
            module: binaries.module.clone(),
        });
    }
    let trimmed = tempfile::Builder::new().prefix("envoy-count-modules-").tempdir()?;
    let mut cases = arms::all(&options.wasm, &references(&options, &trimmed)?);
    let schedule = options.schedule(&mut cases)?;
    let amount = options.amount();
    let header = Header {
        processor: machine::processor(),
        envoy: proxy::version(&binaries.envoy)?,
        valgrind: callgrind.version().to_owned(),
        builds: options.wasm.iter().map(Build::size).collect::<Result<_>>()?,
        warm_up: amount.warm_up,
        requests: amount.requests,
        rounds: amount.rounds,
        seconds: 0.0,
    };
    let begin = Instant::now();
    let counter = Counter::start(&binaries.envoy, &cases, amount, callgrind, runtime)?;
    eprintln!(
        "Envoy serves {} arms after {:.0} s",
        cases.len(),
        begin.elapsed().as_secs_f64()
    );
    let counts = counter.count(&schedule)?;
    let seconds = begin.elapsed().as_secs_f64();
    Ok(Run {
        header: Header { seconds, ..header },
        counts,
    })
}

// === impl Options ===

impl Options {
    fn is_about_the_budget(&self) -> bool {
        self.check || self.write_budget
    }

    fn out(&self) -> PathBuf {
        let name = if self.is_about_the_budget() {
            "count-check.json"
        } else {
            "count.json"
        };
        let usual = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../dist").join(name);
        self.out.clone().unwrap_or_else(usual)
    }

    fn amount(&self) -> Amount {
        Amount {
            warm_up: self.warm_up,
            requests: self.number,
            rounds: self.rounds,
        }
    }

    /// Which arms are counted for which kind of request. Cases without a part in it are removed.
    ///
    /// # Errors
    /// An arm does not exist, or there are more modules than fit.
    fn schedule(&self, cases: &mut Vec<Case>) -> Result<Schedule> {
        let arms = cases.iter().map(|case| case.arm.clone()).collect();
        let selected = arm::select(arms, &self.arms, &ALWAYS)?;
        cases.retain(|case| selected.iter().any(|arm| arm.name == case.arm.name));
        let takes = |case: &Case, request: Request| {
            if self.is_about_the_budget() {
                ALWAYS.contains(&case.arm.kind) || budget::has(case, request)
            } else {
                case.takes(request)
            }
        };
        let kinds = Request::value_variants().iter().copied();
        let kinds = kinds.filter(|kind| self.requests.is_empty() || self.requests.contains(kind));
        let of_kind = |kind| {
            let cases = cases.iter().filter(|case| takes(case, kind));
            (kind, cases.cloned().collect::<Vec<_>>())
        };
        let schedule: Schedule = kinds.map(of_kind).collect();
        let counted: BTreeSet<_> = schedule
            .iter()
            .flat_map(|(_, cases)| cases)
            .map(|case| &case.arm.name)
            .collect();
        cases.retain(|case| counted.contains(&case.arm.name));
        let modules: BTreeSet<_> = cases.iter().filter_map(Case::vm).collect();
        ensure!(
            modules.len() <= MODULES,
            "{} different modules, and {MODULES} fit into V8's address space under valgrind: name fewer --wasm or --arms",
            modules.len()
        );
        Ok(schedule)
    }
}

/// The modules to compare with; those with fewer exports are written to the folder.
fn references(options: &Options, folder: &TempDir) -> Result<References> {
    let trimmed = |module: &PathBuf, name: &str, exports: &[&[&str]]| -> Result<PathBuf> {
        let bytes = std::fs::read(module).with_context(|| format!("no module at {}", module.display()))?;
        let file = folder.path().join(name).with_extension("wasm");
        std::fs::write(&file, trim::exports(&bytes, &exports.concat())?)?;
        Ok(file)
    };
    let whole = |module: &PathBuf| {
        let found = module.canonicalize();
        found.with_context(|| format!("no module at {}", module.display()))
    };
    let empty = options.empty.as_ref();
    let without = |module| trimmed(module, arms::TRIMMED, &[trim::HOLLOW, trim::STREAMS]);
    let bare = |module| trimmed(module, arms::BARE, &[trim::HOLLOW, trim::STREAMS, trim::HEAD]);
    Ok(References {
        empty: empty.map(whole).transpose()?,
        trimmed: empty.map(without).transpose()?,
        bare: options.bare.as_ref().map(bare).transpose()?,
    })
}

fn load(file: &Path) -> Result<Run> {
    let text = std::fs::read_to_string(file)
        .with_context(|| format!("no results in {}: `make count` writes them", file.display()))?;
    serde_json::from_str(&text).with_context(|| format!("{} is of another version", file.display()))
}

fn save(file: &Path, run: &Run) -> Result<()> {
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    }
    std::fs::write(file, format!("{:#}\n", serde_json::to_value(run)?))
        .with_context(|| format!("cannot write {}", file.display()))
}
