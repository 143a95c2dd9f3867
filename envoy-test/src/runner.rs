//! Runs the cases, each in a lab of its own, and says how it went.
//!
//! After every case the runner itself asserts what must always hold: both balances of every mirror, nothing left under
//! way, nothing broken in Envoy's log, and an Envoy that ends in peace.

use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow};
use tokio::task::JoinSet;

use crate::envoy::Binaries;
use crate::lab::{Lab, Setup};
use crate::terminal::Paint;

/// A case that takes longer hangs.
const LIMIT: Duration = Duration::from_secs(240);
/// So much of Envoy's log is shown with a failure.
const TAIL: usize = 12;

/// The proof of one case, under way.
pub type Proof<'a> = Pin<Box<dyn Future<Output = Result<()>> + Send + 'a>>;

/// One case.
pub struct Case {
    pub name: &'static str,
    /// What it proves, in one line.
    pub about: &'static str,
    pub setup: fn() -> Setup,
    pub run: for<'a> fn(&'a Lab) -> Proof<'a>,
}

/// How many passed and failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub passed: usize,
    pub failed: usize,
}

struct Failure {
    error: anyhow::Error,
    log: Vec<String>,
}

/// The cases with these names, or all. `name_of` gives the name of a case.
pub fn select<'a, T>(all: &'a [T], names: &[String], name_of: impl Fn(&T) -> &str) -> Result<Vec<&'a T>> {
    if names.is_empty() {
        return Ok(all.iter().collect());
    }
    let find = |name: &String| {
        all.iter()
            .find(|case| name_of(case) == name)
            .with_context(|| format!("there is no case `{name}`; --list shows all"))
    };
    names.iter().map(find).collect()
}

/// Runs them, `jobs` at a time, prints a line for each, and the tally at the end.
pub async fn run(cases: Vec<&'static Case>, binaries: &Binaries, jobs: usize) -> Tally {
    let paint = Paint::stdout();
    let width = cases.iter().map(|case| case.name.len()).max().unwrap_or(0);
    let mut waiting = cases.into_iter();
    let mut running = JoinSet::new();
    let mut tally = Tally::default();
    loop {
        while running.len() < jobs.max(1) {
            let Some(case) = waiting.next() else { break };
            let binaries = binaries.clone();
            running.spawn(async move {
                let start = Instant::now();
                (case, prove(case, &binaries).await, start.elapsed())
            });
        }
        let Some(ended) = running.join_next().await else { break };
        // A panic of a case is caught within `prove`.
        let Ok((case, result, time)) = ended else { continue };
        let seconds = format!("{:5.1} s", time.as_secs_f64());
        match result {
            Ok(()) => {
                tally.passed += 1;
                println!(
                    "{} {:width$} {}  {}",
                    paint.green("ok    "),
                    case.name,
                    paint.dim(&seconds),
                    paint.dim(case.about)
                );
            }
            Err(failure) => {
                tally.failed += 1;
                println!(
                    "{} {:width$} {}  {}",
                    paint.red("FAILED"),
                    case.name,
                    paint.dim(&seconds),
                    case.about
                );
                failure.print(&paint);
            }
        }
    }
    println!("{} passed, {} failed", tally.passed, tally.failed);
    tally
}

async fn prove(case: &'static Case, binaries: &Binaries) -> Result<(), Failure> {
    let start = async {
        Lab::start(binaries, (case.setup)())
            .await
            .context("the lab did not start")
    };
    let lab = Arc::new(start.await.map_err(|error| Failure { error, log: Vec::new() })?);
    // A task of its own, so that a panic ends the case and not the runner; in a set, so that it ends with us.
    let mut work = JoinSet::new();
    let shared = Arc::clone(&lab);
    work.spawn(async move { tokio::time::timeout(LIMIT, (case.run)(&shared)).await });
    let result = match work.join_next().await {
        Some(Ok(Ok(result))) => result,
        Some(Ok(Err(_))) => Err(anyhow!("no end after {LIMIT:?}")),
        Some(Err(panic)) => Err(anyhow!("{panic}")),
        None => Err(anyhow!("the case vanished")),
    };
    let result = match result {
        Ok(()) => lab.check().await.context("after the case"),
        Err(error) => Err(error),
    };
    let log = lab.envoy.log().tail(TAIL);
    let lab = Arc::into_inner(lab)
        .context("the case kept its lab")
        .map_err(|error| Failure { error, log: Vec::new() })?;
    let stopped = lab.stop().await;
    result.and(stopped).map_err(|error| Failure { error, log })
}

// === impl Failure ===

impl Failure {
    fn print(&self, paint: &Paint) {
        for line in format!("{:#}", self.error).lines() {
            println!("       {line}");
        }
        for line in &self.log {
            println!("       {} {}", paint.dim("envoy|"), paint.dim(line));
        }
    }
}

// === impl Case ===

impl std::fmt::Debug for Case {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::{Case, select};
    use crate::cases::ALL;

    fn name_of(case: &Case) -> &str {
        case.name
    }

    #[test]
    fn names_select_cases_in_their_order() {
        assert_eq!(select(ALL, &[], name_of).expect("all").len(), ALL.len());
        let names = ["shadow_slow".to_owned(), "upgrade".to_owned()];
        let selected: Vec<_> = select(ALL, &names, name_of)
            .expect("both")
            .iter()
            .map(|case| case.name)
            .collect();
        assert_eq!(selected, names);
    }

    #[test]
    fn an_unknown_name_is_an_error() {
        let error = select(ALL, &["upgrades".to_owned()], name_of).expect_err("no such case");
        assert_eq!(error.to_string(), "there is no case `upgrades`; --list shows all");
    }
}
