//! Whether `generate` takes a job: it is asked, and its refusal is the finding. Nothing of it is checked here again.

use crate::check::{Refusal, Setting};
use crate::error::Error;
use crate::findings::codes;
use crate::istio::{self, IstioVersion};
use crate::job::{DataPlane, Engine, Job};
use crate::manifests::{self, Module, Options, RoutingApi};
use crate::objects::{World, kinds};

/// Why `generate` has no objects for a job, whatever flags are given with it. Returns `None` if it has some.
pub(super) fn refusal(job: &Job, world: &World, setting: &Setting) -> Option<Refusal> {
    let plain = options(job, setting);
    let Err(first) = manifests::bundle(job, world, &plain) else {
        return None;
    };
    let unrouted = Options {
        no_virtual_service: true,
        ..plain.clone()
    };
    let second = manifests::bundle(job, world, &unrouted);
    if second.is_ok() || takes_with_others(job, world, &plain, &first) {
        return None;
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
    Some(Refusal {
        code,
        path: path.to_owned(),
        problem: problem.to_owned(),
    })
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

/// Whether `generate` takes a job with flags that lift a refusal: those that pin, that write for Git, or that write
/// another resource.
fn takes_with_others(job: &Job, world: &World, plain: &Options, refusal: &Error) -> bool {
    let with = |api, pin_primary, no_virtual_service| Options {
        api,
        pin_primary,
        no_virtual_service,
        gitops: true,
        ..plain.clone()
    };
    let result = |api, pin_primary, unrouted| manifests::bundle(job, world, &with(api, pin_primary, unrouted));
    if job.engine == Engine::Native {
        match result(RoutingApi::Gateway, false, true) {
            Ok(_) => return true,
            // What is wrong for both resources is no matter of a flag.
            Err(error) if error.to_string() == refusal.to_string() => return false,
            Err(_) => {}
        }
        if result(RoutingApi::Gateway, false, false).is_ok() {
            return true;
        }
    }
    let flags = [(false, false), (false, true), (true, false), (true, true)];
    flags
        .into_iter()
        .any(|(pin_primary, unrouted)| result(RoutingApi::Istio, pin_primary, unrouted).is_ok())
}
