//! A rule of a VirtualService, one of its entries, and the gateways that either names.

use serde_json::Value;

use crate::objects::{Object, list};
use crate::precedence::condition::Condition;
use crate::precedence::order::title;

/// The name that stands for the sidecars instead of a gateway.
pub(super) const MESH: &str = "mesh";

/// A rule of a VirtualService.
#[derive(Clone, Copy)]
pub(super) struct Rule<'a> {
    /// Whose rule it is.
    pub(super) object: &'a Object,
    /// Which one of `spec.http`.
    pub(super) index: usize,
}

/// One condition under which a rule takes a request.
pub(super) struct Entry<'a> {
    /// The rule that does it.
    pub(super) rule: Rule<'a>,
    /// The rule that delegates to it, if one does.
    pub(super) root: Option<Rule<'a>>,
    /// The condition.
    pub(super) condition: Condition,
    /// Whether it is sure that Istio writes it.
    pub(super) is_sure: bool,
}

// === impl Rule ===

impl Rule<'_> {
    /// In a message about an object.
    pub(super) fn title(&self, about: &Object) -> String {
        title(&format!("spec.http[{}]", self.index), self.object, about)
    }
}

/// The whole names of the gateways that a value names (pilot/pkg/model/virtualservice.go, `resolveGatewayName`).
pub(super) fn named<'a>(value: &'a Value, namespace: &'a str) -> impl Iterator<Item = String> + 'a {
    let whole = move |name: &'a str| match (name, name.split_once('/'), name.split_once('.')) {
        (MESH, ..) => name.to_owned(),
        (_, Some((".", name)), _) => format!("{namespace}/{name}"),
        (_, Some(_), _) => name.to_owned(),
        // The old form is NAME.NAMESPACE, and what follows another dot says nothing.
        (_, None, Some((name, rest))) => format!("{}/{name}", rest.split('.').next().unwrap_or_default()),
        (_, None, None) => format!("{namespace}/{name}"),
    };
    list(value, &["gateways"]).filter_map(Value::as_str).map(whole)
}
