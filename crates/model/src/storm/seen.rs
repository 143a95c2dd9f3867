//! What came up in storms, so that one which tests nothing is noticed.

use mirror_policy::breaker::Transition;
use mirror_policy::reasons::{Dropped, Failure, Skipped};
use mirror_policy::statistics::{COUNT, Statistic};

use super::rules::NAMES;
use crate::totals::Row;

/// How often each thing came up.
#[derive(Debug)]
pub struct Seen {
    counts: [Row; NAMES.len()],
    opened: u64,
    half_opened: u64,
    reopened: u64,
    closed: u64,
    updates: u64,
    refused_updates: u64,
}

// === impl Seen ===

impl Default for Seen {
    fn default() -> Self {
        Self {
            counts: [[0; COUNT]; NAMES.len()],
            opened: 0,
            half_opened: 0,
            reopened: 0,
            closed: 0,
            updates: 0,
            refused_updates: 0,
        }
    }
}

impl Seen {
    /// Adds what came up in another storm.
    pub fn add(&mut self, other: &Self) {
        self.count(&other.counts);
        self.opened += other.opened;
        self.half_opened += other.half_opened;
        self.reopened += other.reopened;
        self.closed += other.closed;
        self.updates += other.updates;
        self.refused_updates += other.refused_updates;
    }

    pub(super) fn count(&mut self, counts: &[Row; NAMES.len()]) {
        let all = self.counts.iter_mut().flatten().zip(counts.iter().flatten());
        all.for_each(|(sum, count)| *sum += count);
    }

    pub(super) const fn update(&mut self) {
        self.updates += 1;
    }

    pub(super) const fn refuse(&mut self) {
        self.refused_updates += 1;
    }

    pub(super) const fn transition(&mut self, transition: Transition) {
        *match transition {
            Transition::Opened { .. } => &mut self.opened,
            Transition::HalfOpened => &mut self.half_opened,
            Transition::Reopened => &mut self.reopened,
            Transition::Closed => &mut self.closed,
        } += 1;
    }

    /// Asserts that each rule was at work, and often.
    ///
    /// # Panics
    /// If a reason came up fewer than 50 times, a change of a breaker fewer than 20 times, or an update fewer than 100
    /// times, good or refused.
    pub fn assert_whole(&self) {
        let of = |statistic: Statistic| self.counts.iter().map(|row| row[statistic.index()]).sum::<i64>();
        let skipped = [
            Skipped::Loop,
            Skipped::Upgrade,
            Skipped::NoRoute,
            Skipped::Expired,
            Skipped::NoSampleKey,
            Skipped::NotSampled,
        ];
        let dropped = [
            Dropped::BreakerOpen,
            Dropped::BodyTooLarge,
            Dropped::InFlight,
            Dropped::Collecting,
            Dropped::Bytes,
            Dropped::Rate,
            Dropped::BodyWait,
            Dropped::BodyUnreadable,
            Dropped::RequestReset,
            Dropped::NoCapacity,
        ];
        let skipped = skipped.map(Statistic::Skipped).into_iter();
        let dropped = dropped.map(Statistic::Dropped);
        let failures = Failure::ALL.iter().map(|failure| Statistic::Failures(*failure));
        for statistic in skipped.chain(dropped).chain(failures).chain([Statistic::Sent]) {
            assert!(of(statistic) >= 50, "{statistic:?} came up {} times", of(statistic));
        }
        let transitions = [self.opened, self.half_opened, self.reopened, self.closed];
        let is_often = transitions.iter().all(|times| *times >= 20);
        assert!(is_often, "opened, half-opened, reopened, closed: {transitions:?}");
        assert!(self.updates >= 100, "{} updates", self.updates);
        let refused = self.refused_updates;
        assert!(refused >= 100, "{refused} refused updates");
    }
}
