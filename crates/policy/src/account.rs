//! The accounts: one per mirror and VM, kept across configurations. An account admits, charges and releases copies, and
//! whatever it does shows in the gauges at once; no other code touches a budget.

use crate::budget::{Budget, Permit};
use crate::effects::Effects;
use crate::plan::Plan;
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
    /// stays as it is: no update resets a budget or a counter. Returned in the order of the plan's mirrors.
    pub fn adopt(&mut self, plugin: &str, plan: &Plan) -> Vec<AccountId> {
        plan.mirrors
            .iter()
            .map(|mirror| {
                let limits = &mirror.config.limits;
                let is_same = |account: &Account| account.plugin == plugin && account.mirror == mirror.config.name;
                let index = self.0.iter().position(is_same).unwrap_or(self.0.len());
                match self.0.get_mut(index) {
                    Some(account) => account.budget.set_limits(limits),
                    None => self.0.push(Account {
                        plugin: plugin.to_owned(),
                        mirror: mirror.config.name.clone(),
                        budget: Budget::new(limits),
                    }),
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

    /// Admits a copy; the account is collecting it from now on.
    pub(crate) fn admit(&mut self, id: AccountId, bytes: u64, effects: &mut Effects) -> Result<Permit, Dropped> {
        let account = self.0.get_mut(id.0).ok_or(Dropped::InFlight)?;
        let permit = account.budget.admit(bytes)?;
        effects.step(id, Statistic::Collecting, 1);
        effects.step(id, Statistic::BufferedBytes, amount(bytes));
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

    /// Takes a permit back: the copy is gone. `held_as` is the gauge that counted it.
    pub(crate) fn release(&mut self, id: AccountId, permit: Permit, held_as: Statistic, effects: &mut Effects) {
        effects.step(id, held_as, -1);
        effects.step(id, Statistic::BufferedBytes, -amount(permit.bytes()));
        if let Some(account) = self.0.get_mut(id.0) {
            account.budget.release(permit);
        }
    }
}

/// A number of bytes as a gauge's step; no budget is near the bound.
fn amount(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}
