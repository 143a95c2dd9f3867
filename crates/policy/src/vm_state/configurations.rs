//! The configurations of a VM: which plan a root context serves, also where its own configuration is refused, and what
//! ends with a root context.

use std::rc::Rc;
use std::time::Duration;

use super::{RootState, VmState};
use crate::active_plan::ActivePlan;
use crate::config_error::ConfigError;
use crate::memory;
use crate::mirror_state::MirrorState;
use crate::number_map::NumberMap;
use crate::outcome::Outcome;
use crate::plan::Plan;
use crate::plugin::{Plugin, RootId};
use crate::reasons::Failure;
use crate::serving::{Adoption, Refusal, Serving};
use crate::slot::Slot;
use crate::statistics::{MetricId, StatisticKind};

// === impl VmState ===

impl VmState {
    /// A root context of a plugin is configured with a plan, or with what has no plan. The name of the plugin is empty
    /// if the plugin has none. If the configuration is refused, the root serves the plan that the plugin was given last
    /// in this VM, with its budgets, breakers and counts. Without such a plan the root copies nothing. So a refusal
    /// harms no request.
    ///
    /// `define` defines a metric by its kind and raw name. It returns `None` if the host refuses.
    pub fn configure(
        &mut self,
        root: RootId,
        plugin: &str,
        plan: Result<&Plan, &ConfigError>,
        mut define: impl FnMut(StatisticKind, &str) -> Option<MetricId>,
    ) -> Adoption {
        let plugin = Plugin::new(plugin, root);
        let label = plugin.label();
        self.gauges.define_refused(&plugin, &mut define);
        let fitting = plan.map_err(Clone::clone).and_then(|plan| {
            memory::check(plan.memory(), self.memory_beside(&plugin))?;
            Ok(plan)
        });
        let (plan, error) = match fitting {
            Ok(plan) => (Some(self.adopt(&plugin, plan, &mut define)), None),
            Err(error) => (self.last_good(&plugin), Some(error)),
        };
        self.serve(root, plugin, plan.clone(), error.is_some());
        let goes_on = plan.is_some();
        let settings = self.gauges.settings(&newest(&self.roots), false);
        Adoption {
            plan,
            settings,
            refusal: error.map(|error| Refusal {
                plugin: label,
                error,
                goes_on,
            }),
        }
    }

    /// Serves a plan of a plugin from now on. A mirror that a named plugin had before keeps its state: no update resets
    /// a budget, a breaker or a count. For a new mirror, `define` defines the statistics.
    pub fn adopt(
        &mut self,
        plugin: &Plugin,
        plan: &Plan,
        define: &mut impl FnMut(StatisticKind, &str) -> Option<MetricId>,
    ) -> Rc<ActivePlan> {
        self.mirrors
            .retain(|state| Rc::strong_count(state) > 1 || !state.with(|state| state.is_final()));
        let states = plan.mirrors.iter().map(|mirror| {
            let state = self.state_of(plugin, &mirror.config.name, define);
            state.with(|state| state.configure(&mirror.config));
            state
        });
        let states = states.collect();
        Rc::new(ActivePlan::new(plan, states))
    }

    /// The state of a mirror of a plugin. A new mirror has a new state.
    fn state_of(
        &mut self,
        plugin: &Plugin,
        mirror: &str,
        define: &mut impl FnMut(StatisticKind, &str) -> Option<MetricId>,
    ) -> Rc<Slot<MirrorState>> {
        let known = self
            .mirrors
            .iter()
            .find(|state| state.with(|state| state.is_of(plugin, mirror)));
        if let Some(state) = known {
            return Rc::clone(state);
        }
        let metrics = self.gauges.metrics_of(mirror, define);
        let state = Rc::new(Slot::new(MirrorState::new(plugin, mirror, metrics)));
        self.mirrors.push(Rc::clone(&state));
        state
    }

    /// The memory that the budgets of other plugins of the VM may need, in bytes. Of two plugins without a name nobody
    /// can tell whether one takes the place of the other, so they do not count for each other.
    fn memory_beside(&self, plugin: &Plugin) -> u64 {
        let others = newest(&self.roots).into_iter().filter(|serving| {
            let is_unnamed = |plugin: &Plugin| matches!(plugin, Plugin::Unnamed(_));
            let are_unnamed = is_unnamed(&serving.plugin) && is_unnamed(plugin);
            serving.plugin != *plugin && !are_unnamed
        });
        let plans = others.filter_map(|serving| serving.plan.as_ref());
        plans.map(|plan| plan.memory).sum()
    }

    /// The plan that a plugin was given last and that a root context of the VM still serves.
    fn last_good(&self, plugin: &Plugin) -> Option<Rc<ActivePlan>> {
        let of_plugin = self
            .serving()
            .filter(|serving| serving.plugin == *plugin && serving.plan.is_some());
        of_plugin.max_by_key(|serving| serving.since)?.plan.clone()
    }

    fn serve(&mut self, root: RootId, plugin: Plugin, plan: Option<Rc<ActivePlan>>, is_refused: bool) {
        self.configured = self.configured.saturating_add(1);
        self.gauges.are_due();
        self.roots.entry(root).or_default().serving = Some(Serving {
            label: plugin.label(),
            plugin,
            plan,
            is_refused,
            since: self.configured,
        });
    }

    fn serving(&self) -> impl Iterator<Item = &Serving> {
        self.roots.values().filter_map(|root| root.serving.as_ref())
    }

    /// The host's clock ticked: the gauges show what is configured.
    pub(super) fn show_settings(&mut self, now: Duration) {
        let newest = newest(&self.roots);
        self.gauges.tick(&newest, now);
    }

    /// Notes the monotonic time, for the rates of work.
    pub(super) fn note_time(&self, now: Duration) {
        for plan in self.serving().filter_map(|serving| serving.plan.as_ref()) {
            plan.note_time(now);
        }
    }

    /// A root context serves no requests any more. While another root of the VM serves, the VM stays and answers still
    /// come. Without another root, the VM ends and no answer comes, so all copies end now.
    pub fn retire(&mut self, root: RootId) {
        let ended = self.roots.get_mut(&root).and_then(|root| root.serving.take());
        if self.roots.values().all(|root| root.serving.is_none()) {
            self.cancel();
        }
        let plans = || self.serving().filter_map(|serving| serving.plan.as_ref());
        for active in ended
            .iter()
            .filter_map(|ended| ended.plan.as_ref())
            .flat_map(|plan| &plan.all)
        {
            let is_used = plans().any(|plan| plan.all.iter().any(|used| Rc::ptr_eq(&used.state, &active.state)));
            if !is_used {
                active.state.with(MirrorState::retire);
            }
        }
        self.close_unset_breakers();
        self.gauges.end(&newest(&self.roots));
    }

    /// Ends everything: no answer comes any more, and no request goes on.
    fn cancel(&mut self) {
        for (_, request) in std::mem::take(&mut self.requests) {
            request.end();
        }
        for (_, copy) in std::mem::take(&mut self.in_flight) {
            self.end(copy, Outcome::Failed(Failure::Cancelled), None);
        }
        for state in &self.mirrors {
            state.with(MirrorState::close_breaker);
        }
    }

    /// Whether a root context has no copy in flight.
    pub fn is_drained(&self, root: RootId) -> bool {
        self.roots.get(&root).is_none_or(|root| root.in_flight == 0)
    }

    /// Forgets a root context that does not come back.
    pub fn forget_root(&mut self, root: RootId) {
        self.roots.remove(&root);
    }

    pub(super) fn close_unset_breakers(&self) {
        for state in &self.mirrors {
            state.with(MirrorState::close_unset_breaker);
        }
    }
}

/// What the newest root context of each plugin serves. An older one only waits for its last streams.
fn newest(roots: &NumberMap<RootId, RootState>) -> Vec<&Serving> {
    let serving = || roots.values().filter_map(|root| root.serving.as_ref());
    let is_newest = |one: &&Serving| !serving().any(|other| other.plugin == one.plugin && other.since > one.since);
    serving().filter(is_newest).collect()
}
