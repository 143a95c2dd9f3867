//! What the filter has to do to the statistics after an event: values, applied by the glue when nothing is borrowed any
//! more. Steps of the same statistic are summed up, so that a copy which comes and goes within one event costs nothing.

use crate::account::AccountId;
use crate::stats::Statistic;

/// One change of one statistic of one account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Effect {
    /// Whose.
    pub account: AccountId,
    /// Which.
    pub statistic: Statistic,
    /// A counter's or gauge's step, or a histogram's value.
    pub amount: i64,
}

/// The changes of one event, in the order in which they first arose.
#[derive(Debug, Default)]
pub struct Effects(Vec<Effect>);

// === impl Effects ===

impl Effects {
    /// One more of something.
    pub fn count(&mut self, account: AccountId, statistic: Statistic) {
        self.step(account, statistic, 1);
    }

    /// A step of a counter or gauge.
    pub fn step(&mut self, account: AccountId, statistic: Statistic, amount: i64) {
        let same = |effect: &&mut Effect| effect.account == account && effect.statistic == statistic;
        match self.0.iter_mut().find(same) {
            Some(effect) => effect.amount = effect.amount.saturating_add(amount),
            None => self.0.push(Effect {
                account,
                statistic,
                amount,
            }),
        }
    }

    /// A value of a histogram.
    pub fn observe(&mut self, account: AccountId, statistic: Statistic, value: u64) {
        let amount = i64::try_from(value).unwrap_or(i64::MAX);
        self.0.push(Effect {
            account,
            statistic,
            amount,
        });
    }

    /// Takes all changes out, those that came to nothing left out.
    pub fn drain(&mut self) -> impl Iterator<Item = Effect> {
        use crate::stats::Kind;
        self.0
            .drain(..)
            .filter(|effect| effect.amount != 0 || effect.statistic.kind() == Kind::Histogram)
    }
}
