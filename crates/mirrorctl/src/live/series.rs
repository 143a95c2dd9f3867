//! The lines of the charts: what happened in each step of a window, by the same rules as the numbers beside them. A
//! point that nobody knows is `None`, so that an outage is a gap and not a zero.

use std::ops::Range;

use mirror_policy::statistics::Statistic;

use super::history::{BIN, Tally, Track};
use super::rates::{Side, per_second};
use super::window::Window;
use crate::job::Engine;

/// The charts of a window: a point for each step, at its end.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Series {
    /// Unix milliseconds.
    pub ends: Vec<i64>,
    /// The primary.
    pub primary: Lines,
    /// The shadow.
    pub shadow: Lines,
    /// Per second.
    pub skipped: Vec<Option<f64>>,
    /// Per second.
    pub dropped: Vec<Option<f64>>,
}

/// The lines of one version.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Lines {
    /// Requests per second.
    pub rate: Vec<Option<f64>>,
    /// Percent.
    pub success: Vec<Option<f64>>,
    /// Milliseconds: the 50th, 95th and 99th percentile.
    pub latency: [Vec<Option<f64>>; 3],
}

/// Success and latency of a point in a fine chart are those of its last 15 seconds: a few requests tell nothing.
const SMOOTHING: i64 = 15_000 / BIN;

// === impl Series ===

impl Series {
    pub(super) fn of(track: &Track, window: Window, first: i64) -> Self {
        let mut series = Self::default();
        let length = window.bins_in_step();
        for step in 0..window.steps() {
            let (from, to) = (first + step * length, first + (step + 1) * length);
            let point = charted(track, from..to);
            let smooth = charted(track, from.min(to - SMOOTHING)..to);
            series.ends.push(to * BIN);
            series.push(track.engine, point.as_ref(), smooth.as_ref());
        }
        series
    }

    fn push(&mut self, engine: Engine, point: Option<&Tally>, smooth: Option<&Tally>) {
        let smooth = smooth.filter(|_| point.is_some());
        let primary = |tally: &Tally| Side::primary(engine, tally);
        self.primary.push(point.map(primary), smooth.map(primary));
        self.shadow.push(point.map(Side::shadow), smooth.map(Side::shadow));
        let of_filter = point.filter(|_| engine == Engine::Wasm);
        let rate = |of: fn(Statistic) -> bool| of_filter.and_then(|tally| per_second(tally, tally.total(of)));
        let skipped = rate(|one| matches!(one, Statistic::Skipped(_)));
        let dropped = rate(|one| matches!(one, Statistic::Dropped(_)));
        self.skipped.push(skipped);
        self.dropped.push(dropped);
    }
}

// === impl Lines ===

impl Lines {
    fn push(&mut self, point: Option<Side>, smooth: Option<Side>) {
        self.rate.push(point.and_then(|side| side.per_second));
        self.success.push(smooth.and_then(|side| side.success_percentage));
        let latency = smooth.map_or([None; 3], |side| side.latency);
        for (line, value) in self.latency.iter_mut().zip(latency) {
            line.push(value);
        }
    }
}

/// What happened in these bins, if at least half of one is known.
fn charted(track: &Track, bins: Range<i64>) -> Option<Tally> {
    let tally = track.seen(bins);
    (tally.known >= BIN as f64 / 2.0).then_some(tally)
}
