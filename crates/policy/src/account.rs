//! The accounts: one per mirror and VM, kept across configurations. An account admits, charges and releases copies, and
//! whatever it does shows in the gauges at once; no other code touches a budget.

use std::time::Duration;

use crate::breaker::{Breaker, Transition};
use crate::budget::{Budget, Permit};
use crate::effects::Effects;
use crate::plan::Plan;
use crate::rate::Rate;
use crate::reason::Dropped;
use crate::stats::Statistic;

/// An account of this VM. It stays the same for as long as the VM lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AccountId(pub usize);

/// All accounts of a VM.
#[derive(Debug, Default)]
pub struct Accounts(Vec<Account>);

#[derive(Debug)]
struct Account {
    plugin: String,
    mirror: String,
    budget: Budget,
    rate: Rate,
    breaker: Breaker,
}

/// A configured value that a gauge has to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Setting {
    /// Whose.
    pub account: AccountId,
    /// Which gauge.
    pub statistic: Statistic,
    /// Its value.
    pub value: u64,
}

// === impl Accounts ===

impl Accounts {
    /// Finds or opens the account of each mirror of a plugin, and takes the plan's limits over. What an account holds
    /// stays as it is: no update resets a budget, a breaker or a counter. Returned in the order of the plan's mirrors.
    pub fn adopt(&mut self, plugin: &str, plan: &Plan) -> Vec<AccountId> {
        plan.mirrors
            .iter()
            .map(|mirror| {
                let limits = &mirror.config.limits;
                let is_same = |account: &Account| account.plugin == plugin && account.mirror == mirror.config.name;
                let index = self.0.iter().position(is_same).unwrap_or(self.0.len());
                if index == self.0.len() {
                    self.0.push(Account {
                        plugin: plugin.to_owned(),
                        mirror: mirror.config.name.clone(),
                        budget: Budget::new(limits),
                        rate: Rate::default(),
                        breaker: Breaker::default(),
                    });
                }
                if let Some(account) = self.0.get_mut(index) {
                    account.budget.set_limits(limits);
                    account.rate.set(limits.max_requests_per_second);
                    account.breaker.set(mirror.config.circuit_breaker.clone());
                }
                AccountId(index)
            })
            .collect()
    }

    /// What the gauges of a plugin's mirrors have to show under a plan; a mirror that is not in it any more is off.
    pub fn settings(&self, plugin: &str, plan: &Plan) -> Vec<Setting> {
        let mut settings = Vec::new();
        for (index, account) in self
            .0
            .iter()
            .enumerate()
            .filter(|(_, account)| account.plugin == plugin)
        {
            let mirror = plan.mirrors.iter().find(|mirror| mirror.config.name == account.mirror);
            let config = mirror.map(|mirror| &mirror.config);
            let value = |of: fn(&crate::config::MirrorConfig) -> u64| config.map_or(0, of);
            settings.extend(
                [
                    (
                        Statistic::Enabled,
                        value(|config| config.enabled.into()) & u64::from(plan.enabled),
                    ),
                    (Statistic::PercentagePpm, value(|config| config.percentage.ppm().into())),
                    (
                        Statistic::InFlightLimit,
                        value(|config| config.limits.max_in_flight.get()),
                    ),
                    (
                        Statistic::BufferedBytesLimit,
                        value(|config| config.limits.max_buffered_bytes.get()),
                    ),
                    (
                        Statistic::ExpiryTimestampSeconds,
                        value(|config| config.expires_at.as_ref().map_or(0, |end| end.unix().as_secs())),
                    ),
                ]
                .map(|(statistic, value)| Setting {
                    account: AccountId(index),
                    statistic,
                    value,
                }),
            );
        }
        settings
    }

    /// How many copies an account holds, and their bytes.
    pub fn held(&self, id: AccountId) -> (u64, u64) {
        self.0
            .get(id.0)
            .map_or((0, 0), |account| (account.budget.copies(), account.budget.bytes()))
    }

    /// The name of the account's mirror.
    pub fn mirror(&self, id: AccountId) -> Option<&str> {
        self.0.get(id.0).map(|account| account.mirror.as_str())
    }

    /// Whether the account's circuit breaker asks when a copy ended.
    pub fn is_timed(&self, id: AccountId) -> bool {
        self.0.get(id.0).is_some_and(|account| account.breaker.is_set())
    }

    /// Whether the circuit breaker lets a copy through.
    pub(crate) fn allows(&self, id: AccountId, now: Duration) -> Result<(), Dropped> {
        match self.0.get(id.0) {
            Some(account) if !account.breaker.allows(now) => Err(Dropped::BreakerOpen),
            _ => Ok(()),
        }
    }

    /// Admits a copy that the circuit breaker lets through; the account is collecting it from now on. What consumes comes
    /// last, so that no copy which is refused takes a token or the probe's place.
    pub(crate) fn admit(
        &mut self,
        id: AccountId,
        bytes: u64,
        now: Duration,
        effects: &mut Effects,
    ) -> Result<Permit, Dropped> {
        let account = self.0.get_mut(id.0).ok_or(Dropped::InFlight)?;
        account.budget.has_room(bytes)?;
        account.rate.take(now)?;
        let (period, transition) = account.breaker.enter();
        let permit = account.budget.admit(bytes, period);
        effects.step(id, Statistic::Collecting, 1);
        effects.step(id, Statistic::BufferedBytes, amount(bytes));
        note(id, transition, effects);
        Ok(permit)
    }

    /// Charges a copy for more bytes.
    pub(crate) fn charge(
        &mut self,
        id: AccountId,
        permit: &mut Permit,
        bytes: u64,
        effects: &mut Effects,
    ) -> Result<(), Dropped> {
        let account = self.0.get_mut(id.0).ok_or(Dropped::Bytes)?;
        account.budget.charge(permit, bytes)?;
        effects.step(id, Statistic::BufferedBytes, amount(bytes));
        Ok(())
    }

    /// Takes back bytes that a copy no longer holds.
    pub(crate) fn refund(&mut self, id: AccountId, permit: &mut Permit, bytes: u64, effects: &mut Effects) {
        if let Some(account) = self.0.get_mut(id.0) {
            let before = permit.bytes();
            account.budget.refund(permit, bytes);
            effects.step(id, Statistic::BufferedBytes, amount(permit.bytes()) - amount(before));
        }
    }

    /// Takes a permit back: the copy is gone. `held_as` is the gauge that counted it; `verdict` says whether it failed
    /// and when, if that tells something about the shadow.
    pub(crate) fn release(
        &mut self,
        id: AccountId,
        permit: Permit,
        held_as: Statistic,
        verdict: Option<(bool, Duration)>,
        effects: &mut Effects,
    ) {
        effects.step(id, held_as, -1);
        effects.step(id, Statistic::BufferedBytes, -amount(permit.bytes()));
        if let Some(account) = self.0.get_mut(id.0) {
            let transition = match verdict {
                Some((is_failure, now)) => account.breaker.learn(permit.period(), is_failure, now),
                None => {
                    account.breaker.forget(permit.period());
                    None
                }
            };
            account.budget.release(permit);
            note(id, transition, effects);
        }
    }

    /// No configuration names the account's mirror any more: it has no circuit breaker.
    pub(crate) fn retire(&mut self, id: AccountId) {
        if let Some(account) = self.0.get_mut(id.0) {
            account.breaker.set(None);
        }
    }

    /// Closes the circuit breakers that are not configured any more, or, at the end of the VM, all of them. It is no part
    /// of [`adopt`](Self::adopt): a configuration that is only tried must not change a gauge.
    pub(crate) fn close_breakers(&mut self, all: bool, effects: &mut Effects) {
        for (index, account) in self.0.iter_mut().enumerate() {
            if all || !account.breaker.is_set() {
                note(AccountId(index), account.breaker.close(), effects);
            }
        }
    }
}

fn note(id: AccountId, transition: Option<Transition>, effects: &mut Effects) {
    if let Some(transition) = transition {
        effects.transition(id, transition);
    }
}

/// A number of bytes as a gauge's step; no budget is near the bound.
fn amount(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}
