//! What the filter has to show after an event, in the statistics and in the log: values, applied by the glue when nothing
//! is borrowed any more. Steps of the same statistic are summed up, so that a copy which comes and goes within one event costs nothing.

use crate::account::AccountId;
use crate::breaker::Transition;
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
pub struct Effects {
    steps: Vec<Effect>,
    transitions: Vec<(AccountId, Transition)>,
}

// === impl Effects ===

impl Effects {
    /// One more of something.
    pub fn count(&mut self, account: AccountId, statistic: Statistic) {
        self.step(account, statistic, 1);
    }

    /// A step of a counter or gauge.
    pub fn step(&mut self, account: AccountId, statistic: Statistic, amount: i64) {
        let same = |effect: &&mut Effect| effect.account == account && effect.statistic == statistic;
        match self.steps.iter_mut().find(same) {
            Some(effect) => effect.amount = effect.amount.saturating_add(amount),
            None => self.steps.push(Effect {
                account,
                statistic,
                amount,
            }),
        }
    }

    /// A value of a histogram.
    pub fn observe(&mut self, account: AccountId, statistic: Statistic, value: u64) {
        let amount = i64::try_from(value).unwrap_or(i64::MAX);
        self.steps.push(Effect {
            account,
            statistic,
            amount,
        });
    }

    /// A circuit breaker changed.
    pub(crate) fn transition(&mut self, account: AccountId, transition: Transition) {
        let step = match transition {
            Transition::Opened { .. } => 1,
            Transition::Closed => -1,
            Transition::HalfOpened | Transition::Reopened => 0,
        };
        self.step(account, Statistic::BreakerOpen, step);
        self.transitions.push((account, transition));
    }

    /// Takes the changes of circuit breakers out, for the log, in the order in which they arose.
    pub fn take_transitions(&mut self) -> Vec<(AccountId, Transition)> {
        std::mem::take(&mut self.transitions)
    }

    /// Takes all changes of statistics out, those that came to nothing left out.
    pub fn drain(&mut self) -> impl Iterator<Item = Effect> {
        use crate::stats::Kind;
        self.steps
            .drain(..)
            .filter(|effect| effect.amount != 0 || effect.statistic.kind() == Kind::Histogram)
    }
}
