//! What the filter may cost: for each arm a ratio to Envoy's own mirror, in a file that is committed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};

use super::arms::{self, Case};
use super::results::Run;
use crate::measure::Request;

/// By how much a ratio may differ from the budget's, as a share of the latter.
const TOLERANCE: f64 = 0.02;
/// By how much any ratio may differ: two counts of the same arm on a busy machine differ by as much.
const NOISE: f64 = 0.004;
/// Far less than the last digit of a ratio.
const ROUNDING: f64 = 1e-9;
/// The command that writes the budget anew.
const COMMAND: &str = "make count-budget";

/// Ratios to what Envoy's own mirror adds, by kind of request and arm.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Budget {
    ratios: BTreeMap<Request, BTreeMap<String, f64>>,
}

/// An arm whose ratio is not the budget's.
#[derive(Clone, Debug, PartialEq)]
pub struct Deviation {
    pub request: Request,
    pub arm: String,
    pub found: Option<f64>,
    pub budget: Option<f64>,
}

/// Whether the budget holds, and what a person should read.
#[derive(Clone, Debug, PartialEq)]
pub struct Judgement {
    pub holds: bool,
    pub text: String,
}

/// The file in this repository.
pub fn file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("count-budget.json")
}

/// Whether the budget has the arm for this kind of request: few are enough where a body adds the same to each. What is
/// no arm of the filter has no budget, nor has what copies by chance.
pub fn has(case: &Case, request: Request) -> bool {
    let is_exact = !case.mirrors.is_empty() && !case.is_by_chance();
    match request {
        Request::Get => is_exact && case.takes(request) && case.arm.kind != arms::TWO,
        Request::Post1k => case.arm.kind == arms::REDACTED,
        Request::Post64k => case.arm.kind == arms::ONE,
        Request::Json1m => case.arm.kind == arms::POINTER,
        Request::Zeros1m => [arms::POINTERS, arms::POINTERS_FOUR].contains(&case.arm.kind),
    }
}

// === impl Budget ===

impl Budget {
    /// Reads the file.
    ///
    /// # Errors
    /// The file cannot be read, or is no budget.
    pub fn read(file: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(file)
            .with_context(|| format!("no budget in {}: `{COMMAND}` writes one", file.display()))?;
        serde_json::from_str(&text).with_context(|| format!("{} is no budget: `{COMMAND}` writes one", file.display()))
    }

    /// Writes the file.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write(&self, file: &Path) -> Result<()> {
        std::fs::write(file, format!("{:#}\n", serde_json::to_value(self)?))
            .with_context(|| format!("cannot write {}", file.display()))
    }

    /// The ratios of a run with the budget's arms, rounded to four digits.
    pub fn of(run: &Run) -> Self {
        let mut budget = Self::default();
        for request in run.requests() {
            for line in run.lines(request) {
                if let (true, Some(ratio)) = (line.is_of_the_filter(), line.ratio) {
                    let ratios = budget.ratios.entry(request).or_default();
                    ratios.insert(line.arm, (ratio * 1e4).round() / 1e4);
                }
            }
        }
        budget
    }

    /// Holds a run with the budget's arms against the budget. What costs less does not fail, but is told.
    pub fn judge(&self, run: &Run) -> Judgement {
        let mut over = Vec::new();
        let mut under = Vec::new();
        for deviation in self.deviations(&Self::of(run)) {
            match (deviation.found, deviation.budget) {
                (Some(found), Some(budget)) if found < budget => under.push(deviation),
                _ => over.push(deviation),
            }
        }
        let mut text = String::new();
        for deviation in &over {
            text += &format!("fails: {deviation}\n");
        }
        for deviation in &under {
            text += &format!("below the budget: {deviation}\n");
        }
        text += match (over.is_empty(), under.is_empty()) {
            (true, true) => "every arm keeps its budget\n",
            (true, false) => "every arm keeps its budget; some budgets can be lowered: ",
            (false, _) => "the filter costs too much, or its budget is out of date; if the cost is wanted: ",
        };
        if !(over.is_empty() && under.is_empty()) {
            text += &format!("`{COMMAND}` writes the budget anew\n");
        }
        Judgement {
            holds: over.is_empty(),
            text,
        }
    }

    /// The arms that differ by more than is tolerated, or that only one of both has.
    fn deviations(&self, found: &Self) -> Vec<Deviation> {
        let arms = |budget: &Self| -> Vec<(Request, String)> {
            let all = budget.ratios.iter();
            all.flat_map(|(request, ratios)| ratios.keys().map(|arm| (*request, arm.clone())))
                .collect()
        };
        let mut all = [arms(self), arms(found)].concat();
        all.sort();
        all.dedup();
        let differs = |deviation: &Deviation| match (deviation.found, deviation.budget) {
            (Some(found), Some(budget)) => (found - budget).abs() > tolerance(budget) + ROUNDING,
            _ => true,
        };
        all.into_iter()
            .map(|(request, arm)| Deviation {
                found: found.ratio(request, &arm),
                budget: self.ratio(request, &arm),
                request,
                arm,
            })
            .filter(differs)
            .collect()
    }

    fn ratio(&self, request: Request, arm: &str) -> Option<f64> {
        self.ratios.get(&request)?.get(arm).copied()
    }
}

impl std::fmt::Display for Deviation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            request,
            arm,
            found,
            budget,
        } = self;
        match (found, budget) {
            (Some(found), Some(budget)) => write!(
                f,
                "{arm}, {request}: found {found:.4} × Envoy's own mirror, the budget is {budget:.4}, {:.4} to {:.4} is allowed",
                budget - tolerance(*budget),
                budget + tolerance(*budget)
            ),
            (Some(found), None) => write!(
                f,
                "{arm}, {request}: found {found:.4} × Envoy's own mirror, and there is no budget"
            ),
            (None, _) => write!(f, "{arm}, {request}: there is a budget, and no such arm was counted"),
        }
    }
}

fn tolerance(budget: f64) -> f64 {
    (budget * TOLERANCE).max(NOISE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::ValueEnum as _;

    use crate::count::results::{Count, FURTHER};

    fn budget(text: &str) -> Budget {
        serde_json::from_str(text).expect("a budget")
    }

    /// Envoy's own mirror adds 1000 instructions to 1000.
    fn run(arms: &[(&str, f64)]) -> Run {
        let all = [("none", 1000.0), ("none-again", 1001.0), ("native-100", 2000.0)];
        let counts = all.iter().chain(arms).map(|(arm, instructions)| Count {
            request: Request::Get,
            arm: (*arm).to_owned(),
            kind: (*arm).to_owned(),
            instructions: vec![*instructions],
        });
        Run {
            counts: counts.collect(),
            ..Run::default()
        }
    }

    #[test]
    fn an_arm_may_cost_two_percent_or_the_noise_more_than_its_budget_and_no_more() {
        let budget = budget(r#"{"get": {"filter-100": 1.5, "filter-0": 0.1}}"#);
        let kept = budget.judge(&run(&[("filter-100", 2530.0), ("filter-0", 1104.0)]));
        assert_eq!(
            kept,
            Judgement {
                holds: true,
                text: "every arm keeps its budget\n".to_owned()
            }
        );
        let over = budget.judge(&run(&[("filter-100", 2531.0), ("filter-0", 1105.0)]));
        assert!(!over.holds);
        assert_eq!(
            over.text,
            "fails: filter-0, GET: found 0.1050 × Envoy's own mirror, the budget is 0.1000, 0.0960 to 0.1040 is allowed\n\
             fails: filter-100, GET: found 1.5310 × Envoy's own mirror, the budget is 1.5000, 1.4700 to 1.5300 is allowed\n\
             the filter costs too much, or its budget is out of date; if the cost is wanted: `make count-budget` writes the budget anew\n"
        );
    }

    #[test]
    fn what_costs_less_is_told_and_does_not_fail() {
        let budget = budget(r#"{"get": {"filter-100": 1.5}}"#);
        let judgement = budget.judge(&run(&[("filter-100", 2400.0)]));
        assert!(judgement.holds);
        assert_eq!(
            judgement.text,
            "below the budget: filter-100, GET: found 1.4000 × Envoy's own mirror, the budget is 1.5000, 1.4700 to 1.5300 is allowed\n\
             every arm keeps its budget; some budgets can be lowered: `make count-budget` writes the budget anew\n"
        );
    }

    #[test]
    fn an_arm_without_a_budget_and_a_budget_without_an_arm_fail() {
        let budget = budget(r#"{"get": {"filter-0": 0.1}, "post64k": {"filter-0": 0.1}}"#);
        let judgement = budget.judge(&run(&[("filter-0", 1100.0), ("filter-100", 2500.0)]));
        assert!(!judgement.holds);
        assert_eq!(
            judgement.text,
            "fails: filter-100, GET: found 1.5000 × Envoy's own mirror, and there is no budget\n\
             fails: filter-0, POST 64 KiB: there is a budget, and no such arm was counted\n\
             the filter costs too much, or its budget is out of date; if the cost is wanted: `make count-budget` writes the budget anew\n"
        );
    }

    #[test]
    fn a_budget_is_read_as_it_was_written() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("budget.json");
        let missing = Budget::read(&file).expect_err("no file yet").to_string();
        assert!(missing.ends_with("`make count-budget` writes one"), "{missing}");
        let written = Budget::of(&run(&[("filter-100", 2234.56), (FURTHER, 2500.0)]));
        written.write(&file).expect("a file");
        assert_eq!(Budget::read(&file).expect("a budget"), written);
        let expected = format!(r#"{{"get": {{"filter-100": 1.2346, "{FURTHER}": 1.5}}}}"#);
        assert_eq!(written, budget(&expected));
    }

    /// The committed file has the arms that `make count-check` counts, so that it fails for its numbers alone.
    #[test]
    fn the_committed_budget_is_one_of_the_arms_that_are_counted() {
        let committed = Budget::read(&file()).expect("a budget");
        let build = crate::measure::Build {
            label: String::new(),
            module: "/m.wasm".into(),
        };
        let cases = arms::all(&[build], &arms::References::default());
        for request in Request::value_variants().iter().copied() {
            let mut counted: Vec<_> = cases
                .iter()
                .filter(|case| has(case, request))
                .flat_map(|case| match case.arm.kind {
                    arms::FOUR => vec![case.arm.name.clone(), FURTHER.to_owned()],
                    _ => vec![case.arm.name.clone()],
                })
                .collect();
            counted.sort();
            let budgeted: Vec<_> = committed
                .ratios
                .get(&request)
                .into_iter()
                .flat_map(BTreeMap::keys)
                .cloned()
                .collect();
            assert_eq!(budgeted, counted, "{request}");
        }
    }
}
