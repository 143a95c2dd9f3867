//! A plan that serves on a bench, and the accounts of its mirrors: each mirror of a plugin has a number in the totals.

use std::rc::Rc;

use mirror_policy::Plan;
use mirror_policy::active_plan::ActivePlan;
use mirror_policy::ledger::Change;
use mirror_policy::statistics::{COUNT, MetricId, Statistic};
use mirror_policy::vm_state::{RootId, VmState};

use crate::totals::ALL;

/// The plugin whose configurations a bench runs.
pub(super) const PLUGIN: &str = "plugin";

/// The configuration that serves the requests.
#[derive(Debug)]
pub(super) struct Serving {
    pub(super) root: RootId,
    pub(super) plan: Rc<Plan>,
    pub(super) active: Rc<ActivePlan>,
    pub(super) settings: Vec<(usize, Statistic, u64)>,
}

/// The metric of every gauge that tells of a refused configuration.
pub(super) const REFUSED: MetricId = MetricId(u32::MAX);

/// A root serves a plan of a plugin. Mirrors that are new get the next accounts.
pub(super) fn serve(
    vm: &mut VmState,
    accounts: &mut Vec<(String, String)>,
    root: RootId,
    plugin: &str,
    plan: Plan,
) -> Serving {
    let define = |_, name: &str| Some(metric(accounts, plugin, &plan, name));
    let adoption = vm.configure(root, plugin, Ok(&plan), define);
    for mirror in &plan.mirrors {
        open(accounts, plugin, &mirror.config.name);
    }
    let setting = |change| match change {
        Change::Record(metric, value) => {
            let (account, statistic) = of_metric(metric);
            (account, statistic, value)
        }
        other => panic!("{other:?} is no setting"),
    };
    Serving {
        root,
        active: adoption.plan.expect("a plan that is not refused"),
        settings: adoption.settings.into_iter().map(setting).collect(),
        plan: Rc::new(plan),
    }
}

/// The metric of a raw name. Plugins have the metrics of a mirror's name in common: those of the first account.
fn metric(accounts: &mut Vec<(String, String)>, plugin: &str, plan: &Plan, name: &str) -> MetricId {
    for mirror in &plan.mirrors {
        let mirror = &mirror.config.name;
        if let Some(statistic) = ALL.iter().find(|statistic| statistic.raw_name(mirror) == name) {
            let account = open(accounts, plugin, mirror);
            return MetricId((account * COUNT + statistic.index()) as u32);
        }
    }
    REFUSED
}

/// The account of a mirror of a plugin. A new mirror gets the next account.
fn open(accounts: &mut Vec<(String, String)>, plugin: &str, mirror: &str) -> usize {
    let account = (plugin.to_owned(), mirror.to_owned());
    let known = accounts.iter().position(|known| *known == account);
    known.unwrap_or_else(|| {
        accounts.push(account);
        accounts.len() - 1
    })
}

/// The account and the statistic of a metric.
pub(super) fn of_metric(MetricId(id): MetricId) -> (usize, Statistic) {
    let (account, index) = (id as usize / COUNT, id as usize % COUNT);
    (account, ALL[index])
}
