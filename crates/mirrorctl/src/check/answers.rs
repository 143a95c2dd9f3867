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

/// The pods of a filter of Istio, which stands at a path.
pub(super) fn of_pods<'a>(
    mut pods: impl Iterator<Item = Workload<'a>>,
    path: &str,
    world: &World,
    report: &mut Report<'_>,
) {
    let mut meshes = world.iter().flat_map(meshes).peekable();
    let is_known = meshes.peek().is_some();
    if meshes.any(|mesh| mesh.get("defaultConfig").is_some_and(has_limit)) {
        return;
    }
    let unbounded = pods.find(|pods| !annotation(*pods).is_some_and(|config| has_limit(&config)));
    if let Some(pods) = unbounded {
        let mesh = if is_known {
            "nor has the mesh configuration"
        } else {
            "and no mesh configuration is given"
        };
        report.add(
            codes::ANSWERS,
            path,
            format!(
                "the annotation `{ANNOTATION}` of {} has no `runtimeValues` with `{LIMIT}`, {mesh}",
                pods.object.title()
            ),
        );
    }
}

/// A bootstrap of Envoy with a filter of ours at a path.
pub(super) fn of_bootstrap(bootstrap: &Value, path: &str, report: &mut Report<'_>) {
    let layers = at(bootstrap, &["layered_runtime", "layers"]).or_else(|| at(bootstrap, &["layeredRuntime", "layers"]));
    let layers = layers.and_then(Value::as_array).into_iter().flatten();
    let mut statics = layers.filter_map(|layer| layer.get("static_layer").or_else(|| layer.get("staticLayer")));
    let is_set =
        |layer: &Value| layer.get(LIMIT).is_some() || at(layer, &["http", "async_response_buffer_limit"]).is_some();
    if !statics.any(is_set) {
        let message = format!("no static layer of the runtime of this bootstrap has `{LIMIT}`");
        report.add(codes::ANSWERS, path, message);
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

fn has_limit(config: &Value) -> bool {
    config
        .get("runtimeValues")
        .and_then(|values| values.get(LIMIT))
        .is_some()
}
