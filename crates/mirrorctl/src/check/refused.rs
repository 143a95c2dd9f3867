//! Whether `generate` takes a job: it is asked, and its refusal is the finding. Nothing of it is checked here again.

use super::subject::{Report, Setting};
use crate::error::Error;
use crate::findings::codes;
use crate::istio::{self, IstioVersion};
use crate::job::{DataPlane, Engine, Job};
use crate::manifests::{self, Module, Options, RoutingApi};
use crate::objects::{World, kinds};

/// A job for which `generate` has no objects, whatever flags are given with it.
pub(super) fn check(job: &Job, world: &World, setting: &Setting, report: &mut Report<'_>) {
    let plain = options(job, setting);
    let Err(first) = manifests::bundle(job, world, &plain) else {
        return;
    };
    let unrouted = Options {
        no_virtual_service: true,
        ..plain.clone()
    };
    let second = manifests::bundle(job, world, &unrouted);
    if second.is_ok() || others(job, &plain).any(|options| manifests::bundle(job, world, &options).is_ok()) {
        return;
    }
    // That no route is given can hide what is wrong with the job.
    let error = match (&first, second) {
        (Error::Missing { .. }, Err(second @ Error::Refused(_))) => second,
        _ => first,
    };
    let text = error.to_string();
    let (path, problem) = match text.split_once(": ") {
        Some((path, problem)) if path.starts_with("spec.") => (path, problem),
        _ => ("", text.as_str()),
    };
    // Without any Service of its namespace, the world of the job is not given.
    let is_given = || {
        world
            .all(kinds::SERVICE)
            .any(|service| service.namespace == job.namespace)
    };
    let code = match &error {
        Error::Missing { .. } if !is_given() => codes::NOT_KNOWN,
        _ => codes::JOB_REFUSED,
    };
    report.add(code, path, problem);
}

/// What is said to `generate` if no flag is given but those that it cannot do without.
fn options(job: &Job, setting: &Setting) -> Options {
    let url = match job.data_plane {
        DataPlane::Envoy => "file:///traffic-mirror.wasm",
        _ => "oci://registry.example.com/traffic-mirror",
    };
    Options {
        keep_resource_version: false,
        istio: setting.istio.unwrap_or(IstioVersion::minor(istio::NEWEST)),
        extension_api: None,
        module: Some(Module {
            url: url.to_owned(),
            sha256: None,
        }),
        pull_secret: None,
        authorization_policy: false,
        trust_domain: "cluster.local".to_owned(),
        api: RoutingApi::Istio,
        no_virtual_service: false,
        pin_primary: false,
        gitops: false,
    }
}

/// The flags with which `generate` takes jobs that it refuses without them.
fn others(job: &Job, plain: &Options) -> impl Iterator<Item = Options> {
    let apis = match job.engine {
        Engine::Native => &[RoutingApi::Istio, RoutingApi::Gateway][..],
        Engine::Wasm => &[RoutingApi::Istio],
    };
    let flags = [false, true];
    let of_api = move |api| {
        flags.into_iter().flat_map(move |pin_primary| {
            flags.into_iter().flat_map(move |gitops| {
                flags
                    .into_iter()
                    .map(move |no_virtual_service| (api, pin_primary, gitops, no_virtual_service))
            })
        })
    };
    apis.iter()
        .flat_map(move |api| of_api(*api))
        .map(|(api, pin_primary, gitops, no_virtual_service)| Options {
            api,
            pin_primary,
            gitops,
            no_virtual_service,
            ..plain.clone()
        })
}
