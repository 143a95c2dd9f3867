//! A plan that serves on a bench, and the accounts of its mirrors: each mirror of a plugin has a number in the totals.

use std::rc::Rc;

use mirror_policy::Plan;
use mirror_policy::active_plan::ActivePlan;
use mirror_policy::ledger::Change;
use mirror_policy::statistics::{COUNT, MetricId, Metrics, Statistic};
use mirror_policy::vm_state::{RootId, VmState};

use crate::totals::ALL;

/// The plugin whose configurations a bench runs.
pub(super) const PLUGIN: &str = "plugin";

/// The configuration that serves the requests.
#[derive(Debug)]
pub(super) struct Serving {
    pub(super) root: RootId,
    pub(super) plan: Plan,
    pub(super) active: Rc<ActivePlan>,
    pub(super) settings: Vec<(usize, Statistic, u64)>,
}

/// A root serves a plan of a plugin. Mirrors that are new get the next accounts.
pub(super) fn serve(
    vm: &mut VmState,
    accounts: &mut Vec<(String, String)>,
    root: RootId,
    plugin: &str,
    plan: Plan,
) -> Serving {
    let define = |mirror: &str| {
        let account = accounts.len();
        accounts.push((plugin.to_owned(), mirror.to_owned()));
        Metrics::define(|statistic| Some(MetricId((account * COUNT + statistic.index()) as u32)))
    };
    let (active, changes) = vm.adopt(root, plugin, &plan, define);
    let setting = |change| match change {
        Change::Record(metric, value) => {
            let (account, statistic) = of_metric(metric);
            (account, statistic, value)
        }
        other => panic!("{other:?} is no setting"),
    };
    Serving {
        root,
        plan,
        active,
        settings: changes.into_iter().map(setting).collect(),
    }
}

/// The account and the statistic of a metric.
pub(super) fn of_metric(MetricId(id): MetricId) -> (usize, Statistic) {
    let (account, index) = (id as usize / COUNT, id as usize % COUNT);
    (account, ALL[index])
}
