//! What bounds the answers of a shadow. Envoy buffers each answer whole, up to a key of its runtime that no filter can
//! set. Only what can be seen is judged: the pods of a filter, the configuration of the mesh, a bootstrap.

use serde_json::Value;

use super::subject::Report;
use crate::findings::codes;
use crate::objects::{Object, Workload, World, at, kinds};
use crate::yaml::read;

/// The key of Envoy's runtime.
pub(crate) const LIMIT: &str = "http.async_response_buffer_limit";

/// The annotation of a pod that configures its proxy.
const ANNOTATION: &str = "proxy.istio.io/config";

/// The bound of an answer without the key, in bytes. A key that sets no smaller one bounds nothing.
const DEFAULT: u64 = 32 << 20;

/// What a place says of the bound.
enum Bound {
    /// Nothing.
    Missing,
    /// What bounds nothing: no number of bytes, or one that is not below the default. This is how it is written.
    None(String),
    /// A smaller bound than the default.
    Set,
}

/// The pods of a filter of Istio, which stands at a path. What their annotation says goes before what the mesh says.
pub(super) fn of_pods<'a>(
    pods: impl Iterator<Item = Workload<'a>>,
    path: &str,
    world: &World,
    report: &mut Report<'_>,
) {
    let meshes: Vec<Value> = world.iter().flat_map(meshes).collect();
    let of_mesh = || Bound::first(meshes.iter().map(|mesh| of_values(mesh.get("defaultConfig"))));
    for pods in pods {
        let title = pods.object.title();
        let message = match (of_values(annotation(pods).as_ref()), of_mesh()) {
            (Bound::Set, _) | (Bound::Missing, Bound::Set) => continue,
            (Bound::None(value), _) => format!("the annotation `{ANNOTATION}` of {title} has {value}"),
            (Bound::Missing, Bound::None(value)) => format!("the mesh configuration has {value}"),
            (Bound::Missing, Bound::Missing) => {
                let mesh = match meshes.is_empty() {
                    true => "and no mesh configuration is given",
                    false => "nor has the mesh configuration",
                };
                format!("the annotation `{ANNOTATION}` of {title} has no `runtimeValues` with `{LIMIT}`, {mesh}")
            }
        };
        report.add(codes::ANSWERS, path, message);
        return;
    }
}

/// A bootstrap of Envoy with a filter of ours at a path. A later layer goes before an earlier one.
pub(super) fn of_bootstrap(bootstrap: &Value, path: &str, report: &mut Report<'_>) {
    let layers = at(bootstrap, &["layered_runtime", "layers"]).or_else(|| at(bootstrap, &["layeredRuntime", "layers"]));
    let layers = layers.and_then(Value::as_array).into_iter().flatten().rev();
    let statics = layers.filter_map(|layer| layer.get("static_layer").or_else(|| layer.get("staticLayer")));
    let of_layer = |layer: &Value| {
        let nested = || at(layer, &["http", "async_response_buffer_limit"]);
        Bound::of(layer.get(LIMIT).or_else(nested))
    };
    let message = match statics.map(of_layer).find(|bound| !matches!(bound, Bound::Missing)) {
        Some(Bound::Set) => return,
        Some(Bound::None(value)) => format!("the runtime of this bootstrap has {value}"),
        None | Some(Bound::Missing) => format!("no static layer of the runtime of this bootstrap has `{LIMIT}`"),
    };
    report.add(codes::ANSWERS, path, message);
}

// === impl Bound ===

impl Bound {
    /// Istio writes runtime values as texts, a bootstrap has them as numbers too.
    fn of(value: Option<&Value>) -> Self {
        let number = |value: &Value| match value {
            Value::String(text) => text.parse::<u64>().ok(),
            value => value.as_u64(),
        };
        match value {
            None => Self::Missing,
            Some(value) if number(value).is_some_and(|bytes| bytes < DEFAULT) => Self::Set,
            Some(value) => Self::None(format!(
                "`{LIMIT}: {value}`, which is no number of bytes below {DEFAULT}, the default"
            )),
        }
    }

    /// What one of several configurations sets, else what is wrong with one.
    fn first(all: impl Iterator<Item = Self>) -> Self {
        let rank = |bound: &Self| match bound {
            Self::Set => 0,
            Self::None(_) => 1,
            Self::Missing => 2,
        };
        all.min_by_key(rank).unwrap_or(Self::Missing)
    }
}

/// The configurations of the mesh in an object. The object is the ConfigMap of Istio, of any revision, or the
/// IstioOperator that `istioctl install` takes. An IstioOperator without one leaves everything at its default.
fn meshes(object: &Object) -> Vec<Value> {
    if object.is(kinds::ISTIO_OPERATOR) {
        let own = [&["spec", "meshConfig"][..], &["spec", "values", "meshConfig"]];
        let set = own.into_iter().filter_map(|keys| object.at(keys).cloned());
        return set.chain([Value::Null]).collect();
    }
    let is_istio = object.name() == "istio" || object.name().starts_with("istio-");
    let text = object.text(&["data", "mesh"]);
    let text = text.filter(|_| object.is(kinds::CONFIG_MAP) && is_istio);
    text.and_then(|text| read(text).ok()).unwrap_or_default()
}

/// What a pod's annotation says about its proxy.
fn annotation(pods: Workload<'_>) -> Option<Value> {
    let annotations = at(pods.template(), &["metadata", "annotations"])?;
    read(annotations.get(ANNOTATION)?.as_str()?).ok()?.into_iter().next()
}

/// What the configuration of a proxy says of the bound.
fn of_values(config: Option<&Value>) -> Bound {
    Bound::of(config.and_then(|config| at(config, &["runtimeValues"])?.get(LIMIT)))
}
