//! What came up in the storms, so that one which tests nothing is noticed.

use mirror_policy::reason::{Dropped, Failure, Skipped};
use mirror_policy::stats::{COUNT, Statistic};

use super::model::Counts;
use super::rules::NAMES;

/// How often.
pub struct Seen {
    pub counts: Counts,
    /// Opened, half-opened, reopened, closed.
    pub transitions: [u64; 4],
    pub updates: u64,
}

// === impl Seen ===

impl Seen {
    pub const fn new() -> Self {
        Self {
            counts: [[0; COUNT]; NAMES.len()],
            transitions: [0; 4],
            updates: 0,
        }
    }

    pub fn add(&mut self, other: &Self) {
        let all = self.counts.iter_mut().flatten().zip(other.counts.iter().flatten());
        all.for_each(|(sum, count)| *sum += count);
        let transitions = self.transitions.iter_mut().zip(other.transitions);
        transitions.for_each(|(sum, count)| *sum += count);
        self.updates += other.updates;
    }

    /// That each rule was at work, often.
    pub fn assert_whole(&self) {
        let of = |statistic: Statistic| self.counts.iter().map(|counts| counts[statistic.index()]).sum::<i64>();
        let skipped = [Skipped::Loop, Skipped::NoRoute, Skipped::Expired, Skipped::NotSampled].map(Statistic::Skipped);
        let dropped = [
            Dropped::BreakerOpen,
            Dropped::BodyTooLarge,
            Dropped::InFlight,
            Dropped::Bytes,
            Dropped::Rate,
            Dropped::BodyWait,
            Dropped::RequestReset,
            Dropped::NoCapacity,
        ]
        .map(Statistic::Dropped);
        let failures = Failure::ALL.iter().map(|failure| Statistic::Failures(*failure));
        for statistic in skipped
            .into_iter()
            .chain(dropped)
            .chain(failures)
            .chain([Statistic::Sent])
        {
            assert!(of(statistic) >= 50, "{statistic:?} came up {} times", of(statistic));
        }
        let often = self.transitions.iter().all(|times| *times >= 20);
        assert!(often, "opened, half-opened, reopened, closed: {:?}", self.transitions);
        assert!(self.updates >= 100, "{} updates", self.updates);
    }
}
