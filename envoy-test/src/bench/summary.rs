//! From samples to statements: medians over the rounds, with their intervals.

use serde::Serialize;

use super::Cell;
use super::results::{Run, Sample};
use super::statistics::{Estimate, median};
use crate::measure::arm::BASELINE;

/// All arms in one cell.
#[derive(Clone, Debug, Serialize)]
pub struct Table {
    pub cell: Cell,
    /// Requests per second.
    pub rate: f64,
    pub rows: Vec<Row>,
}

/// One arm in one cell. Times are microseconds.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    pub arm: String,
    pub kind: String,
    pub latency: [f64; 4],
    /// More than without a filter.
    pub added_latency: [Option<Estimate>; 4],
    pub failed: u64,
    pub copies: u64,
    /// What the shadow received of what it was to receive, if anything.
    pub delivered: Option<f64>,
    pub lateness: f64,
}

// === impl Run ===

impl Run {
    /// One table per cell, in the order of measurement.
    pub fn tables(&self) -> Vec<Table> {
        let mut cells: Vec<Cell> = Vec::new();
        for sample in &self.samples {
            if !cells.contains(&sample.cell()) {
                cells.push(sample.cell());
            }
        }
        let table = |cell: Cell| Table {
            cell,
            rate: cell.rate(),
            rows: self.arms(cell).into_iter().map(|arm| self.row(arm, cell)).collect(),
        };
        cells.into_iter().map(table).collect()
    }

    /// Per round, the difference between two arms at one of the percentiles.
    pub fn differences(&self, arm: &str, other: &str, cell: Cell, percentile: usize) -> Vec<f64> {
        let others: Vec<_> = self.of(other, cell).collect();
        let round = |sample: &Sample| {
            let other = others.iter().find(|other| other.round == sample.round)?;
            Some(sample.latency[percentile] - other.latency[percentile])
        };
        self.of(arm, cell).filter_map(round).collect()
    }

    /// Per round, the latency that an arm adds at one of the percentiles.
    pub fn added_latency(&self, arm: &str, cell: Cell, percentile: usize) -> Vec<f64> {
        self.differences(arm, BASELINE, cell, percentile)
    }

    /// The names of the arms with a sample in this cell, by kind.
    fn arms(&self, cell: Cell) -> Vec<&str> {
        let mut arms: Vec<&str> = Vec::new();
        for sample in self.samples.iter().filter(|sample| sample.cell() == cell) {
            if !arms.contains(&sample.arm.as_str()) {
                arms.push(&sample.arm);
            }
        }
        arms
    }

    fn of<'a>(&'a self, arm: &'a str, cell: Cell) -> impl Iterator<Item = &'a Sample> {
        self.samples
            .iter()
            .filter(move |sample| sample.arm == arm && sample.cell() == cell)
    }

    fn row(&self, arm: &str, cell: Cell) -> Row {
        let over = |of: &dyn Fn(&Sample) -> f64| median(self.of(arm, cell).map(of).collect()).unwrap_or(f64::NAN);
        let sum = |of: &dyn Fn(&Sample) -> f64| self.of(arm, cell).map(of).sum::<f64>();
        let is_baseline = arm == BASELINE;
        let expected = sum(&|sample| sample.expected);
        let copies = sum(&|sample| sample.copies as f64);
        Row {
            arm: arm.to_owned(),
            kind: self
                .of(arm, cell)
                .next()
                .map_or_else(String::new, |sample| sample.kind.clone()),
            latency: std::array::from_fn(|at| over(&|sample| sample.latency[at])),
            added_latency: std::array::from_fn(|at| {
                Estimate::of(&self.added_latency(arm, cell, at)).filter(|_| !is_baseline)
            }),
            failed: self.of(arm, cell).map(|sample| sample.failed).sum(),
            copies: copies as u64,
            delivered: (expected > 0.0).then(|| copies / expected),
            lateness: over(&|sample| sample.lateness),
        }
    }
}
