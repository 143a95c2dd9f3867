//! Whether the policy and the model agree. After every event the statistics, accounts and circuit breakers are
//! compared, after a tick the gauges of what is configured.

use mirror_policy::statistics::Statistic;

use super::Storm;
use super::rules::NAMES;

// === impl Storm ===

impl<D> Storm<D> {
    /// Whether both sides agree in everything.
    ///
    /// # Errors
    /// The first difference as a text.
    pub fn check(&mut self) -> Result<(), String> {
        for (account, name) in NAMES.into_iter().enumerate() {
            self.check_account(account)
                .map_err(|difference| format!("mirror {name}: {difference}"))?;
        }
        let root = self.bench.root();
        let is_drained = !self.in_flight.iter().any(|(_, sender)| *sender == root);
        if self.bench.is_drained(root) != is_drained {
            return Err(format!(
                "whether the serving root awaits no answer should be {is_drained}"
            ));
        }
        let is = self.bench.take_transitions();
        let mut should = std::mem::take(&mut self.model.transitions);
        // The policy gives the changes mirror by mirror.
        should.sort_by_key(|(account, _)| *account);
        if is != should {
            return Err(format!("breakers did {is:?} and should have done {should:?}"));
        }
        is.into_iter()
            .for_each(|(_, transition)| self.seen.transition(transition));
        Ok(())
    }

    fn check_account(&self, account: usize) -> Result<(), String> {
        let (is, should) = (self.bench.totals.row(account), &self.model.counts[account]);
        if is != *should {
            let mut all = Statistic::all().into_iter();
            let differs = all.find(|one| is[one.index()] != should[one.index()]);
            let statistic = differs.expect("one of them differs");
            let (is, should) = (is[statistic.index()], should[statistic.index()]);
            return Err(format!("{statistic:?} is {is} and should be {should}"));
        }
        let balance = self.bench.totals.balance(account);
        balance.check()?;
        let (is, should) = (self.bench.usage(account), self.model.usage(account));
        if is != should {
            return Err(format!("{is:?} copies and bytes, and {should:?} are right"));
        }
        let shown = (
            balance.collecting + balance.in_flight,
            self.bench.totals.of(account, Statistic::BufferedBytes),
        );
        if shown != (is.0 as i64, is.1 as i64) {
            return Err(format!("{is:?} copies and bytes, and the gauges show {shown:?}"));
        }
        Ok(())
    }

    /// The gauges show what is configured.
    pub(super) fn assert_gauges(&self) {
        assert_eq!(
            self.bench.is_refused(),
            Some(self.is_refused),
            "a configuration is refused"
        );
        for account in 0..NAMES.len() {
            let rule = self.rules.mirrors.iter().find(|rule| rule.account == account);
            let shown = |statistic| self.bench.setting(account, statistic).unwrap_or(0);
            let is_enabled = self.rules.is_enabled && rule.is_some_and(|rule| rule.is_enabled);
            assert_eq!(shown(Statistic::Enabled), u64::from(is_enabled));
            assert_eq!(
                shown(Statistic::InFlightLimit),
                rule.map_or(0, |rule| rule.max_in_flight)
            );
            assert_eq!(
                shown(Statistic::CollectingLimit),
                rule.map_or(0, |rule| rule.max_collecting)
            );
            let is_outdated = self.is_refused && rule.is_some();
            assert_eq!(shown(Statistic::Outdated), u64::from(is_outdated));
        }
    }
}
