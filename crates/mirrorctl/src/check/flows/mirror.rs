//! A mirror in a rule of a VirtualService, as it is written.

use serde_json::Value;

use crate::objects::{at, list};

/// A mirror in a rule.
pub(in crate::check) struct Mirror<'a> {
    /// Where the copies go.
    pub(in crate::check) destination: &'a Value,
    /// The path of the destination.
    pub(in crate::check) path: String,
    /// The percentage in any spelling that Istio reads. `None` if no percentage is written.
    pub(in crate::check) percentage: Option<f64>,
    /// The path of the percentage.
    pub(in crate::check) percentage_path: String,
}

// === impl Mirror ===

impl<'a> Mirror<'a> {
    /// The mirrors of a rule that stands at a path: `mirror`, and each of `mirrors`.
    pub(in crate::check) fn of_rule(rule: &'a Value, path: &str) -> Vec<Self> {
        let number = |value: &Value, keys: &[&str]| at(value, keys).and_then(Value::as_f64);
        let mut found = Vec::new();
        if let Some(destination) = rule.get("mirror").filter(|value| !value.is_null()) {
            let old = number(rule, &["mirrorPercent"]).or_else(|| number(rule, &["mirror_percent"]));
            found.push(Self {
                destination,
                path: format!("{path}.mirror"),
                percentage: number(rule, &["mirrorPercentage", "value"]).or(old),
                percentage_path: format!("{path}.mirrorPercentage.value"),
            });
        }
        for (index, mirror) in list(rule, &["mirrors"]).enumerate() {
            let path = format!("{path}.mirrors[{index}]");
            if let Some(destination) = mirror.get("destination") {
                found.push(Self {
                    destination,
                    percentage: number(mirror, &["percentage", "value"]),
                    percentage_path: format!("{path}.percentage.value"),
                    path: format!("{path}.destination"),
                });
            }
        }
        found
    }
}
