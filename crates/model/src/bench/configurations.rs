//! The configurations of a bench: which roots serve them, and which accounts their mirrors have.

use std::rc::Rc;

use mirror_policy::active_plan::ActivePlan;
use mirror_policy::statistics::{Statistic, StatisticKind};
use mirror_policy::vm_state::{RootId, VmState};
use mirror_policy::{ConfigError, Plan};

use super::Bench;
use super::serving::{PLUGIN, Serving, serve};
use crate::totals::Totals;

// === impl Bench: configurations ===

impl Bench {
    /// A VM that runs this plan.
    pub fn new(plan: Plan) -> Self {
        Self::seeded(plan, 1)
    }

    /// A VM that runs this plan, and whose samples by chance have this seed.
    pub fn seeded(plan: Plan, seed: u64) -> Self {
        let mut vm = VmState::new(seed);
        let mut accounts = Vec::new();
        let serving = serve(&mut vm, &mut accounts, 1, PLUGIN, plan);
        let mut totals = Totals::default();
        totals.open(accounts.len());
        Self {
            vm,
            accounts,
            settings: noted(&serving).collect(),
            serving,
            older_roots: Vec::new(),
            draining_roots: Vec::new(),
            transitions: Vec::new(),
            is_refused: None,
            next_id: 2,
            totals,
            wall: None,
        }
    }

    /// A configuration update: a new root serves this plan from now on. The older roots are there until
    /// [`retire`](Self::retire).
    pub fn update(&mut self, plan: Plan) {
        let root = self.next_id();
        let serving = serve(&mut self.vm, &mut self.accounts, root, PLUGIN, plan);
        self.settings.extend(noted(&serving));
        let before = std::mem::replace(&mut self.serving, serving);
        self.older_roots.push(before.root);
        self.apply_changes();
    }

    /// A configuration update that is refused: a new root stands in with the plan that serves.
    ///
    /// # Panics
    /// If the new root serves another plan.
    pub fn update_refused(&mut self) {
        let root = self.next_id();
        let define = |_: StatisticKind, _: &str| None;
        let adoption = self
            .vm
            .configure(root, PLUGIN, Err(&ConfigError::NoConfiguration), define);
        let active = adoption.plan.expect("the last good plan");
        assert!(Rc::ptr_eq(&active, &self.serving.active), "another plan");
        assert!(adoption.refusal.is_some_and(|refusal| refusal.goes_on));
        let serving = Serving {
            root,
            active,
            plan: Rc::clone(&self.serving.plan),
            settings: Vec::new(),
        };
        let before = std::mem::replace(&mut self.serving, serving);
        self.older_roots.push(before.root);
        self.apply_changes();
    }

    /// Another root of a plugin adopts a plan and serves no request. Returns the accounts of its mirrors.
    pub fn try_plan(&mut self, plugin: &str, plan: Plan) -> Vec<usize> {
        let root = self.next_id();
        let tried = serve(&mut self.vm, &mut self.accounts, root, plugin, plan);
        self.settings.extend(noted(&tried));
        self.older_roots.push(root);
        self.apply_changes();
        tried
            .plan
            .mirrors
            .iter()
            .map(|mirror| self.account_of(plugin, &mirror.config.name))
            .collect()
    }

    /// The roots of all configurations but the serving one end.
    pub fn retire(&mut self) {
        let roots = std::mem::take(&mut self.older_roots);
        self.retire_roots(&roots);
    }

    /// The VM ends: all its roots end. Only [`update`](Self::update) begins anew.
    pub fn cancel(&mut self) {
        let mut roots = std::mem::take(&mut self.older_roots);
        roots.push(self.serving.root);
        self.retire_roots(&roots);
    }

    fn retire_roots(&mut self, roots: &[RootId]) {
        for root in roots {
            self.vm.retire(*root);
        }
        self.draining_roots.extend_from_slice(roots);
        self.apply_changes();
        self.forget_drained_roots();
    }

    pub(super) fn forget_drained_roots(&mut self) {
        let vm = &mut self.vm;
        self.draining_roots.retain(|root| {
            let is_drained = vm.is_drained(*root);
            if is_drained {
                vm.forget_root(*root);
            }
            !is_drained
        });
    }

    /// The root that serves.
    pub const fn root(&self) -> RootId {
        self.serving.root
    }

    /// The plan that serves.
    pub fn plan(&self) -> &Plan {
        &self.serving.plan
    }

    /// The plan that serves, with the state of its mirrors.
    pub fn active_plan(&self) -> &ActivePlan {
        &self.serving.active
    }

    /// The values of the setting gauges that the last update set, by account.
    pub fn settings(&self) -> &[(usize, Statistic, u64)] {
        &self.serving.settings
    }

    /// The accounts of the plan's mirrors, in the order of the plan.
    pub fn accounts(&self) -> Vec<usize> {
        let mirrors = self.serving.plan.mirrors.iter();
        mirrors
            .map(|mirror| self.account_of(PLUGIN, &mirror.config.name))
            .collect()
    }

    pub(super) fn account_of(&self, plugin: &str, mirror: &str) -> usize {
        let mut accounts = self.accounts.iter();
        let place = accounts.position(|account| *account == (plugin.to_owned(), mirror.to_owned()));
        place.expect("a mirror of the VM")
    }
}

/// The settings of a configuration, as the bench keeps them.
fn noted(serving: &Serving) -> impl Iterator<Item = ((usize, usize), u64)> {
    let settings = serving.settings.iter();
    settings.map(|(account, statistic, value)| ((*account, statistic.index()), *value))
}
