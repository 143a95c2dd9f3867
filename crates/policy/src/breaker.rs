//! The circuit breaker: a failing shadow gets no copies for a while. The breaker counts the copies that ended within a
//! window, in ten buckets. After `openFor` the breaker lets one copy through, the probe. The end of the probe decides
//! whether the breaker closes. [`Outcome::is_failure`](crate::outcome::Outcome::is_failure) says which ends are
//! failures.

use std::time::Duration;

use crate::configuration::CircuitBreaker;

/// The breaker of one mirror on one worker.
#[derive(Debug, Default)]
pub struct Breaker {
    /// `None` means that the mirror has no circuit breaker.
    settings: Option<CircuitBreaker>,
    state: State,
    /// The number of the state. A copy counts only for the state in which the copy was launched.
    period: Period,
    window: Window,
}

/// The number of a breaker's state. A copy keeps the number from its launch to its end.
pub type Period = u32;

/// A change of a breaker's state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transition {
    /// Too many copies failed within the window.
    Opened {
        /// Copies that failed within the window.
        failures: u32,
        /// Copies that ended within the window.
        ended: u32,
    },
    /// `openFor` has passed, and a probe leaves.
    HalfOpened,
    /// The probe failed, so the breaker is open again.
    Reopened,
    /// The probe did not fail, or the mirror has no circuit breaker any more.
    Closed,
}

#[derive(Debug, Clone, Copy, Default)]
enum State {
    #[default]
    Closed,
    Open {
        since: Duration,
    },
    HalfOpen {
        /// Whether a probe is under way. A probe that is dropped before its end makes room for another probe.
        is_probing: bool,
    },
}

/// How many copies ended lately, and how many of them failed. A bucket is a tenth of the window long. It begins at a
/// multiple of its length on the monotonic clock.
#[derive(Debug, Default)]
struct Window {
    /// The buckets, as a ring.
    buckets: [Bucket; 10],
    current: usize,
    /// The monotonic time at which the latest copy ended, in microseconds.
    latest: u64,
}

#[derive(Debug, Default, Clone, Copy)]
struct Bucket {
    ended: u32,
    failures: u32,
}

/// A monotonic time in whole microseconds.
pub(crate) fn micros(time: Duration) -> u64 {
    time.as_secs()
        .saturating_mul(1_000_000)
        .saturating_add(time.subsec_micros().into())
}

// === impl Breaker ===

impl Breaker {
    /// Changes the settings. The state and the counts stay. The new window says when a count is too old.
    pub fn set(&mut self, settings: Option<CircuitBreaker>) {
        self.settings = settings;
    }

    /// Whether the mirror has a circuit breaker.
    pub const fn is_set(&self) -> bool {
        self.settings.is_some()
    }

    /// Whether the breaker is open or half-open.
    pub const fn is_open(&self) -> bool {
        !matches!(self.state, State::Closed)
    }

    /// Whether the breaker lets a copy through at a monotonic time.
    pub fn allows(&self, now: Duration) -> bool {
        match (&self.settings, self.state) {
            (None, _) | (_, State::Closed) => true,
            (Some(settings), State::Open { since }) => now.saturating_sub(since) >= settings.open_for.duration(),
            (_, State::HalfOpen { is_probing }) => !is_probing,
        }
    }

    /// Launches a copy that the breaker [allows](Self::allows). If the breaker is not closed, the copy is the probe. A
    /// breaker without settings closes.
    pub fn enter(&mut self) -> (Period, Option<Transition>) {
        let transition = match self.state {
            State::Closed => None,
            _ if !self.is_set() => self.close(),
            State::Open { .. } => Some(Transition::HalfOpened),
            State::HalfOpen { .. } => None,
        };
        if self.is_open() {
            self.change_to(State::HalfOpen { is_probing: true });
        }
        (self.period, transition)
    }

    /// Counts the end of a copy that was launched in this period.
    pub fn learn(&mut self, period: Period, is_failure: bool, now: Duration) -> Option<Transition> {
        if period != self.period {
            return None;
        }
        let Some(settings) = &self.settings else {
            // The breaker may get settings again before it closes. Then it needs a probe.
            self.forget(period);
            return None;
        };
        match self.state {
            State::Closed => {
                let Bucket { ended, failures } = self.window.add(is_failure, now, settings);
                let share = u64::from(settings.failure_percentage.ppm()) * u64::from(ended);
                if u64::from(ended) < settings.min_requests.get() || u64::from(failures) * 1_000_000 < share {
                    return None;
                }
                self.change_to(State::Open { since: now });
                Some(Transition::Opened { failures, ended })
            }
            State::Open { .. } => None,
            State::HalfOpen { .. } if is_failure => {
                self.change_to(State::Open { since: now });
                Some(Transition::Reopened)
            }
            State::HalfOpen { .. } => self.close(),
        }
    }

    /// Forgets a copy of this period, whose end says nothing about the shadow. If the copy was the probe, the next
    /// launched copy is the probe.
    pub fn forget(&mut self, period: Period) {
        if let State::HalfOpen { is_probing } = &mut self.state
            && period == self.period
        {
            *is_probing = false;
        }
    }

    /// Closes the breaker. Returns `None` if the breaker is closed already.
    pub fn close(&mut self) -> Option<Transition> {
        self.is_open().then(|| {
            self.change_to(State::Closed);
            Transition::Closed
        })
    }

    fn change_to(&mut self, state: State) {
        self.state = state;
        self.period = self.period.wrapping_add(1);
        self.window = Window::default();
    }
}

// === impl Window ===

impl Window {
    /// Counts a copy that ended now. Returns the sums over the window.
    fn add(&mut self, is_failure: bool, now: Duration, settings: &CircuitBreaker) -> Bucket {
        // A tenth of the window in microseconds.
        let width = u64::from(settings.window.millis()) * 100;
        let now = micros(now).max(self.latest);
        let passed = (now / width).saturating_sub(self.latest / width);
        self.latest = now;
        for _ in 0..passed.min(self.buckets.len() as u64) {
            self.current = (self.current + 1) % self.buckets.len();
            self.bucket(|bucket| *bucket = Bucket::default());
        }
        self.bucket(|bucket| {
            bucket.ended = bucket.ended.saturating_add(1);
            bucket.failures = bucket.failures.saturating_add(is_failure.into());
        });
        self.buckets.iter().fold(Bucket::default(), |sum, bucket| Bucket {
            ended: sum.ended.saturating_add(bucket.ended),
            failures: sum.failures.saturating_add(bucket.failures),
        })
    }

    fn bucket(&mut self, change: impl FnOnce(&mut Bucket)) {
        if let Some(bucket) = self.buckets.get_mut(self.current) {
            change(bucket);
        }
    }
}
