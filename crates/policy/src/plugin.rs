//! A plugin: a filter of the proxy as its owner names it. A newer configuration of a named plugin takes over what the
//! older one had. Two plugins share nothing but the statistics of mirrors that have one name.

use crate::statistics::{Family, StatisticKind};

/// The number of a root context in its VM.
pub type RootId = u32;

/// The plugin of a root context.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Plugin {
    /// All root contexts with this name are one plugin.
    Named(String),
    /// A plugin without a name. Envoy does not say which root contexts belong together, so each is a plugin of its own.
    Unnamed(RootId),
}

/// The gauge that tells of a refused configuration. The gauge belongs to a plugin, not to a mirror.
pub const REFUSED: Family = Family {
    name: "traffic_mirror_configuration_refused",
    help: "1 if the newest configuration of the plugin is refused, else 0. The label is the plugin, not a mirror.",
};

/// The way in which [`REFUSED`] changes.
pub const REFUSED_KIND: StatisticKind = StatisticKind::Setting;

/// The label of a plugin without a name.
pub const UNNAMED: &str = "unnamed";

// === impl Plugin ===

impl Plugin {
    /// The plugin of a root context, by the name that the host gives. The name is empty if the plugin has none.
    pub fn new(name: &str, root: RootId) -> Self {
        if name.is_empty() {
            Self::Unnamed(root)
        } else {
            Self::Named(name.to_owned())
        }
    }

    /// The label of the plugin in the statistics: its name, in which each character other than a letter, a digit and
    /// `-` is `_`. A dot would end the label, and no name of Istio or Kubernetes has a `_` that a folded character
    /// could be taken for.
    pub fn label(&self) -> String {
        let folded = |letter: char| match letter {
            'a'..='z' | 'A'..='Z' | '0'..='9' | '-' => letter,
            _ => '_',
        };
        match self {
            Self::Named(name) => name.chars().map(folded).collect(),
            Self::Unnamed(_) => UNNAMED.to_owned(),
        }
    }
}

impl Default for Plugin {
    fn default() -> Self {
        Self::Unnamed(0)
    }
}

/// The raw name of the gauge [`REFUSED`] of a plugin with this label. A stock Istio makes the label `wasm_filter` of
/// it.
pub fn refused_raw_name(label: &str) -> String {
    format!("wasm_filter.{label}.{}", REFUSED.name)
}
