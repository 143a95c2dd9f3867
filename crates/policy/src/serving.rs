//! What a root context serves, and what becomes of a configuration that is refused.

use std::fmt;
use std::rc::Rc;

use crate::active_plan::ActivePlan;
use crate::config_error::ConfigError;
use crate::configuration::MirrorConfig;
use crate::ledger::Change;
use crate::plugin::Plugin;

/// What a root context serves.
#[derive(Debug)]
pub(crate) struct Serving {
    pub(crate) plugin: Plugin,
    /// The label of the plugin in the statistics.
    pub(crate) label: String,
    /// `None` if no configuration of the plugin is good, so nothing is copied.
    pub(crate) plan: Option<Rc<ActivePlan>>,
    /// Whether the configuration of the root is refused. Then the plan, if there is one, is of an earlier one.
    pub(crate) is_refused: bool,
    /// A later configuration has a higher number.
    pub(crate) since: u64,
}

/// What becomes of a configuration.
#[derive(Debug)]
pub struct Adoption {
    /// The plan that the root context serves. `None` if the root context copies nothing.
    pub plan: Option<Rc<ActivePlan>>,
    /// The values of the gauges that show the configurations of the VM.
    pub settings: Vec<Change>,
    /// Why the configuration is refused. `None` if it is not.
    pub refusal: Option<Refusal>,
}

/// A configuration that is refused, and what happens now. Shown as one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The label of the plugin in the statistics.
    pub plugin: String,
    /// Why the configuration is refused.
    pub error: ConfigError,
    /// Whether the last good configuration of the plugin goes on.
    pub goes_on: bool,
}

// === impl Refusal ===

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.plugin)?;
        formatter.write_str(": configuration refused: ")?;
        self.error.fmt(formatter)?;
        formatter.write_str(if self.goes_on {
            "; the last good configuration goes on; correct this one"
        } else {
            "; nothing is copied until it is corrected"
        })
    }
}

// === impl Serving ===

impl Serving {
    /// The configuration of a mirror of this name. `None` if the plan has no such mirror.
    pub(crate) fn config_of(&self, mirror: &str) -> Option<&MirrorConfig> {
        let all = self.plan.iter().flat_map(|plan| &plan.all);
        let mut configs = all.map(|active| &active.mirror.config);
        configs.find(|config| config.name == mirror)
    }

    /// Whether the plugin is on.
    pub(crate) fn is_on(&self) -> bool {
        self.plan.as_ref().is_some_and(|plan| plan.is_on)
    }
}
