//! The budget, the rate and the circuit breaker of one mirror as they should be. Every copy has a number of its own,
//! and time is whole milliseconds.

use std::collections::{BTreeMap, BTreeSet};

use mirror_policy::breaker::Transition;
use mirror_policy::reasons::Dropped;

use super::rules::{BreakerRule, Rule};

/// One copy of a whole second's rate, in the unit of [`Account::tokens`].
const TOKEN: u128 = 1_000_000;

#[derive(Debug)]
pub(super) struct Account {
    max_in_flight: u64,
    max_collecting: u64,
    max_bytes: u64,
    /// Each copy that has not ended, by its number.
    copies: BTreeMap<u64, Held>,
    rate: Option<u64>,
    /// In millionths of a copy; a millisecond at a thousandth of a copy per second brings one.
    tokens: u128,
    /// When the tokens were counted.
    counted: u64,
    breaker: Option<BreakerRule>,
    state: State,
    /// The copies that left since the breaker came into its state.
    members: BTreeSet<u64>,
    /// What ended while the breaker is closed: how many buckets ago, and whether it failed.
    ended: Vec<(u64, bool)>,
    latest: u64,
}

/// What a copy holds.
#[derive(Debug)]
struct Held {
    bytes: u64,
    /// Whether its request was complete with its headers.
    is_complete: bool,
    is_in_flight: bool,
}

#[derive(Debug, Default, Clone, Copy, PartialEq)]
enum State {
    #[default]
    Closed,
    OpenSince(u64),
    /// With the number of the probe, if there is one.
    HalfOpen(Option<u64>),
}

// === impl Account ===

impl Default for Account {
    fn default() -> Self {
        Self {
            max_in_flight: 0,
            max_collecting: 0,
            max_bytes: 0,
            copies: BTreeMap::new(),
            rate: None,
            tokens: u128::MAX,
            counted: 0,
            breaker: None,
            state: State::Closed,
            members: BTreeSet::new(),
            ended: Vec::new(),
            latest: 0,
        }
    }
}

impl Account {
    /// Takes the limits of a rule.
    pub(super) fn obey(&mut self, rule: &Rule) {
        (self.max_in_flight, self.max_collecting) = (rule.max_in_flight, rule.max_collecting);
        self.max_bytes = rule.max_bytes;
        (self.rate, self.breaker) = (rule.rate, rule.breaker);
    }

    /// No configuration names the mirror any more.
    pub(super) fn retire(&mut self) {
        self.breaker = None;
    }

    /// Copies and bytes.
    pub(super) fn usage(&self) -> (u64, u64) {
        (
            self.copies.len() as u64,
            self.copies.values().map(|copy| copy.bytes).sum(),
        )
    }

    /// Whether the breaker asks when a copy ended.
    pub(super) fn is_timed(&self) -> bool {
        self.breaker.is_some()
    }

    /// Whether the breaker is not closed.
    pub(super) fn is_open(&self) -> bool {
        self.state != State::Closed
    }

    fn may_pass(&self, now: u64) -> bool {
        match (self.breaker, self.state) {
            (Some(breaker), State::OpenSince(since)) => now >= since + breaker.open_for,
            (Some(_), State::HalfOpen(probe)) => probe.is_none(),
            _ => true,
        }
    }

    fn count(&self, is_in_flight: bool) -> u64 {
        let copies = self.copies.values();
        copies.filter(|copy| copy.is_in_flight == is_in_flight).count() as u64
    }

    /// Uploads leave a sixteenth of the bytes to requests that are complete with their headers. No storm comes near the
    /// budget from which on this part is a fixed number.
    fn has_bytes(&self, more: u64, is_complete: bool) -> bool {
        let kept = if is_complete { 0 } else { self.max_bytes / 16 };
        self.usage().1 + more <= self.max_bytes - kept
    }

    /// Admits a copy. What consumes comes last.
    pub(super) fn admit(
        &mut self,
        number: u64,
        is_too_large: bool,
        is_complete: bool,
        bytes: u64,
        now: u64,
    ) -> Result<(), Dropped> {
        if !self.may_pass(now) {
            return Err(Dropped::BreakerOpen);
        } else if is_too_large {
            return Err(Dropped::BodyTooLarge);
        } else if self.count(true) >= self.max_in_flight {
            return Err(Dropped::InFlight);
        } else if !is_complete && self.count(false) >= self.max_collecting {
            return Err(Dropped::Collecting);
        } else if !self.has_bytes(bytes, is_complete) {
            return Err(Dropped::Bytes);
        }
        self.take_token(now)?;
        let is_in_flight = false;
        let held = Held {
            bytes,
            is_complete,
            is_in_flight,
        };
        self.copies.insert(number, held);
        Ok(())
    }

    /// A copy whose request is complete takes its place in flight.
    pub(super) fn launch(&mut self, number: u64, now: u64) -> Result<Option<Transition>, Dropped> {
        if !self.may_pass(now) {
            return Err(Dropped::BreakerOpen);
        } else if self.count(true) >= self.max_in_flight {
            return Err(Dropped::InFlight);
        }
        self.held(number).is_in_flight = true;
        let probe = State::HalfOpen(Some(number));
        let transition = match (self.breaker, self.state) {
            (_, State::Closed) => None,
            (None, _) => self.turn(State::Closed, Some(Transition::Closed)),
            (Some(_), State::OpenSince(_)) => self.turn(probe, Some(Transition::HalfOpened)),
            (Some(_), State::HalfOpen(_)) => self.turn(probe, None),
        };
        self.members.insert(number);
        Ok(transition)
    }

    fn held(&mut self, number: u64) -> &mut Held {
        self.copies.get_mut(&number).expect("a copy that has not ended")
    }

    fn take_token(&mut self, now: u64) -> Result<(), Dropped> {
        let Some(rate) = self.rate.map(u128::from) else {
            return Ok(());
        };
        let gained = u128::from(now - self.counted) * rate;
        let burst = (rate * 1_000).max(TOKEN);
        self.counted = now;
        self.tokens = self.tokens.saturating_add(gained).min(burst);
        self.tokens = self.tokens.checked_sub(TOKEN).ok_or(Dropped::Rate)?;
        Ok(())
    }

    /// A copy grows.
    pub(super) fn charge(&mut self, number: u64, bytes: u64) -> Result<(), Dropped> {
        let is_complete = self.held(number).is_complete;
        if !self.has_bytes(bytes, is_complete) {
            return Err(Dropped::Bytes);
        }
        self.held(number).bytes += bytes;
        Ok(())
    }

    /// A copy shrinks.
    pub(super) fn refund(&mut self, number: u64, bytes: u64) {
        self.held(number).bytes -= bytes;
    }

    /// A copy ends. Returns its bytes.
    pub(super) fn release(&mut self, number: u64) -> u64 {
        self.copies.remove(&number).expect("a copy ends once").bytes
    }

    /// What the breaker makes of the end of a copy; `None` says nothing about the shadow.
    pub(super) fn learn(&mut self, number: u64, failed: Option<bool>, now: u64) -> Option<Transition> {
        if !self.members.contains(&number) {
            return None;
        }
        match (self.state, self.breaker.zip(failed)) {
            (State::Closed, Some((breaker, failed))) => {
                let opened = self.closed_learns(breaker, failed, now)?;
                self.turn(State::OpenSince(now), Some(opened))
            }
            (State::HalfOpen(_), Some((_, true))) => self.turn(State::OpenSince(now), Some(Transition::Reopened)),
            (State::HalfOpen(_), Some((_, false))) => self.turn(State::Closed, Some(Transition::Closed)),
            (State::HalfOpen(_), None) => {
                self.state = State::HalfOpen(None);
                None
            }
            _ => None,
        }
    }

    /// Counts an end while the breaker is closed. Returns whether the breaker opens.
    fn closed_learns(&mut self, breaker: BreakerRule, failed: bool, now: u64) -> Option<Transition> {
        // A bucket is a tenth of the window, in microseconds.
        let bucket = |time: u64| time * 1_000 / (breaker.window * 100);
        let passed = bucket(now).saturating_sub(bucket(self.latest));
        self.latest = now;
        self.ended.iter_mut().for_each(|(age, _)| *age += passed);
        self.ended.retain(|(age, _)| *age < 10);
        self.ended.push((0, failed));
        let ended = self.ended.len() as u64;
        let failures = self.ended.iter().filter(|(_, failed)| *failed).count() as u64;
        let is_over = ended >= breaker.min_requests && failures * 1_000_000 >= breaker.ppm * ended;
        is_over.then_some(Transition::Opened {
            failures: failures as u32,
            ended: ended as u32,
        })
    }

    /// Closes the breaker if it is not configured any more, or in any case.
    pub(super) fn close(&mut self, in_any_case: bool) -> Option<Transition> {
        if self.is_open() && (in_any_case || self.breaker.is_none()) {
            self.turn(State::Closed, Some(Transition::Closed))
        } else {
            None
        }
    }

    fn turn(&mut self, state: State, transition: Option<Transition>) -> Option<Transition> {
        self.state = state;
        self.members.clear();
        self.ended.clear();
        self.latest = 0;
        transition
    }
}
