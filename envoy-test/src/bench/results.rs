//! What was measured, as it is written to the JSON file: nothing in here is computed from anything else in here.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::arms::Arm;
use super::statistics::{median, percentile};
use super::traffic::Outcome;
use super::{Cell, Request, Shadow};

/// The shares at which latencies are told.
pub const PERCENTILES: [(&str, f64); 4] = [("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p99.9", 0.999)];

/// Everything that was measured.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Run {
    pub header: Header,
    pub samples: Vec<Sample>,
    pub alone: Vec<Alone>,
    pub uploads: Vec<Upload>,
}

/// What one must know to judge the numbers.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Header {
    pub processor: String,
    pub kernel: String,
    /// Which core had which work.
    pub cores: String,
    /// How the kernel scheduled us.
    pub scheduling: String,
    pub envoy: String,
    pub builds: Vec<Module>,
    pub rounds: usize,
    /// How long a turn is, in seconds.
    pub turn: f64,
    /// The machine's load average before and after.
    pub load_average: [f64; 2],
    /// The share of the cores' time that the machine's host gave to others meanwhile.
    pub stolen: f64,
}

/// A build of the filter.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Module {
    pub label: String,
    pub bytes: u64,
}

/// One arm in one round and one cell.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Sample {
    pub round: usize,
    pub arm: String,
    pub kind: String,
    pub request: Request,
    pub shadow: Shadow,
    pub sent: u64,
    pub failed: u64,
    /// Processor time of the proxy per request, in microseconds, of each part of the turn.
    pub cpu: Vec<f64>,
    /// Latency in microseconds at each of [`PERCENTILES`].
    pub latency: [f64; 4],
    /// How late the 99th of a hundred requests was sent, in microseconds.
    pub lateness: f64,
    /// What the shadow received, and what it was to receive.
    pub copies: u64,
    pub expected: f64,
}

/// An Envoy with nothing but this arm.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Alone {
    pub arm: String,
    /// From its start until it served, in milliseconds; the median of some.
    pub start: f64,
    /// Resident memory in KiB, before and after load, and the part of the latter that is not the binary's.
    pub idle: u64,
    pub resident: u64,
    pub own: u64,
}

/// Large uploads while the shadow reads nothing.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Upload {
    pub arm: String,
    pub bytes: usize,
    /// Until the primary's answer, in milliseconds; those without one are missing.
    pub answered: Vec<f64>,
    pub failed: u64,
    /// How long each was waited for, in seconds.
    pub patience: f64,
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
        self.all.copies += outcome.copies;
    }
}

// === impl Sample ===

impl Sample {
    /// Sums a turn up.
    pub fn new(round: usize, arm: &Arm, cell: Cell, turns: Turns) -> Self {
        let Turns { cpu, mut all } = turns;
        all.latencies.sort_unstable();
        all.lateness.sort_unstable();
        Self {
            round,
            arm: arm.name.clone(),
            kind: arm.kind.to_owned(),
            request: cell.request,
            shadow: cell.shadow,
            sent: all.sent,
            failed: all.failed,
            cpu,
            latency: PERCENTILES.map(|(_, share)| percentile(&all.latencies, share)),
            lateness: percentile(&all.lateness, 0.99),
            copies: all.copies,
            expected: all.sent as f64 * arm.share(),
        }
    }

    /// Where it was taken.
    pub fn cell(&self) -> Cell {
        Cell {
            request: self.request,
            shadow: self.shadow,
        }
    }

    /// Processor time per request over the turn.
    pub fn median_cpu(&self) -> f64 {
        median(self.cpu.clone()).unwrap_or(f64::NAN)
    }

    /// By how much this is more than another arm of the same round: the middle one of the differences, part by part.
    pub fn more_cpu(&self, other: &Self) -> f64 {
        let differences = self.cpu.iter().zip(&other.cpu).map(|(this, other)| this - other);
        median(differences.collect()).unwrap_or(f64::NAN)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::arms::{self, Build};

    fn sample(cpu: &[u64]) -> Sample {
        let build = Build {
            label: String::new(),
            module: "/m.wasm".into(),
        };
        let arms = arms::all(&[build], &arms::References::default());
        let arm = arms.iter().find(|arm| arm.name == "filter-10").expect("an arm");
        let cell = Cell {
            request: Request::Get,
            shadow: Shadow::Healthy,
        };
        let mut turns = Turns::default();
        for cpu in cpu {
            let outcome = Outcome {
                sent: 100,
                copies: 9,
                latencies: (1..=100).rev().map(Duration::from_micros).collect(),
                ..Outcome::default()
            };
            turns.add(Duration::from_micros(*cpu), outcome);
        }
        Sample::new(3, arm, cell, turns)
    }

    #[test]
    fn the_parts_of_a_turn_become_one_sample() {
        let sample = sample(&[10_000, 12_000]);
        assert_eq!(sample.cpu, [100.0, 120.0]);
        assert_eq!(sample.median_cpu(), 110.0);
        assert_eq!(sample.latency.map(f64::round), [50.0, 90.0, 99.0, 100.0]);
        assert_eq!((sample.sent, sample.copies), (200, 18));
        assert!((sample.expected - 20.0).abs() < 1e-9);
    }

    #[test]
    fn a_difference_is_taken_part_by_part() {
        // The second part met a busy machine, in both arms.
        let (one, other) = (sample(&[10_000, 50_000, 11_000]), sample(&[9_000, 49_000, 10_000]));
        assert!((one.more_cpu(&other) - 10.0).abs() < 1e-9);
    }
}
