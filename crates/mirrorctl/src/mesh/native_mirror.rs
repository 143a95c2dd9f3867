//! A mirror in a rule of a VirtualService, as it is written.

use serde_json::Value;

use crate::objects::{at, list};

/// A mirror in a rule.
pub(crate) struct NativeMirror<'a> {
    /// Where the copies go.
    pub(crate) destination: &'a Value,
    /// The path of the destination.
    pub(crate) path: String,
    /// The percentage in any spelling that Istio reads. `None` if no percentage is written.
    pub(crate) percentage: Option<f64>,
    /// The path of the percentage.
    pub(crate) percentage_path: String,
}

// === impl NativeMirror ===

impl<'a> NativeMirror<'a> {
    /// The mirrors of a rule that stands at a path: `mirror`, and each of `mirrors`.
    pub(crate) fn of_rule(rule: &'a Value, path: &str) -> Vec<Self> {
        let number = |value: &Value, keys: &[&str]| at(value, keys).and_then(Value::as_f64);
        let mut found = Vec::new();
        if let Some(destination) = rule.get("mirror").filter(|value| !value.is_null()) {
            let old = number(rule, &["mirrorPercent"]).or_else(|| number(rule, &["mirror_percent"]));
            let new = percentage(rule.get("mirrorPercentage"));
            found.push(Self {
                destination,
                path: format!("{path}.mirror"),
                percentage: new.or(old),
                percentage_path: format!("{path}.mirrorPercentage.value"),
            });
        }
        for (index, mirror) in list(rule, &["mirrors"]).enumerate() {
            let path = format!("{path}.mirrors[{index}]");
            if let Some(destination) = mirror.get("destination") {
                found.push(Self {
                    destination,
                    percentage: percentage(mirror.get("percentage")),
                    percentage_path: format!("{path}.percentage.value"),
                    path: format!("{path}.destination"),
                });
            }
        }
        found
    }
}

/// The value of a percentage that is written. One without a value is 0 (route.go, `mirrorPercent`).
fn percentage(written: Option<&Value>) -> Option<f64> {
    let written = written.filter(|written| written.is_object())?;
    Some(written.get("value").and_then(Value::as_f64).unwrap_or(0.0))
}

/// What Istio makes of a percentage (route.go): whole millionths of a double, cut off.
pub(crate) fn millionths(percentage: f64) -> u32 {
    (percentage.max(0.0) * 10_000.0) as u32
}
