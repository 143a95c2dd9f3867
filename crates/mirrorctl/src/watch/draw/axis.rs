//! The scales of a chart: round numbers that hold all values, and where they stand.

use crate::watch::numbers;

/// The vertical axis.
#[derive(Debug, Clone, PartialEq)]
pub struct Axis {
    /// The value at the bottom.
    pub low: f64,
    /// The value at the top.
    pub high: f64,
    /// The values that are written, from the top.
    pub ticks: Vec<f64>,
}

/// A place on the time axis that is written.
#[derive(Debug, Clone, PartialEq)]
pub struct TimeTick {
    /// 0 is the first point of the chart, 1 the last.
    pub place: f64,
    /// How long before the last point.
    pub label: String,
}

// === impl Axis ===

impl Axis {
    /// From zero to a round number that is not less than any value, written on so many rows.
    pub fn from_zero(values: impl Iterator<Item = f64>, rows: u16) -> Self {
        let most = values.filter(|value| value.is_finite()).fold(0.0, f64::max).min(1e15);
        if most < 1e-6 {
            return Self::between(0.0, 1.0, 1.0);
        }
        let step = step(most / intervals(rows));
        Self::between(0.0, (most / step - 1e-9).ceil().max(1.0) * step, step)
    }

    /// Percentages: from a round number that is not more than any value to 100.
    pub fn of_percentages(values: impl Iterator<Item = f64>, rows: u16) -> Self {
        let least = values.filter(|value| value.is_finite()).fold(100.0, f64::min);
        let low = [99.0, 95.0, 90.0, 80.0, 50.0];
        let low = low.into_iter().find(|low| *low <= least).unwrap_or(0.0);
        let step = step((100.0 - low) / intervals(rows));
        // The bottom has a label, too.
        let low = 100.0 - ((100.0 - low) / step - 1e-9).ceil() * step;
        Self::between(low.max(0.0), 100.0, step)
    }

    fn between(low: f64, high: f64, step: f64) -> Self {
        let count = ((high - low) / step + 1e-9).floor().clamp(0.0, 100.0) as u32;
        Self {
            low,
            high,
            ticks: (0..=count).map(|index| high - f64::from(index) * step).collect(),
        }
    }

    /// The rows of so many on which all ticks stand at the same distance.
    pub fn rows(&self, rows: u16) -> u16 {
        let intervals = u16::try_from(self.ticks.len().saturating_sub(1))
            .unwrap_or(u16::MAX)
            .max(1);
        match rows.saturating_sub(1) / intervals {
            0 => rows,
            distance => distance * intervals + 1,
        }
    }

    /// 0 is the top, 1 the bottom.
    pub fn place(&self, value: f64) -> f64 {
        ((self.high - value) / (self.high - self.low)).clamp(0.0, 1.0)
    }
}

/// A label needs a row, and some air.
fn intervals(rows: u16) -> f64 {
    (f64::from(rows.saturating_sub(1)) / 2.5).floor().clamp(1.0, 6.0)
}

/// The smallest of 1, 2 and 5 times a power of ten that is not less.
fn step(least: f64) -> f64 {
    let power = 10f64.powf(least.log10().floor());
    let factor = [1.0, 2.0, 5.0]
        .into_iter()
        .find(|factor| factor * power >= least * (1.0 - 1e-9));
    factor.unwrap_or(10.0) * power
}

// === impl TimeTick ===

impl TimeTick {
    /// The times of a chart whose points span so many seconds, on so many cells.
    pub fn all(seconds: f64, cells: u16) -> Vec<Self> {
        let fits = |step: &f64| seconds / step * 9.0 <= f64::from(cells);
        let steps = [60.0, 120.0, 300.0, 600.0, 900.0, 1800.0];
        let Some(step) = steps.into_iter().find(fits) else {
            return Vec::new();
        };
        let count = ((seconds + 30.0) / step).floor().clamp(0.0, 100.0) as u32;
        (1..=count)
            .map(|index| {
                let ago = f64::from(index) * step;
                Self {
                    place: 1.0 - (ago / seconds).min(1.0),
                    label: format!("-{} min", numbers::plain(ago / 60.0)),
                }
            })
            .collect()
    }
}
