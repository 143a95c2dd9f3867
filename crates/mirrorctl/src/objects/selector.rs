//! What selects pods by their labels: a plain map, as a Service has, or a LabelSelector with expressions.

use serde_json::Value;

use super::{Kind, Labels, Object, World, at, kinds, labels, selects};

/// An object that acts on the pods it selects.
#[derive(Debug, Clone, Copy)]
pub struct Selecting<'a> {
    /// The whole object.
    pub object: &'a Object,
    /// What it does with them.
    pub effect: Effect,
    form: Form,
    keys: &'static [&'static str],
}

/// What becomes of a pod that an object selects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// It gets live requests.
    Serves,
    /// It is counted among the pods of a workload.
    Owns,
    /// It is counted among the pods that may not all go at once.
    Counts,
    /// A policy, a filter or a monitor applies to it.
    Applies,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// Labels; none selects no pod.
    Plain,
    /// Labels; none, or no selector at all, selects every pod of the namespace.
    PlainOrAll,
    /// A LabelSelector; an empty one selects every pod of the namespace, an absent one none.
    Expressions,
}

const SELECTOR: &[&str] = &["spec", "selector"];
const MATCH_LABELS: &[&str] = &["spec", "selector", "matchLabels"];
const WORKLOAD_SELECTOR: &[&str] = &["spec", "workloadSelector", "labels"];

/// The kinds that select pods, and where they say which.
const SELECTORS: &[(Kind, Effect, Form, &[&str])] = &[
    (kinds::SERVICE, Effect::Serves, Form::Plain, SELECTOR),
    (kinds::SERVICE_ENTRY, Effect::Serves, Form::Plain, WORKLOAD_SELECTOR),
    (kinds::DEPLOYMENT, Effect::Owns, Form::Expressions, SELECTOR),
    (kinds::STATEFUL_SET, Effect::Owns, Form::Expressions, SELECTOR),
    (kinds::DAEMON_SET, Effect::Owns, Form::Expressions, SELECTOR),
    (kinds::REPLICA_SET, Effect::Owns, Form::Expressions, SELECTOR),
    (kinds::ROLLOUT, Effect::Owns, Form::Expressions, SELECTOR),
    (
        kinds::POD_DISRUPTION_BUDGET,
        Effect::Counts,
        Form::Expressions,
        SELECTOR,
    ),
    (
        kinds::NETWORK_POLICY,
        Effect::Applies,
        Form::Expressions,
        &["spec", "podSelector"],
    ),
    (kinds::POD_MONITOR, Effect::Applies, Form::Expressions, SELECTOR),
    (
        kinds::AUTHORIZATION_POLICY,
        Effect::Applies,
        Form::PlainOrAll,
        MATCH_LABELS,
    ),
    (
        kinds::PEER_AUTHENTICATION,
        Effect::Applies,
        Form::PlainOrAll,
        MATCH_LABELS,
    ),
    (
        kinds::REQUEST_AUTHENTICATION,
        Effect::Applies,
        Form::PlainOrAll,
        MATCH_LABELS,
    ),
    (kinds::TELEMETRY, Effect::Applies, Form::PlainOrAll, MATCH_LABELS),
    (kinds::WASM_PLUGIN, Effect::Applies, Form::PlainOrAll, MATCH_LABELS),
    (
        kinds::TRAFFIC_EXTENSION,
        Effect::Applies,
        Form::PlainOrAll,
        MATCH_LABELS,
    ),
    (
        kinds::ENVOY_FILTER,
        Effect::Applies,
        Form::PlainOrAll,
        WORKLOAD_SELECTOR,
    ),
    (kinds::SIDECAR, Effect::Applies, Form::PlainOrAll, WORKLOAD_SELECTOR),
];

// === impl World ===

impl World {
    /// Every object of a namespace that selects pods.
    pub fn selecting(&self, namespace: &str) -> impl Iterator<Item = Selecting<'_>> {
        let of_namespace = self.iter().filter(move |object| object.namespace == namespace);
        of_namespace.filter_map(|object| {
            let (_, effect, form, keys) = SELECTORS.iter().find(|(kind, ..)| object.is(*kind))?;
            Some(Selecting {
                object,
                effect: *effect,
                form: *form,
                keys,
            })
        })
    }
}

// === impl Selecting ===

impl Selecting<'_> {
    /// Whether it selects a pod with these labels.
    pub fn selects(&self, pod: &Labels) -> bool {
        let selector = self.object.at(self.keys);
        match self.form {
            Form::Plain => selects(&labels(selector), pod),
            Form::PlainOrAll => labels(selector)
                .iter()
                .all(|(name, value)| pod.get(name) == Some(value)),
            Form::Expressions => selector.is_some_and(|selector| label_selector(selector, pod)),
        }
    }

    /// The selector, for a message.
    pub fn selector(&self) -> String {
        self.object.at(self.keys).map(Value::to_string).unwrap_or_default()
    }
}

/// Whether a LabelSelector selects a pod with these labels. An expression that no one knows is taken to hold: it is
/// asked who must be kept apart.
pub fn label_selector(selector: &Value, pod: &Labels) -> bool {
    let wanted = labels(at(selector, &["matchLabels"]));
    let expressions = at(selector, &["matchExpressions"]).and_then(Value::as_array);
    wanted.iter().all(|(name, value)| pod.get(name) == Some(value))
        && expressions
            .into_iter()
            .flatten()
            .all(|expression| expression_holds(expression, pod))
}

fn expression_holds(expression: &Value, pod: &Labels) -> bool {
    let text = |key: &str| expression.get(key).and_then(Value::as_str).unwrap_or_default();
    let found = pod.get(text("key"));
    let values = expression.get("values").and_then(Value::as_array);
    let is_listed = |found: &String| values.into_iter().flatten().any(|value| value == found.as_str());
    match text("operator") {
        "In" => found.is_some_and(is_listed),
        "NotIn" => !found.is_some_and(is_listed),
        "Exists" => found.is_some(),
        "DoesNotExist" => found.is_none(),
        _ => true,
    }
}
