//! What a job comes to before anything is applied: the objects and their order, what the shadows get, who calls them,
//! what it costs, what each engine would give up, and the risks. All of it is read from the very [`Bundle`] that
//! `generate` prints, and from the checks that `validate` runs.

mod copies;

mod engines;

mod outside;

pub mod print;

use mirror_policy::Plan as Filter;
use serde_json::Value;

use crate::check::{self, Setting, Subject};
use crate::error::Result;
use crate::findings::Finding;
use crate::input::Document;
use crate::job::{self, Backend, DataPlane, Engine, Isolation, Job, Override, Shadow};
use crate::manifests::{self, Bundle, Manifest, Options, Origin, Step};
use crate::objects::{World, at, title};
use crate::place::Place;
use crate::yaml::Marks;

pub use copies::{Copies, configs};
pub use engines::{Ability, Fit, fits};

/// What a job comes to.
#[derive(Debug)]
pub struct Preview {
    /// What flags changed of what the job's file says.
    pub overrides: Vec<Override>,
    /// In apply order.
    pub objects: Vec<Applied>,
    /// What each shadow gets, mirror by mirror.
    pub copies: Vec<Copies>,
    /// What leaves the mesh: one sentence each.
    pub outside: Vec<String>,
    /// What changes for live requests: one sentence each.
    pub live: Vec<String>,
    /// As whom the copies are sent: one sentence or identity each.
    pub callers: Vec<String>,
    /// Which connections end when the job is attached or removed: one sentence each.
    pub connections: Vec<String>,
    /// What the copies may hold, if the filter makes them.
    pub memory: Option<Memory>,
    /// Each engine, for this job.
    pub fits: Vec<Fit>,
    /// What is wrong or risky.
    pub risks: Vec<Finding>,
    /// As `generate` notes them.
    pub notes: Vec<String>,
}

/// One object to apply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    /// When.
    pub step: Step,
    /// `create`, `update` (ours, from before or from an earlier step) or `change` (the user's).
    pub action: &'static str,
    /// Its kind.
    pub kind: String,
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
}

/// What the copies may hold, in bytes (docs/limits.md).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Memory {
    /// `limits.maxBufferedBytes` of all mirrors.
    pub buffered: u64,
    /// `limits.maxInFlight` of all mirrors: each may hold an answer besides.
    pub in_flight: u64,
    /// The workers of a proxy.
    pub workers: u64,
    /// The pods, if the user said how many.
    pub pods: Option<u64>,
}

/// What a job comes to.
///
/// # Errors
/// As [`manifests::bundle()`].
pub fn preview(job: &Job, known: &World, options: &Options, setting: &Setting, pods: Option<u64>) -> Result<Preview> {
    let bundle = manifests::bundle(job, known, options)?;
    let filters: Vec<Filter> = bundle
        .manifests(None)
        .flat_map(|manifest| configs(&manifest.object))
        .filter_map(|config| Filter::parse(config.to_string().as_bytes()).ok())
        .collect();
    Ok(Preview {
        overrides: Vec::new(),
        objects: applied(&bundle, known),
        copies: copies::copies(job, &bundle, &filters, options, &known.domain),
        outside: outside::outside(job, options),
        live: live(job, &bundle, options),
        callers: callers(job, known, options),
        connections: connections(job, &bundle),
        memory: memory(&filters, setting.workers, pods),
        fits: fits(job, known, options),
        risks: risks(job, &bundle, known, setting)?,
        notes: bundle.notes,
    })
}

fn applied(bundle: &Bundle, known: &World) -> Vec<Applied> {
    let mut found: Vec<Applied> = Vec::new();
    for manifest in bundle.manifests(None) {
        let text = |keys: &[&str]| {
            let text = at(&manifest.object, keys).and_then(Value::as_str);
            text.unwrap_or_default().to_owned()
        };
        let (kind, namespace, name) = match manifest.object.get("kind") {
            Some(_) => (
                text(&["kind"]),
                text(&["metadata", "namespace"]),
                text(&["metadata", "name"]),
            ),
            None => resources(&manifest.object),
        };
        let known = known.objects.iter();
        let exists = known
            .map(|object| (object.kind(), object.namespace.as_str(), object.name()))
            .chain(
                found
                    .iter()
                    .map(|object| (object.kind.as_str(), object.namespace.as_str(), object.name.as_str())),
            )
            .any(|other| other == (kind.as_str(), namespace.as_str(), name.as_str()));
        found.push(Applied {
            step: manifest.step,
            action: match manifest.origin {
                Origin::Patched => "change",
                Origin::Ours if exists => "update",
                Origin::Ours => "create",
            },
            kind,
            namespace,
            name,
        });
    }
    found
}

/// Resources of Envoy's own configuration: what they are, no namespace, and their names.
fn resources(discovery: &Value) -> (String, String, String) {
    let resources = discovery.get("resources").and_then(Value::as_array);
    let texts = |key: &str| -> Vec<&str> {
        let resources = resources.into_iter().flatten();
        resources.filter_map(|resource| resource.get(key)?.as_str()).collect()
    };
    let kind = texts("@type").first().and_then(|kind| kind.rsplit('.').next());
    (
        kind.unwrap_or("configuration of Envoy").to_owned(),
        String::new(),
        texts("name").join(", "),
    )
}

/// The one case in which live requests do not go where they went before is asked for by `--pin-primary`.
fn live(job: &Job, bundle: &Bundle, options: &Options) -> Vec<String> {
    let is_subset = |shadow: &Shadow| match &shadow.backend {
        Backend::Subset(_) => true,
        Backend::Clone(of) => of.isolation == Isolation::Subset,
        Backend::Service { .. } | Backend::External(_) | Backend::Endpoint(_) => false,
    };
    let is_route = |manifest: &Manifest| manifest.object.get("kind").is_some_and(|kind| kind == "VirtualService");
    let is_pinned = options.pin_primary && job.shadows.iter().any(is_subset) && bundle.manifests(None).any(is_route);
    match &job.primary {
        Some(primary) if is_pinned => vec![format!(
            "they are pinned to the subset {} (--pin-primary): pods of the Service {} of any other version get none from proxies of the mesh, as long as the job lasts",
            primary.subset, job.target.name
        )],
        _ => vec!["each reaches what it reached before, after every single object that is applied".to_owned()],
    }
}

fn callers(job: &Job, known: &World, options: &Options) -> Vec<String> {
    let said = |text: &str| vec![text.to_owned()];
    match (job.engine, job.data_plane) {
        (Engine::Native, _) => {
            said("each caller's own proxy, as the caller: the shadow must allow whom the primary allows")
        }
        (Engine::Wasm, DataPlane::Sidecar) => match manifests::identities(job, known, options) {
            Ok(identities) => identities,
            Err(error) => vec![format!(
                "the primary's sidecars, as the primary's ServiceAccount; which one is not known: {error}"
            )],
        },
        (Engine::Wasm, DataPlane::Gateway) => said("the gateway, as its own ServiceAccount"),
        (Engine::Wasm, DataPlane::Waypoint) => said("the waypoint, as its own ServiceAccount"),
        (Engine::Wasm, DataPlane::Envoy) => said("Envoy, as its cluster for the shadow says"),
    }
}

/// Attaching a filter is an update of listeners; routes and configurations of a filter that is there are none.
fn connections(job: &Job, bundle: &Bundle) -> Vec<String> {
    if job.engine == Engine::Native {
        return vec![
            "none are closed: routes change. A stream that is open keeps its route until it ends, so that a long gRPC stream or WebSocket from before is not copied, and one from within the job still is after its end".to_owned(),
        ];
    }
    let mut ports: Vec<String> = Vec::new();
    for manifest in bundle.manifests(None) {
        let matches = at(&manifest.object, &["spec", "match"]).and_then(Value::as_array);
        let found = matches.into_iter().flatten().flat_map(|entry| {
            let ports = entry.get("ports").and_then(Value::as_array);
            ports
                .into_iter()
                .flatten()
                .filter_map(|port| port.get("number"))
                .map(Value::to_string)
        });
        if !configs(&manifest.object).is_empty() {
            ports.extend(found);
        }
    }
    let place = match (job.data_plane, ports.is_empty()) {
        (DataPlane::Sidecar, false) => format!("to port {} of the primary's pods", ports.join(", ")),
        (DataPlane::Gateway, false) => format!("to port {} of the gateway", ports.join(", ")),
        (DataPlane::Waypoint, _) => "through the waypoint".to_owned(),
        _ => "through the proxies that get the filter".to_owned(),
    };
    vec![
        format!("attaching the filter, and removing it, is an update of the listener: Envoy closes the connections {place} that are still open after its drain time (WebSockets, gRPC streams, idle keep-alive); clients connect anew"),
        "until then such a connection stays with the old listener: about one request of each pooled connection is not copied after attaching, one or two requests may still be copied after a removal without a stop, and a stream that begins on such a connection is cut with it".to_owned(),
        "changing the job (`enabled`, `percentage`, `match`) closes none; so mirrorctl offline stops the copies first by `enabled: false`".to_owned(),
    ]
}

fn memory(filters: &[Filter], workers: u64, pods: Option<u64>) -> Option<Memory> {
    let limits = || {
        filters
            .iter()
            .flat_map(|filter| &filter.mirrors)
            .map(|mirror| &mirror.config.limits)
    };
    (!filters.is_empty()).then(|| Memory {
        buffered: limits().map(|limits| limits.max_buffered_bytes.get()).sum(),
        in_flight: limits().map(|limits| limits.max_in_flight.get()).sum(),
        workers,
        pods,
    })
}

/// The place of findings in the job itself.
const JOB: &str = "the job";

fn is_of_job(finding: &&Finding) -> bool {
    finding.place.file == JOB
}

/// What the checks find in the job and in all that it writes, as it is when the last step is applied.
fn risks(job: &Job, bundle: &Bundle, known: &World, setting: &Setting) -> Result<Vec<Finding>> {
    let mut last: Vec<&Manifest> = Vec::new();
    for manifest in bundle.manifests(None) {
        let is_same = |other: &&Manifest| {
            [&["kind"][..], &["metadata", "namespace"], &["metadata", "name"]]
                .iter()
                .all(|keys| at(&manifest.object, keys) == at(&other.object, keys))
        };
        last.retain(|other| !is_same(other));
        last.push(manifest);
    }
    let subject = |name: String, value: Value| {
        let place = Place::file(name);
        Subject::new(Document { place, value }, Marks::default(), &job.namespace)
    };
    let mut subjects = vec![subject(JOB.to_owned(), job::write(job))?];
    for manifest in last {
        let text = |keys: &[&str]| at(&manifest.object, keys).and_then(Value::as_str).unwrap_or_default();
        let name = title(
            text(&["kind"]),
            text(&["metadata", "namespace"]),
            text(&["metadata", "name"]),
        );
        // Clusters of an Envoy without Istio are nothing that is checked.
        subjects.extend(subject(name, manifest.object.clone()));
    }
    let world = known.clone().overlaid(subjects.iter().filter_map(Subject::object))?;
    // The job is generated already, with the flags that are given.
    let mut findings = check::check(&subjects, &world, setting, &|_| None);
    // What the job says is said again by what is written from it.
    let of_job: Vec<&str> = findings
        .iter()
        .filter(is_of_job)
        .map(|finding| finding.code.id)
        .collect();
    findings.retain(|finding| is_of_job(&finding) || !of_job.contains(&finding.code.id));
    Ok(findings)
}

// === impl Memory ===

impl Memory {
    /// What the copies of a proxy hold, and as much again in the heaps of the modules.
    pub const fn per_pod(&self) -> u64 {
        self.buffered.saturating_mul(2).saturating_mul(self.workers)
    }

    /// What the answers of the shadow may hold beside that in a proxy, if Envoy buffers so many bytes of each.
    pub const fn answers(&self, bytes: u64) -> u64 {
        self.in_flight.saturating_mul(bytes).saturating_mul(self.workers)
    }

    /// In all pods.
    pub fn total(&self) -> Option<u64> {
        self.pods.map(|pods| self.per_pod().saturating_mul(pods))
    }
}
