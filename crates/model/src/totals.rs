//! The statistics as a host would show them: the sum of everything that the policy has counted.

use std::sync::LazyLock;

use mirror_policy::statistics::{COUNT, Statistic, StatisticKind};

use crate::balance::Balance;

/// A number for each statistic of one mirror, at the statistic's index.
pub type Row = [i64; COUNT];

/// The statistics of all accounts of a VM.
#[derive(Debug, Default)]
pub struct Totals(Vec<Row>);

/// Every statistic, at its index.
pub(crate) static ALL: LazyLock<Vec<Statistic>> = LazyLock::new(Statistic::all);

// === impl Totals ===

impl Totals {
    /// Makes room for so many accounts, so that no later step allocates.
    pub fn open(&mut self, accounts: usize) {
        if self.0.len() < accounts {
            self.0.resize(accounts, [0; COUNT]);
        }
    }

    /// Adds a step of a counter or gauge, or a value of a histogram.
    ///
    /// # Panics
    /// If a counter would not grow, or if the statistic is a setting.
    pub fn add(&mut self, account: usize, statistic: Statistic, amount: i64) {
        match statistic.kind() {
            StatisticKind::Counter => assert!(amount > 0, "{statistic:?} is a counter and does not grow: {amount}"),
            StatisticKind::Setting => panic!("{statistic:?} is a setting and no event changes it"),
            StatisticKind::Gauge | StatisticKind::Histogram => {}
        }
        self.open(account + 1);
        self.0[account][statistic.index()] += amount;
    }

    /// What a statistic shows for an account.
    pub fn of(&self, account: usize, statistic: Statistic) -> i64 {
        self.row(account)[statistic.index()]
    }

    /// All statistics of an account.
    pub fn row(&self, account: usize) -> Row {
        self.0.get(account).copied().unwrap_or([0; COUNT])
    }

    /// Whether nothing has been counted.
    pub fn is_empty(&self) -> bool {
        self.0.iter().flatten().all(|number| *number == 0)
    }

    /// The sum over all results of a family.
    pub fn sum(&self, account: usize, family: &str) -> i64 {
        let row = self.row(account);
        let of_family = ALL.iter().filter(|statistic| statistic.name() == family);
        of_family.map(|statistic| row[statistic.index()]).sum()
    }

    /// The sums of both balances of an account.
    pub fn balance(&self, account: usize) -> Balance {
        let row = self.row(account);
        let mut balance = Balance::default();
        for statistic in ALL.iter() {
            let sum = match statistic {
                Statistic::Matched => &mut balance.matched,
                Statistic::Sent => &mut balance.sent,
                Statistic::Skipped(_) => &mut balance.skipped,
                Statistic::Dropped(_) => &mut balance.dropped,
                Statistic::Collecting => &mut balance.collecting,
                Statistic::Responses(_) => &mut balance.responses,
                Statistic::Failures(_) => &mut balance.failures,
                Statistic::InFlight => &mut balance.in_flight,
                _ => continue,
            };
            *sum += row[statistic.index()];
        }
        balance
    }
}
