//! What was measured, as it is written to the JSON file: nothing in here is computed from anything else in here.

use serde::{Deserialize, Serialize};

use super::statistics::percentile;
use super::{Cell, Shadow};
use crate::measure::arm::Size;
use crate::measure::traffic::Outcome;
use crate::measure::{Arm, Request};

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
    pub builds: Vec<Size>,
    pub rounds: usize,
    /// How long a turn is, in seconds.
    pub turn: f64,
    /// The machine's load average before and after.
    pub load_average: [f64; 2],
    /// The share of the cores' time that the machine's host gave to others meanwhile.
    pub stolen: f64,
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
pub struct Turn {
    all: Outcome,
}

// === impl Turn ===

impl Turn {
    /// One more part.
    pub fn add(&mut self, part: Outcome) {
        self.all.latencies.extend(part.latencies);
        self.all.lateness.extend(part.lateness);
        self.all.sent += part.sent;
        self.all.failed += part.failed;
        self.all.copies += part.copies;
    }
}

// === impl Sample ===

impl Sample {
    /// Sums a turn up.
    pub fn new(round: usize, arm: &Arm, cell: Cell, turn: Turn) -> Self {
        let Turn { mut all } = turn;
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
            latency: PERCENTILES.map(|(_, share)| percentile(&all.latencies, share)),
            lateness: percentile(&all.lateness, 0.99),
            copies: all.copies,
            expected: all.sent as f64 * arm.copies,
        }
    }

    /// Where it was taken.
    pub fn cell(&self) -> Cell {
        Cell {
            request: self.request,
            shadow: self.shadow,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::bench::cells::GET;

    #[test]
    fn the_parts_of_a_turn_become_one_sample() {
        let mut turn = Turn::default();
        for copies in [100, 98] {
            turn.add(Outcome {
                sent: 100,
                copies,
                latencies: (1..=100).rev().map(Duration::from_micros).collect(),
                ..Outcome::default()
            });
        }
        let sample = Sample::new(3, &Arm::native(), GET, turn);
        assert_eq!(sample.latency.map(f64::round), [50.0, 90.0, 99.0, 100.0]);
        assert_eq!((sample.sent, sample.copies), (200, 198));
        assert!((sample.expected - 200.0).abs() < 1e-9);
    }
}
