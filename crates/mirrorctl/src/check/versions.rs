//! Whether the version of Istio attaches a filter of ours where it is to be attached.

use serde_json::Value;

use super::envoy;
use super::subject::{Report, Setting};
use crate::findings::codes;
use crate::istio::{self, Effect, IstioVersion, Place, Resource};
use crate::mesh::attached::Attached;
use crate::objects::{Object, World, kinds, waypoint};

/// A filter of ours, in whatever resource.
pub(super) fn check(object: &Object, world: &World, setting: &Setting, report: &mut Report<'_>) {
    let Some(resource) = resource(object) else { return };
    for (path, place) in places(object, world, report) {
        let fits_none = istio::verdicts(resource, place).all(|(_, verdict)| verdict.effect != Effect::Works);
        let any = || fits_none.then_some(IstioVersion::minor(istio::NEWEST));
        match setting.istio.or_else(any) {
            Some(version) => {
                if let Err(unfit) = istio::verdict(resource, place, version) {
                    report.add(codes::NOT_WITH_VERSION, path, unfit.to_string());
                }
            }
            None => unknown(resource, place, path, report),
        }
    }
}

/// The resource, if it brings a filter of ours.
fn resource(object: &Object) -> Option<Resource> {
    if object.is(kinds::ENVOY_FILTER) {
        return envoy::has_filter(&object.value).then_some(Resource::EnvoyFilter);
    }
    Attached::of(object)?;
    Some(match object.is(kinds::TRAFFIC_EXTENSION) {
        true => Resource::TrafficExtension,
        false => Resource::WasmPlugin,
    })
}

/// Without a version, only what harms in some is worth a word.
fn unknown(resource: Resource, place: Place, path: String, report: &mut Report<'_>) {
    let all: Vec<_> = istio::verdicts(resource, place).collect();
    let harms = all.iter().position(|(_, verdict)| verdict.effect == Effect::Harms);
    let Some((from, verdict)) = harms.and_then(|index| all.get(index)) else {
        return;
    };
    let end = harms
        .and_then(|index| all.get(index + 1))
        .map_or_else(String::new, |(end, _)| format!(" and before {end}"));
    report.add(
        codes::NOT_KNOWN,
        path,
        format!(
            "Istio from {from} on{end} {}; say the version: --istio-version {}",
            verdict.why,
            IstioVersion::minor(istio::NEWEST)
        ),
    );
}

/// Where the filter is attached, and the key that says so.
fn places(object: &Object, world: &World, report: &mut Report<'_>) -> Vec<(String, Place)> {
    let references = object.at(&["spec", "targetRefs"]).and_then(Value::as_array);
    let listed = references.into_iter().flatten().enumerate();
    let listed = listed.map(|(index, reference)| (format!("spec.targetRefs[{index}]"), reference));
    let old = object.at(&["spec", "targetRef"]);
    let old = old.map(|reference| ("spec.targetRef".to_owned(), reference));
    let places: Vec<(String, Place)> = listed
        .chain(old)
        .filter_map(|(path, reference)| {
            let place = place(reference, object, world, &path, report)?;
            Some((path, place))
        })
        .collect();
    match places.is_empty() && references.is_none() {
        true => vec![("kind".to_owned(), Place::Pods)],
        false => places,
    }
}

/// `None` if a reference is to nothing that runs a filter, or if it cannot be told which.
fn place(reference: &Value, object: &Object, world: &World, path: &str, report: &mut Report<'_>) -> Option<Place> {
    let text = |key: &str| reference.get(key).and_then(Value::as_str).unwrap_or_default();
    match text("kind") {
        "Gateway" | "GatewayClass" => Some(Place::Gateway),
        "Service" => {
            let service = world.service(&object.namespace, text("name")).ok()?;
            match waypoint::of(&service, world) {
                Ok(Some(waypoint)) if waypoint.namespace != object.namespace => Some(Place::ForeignWaypoint),
                Ok(_) => Some(Place::Waypoint),
                Err(error) => {
                    report.add(codes::NOT_KNOWN, path, error.to_string());
                    None
                }
            }
        }
        "ServiceEntry" => Some(Place::Waypoint),
        _ => None,
    }
}
