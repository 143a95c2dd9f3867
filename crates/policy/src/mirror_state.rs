//! What a VM has of one mirror: its budget, rate limit, circuit breaker and ledger. The state outlives configurations.
//! Only this file changes a budget, so the gauges always show what the budget has.

use std::time::Duration;

use crate::breaker::{Breaker, Transition};
use crate::budget::{Budget, Permit};
use crate::configuration::MirrorConfig;
use crate::ledger::{Change, Ledger};
use crate::plugin::Plugin;
use crate::rate::Rate;
use crate::reasons::Dropped;
use crate::statistics::{Metrics, Statistic};

/// The state of one mirror of one plugin in one VM.
#[derive(Debug, Default)]
pub struct MirrorState {
    plugin: Plugin,
    mirror: String,
    metrics: Metrics,
    budget: Budget,
    rate: Rate,
    breaker: Breaker,
    ledger: Ledger,
}

/// The end of a copy that says something about the shadow.
#[derive(Debug, Clone, Copy)]
pub struct ShadowEnd {
    /// Whether the copy ended with a failure of the shadow.
    pub is_failure: bool,
    /// Monotonic time of the end.
    pub at: Duration,
}

// === impl MirrorState ===

impl MirrorState {
    /// The state of a mirror that no configuration has named before.
    pub fn new(plugin: &Plugin, mirror: &str, metrics: Metrics) -> Self {
        Self {
            plugin: plugin.clone(),
            mirror: mirror.to_owned(),
            metrics,
            ..Self::default()
        }
    }

    /// Takes the limits of a configuration over. The budget, the breaker and the counts stay as they are.
    pub fn configure(&mut self, config: &MirrorConfig) {
        self.budget.set_limits(&config.limits);
        self.rate.set(config.limits.max_requests_per_second);
        self.breaker.set(config.circuit_breaker.clone());
    }

    /// Whether this is the state of a mirror of a plugin.
    pub fn is_of(&self, plugin: &Plugin, mirror: &str) -> bool {
        self.plugin == *plugin && self.mirror == mirror
    }

    /// Whether no newer configuration can take the state over, and the host has all counts.
    pub fn is_final(&self) -> bool {
        matches!(self.plugin, Plugin::Unnamed(_)) && self.ledger.is_empty()
    }

    /// The counts that the host does not have yet.
    pub const fn ledger(&mut self) -> &mut Ledger {
        &mut self.ledger
    }

    /// The number of copies in the budget, and their bytes.
    pub const fn budgeted(&self) -> (u64, u64) {
        (self.budget.copies(), self.budget.bytes())
    }

    /// Whether the end of a copy must be given with its time, for the circuit breaker.
    pub const fn is_timed(&self) -> bool {
        self.breaker.is_set()
    }

    /// Whether the circuit breaker lets a copy through.
    ///
    /// # Errors
    /// The breaker is open, or half-open with a probe under way.
    pub fn breaker_allows(&self, now: Duration) -> Result<(), Dropped> {
        if self.breaker.allows(now) {
            Ok(())
        } else {
            Err(Dropped::BreakerOpen)
        }
    }

    /// Whether the budget has room for a copy. `is_complete` means that the request is complete with its headers.
    ///
    /// # Errors
    /// A count of copies is at its limit, or the bytes would be over their limit.
    pub const fn has_room(&self, bytes: u64, is_complete: bool) -> Result<(), Dropped> {
        self.budget.has_room(bytes, is_complete)
    }

    /// Takes a token of the rate limit.
    ///
    /// # Errors
    /// The rate limit has no token.
    pub fn take_token(&mut self, now: Duration) -> Result<(), Dropped> {
        self.rate.take(now)
    }

    /// Admits a copy that has passed all gates. The copy is collected from now on.
    pub fn admit(&mut self, bytes: u64, is_complete: bool) -> Permit {
        self.ledger.step(Statistic::Collecting, 1);
        self.ledger.step(Statistic::BufferedBytes, amount(bytes));
        self.budget.admit(bytes, is_complete)
    }

    /// Gives a copy whose request is complete its place in flight. If the circuit breaker is not closed, the copy is
    /// the probe.
    ///
    /// # Errors
    /// The circuit breaker lets no copy through, or the copies in flight are at their limit.
    pub fn launch(&mut self, permit: &mut Permit, now: Duration) -> Result<(), Dropped> {
        self.breaker_allows(now)?;
        self.budget.has_place()?;
        let (period, transition) = self.breaker.enter();
        self.budget.launch(permit, period);
        self.note(transition);
        Ok(())
    }

    /// Charges a copy for more bytes.
    ///
    /// # Errors
    /// The bytes would be over their limit. Then nothing is charged.
    pub fn charge(&mut self, permit: &mut Permit, bytes: u64) -> Result<(), Dropped> {
        self.budget.charge(permit, bytes)?;
        self.ledger.step(Statistic::BufferedBytes, amount(bytes));
        Ok(())
    }

    /// Charges a copy for `after` bytes in place of `before`.
    ///
    /// # Errors
    /// The bytes would be over their limit. Then nothing is changed.
    pub fn recharge(&mut self, permit: &mut Permit, before: u64, after: u64) -> Result<(), Dropped> {
        if after > before {
            return self.charge(permit, after - before);
        }
        self.refund(permit, before - after);
        Ok(())
    }

    /// Takes bytes back that a copy does not have any more.
    pub fn refund(&mut self, permit: &mut Permit, bytes: u64) {
        let refunded = self.budget.refund(permit, bytes);
        self.ledger.step(Statistic::BufferedBytes, -amount(refunded));
    }

    /// Ends a copy that was not sent.
    pub fn drop_copy(&mut self, permit: Permit, reason: Dropped) {
        self.ledger.count(Statistic::Dropped(reason));
        self.release(permit, Statistic::Collecting, None);
    }

    /// Takes the permit of a copy back. `gauge` is the gauge that has counted the copy. Without an `end` that says
    /// something about the shadow, the circuit breaker forgets the copy.
    pub fn release(&mut self, permit: Permit, gauge: Statistic, end: Option<ShadowEnd>) {
        self.ledger.step(gauge, -1);
        self.ledger.step(Statistic::BufferedBytes, -amount(permit.bytes()));
        let transition = match (permit.period(), end) {
            (Some(period), Some(ShadowEnd { is_failure, at })) => self.breaker.learn(period, is_failure, at),
            (Some(period), None) => {
                self.breaker.forget(period);
                None
            }
            (None, _) => None,
        };
        self.budget.release(permit);
        self.note(transition);
    }

    /// Removes the circuit breaker, because no configuration names the mirror any more.
    pub fn retire(&mut self) {
        self.breaker.set(None);
    }

    /// Closes a circuit breaker that is not configured any more. Configuring does not close it, because Envoy also
    /// tries a configuration in a VM of which nobody sees a gauge.
    pub fn close_unset_breaker(&mut self) {
        if !self.breaker.is_set() {
            self.close_breaker();
        }
    }

    /// Closes the circuit breaker, because its VM ends.
    pub fn close_breaker(&mut self) {
        let transition = self.breaker.close();
        self.note(transition);
    }

    /// Moves the changes of the statistics out.
    pub fn take_changes(&mut self, changes: &mut Vec<Change>) {
        self.ledger.take_changes(&self.mirror, &self.metrics, changes);
    }

    fn note(&mut self, transition: Option<Transition>) {
        if let Some(transition) = transition {
            self.ledger.breaker_changed(transition);
        }
    }
}

/// A number of bytes as the step of a gauge. No budget comes near the bound.
fn amount(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}
