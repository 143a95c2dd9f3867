//! How far back is looked.

use super::history::BIN;

/// How far back is looked, and how finely.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// The whole, in seconds.
    pub seconds: u32,
    /// One point of a chart, in seconds: whole bins.
    pub step: u32,
}

// === impl Window ===

impl Window {
    /// The last five minutes, in steps of five seconds.
    pub const SHORT: Self = Self { seconds: 300, step: 5 };
    /// The last half hour, in steps of thirty seconds.
    pub const LONG: Self = Self {
        seconds: 1800,
        step: 30,
    };

    /// The longest that is worked out, in seconds: a day.
    pub const LONGEST: u32 = 86_400;

    /// A window of any length, from 5 seconds to [`LONGEST`](Self::LONGEST), in about sixty steps.
    pub fn of(seconds: u32) -> Self {
        let bin = (BIN / 1000) as u32;
        let seconds = seconds.clamp(bin, Self::LONGEST).div_ceil(bin) * bin;
        let step = (seconds / 60).div_ceil(bin).max(1) * bin;
        Self {
            seconds: seconds.div_ceil(step) * step,
            step,
        }
    }

    pub(super) fn steps(self) -> i64 {
        i64::from(self.seconds / self.step.max(1))
    }

    pub(super) fn bins_in_step(self) -> i64 {
        (i64::from(self.step) * 1000 / BIN).max(1)
    }
}
