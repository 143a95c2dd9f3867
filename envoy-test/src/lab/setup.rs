//! What a case asks its lab for.

use anyhow::{Context as _, Result};
use serde_yaml_ng::Value;

use crate::backend::{Behaviour, Fault};
use crate::envoy::Shape;

/// What a case needs.
#[derive(Clone, Debug, Default)]
pub struct Setup {
    /// The plugin configuration, as YAML.
    pub(super) plugin: &'static str,
    pub(super) shape: Shape,
    pub(super) workers: u32,
    pub(super) shadow: Shadow,
    pub(super) shadow_default: Behaviour,
    pub(super) routes: Option<&'static str>,
    pub(super) filters: Option<&'static str>,
    pub(super) second_listener: bool,
    pub(super) http2_tunnels: bool,
    pub(super) http2_upstreams: bool,
    pub(super) refused: bool,
    pub(super) behind_the_router: bool,
    pub(super) side_by_side: Option<&'static str>,
    pub(super) conversations: bool,
    pub(super) hostile_shadows: Option<Fault>,
    pub(super) clusters: Option<&'static str>,
    pub(super) traps: bool,
    pub(super) statistics: Option<&'static str>,
    pub(super) discovered_listeners: bool,
}

/// What stands behind the cluster `shadow`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Shadow {
    #[default]
    Echo,
    /// Records bytes.
    Raw,
    /// Refuses connections.
    Refusing,
    /// A cluster without a single endpoint.
    Nobody,
}

// === impl Setup ===

impl Setup {
    /// With this plugin configuration, one worker, and everybody answering 200 at once.
    pub fn new(plugin: &'static str) -> Self {
        Self {
            plugin,
            workers: 1,
            ..Self::default()
        }
    }

    /// With so many workers.
    pub fn workers(self, workers: u32) -> Self {
        Self { workers, ..self }
    }

    /// The plugin configuration travels in this shape.
    pub fn shape(self, shape: Shape) -> Self {
        Self { shape, ..self }
    }

    /// Something else behind the cluster `shadow`.
    pub fn shadow(self, shadow: Shadow) -> Self {
        Self { shadow, ..self }
    }

    /// The shadow answers in this way.
    pub fn shadow_answers(self, shadow_default: Behaviour) -> Self {
        Self { shadow_default, ..self }
    }

    /// These routes stand before the one to the primary.
    pub fn routes(self, routes: &'static str) -> Self {
        Self {
            routes: Some(routes),
            ..self
        }
    }

    /// These HTTP filters stand between ours and the router. A second mirror filter among them names the module as the
    /// image does.
    pub fn filters(self, filters: &'static str) -> Self {
        Self {
            filters: Some(filters),
            ..self
        }
    }

    /// There is another listener, with the same filters and routes.
    pub fn second_listener(self) -> Self {
        Self {
            second_listener: true,
            ..self
        }
    }

    /// Clients may open tunnels over HTTP/2.
    pub fn http2_tunnels(self) -> Self {
        Self {
            http2_tunnels: true,
            ..self
        }
    }

    /// Envoy speaks HTTP/2 to primary and shadow.
    pub fn http2_upstreams(self) -> Self {
        Self {
            http2_upstreams: true,
            ..self
        }
    }

    /// The filter is one of the router's upstream filters.
    pub fn behind_the_router(self) -> Self {
        Self {
            behind_the_router: true,
            ..self
        }
    }

    /// Two more listeners, one with Envoy's own mirror and one with neither; recorders instead of the echoes.
    /// All three have these options of the connection manager, as YAML.
    pub fn side_by_side(self, manager: &'static str) -> Self {
        Self {
            side_by_side: Some(manager),
            ..self
        }
    }

    /// [`Self::side_by_side`], and the primaries with the filter and with nothing follow a script.
    pub fn conversations(self, manager: &'static str) -> Self {
        Self {
            conversations: true,
            ..self.side_by_side(manager)
        }
    }

    /// [`Self::side_by_side`], and the shadows, ours and native, begin with this fault.
    pub fn hostile_shadows(self, fault: Fault) -> Self {
        Self {
            hostile_shadows: Some(fault),
            ..self
        }
    }

    /// More clusters, as YAML: a list of `{name, like, with}`, each a copy of the one that it is like, but for these
    /// keys. `ENDPOINTS` stands for the file that [`super::Lab::endpoints`] writes.
    pub fn clusters(self, clusters: &'static str) -> Self {
        Self {
            clusters: Some(clusters),
            ..self
        }
    }

    /// The module is the one that traps on demand. What it leaves is the case's to judge: neither its statistics nor
    /// the log are checked afterwards.
    pub fn traps(self) -> Self {
        Self { traps: true, ..self }
    }

    /// Envoy's `stats_config` is this one, as YAML.
    pub fn statistics(self, statistics: &'static str) -> Self {
        Self {
            statistics: Some(statistics),
            ..self
        }
    }

    /// The plugin configuration, parsed.
    pub fn plugin(&self) -> Result<Value> {
        parse(self.plugin)
    }

    /// Envoy discovers its listeners too: [`super::Lab::edit_listeners`] changes them.
    pub fn discovered_listeners(self) -> Self {
        Self {
            discovered_listeners: true,
            ..self
        }
    }

    /// The filter must refuse the configuration, and copies nothing.
    pub fn refused(self) -> Self {
        Self { refused: true, ..self }
    }
}

/// A plugin configuration, parsed.
pub(super) fn parse(yaml: &str) -> Result<Value> {
    serde_yaml_ng::from_str(yaml).context("the plugin configuration is not YAML")
}

/// The names of the mirrors in it.
pub(super) fn mirror_names(plugin: &Value) -> Vec<String> {
    let mirrors = plugin.get("mirrors").and_then(Value::as_sequence).into_iter().flatten();
    mirrors
        .filter_map(|mirror| Some(mirror.get("name")?.as_str()?.to_owned()))
        .collect()
}
