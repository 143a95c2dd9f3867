//! The policy that lets copies in. The filter calls the shadow as the primary's own sidecar, so the shadow sees the
//! primary's ServiceAccount; a shadow under policies that allow only the clients answers every copy with 403. It is
//! written only when asked for: the first policy that allows anyone denies everyone else.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::clone;
use super::external;
use super::{Bundle, Manifest, Options, Origin, Placement, Step, metadata, native, ours, place};
use crate::error::{Error, Result};
use crate::istio::IstioVersion;
use crate::job::{Backend, DataPlane, Engine, Job};
use crate::job::{Called, called};
use crate::objects::{Effect, Labels, ROOT_NAMESPACE, World, kinds, selects};

/// The pods of a shadow.
struct Pods<'a> {
    namespace: &'a str,
    selector: Labels,
}

/// Refuses the wish for a policy where copies do not come from the primary's sidecars.
pub(super) fn refuse_unfit(job: &Job, options: &Options) -> Result<()> {
    let problem = match (job.engine, job.data_plane) {
        _ if !options.authorization_policy => return Ok(()),
        (Engine::Wasm, DataPlane::Sidecar) => return Ok(()),
        (Engine::Native, _) => {
            "with engine native the callers' own proxies send the copies, so the shadow must allow whom the primary allows; copy the primary's policy, or use engine wasm"
        }
        (Engine::Wasm, DataPlane::Gateway | DataPlane::Waypoint) => {
            "the gateway or waypoint sends the copies, as itself and not as the primary; write a policy that allows its ServiceAccount to call the shadow"
        }
        (Engine::Wasm, DataPlane::Envoy) => "Envoy without Istio knows no AuthorizationPolicy",
    };
    Err(Error::Usage(format!("--authorization-policy: {problem}")))
}

/// Adds a policy for each shadow if one is asked for; else says which shadows may need one.
pub(super) fn add(
    job: &Job,
    world: &World,
    placement: &Placement,
    options: &Options,
    bundle: &mut Bundle,
) -> Result<()> {
    if !options.authorization_policy {
        note_policies(job, world, placement, options, bundle);
        return Ok(());
    }
    let principals = principals(job, world, placement, options)?;
    for (index, shadow) in job.shadows.iter().enumerate() {
        let path = format!("--authorization-policy: spec.shadows[{index}]");
        let pods = pods(job, index, world, &path)?;
        // A clone's pods are ours. Others may have callers that no policy limits so far.
        if !matches!(shadow.backend, Backend::Clone(_)) && allowing(world, &pods).is_empty() {
            return Err(Error::Refused(format!(
                "{path}: no AuthorizationPolicy among the objects limits who may call its pods; the first one that allows the primary would deny all others. Leave the flag out, or add to --objects the output of: {}",
                kinds::AUTHORIZATION_POLICY.command(pods.namespace)
            )));
        }
        let mut metadata = metadata(job, &name(job, index));
        if let Some(fields) = metadata.as_object_mut() {
            fields.insert("namespace".to_owned(), pods.namespace.into());
        }
        let object = json!({
            "apiVersion": api_version(options.istio),
            "kind": kinds::AUTHORIZATION_POLICY.kind,
            "metadata": metadata,
            "spec": {
                "selector": {"matchLabels": pods.selector},
                "action": "ALLOW",
                "rules": [{"from": [{"source": {"principals": principals}}]}],
            },
        });
        ours::refuse_taken_name(&object, job, world)?;
        bundle.add(Manifest {
            step: Step::Prepare,
            origin: Origin::Ours,
            object,
        });
    }
    bundle.notes.push(format!(
        "the copies come from the primary's sidecar, as {}, and not from the clients; where policies deny what they do not allow, the shadow would answer each with 403. The AuthorizationPolicy lets this identity in; it needs mutual TLS, and undoes no DENY or CUSTOM policy",
        principals.join(", ")
    ));
    Ok(())
}

/// Says that a shadow is under a policy that may not know the primary.
fn note_policies(job: &Job, world: &World, placement: &Placement, options: &Options, bundle: &mut Bundle) {
    for index in 0..job.shadows.len() {
        let Ok(pods) = pods(job, index, world, "") else {
            continue;
        };
        let policies = allowing(world, &pods);
        if policies.is_empty() {
            continue;
        }
        let principals = principals(job, world, placement, options).unwrap_or_default();
        let identity = match principals.as_slice() {
            [] => "the primary's ServiceAccount".to_owned(),
            principals => principals.join(", "),
        };
        bundle.notes.push(format!(
            "the pods of the shadow {} are under {}: unless that allows {identity}, as which the primary's sidecar calls, every copy is answered with 403; --authorization-policy adds a policy that does",
            job.shadows.get(index).map_or("", |shadow| &shadow.name),
            policies.join(", ")
        ));
    }
}

/// The identities of the primary's pods, as a peer's certificate names them.
/// As whom the sidecars of the primary call the shadows.
///
/// # Errors
/// If the primary's workload is not known, and as [`place`].
pub fn identities(job: &Job, world: &World, options: &Options) -> Result<Vec<String>> {
    let mut bundle = Bundle::default();
    let world = clone::add(job, world, &mut bundle)?;
    let world = external::add(job, world, options, &mut bundle)?;
    let world = native::pinned(job, &world, options, &mut bundle)?;
    let placement = place(job, &world, &mut bundle.notes)?;
    principals(job, &world, &placement, options)
}

fn principals(job: &Job, world: &World, placement: &Placement, options: &Options) -> Result<Vec<String>> {
    let workloads = world.workloads(&job.namespace);
    let accounts: BTreeSet<&str> = workloads
        .filter(|workload| selects(&placement.selector, &workload.labels()))
        .map(|workload| workload.service_account())
        .collect();
    if accounts.is_empty() {
        return Err(Error::Missing {
            fact: format!(
                "the workload behind the Service {}, whose ServiceAccount calls the shadow,",
                job.target.name
            ),
            command: kinds::DEPLOYMENT.command(&job.namespace),
        });
    }
    let principal = |account: &str| format!("{}/ns/{}/sa/{account}", options.trust_domain, job.namespace);
    Ok(accounts.into_iter().map(principal).collect())
}

fn pods<'a>(job: &'a Job, index: usize, world: &World, path: &str) -> Result<Pods<'a>> {
    let called = job.shadows.get(index).map(|shadow| called(job, shadow));
    let (namespace, selector) = match called {
        Some(Called::Service { name, namespace, .. }) => (namespace, world.service(namespace, &name)?.selector()),
        Some(Called::Subset(name)) => {
            let service = world.service(&job.namespace, &job.target.name)?;
            let mut labels = service.selector();
            let subset = world.subset(&service.host(), &job.namespace, &job.namespace, name);
            labels.extend(subset.unwrap_or_default());
            (job.namespace.as_str(), labels)
        }
        Some(Called::External(_) | Called::Endpoint(_)) | None => (job.namespace.as_str(), Labels::new()),
    };
    if selector.is_empty() {
        return Err(Error::Refused(format!(
            "{path}: its Service selects no pods, so there are none that a policy could be for"
        )));
    }
    Ok(Pods { namespace, selector })
}

/// The policies that allow some to call these pods, and so deny the rest.
fn allowing(world: &World, pods: &Pods<'_>) -> Vec<String> {
    let labels: Labels = world
        .workloads(pods.namespace)
        .map(|workload| workload.labels())
        .find(|labels| selects(&pods.selector, labels))
        .unwrap_or_else(|| pods.selector.clone());
    let namespaces = [pods.namespace, ROOT_NAMESPACE];
    let selecting = namespaces.into_iter().flat_map(|namespace| world.selecting(namespace));
    selecting
        .filter(|selecting| {
            let action = selecting.object.text(&["spec", "action"]).unwrap_or("ALLOW");
            selecting.effect == Effect::Applies
                && selecting.object.is(kinds::AUTHORIZATION_POLICY)
                && action == "ALLOW"
                && selecting.object.at(&["spec", "targetRefs"]).is_none()
                && selecting.selects(&labels)
        })
        .map(|selecting| selecting.object.title())
        .collect()
}

/// One policy a shadow; the only shadow's has the name of everything else of the job.
fn name(job: &Job, index: usize) -> String {
    match (job.shadows.len(), job.shadows.get(index)) {
        (2.., Some(shadow)) => format!("mirror-{}-{}", job.name, shadow.name),
        _ => format!("mirror-{}", job.name),
    }
}

/// `v1` came with Istio 1.22.
fn api_version(istio: IstioVersion) -> Value {
    let version = if !istio.is_before(22, 0) { "v1" } else { "v1beta1" };
    format!("{}/{version}", kinds::AUTHORIZATION_POLICY.group).into()
}
