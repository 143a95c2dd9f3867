//! What came of a run.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::arms::{Arm, BASELINE};
use super::statistics::{Estimate, median, percentile};
use super::traffic::Outcome;
use super::{Cell, Request, Shadow};

/// Everything that was measured.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Run {
    pub samples: Vec<Sample>,
}

/// One turn of one arm.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Sample {
    pub round: usize,
    pub arm: String,
    pub request: Request,
    pub shadow: Shadow,
    pub sent: u64,
    pub failed: u64,
    /// Processor time of the proxy per request, in microseconds, of each part of the turn.
    pub cpu: Vec<f64>,
    /// Latency in microseconds.
    pub p50: f64,
    pub p90: f64,
    pub p99: f64,
    pub p999: f64,
    /// How late the 99th of a hundred requests was sent, in microseconds.
    pub lateness: f64,
    /// What the shadow received, and what it was to receive.
    pub copies: u64,
    pub expected: f64,
}

/// The parts of one arm's turn.
#[derive(Debug, Default)]
pub struct Turns {
    cpu: Vec<f64>,
    all: Outcome,
}

// === impl Turns ===

impl Turns {
    /// One more part, and the processor time it took.
    pub fn add(&mut self, cpu: Duration, outcome: Outcome) {
        self.cpu.push(cpu.as_secs_f64() * 1e6 / outcome.sent.max(1) as f64);
        self.all.latencies.extend(outcome.latencies);
        self.all.lateness.extend(outcome.lateness);
        self.all.sent += outcome.sent;
        self.all.failed += outcome.failed;
        self.all.shadow_received += outcome.shadow_received;
    }
}

// === impl Sample ===

impl Sample {
    /// Sums a turn up.
    pub fn new(round: usize, arm: &Arm, cell: Cell, turns: Turns) -> Self {
        let Turns { cpu, mut all } = turns;
        all.latencies.sort_unstable();
        all.lateness.sort_unstable();
        let at = |share| percentile(&all.latencies, share);
        Self {
            round,
            arm: arm.name.clone(),
            request: cell.request,
            shadow: cell.shadow,
            sent: all.sent,
            failed: all.failed,
            cpu,
            p50: at(0.5),
            p90: at(0.9),
            p99: at(0.99),
            p999: at(0.999),
            lateness: percentile(&all.lateness, 0.99),
            copies: all.shadow_received,
            expected: all.sent as f64 * arm.share(),
        }
    }

    /// Processor time per request over the turn.
    pub fn median_cpu(&self) -> f64 {
        median(self.cpu.clone()).unwrap_or(f64::NAN)
    }

    /// What this arm adds to the baseline of the same round: the middle one of the differences, part by part.
    pub fn added_cpu(&self, baseline: &Self) -> f64 {
        let differences = self.cpu.iter().zip(&baseline.cpu).map(|(arm, none)| arm - none);
        median(differences.collect()).unwrap_or(f64::NAN)
    }
}

// === impl Run ===

impl Run {
    /// Per round, what this arm adds to the one without a filter.
    pub fn added(&self, arm: &str, cell: Cell, difference: impl Fn(&Sample, &Sample) -> f64) -> Vec<f64> {
        let rounds = self.samples.iter().map(|sample| sample.round + 1).max().unwrap_or(0);
        let sample = |round, arm: &str| {
            self.samples.iter().find(|sample| {
                (sample.round, sample.request, sample.shadow) == (round, cell.request, cell.shadow) && sample.arm == arm
            })
        };
        (0..rounds)
            .filter_map(|round| Some(difference(sample(round, arm)?, sample(round, BASELINE)?)))
            .collect()
    }

    /// For a person.
    pub fn text(&self) -> String {
        let mut cells: Vec<Cell> = Vec::new();
        let mut arms: Vec<&str> = Vec::new();
        for sample in &self.samples {
            let cell = Cell {
                request: sample.request,
                shadow: sample.shadow,
            };
            if !cells.contains(&cell) {
                cells.push(cell);
            }
            if !arms.contains(&sample.arm.as_str()) {
                arms.push(&sample.arm);
            }
        }
        arms.sort_unstable();
        let mut text = String::new();
        for cell in cells {
            text += &format!("\n{:?} × {:?}, {} a second\n", cell.request, cell.shadow, cell.rate());
            text += &format!(
                "{:22} {:>9} {:>24} {:>22} {:>8} {:>8} {:>8} {:>6} {:>9}\n",
                "arm", "cpu µs", "added cpu µs", "× native", "p50 µs", "p99", "late", "failed", "delivered"
            );
            let native = self.added("native-100", cell, Sample::added_cpu);
            for arm in &arms {
                let samples: Vec<_> = self
                    .samples
                    .iter()
                    .filter(|sample| {
                        (sample.request, sample.shadow) == (cell.request, cell.shadow) && sample.arm == *arm
                    })
                    .collect();
                if samples.is_empty() {
                    continue;
                }
                let median = |of: &dyn Fn(&Sample) -> f64| {
                    super::statistics::median(samples.iter().map(|sample| of(sample)).collect()).unwrap_or(f64::NAN)
                };
                let added = self.added(arm, cell, Sample::added_cpu);
                let show = |estimate: Option<Estimate>| {
                    estimate.map_or_else(String::new, |one| {
                        format!("{:.2} [{:.2}, {:.2}]", one.median, one.low, one.high)
                    })
                };
                let failed: u64 = samples.iter().map(|sample| sample.failed).sum();
                let copies: u64 = samples.iter().map(|sample| sample.copies).sum();
                let expected: f64 = samples.iter().map(|sample| sample.expected).sum();
                let delivered = if expected > 0.0 {
                    format!("{:.2} %", copies as f64 * 100.0 / expected)
                } else {
                    format!("{copies}")
                };
                text += &format!(
                    "{arm:22} {:>9.2} {:>24} {:>22} {:>8.1} {:>8.1} {:>8.1} {failed:>6} {delivered:>9}\n",
                    median(&Sample::median_cpu),
                    show(Estimate::of(&added)),
                    show(Estimate::ratio(&added, &native)),
                    median(&|sample| sample.p50),
                    median(&|sample| sample.p99),
                    median(&|sample| sample.lateness),
                );
            }
        }
        text
    }
}
