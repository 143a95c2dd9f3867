//! A clone: an existing Deployment becomes the new version, with labels and a Service of its own (or, if the user asks for
//! it, as a subset of the target's Service). What is made of it is added to the world that the rest is generated from, so
//! that for everything that follows a clone is a Service or a subset like any other.

mod apart;

mod deployment;

mod foreign;

mod risks;

mod service;

use std::borrow::Cow;

use serde_json::Value;

use super::ours::taken;
use super::{Bundle, JOB_LABEL, Manifest, Origin, Step};
use crate::error::{Error, Result};
use crate::input::Place;
use crate::job::{Allowed, Backend, CloneOf, Endpoint, Isolation, Job, Shadow, word};
use crate::objects::{Labels, Object, Workload, World, kinds, selects, title};

/// The label that says which shadow of the job a pod belongs to; its value is the shadow's name.
pub const SHADOW_LABEL: &str = "traffic-mirror.dev/shadow";

/// The annotation of a clone that says what the user allowed, by the words of a job, joined by commas.
pub const ALLOW: &str = "traffic-mirror.dev/allow";

/// A shadow as a proxy calls it, once everything is applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Called<'a> {
    /// A Service: an existing one, or the clone's own.
    Service {
        /// Its name.
        name: Cow<'a, str>,
        /// Its namespace.
        namespace: &'a str,
        /// Its port by number; `None`: the number of the target's port.
        port: Option<u16>,
    },
    /// A subset of the target's own Service.
    Subset(&'a str),
    /// An address; only an Envoy without Istio calls one.
    Endpoint(&'a Endpoint),
}

/// One clone, before its objects are written.
#[derive(Debug)]
struct Plan<'a> {
    job: &'a Job,
    of: &'a CloneOf,
    /// The shadow in the job: `spec.shadows[0].clone`.
    path: String,
    original: Workload<'a>,
    /// Of the new Deployment.
    name: String,
    /// By which the new Deployment, and the clone's own Service, select its pods: by these alone.
    selector: Labels,
    /// Of the new pods.
    labels: Labels,
}

/// How a shadow is called.
pub fn called<'a>(job: &'a Job, shadow: &'a Shadow) -> Called<'a> {
    match &shadow.backend {
        Backend::Service { name, namespace, port } => Called::Service {
            name: name.into(),
            namespace: namespace.as_deref().unwrap_or(&job.namespace),
            port: *port,
        },
        Backend::Subset(name) => Called::Subset(name),
        Backend::Clone(of) => match of.isolation {
            Isolation::Service => Called::Service {
                name: service::name(job, of).into(),
                namespace: &job.namespace,
                port: None,
            },
            Isolation::Subset => Called::Subset(&of.version),
        },
        Backend::Endpoint(endpoint) => Called::Endpoint(endpoint),
    }
}

/// Whether the user allowed this to a clone that was made.
pub fn is_allowed(clone: &Object, what: Allowed) -> bool {
    let words = clone.annotation(ALLOW).unwrap_or_default();
    words.split(',').any(|other| other == word(Allowed::WORDS, &what))
}

/// Why a job is to be applied step by step; `None` if one go will do.
pub fn why_stepwise(job: &Job) -> Option<String> {
    let (index, of) = job
        .shadows
        .iter()
        .enumerate()
        .find_map(|(index, shadow)| match &shadow.backend {
            Backend::Clone(of) if of.isolation == Isolation::Subset => Some((index, of)),
            _ => None,
        })?;
    Some(format!(
        "spec.shadows[{index}].clone.isolation: with `subset` the pods of {} are endpoints of the Service {} as soon as they are ready, and get live requests unless routing already keeps these off them; apply --step prepare and wait until the proxies have it, then --step deploy and wait until the pods are ready, then --step mirror; or use isolation `service`, which needs no order",
        of.version, job.target.name
    ))
}

/// Refuses clones as subsets as long as routing does not keep live requests off them.
///
/// # Errors
/// Refused for the first that would get live requests.
pub fn refuse_unpinned(job: &Job, world: &World) -> Result<()> {
    for (index, shadow) in job.shadows.iter().enumerate() {
        if let Backend::Clone(of) = &shadow.backend {
            apart::need_pin(&Plan::new(job, index, shadow, of, world)?, world)?;
        }
    }
    Ok(())
}

/// Adds what makes the job's clones, and returns the world with them in it.
///
/// # Errors
/// [`Error::Missing`] for an original that is not known; refused for what cannot be cloned or would get live requests.
pub(super) fn add<'w>(job: &Job, world: &'w World, bundle: &mut Bundle) -> Result<Cow<'w, World>> {
    let mut after = Cow::Borrowed(world);
    for (index, shadow) in job.shadows.iter().enumerate() {
        let Backend::Clone(of) = &shadow.backend else {
            continue;
        };
        let plan = Plan::new(job, index, shadow, of, world)?;
        let deployment = deployment::manifest(&plan)?;
        let mut notes = Vec::new();
        risks::check(&plan, &deployment, world, &mut notes)?;
        apart::check(&plan, world, &mut notes)?;
        bundle
            .notes
            .extend(notes.into_iter().map(|note| format!("clone {}: {note}", plan.name)));
        let mut objects = Vec::new();
        if of.isolation == Isolation::Service {
            objects.push((Step::Prepare, service::manifest(&plan, world)?));
        }
        objects.push((Step::Deploy, deployment));
        for (step, object) in objects {
            refuse_taken_name(&plan, &object, &after, world)?;
            after.to_mut().put(Object::of(
                Place::file("what is generated"),
                object.clone(),
                job.namespace.clone(),
            ));
            bundle.add(Manifest {
                step,
                origin: Origin::Ours,
                object,
            });
        }
    }
    Ok(after)
}

/// A clone never takes the name of what exists, nor of another clone of the job.
fn refuse_taken_name(plan: &Plan<'_>, object: &Value, after: &World, world: &World) -> Result<()> {
    let problem = match (taken(object, plan.job, world), taken_by_sibling(object, after, world)) {
        (Some(other), _) => format!("{} ({}) exists and is not of this job", other.title(), other.place),
        (None, Some(other)) => format!("{} is made for another shadow of this job", other.title()),
        (None, None) => return Ok(()),
    };
    Err(Error::Refused(format!(
        "{}.version: {problem}; give the clone another version",
        plan.path
    )))
}

fn taken_by_sibling<'a>(object: &Value, after: &'a World, world: &World) -> Option<&'a Object> {
    let name = crate::objects::at(object, &["metadata", "name"]).and_then(Value::as_str);
    after.objects.iter().find(|other| {
        other.place.file == "what is generated"
            && other.value.get("kind") == object.get("kind")
            && Some(other.name()) == name
            && !world.objects.contains(other)
    })
}

// === impl Plan ===

impl<'a> Plan<'a> {
    fn new(job: &'a Job, index: usize, shadow: &'a Shadow, of: &'a CloneOf, world: &'a World) -> Result<Self> {
        let path = format!("spec.shadows[{index}].clone");
        let original = original(job, of, world, &path)?;
        let selector = Labels::from([
            (JOB_LABEL.to_owned(), job.name.clone()),
            (SHADOW_LABEL.to_owned(), shadow.name.clone()),
        ]);
        let target = world.service(&job.namespace, &job.target.name)?;
        let is_behind = selects(&target.selector(), &original.labels());
        let mut labels = match of.isolation {
            Isolation::Service => deployment::isolated_labels(job, of, &original),
            Isolation::Subset if !is_behind => {
                return Err(Error::Refused(format!(
                    "{path}: {} does not select the pods of {}, so a clone of it would be in no subset of it",
                    target.object.title(),
                    original.object.title()
                )));
            }
            Isolation::Subset => deployment::subset_labels(of, &original, &target.selector()),
        };
        labels.extend(selector.clone());
        let name = name(job, of, &original);
        Ok(Self {
            job,
            of,
            path,
            original,
            name,
            selector,
            labels,
        })
    }
}

/// The Deployment that is cloned.
fn original<'a>(job: &Job, of: &CloneOf, world: &'a World, path: &str) -> Result<Workload<'a>> {
    let (namespace, name) = (&job.namespace, &of.deployment);
    if let Some(object) = world.find(kinds::DEPLOYMENT, namespace, name) {
        return Ok(Workload { object });
    }
    // KubeSphere refuses these with the same words: each pod of theirs is somebody, or somebody else makes them.
    let others = [
        (kinds::STATEFUL_SET, "its pods have identities and volumes of their own"),
        (kinds::DAEMON_SET, "it runs one pod on every node"),
        (kinds::REPLICA_SET, "a Deployment or a person makes it"),
        (kinds::POD, "one pod has no template"),
        (kinds::ROLLOUT, "Argo Rollouts makes its pods"),
    ];
    let other = others
        .into_iter()
        .find(|(kind, _)| world.find(*kind, namespace, name).is_some());
    Err(match other {
        Some((kind, why)) => Error::Refused(format!(
            "{path}.deployment: workload type not supported: {} is no Deployment; {why}, so run the new version yourself and name its Service by backendRef",
            title(kind.kind, namespace, name)
        )),
        None => Error::Missing {
            fact: title(kinds::DEPLOYMENT.kind, namespace, name),
            command: format!("kubectl get deployments {name} -n {namespace} -o yaml"),
        },
    })
}

/// `reviews-v1` of version v1 becomes `reviews-v2`; a name that does not end with its version gets the new one behind it.
fn name(job: &Job, of: &CloneOf, original: &Workload<'_>) -> String {
    let label = original.labels().get("version").cloned();
    let versions = label
        .into_iter()
        .chain(job.primary.iter().map(|primary| primary.subset.clone()));
    let mut stems = versions.filter_map(|version| of.deployment.strip_suffix(&version)?.strip_suffix('-'));
    let stem = stems.next().unwrap_or(&of.deployment);
    format!("{stem}-{}", of.version)
}
