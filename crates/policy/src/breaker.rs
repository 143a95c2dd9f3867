//! Part of stage 4: the circuit breaker, which spares a shadow that fails. It learns from the ends of copies, counts them
//! in a window of ten buckets, and after `openFor` lets a single copy through, the probe, whose end decides. What a
//! failure is, is told by [`Outcome::is_failure`](crate::reason::Outcome::is_failure).

use std::time::Duration;

use crate::config::CircuitBreaker;

/// The breaker of one mirror on one worker.
#[derive(Debug, Default)]
pub struct Breaker {
    /// `None`: it lets everything through.
    settings: Option<CircuitBreaker>,
    state: State,
    /// A copy speaks only for the state in which it was admitted: each state of a breaker has a number of its own.
    period: Period,
    window: Window,
}

/// A number that a copy keeps from its admission to its end.
pub type Period = u32;

/// What a breaker did; each change is told once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transition {
    /// Too many copies failed.
    Opened {
        /// Copies that failed within the window.
        failures: u32,
        /// Copies that ended within the window.
        ended: u32,
    },
    /// `openFor` has passed, and a probe was admitted.
    HalfOpened,
    /// The probe failed.
    Reopened,
    /// The probe did not fail, or the breaker is no longer configured.
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
        /// Whether the probe's end is awaited. A probe that is lost before it can tell gives its place back.
        is_probing: bool,
    },
}

/// How many copies ended lately, and how many of them failed. A bucket is a tenth of the window long, and begins at a
/// multiple of that on the monotonic clock.
#[derive(Debug, Default)]
struct Window {
    /// A ring.
    buckets: [Bucket; 10],
    current: usize,
    /// When the latest copy ended, in microseconds.
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
    /// Takes new settings over. State and counts stay; the counts grow old by the new window.
    pub fn set(&mut self, settings: Option<CircuitBreaker>) {
        self.settings = settings;
    }

    /// Whether it is configured.
    pub const fn is_set(&self) -> bool {
        self.settings.is_some()
    }

    /// Whether it is not closed: open, or waiting for its probe.
    pub const fn is_open(&self) -> bool {
        !matches!(self.state, State::Closed)
    }

    /// Whether a copy may be admitted now.
    pub fn allows(&self, now: Duration) -> bool {
        match (&self.settings, self.state) {
            (None, _) | (_, State::Closed) => true,
            (Some(settings), State::Open { since }) => now.saturating_sub(since) >= settings.open_for.duration(),
            (_, State::HalfOpen { is_probing }) => !is_probing,
        }
    }

    /// A copy that is [allowed](Self::allows) is admitted. If the breaker is not closed, this copy is the probe; if it is
    /// not configured any more, it closes.
    pub fn enter(&mut self) -> (Period, Option<Transition>) {
        let transition = match self.state {
            State::Closed => None,
            _ if !self.is_set() => self.close(),
            State::Open { .. } => Some(Transition::HalfOpened),
            State::HalfOpen { .. } => None,
        };
        if self.is_open() {
            self.go(State::HalfOpen { is_probing: true });
        }
        (self.period, transition)
    }

    /// A copy of this period came to an end that tells something about the shadow.
    pub fn learn(&mut self, period: Period, is_failure: bool, now: Duration) -> Option<Transition> {
        if period != self.period {
            return None;
        }
        let Some(settings) = &self.settings else {
            // It may be configured again before it is closed, and then needs a probe.
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
                self.go(State::Open { since: now });
                Some(Transition::Opened { failures, ended })
            }
            State::Open { .. } => None,
            State::HalfOpen { .. } if is_failure => {
                self.go(State::Open { since: now });
                Some(Transition::Reopened)
            }
            State::HalfOpen { .. } => self.close(),
        }
    }

    /// A copy of this period was lost and tells nothing. If it was the probe, the next copy that is admitted is.
    pub fn forget(&mut self, period: Period) {
        if let State::HalfOpen { is_probing } = &mut self.state
            && period == self.period
        {
            *is_probing = false;
        }
    }

    /// Closes it, if it is not closed.
    pub fn close(&mut self) -> Option<Transition> {
        self.is_open().then(|| {
            self.go(State::Closed);
            Transition::Closed
        })
    }

    fn go(&mut self, state: State) {
        self.state = state;
        self.period = self.period.wrapping_add(1);
        self.window = Window::default();
    }
}

// === impl Window ===

impl Window {
    /// Counts a copy that ended now, and returns what the window holds.
    fn add(&mut self, is_failure: bool, now: Duration, settings: &CircuitBreaker) -> Bucket {
        // A tenth of so many milliseconds.
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
