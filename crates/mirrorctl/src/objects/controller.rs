//! Who else writes an object: a controller that makes it from another object, from Git or from a chart, and that takes
//! back what we change in it.

use serde_json::Value;

use super::{Kind, Object, World};

/// The name of an Argo CD application, as Argo CD's own tracking writes it (argo-cd, "Resource Tracking").
const ARGO_TRACKING: &[&str] = &["argocd.argoproj.io/tracking-id", "argocd.argoproj.io/instance"];

/// The label of Argo CD's oldest tracking, which charts set too.
const INSTANCE: &str = "app.kubernetes.io/instance";

/// By these labels Flux finds what it applied (flux, kustomize-controller and helm-controller).
const FLUX: &[(&str, &str, &str)] = &[
    ("kustomize.toolkit.fluxcd.io", "Kustomization", "kustomization"),
    ("helm.toolkit.fluxcd.io", "HelmRelease", "helmrelease"),
];

/// The annotation by which Helm finds what is of a release (helm, pkg/action/validate.go).
const HELM_RELEASE: &str = "meta.helm.sh/release-name";

const APPLICATION: Kind = Kind {
    group: "argoproj.io",
    kind: "Application",
    resource: "applications.argoproj.io",
};

/// A controller of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Controller {
    /// Where the object says so: `metadata.labels`.
    pub path: String,
    /// What it does: `Argo CD puts back what is in Git`.
    pub effect: String,
    /// What to do.
    pub advice: String,
    /// Whether it applies what is in Git, where a change can be committed.
    pub is_git: bool,
}

/// The controller of an object, if it names one. `world` may hold the applications of Argo CD.
pub fn of(object: &Object, world: &World) -> Option<Controller> {
    owner(object)
        .or_else(|| argo(object, world))
        .or_else(|| flux(object))
        .or_else(|| helm(object))
}

/// The object of which the API server knows that it controls this one.
fn owner(object: &Object) -> Option<Controller> {
    let references = object.at(&["metadata", "ownerReferences"])?.as_array()?;
    let is_controller = |reference: &Value| reference.get("controller") == Some(&Value::Bool(true));
    let index = references.iter().position(is_controller)?;
    let reference = references.get(index)?;
    let text = |key: &str| reference.get(key).and_then(Value::as_str).unwrap_or_default();
    let group = text("apiVersion").split_once('/').map_or("", |(group, _)| group);
    let (kind, name) = (text("kind"), text("name"));
    let advice = match (group, kind) {
        ("flagger.app", _) => {
            "mirror by `spec.analysis.mirror` of the Canary, or by engine `wasm`, which changes no route"
        }
        ("argoproj.io", "Rollout") => {
            "mirror by `setMirrorRoute` in the steps of the Rollout, or by engine `wasm`, which changes no route"
        }
        _ => "change what it makes the object from, or mirror by engine `wasm`, which changes no object of yours",
    };
    Some(Controller {
        path: format!("metadata.ownerReferences[{index}]"),
        effect: format!("the {kind} {name} ({group}) controls it and writes it anew"),
        advice: advice.to_owned(),
        is_git: false,
    })
}

fn argo(object: &Object, world: &World) -> Option<Controller> {
    let tracked = ARGO_TRACKING.iter().find_map(|key| {
        let annotation = object.annotation(key).map(|_| "annotations");
        let place = annotation.or_else(|| object.label(key).map(|_| "labels"))?;
        Some((place, *key))
    });
    let by_instance = || {
        let instance = object.label(INSTANCE)?;
        let is_of_argo = world.all(APPLICATION).any(|application| application.name() == instance);
        is_of_argo.then_some(("labels", INSTANCE))
    };
    let (place, key) = tracked.or_else(by_instance)?;
    Some(Controller {
        path: format!("metadata.{place}"),
        effect: format!("Argo CD ({key}) puts back what is in Git"),
        advice: "commit the change there (generate --gitops), or keep Argo CD off the changed part (docs/gitops.md)"
            .to_owned(),
        is_git: true,
    })
}

fn flux(object: &Object) -> Option<Controller> {
    FLUX.iter().find_map(|(group, kind, resource)| {
        let name = object.label(&format!("{group}/name"))?;
        // Flux leaves such an object as it is.
        let is = |key: &str, values: &[&str]| {
            let written = object.annotation(&format!("{group}/{key}"));
            written.is_some_and(|written| values.contains(&written.to_lowercase().as_str()))
        };
        if is("reconcile", &["disabled"]) || is("ssa", &["ignore", "ifnotpresent"]) {
            return None;
        }
        let namespace = object.label(&format!("{group}/namespace")).unwrap_or("flux-system");
        Some(Controller {
            path: "metadata.labels".to_owned(),
            effect: format!("Flux ({kind} {name} of namespace {namespace}) puts back what is in Git"),
            advice: format!(
                "commit the change there (generate --gitops), or suspend it for the test: flux suspend {resource} {name} -n {namespace}"
            ),
            is_git: true,
        })
    })
}

fn helm(object: &Object) -> Option<Controller> {
    let release = object.annotation(HELM_RELEASE)?;
    (object.label("app.kubernetes.io/managed-by") == Some("Helm")).then(|| Controller {
        path: "metadata.annotations".to_owned(),
        effect: format!("Helm (release {release}) may write it anew at its next upgrade"),
        advice: "put the change into the chart, or upgrade nothing until the job is offline".to_owned(),
        is_git: true,
    })
}
