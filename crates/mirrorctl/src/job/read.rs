//! Reads a job, strictly. This is the only place that knows the job's own keys; the filter's keys are read by the
//! filter's parser, and what it refuses is told in the job's spelling.

mod external;

mod planes;

mod values;

use mirror_policy::document::{Fields, Node};
use mirror_policy::{ConfigError, MIRROR_KEYS, Plan};
use serde_json::{Map, Value, json};

use super::{API_VERSION, Allowed, Backend, CloneOf, DataPlane, Engine, Expiry, Isolation, Job, KIND, Primary, Shadow};
use crate::error::{Error, Result};
use crate::input::Document;
use crate::time::Time;
use external::external;
use planes::{check_data_plane, endpoint, gateway, target};
use values::{Read, label, name, port, replicas, subset, texts};

/// The keys of a shadow that are the job's own.
const SHADOW_KEYS: &[&str] = &["name", "backendRef", "external", "subset", "clone", "endpoint"];

/// The filter's keys that follow from the rest of the job.
const DERIVED: &[(&str, &str)] = &[
    (
        "cluster",
        "follows from `backendRef`, `external`, `subset`, `clone` or `endpoint`",
    ),
    (
        "destination",
        "follows from `backendRef`, `external`, `subset`, `clone` or `endpoint`",
    ),
    ("expiresAt", "stands in `spec.expiresAt`, for all shadows"),
];

/// A shadow has one place.
const ONE: &str = "give exactly one of `backendRef`, `external`, `subset` and `clone`";

/// Envoy's own mirroring has no more.
const NATIVE: &[&str] = &["percentage"];

/// Reads a job.
///
/// # Errors
/// The first refusal, with its path.
pub fn read(document: Document) -> Result<Job> {
    let Document { place, value } = document;
    job(value).map_err(|error| match error {
        ConfigError::Invalid { path, problem } if path == "the configuration" => {
            Error::invalid(&place, "the job", problem)
        }
        ConfigError::Invalid { path, problem } => Error::invalid(&place, path, problem),
        other => Error::Unreadable {
            place: place.clone(),
            problem: other.to_string(),
        },
    })
}

fn job(value: Value) -> Read<Job> {
    // Another kind is refused as such, not for the first of its keys.
    for (key, wanted) in [("apiVersion", API_VERSION), ("kind", KIND)] {
        if let Some(found) = value.get(key)
            && found != wanted
        {
            return Err(ConfigError::invalid(key, format!("{found} is not \"{wanted}\"")));
        }
    }
    let mut root = Node::new("", value).object(&["apiVersion", "kind", "metadata", "spec"])?;
    root.need("apiVersion")?;
    root.need("kind")?;
    let mut metadata = root.need("metadata")?.object(&["name", "namespace"])?;
    let mut spec = root.need("spec")?.object(&[
        "targetRef",
        "dataPlane",
        "gateway",
        "engine",
        "primary",
        "expiresAt",
        "shadows",
    ])?;
    let name = label(metadata.need("name")?)?;
    let data_plane = spec
        .take("dataPlane")
        .map_or(Ok(DataPlane::Sidecar), |node| node.word(DataPlane::WORDS))?;
    let engine = spec
        .take("engine")
        .map_or(Ok(Engine::Wasm), |node| node.word(Engine::WORDS))?;
    if engine == Engine::Native && data_plane == DataPlane::Envoy {
        let problem = "\"native\" is configured through Istio; with dataPlane `envoy`, write request_mirror_policies into Envoy's own route";
        return Err(ConfigError::invalid("spec.engine", problem));
    }
    let mut job = Job {
        namespace: match data_plane {
            // Without Kubernetes there are no namespaces.
            DataPlane::Envoy => metadata.take("namespace").map_or(Ok(String::new()), label)?,
            _ => label(metadata.need("namespace")?)?,
        },
        target: target(spec.need("targetRef")?, data_plane)?,
        data_plane,
        gateway: spec.take("gateway").map(gateway).transpose()?,
        engine,
        primary: spec.take("primary").map(primary).transpose()?,
        expires_at: expiry(spec.need("expiresAt")?)?,
        shadows: Vec::new(),
        name,
    };
    check_data_plane(&job)?;
    let shadows = spec.need("shadows")?;
    let entries = shadows.value().as_array().map_or(1, Vec::len);
    if !(1..=mirror_policy::plan::MAX_MIRRORS).contains(&entries) {
        return shadows.refuse(format!(
            "{entries} entries are not between 1 and {}",
            mirror_policy::plan::MAX_MIRRORS
        ));
    }
    for node in shadows.list()? {
        let path = node.path().to_owned();
        let shadow = shadow(node, &job)?;
        if job.shadows.iter().any(|other| other.name == shadow.name) {
            let problem = format!("`{}` is the name of another shadow too; give each its own", shadow.name);
            return Err(ConfigError::invalid(format!("{path}.name"), problem));
        }
        job.shadows.push(shadow);
    }
    Ok(job)
}

fn primary(node: Node) -> Read<Primary> {
    let path = node.path().to_owned();
    let mut object = node.object(&["version", "subset", "labels"])?;
    match (object.take("version"), object.take("subset"), object.take("labels")) {
        (Some(version), None, None) => {
            let version = subset(version)?;
            Ok(Primary {
                labels: vec![("version".to_owned(), version.clone())],
                subset: version,
            })
        }
        (None, Some(name), Some(labels)) => {
            let (path, labels) = (labels.path().to_owned(), texts(labels)?);
            if labels.is_empty() {
                return Err(ConfigError::invalid(path, "at least one label is needed"));
            }
            Ok(Primary {
                subset: subset(name)?,
                labels,
            })
        }
        _ => Err(ConfigError::invalid(
            path,
            "give either `version` (label and subset of that name), or both `subset` and `labels`",
        )),
    }
}

fn expiry(node: Node) -> Read<Expiry> {
    node.parse("a time such as \"2026-12-01T18:00:00Z\", or \"never\"", |value| {
        value.as_str().map(|text| match text {
            "never" => Ok(Expiry::Never),
            text => Time::parse(text).map(Expiry::At),
        })
    })
}

// === a shadow ===

fn shadow(node: Node, job: &Job) -> Read<Shadow> {
    let path = node.path().to_owned();
    let Value::Object(fields) = node.value().clone() else {
        return Err(ConfigError::invalid(path, "an entry is an object"));
    };
    let (own, mut filter): (Map<_, _>, Map<_, _>) = fields
        .into_iter()
        .partition(|(key, _)| SHADOW_KEYS.contains(&key.as_str()));
    check_filter_keys(&filter, job, &path)?;
    let mut own = Node::new(&path, Value::Object(own)).object(SHADOW_KEYS)?;
    let name = own
        .take("name")
        .map_or_else(|| Ok(job.name.clone()), |node| node.text())?;
    let backend = backend(&mut own, job)?;
    // A server outside knows itself by its own name.
    if let (Backend::External(external), Engine::Wasm) = (&backend, job.engine) {
        let own = || json!({"mode": "literal", "value": external.authority()});
        filter.entry("authority").or_insert_with(own);
    }
    let config = Box::new(filter_config(&name, &filter, &path)?);
    Ok(Shadow {
        name,
        backend,
        filter,
        config,
    })
}

fn check_filter_keys(filter: &Map<String, Value>, job: &Job, path: &str) -> Read<()> {
    for key in filter.keys() {
        let refuse = |problem: String| Err(ConfigError::invalid(format!("{path}.{key}"), problem));
        if let Some((_, why)) = DERIVED.iter().find(|(derived, _)| derived == key) {
            return refuse(format!("does not stand here: it {why}"));
        }
        if !MIRROR_KEYS.contains(&key.as_str()) {
            let own = SHADOW_KEYS
                .iter()
                .chain(MIRROR_KEYS.iter().filter(|key| **key != "name"));
            let known = own.filter(|key| !DERIVED.iter().any(|(derived, _)| derived == *key));
            let known: Vec<String> = known.map(|key| format!("`{key}`")).collect();
            return refuse(format!(
                "is not a key that is known here; known are {}",
                known.join(", ")
            ));
        }
        if job.engine == Engine::Native && !NATIVE.contains(&key.as_str()) {
            return refuse(
                "is the filter's; engine `native` has no such thing, so leave it out or use engine `wasm`".to_owned(),
            );
        }
    }
    Ok(())
}

/// Passes the filter's keys through the filter's parser.
fn filter_config(
    name: &str,
    filter: &Map<String, Value>,
    path: &str,
) -> Read<mirror_policy::configuration::MirrorConfig> {
    let mut mirror = json!({"name": name, "cluster": "shadow"});
    if let Some(fields) = mirror.as_object_mut() {
        fields.extend(filter.clone());
    }
    let config = json!({"mirrors": [mirror]}).to_string();
    let plan = Plan::parse(config.as_bytes()).map_err(|error| match error {
        ConfigError::Invalid { path: at, problem } => {
            let below = at.strip_prefix("mirrors[0]").unwrap_or_default();
            ConfigError::invalid(format!("{path}{below}"), problem)
        }
        other => other,
    })?;
    let mirror = plan.config().mirrors.into_iter().next();
    mirror.ok_or_else(|| ConfigError::invalid(path, "is not a mirror"))
}

fn backend(object: &mut Fields, job: &Job) -> Read<Backend> {
    let path = object.path().to_owned();
    let is_primary = |name: &str| job.primary.as_ref().is_some_and(|primary| primary.subset == name);
    let own = object.take("endpoint");
    if (job.data_plane == DataPlane::Envoy) != own.is_some() {
        let problem = match own {
            Some(_) => {
                "`endpoint` is for dataPlane `envoy`; with Istio, give one of `backendRef`, `external`, `subset` and `clone`"
            }
            None => "`endpoint` is missing: dataPlane `envoy` knows no Services, so give `{host, port}` of the shadow",
        };
        return Err(ConfigError::invalid(path, problem));
    }
    let outside = object.take("external");
    let others = (object.take("backendRef"), object.take("subset"), object.take("clone"));
    if let Some(node) = own {
        return match others {
            (None, None, None) if outside.is_none() => Ok(Backend::Endpoint(endpoint(node)?)),
            _ => Err(ConfigError::invalid(
                path,
                "`endpoint` stands alone; dataPlane `envoy` knows no other kind of shadow",
            )),
        };
    }
    if let Some(node) = outside {
        return match others {
            (None, None, None) => Ok(Backend::External(external(node)?)),
            _ => Err(ConfigError::invalid(path, ONE)),
        };
    }
    match others {
        (Some(node), None, None) => backend_ref(node, job),
        (None, Some(node), None) => {
            let (at, name) = (node.path().to_owned(), subset(node)?);
            if is_primary(&name) {
                let problem = format!("`{name}` is the primary itself");
                return Err(ConfigError::invalid(at, problem));
            }
            need_primary(job, &path)?;
            Ok(Backend::Subset(name))
        }
        (None, None, Some(node)) => {
            let at = format!("{}.version", node.path());
            let clone = clone_of(node)?;
            if is_primary(&clone.version) {
                let problem = format!("`{}` is the version of the primary", clone.version);
                return Err(ConfigError::invalid(at, problem));
            }
            if clone.isolation == Isolation::Subset {
                need_primary(job, &path)?;
            }
            Ok(Backend::Clone(clone))
        }
        _ => Err(ConfigError::invalid(path, ONE)),
    }
}

fn need_primary(job: &Job, path: &str) -> Read<()> {
    match job.primary {
        Some(_) => Ok(()),
        None => Err(ConfigError::invalid(
            "spec.primary",
            format!("is missing; {path} is a subset of the same Service, and only `primary` tells the two apart"),
        )),
    }
}

fn backend_ref(node: Node, job: &Job) -> Read<Backend> {
    let path = node.path().to_owned();
    let mut object = node.object(&["name", "namespace", "port"])?;
    let name = label(object.need("name")?)?;
    let namespace = object.take("namespace").map(label).transpose()?;
    let port = object.take("port").map(port).transpose()?;
    let same_namespace = namespace.as_ref().is_none_or(|namespace| *namespace == job.namespace);
    if name == job.target.name && same_namespace {
        let problem = format!("`{name}` is the target itself; a copy would be a second live request");
        return Err(ConfigError::invalid(format!("{path}.name"), problem));
    }
    if port.is_some() && job.target.port.is_none() {
        let problem = "every HTTP port of the target is mirrored, each to the same port of the shadow; leave this out or set `spec.targetRef.port`";
        return Err(ConfigError::invalid(format!("{path}.port"), problem));
    }
    Ok(Backend::Service { name, namespace, port })
}

fn clone_of(node: Node) -> Read<CloneOf> {
    let mut object = node.object(&[
        "deployment",
        "version",
        "images",
        "env",
        "replicas",
        "isolation",
        "allow",
    ])?;
    Ok(CloneOf {
        deployment: name(object.need("deployment")?)?,
        version: label(object.need("version")?)?,
        images: object.take("images").map_or(Ok(Vec::new()), texts)?,
        env: object.take("env").map_or(Ok(Vec::new()), |node| {
            let containers = node.names()?.into_iter();
            containers
                .map(|(container, node)| Ok((container, texts(node)?)))
                .collect()
        })?,
        replicas: object.take("replicas").map(replicas).transpose()?,
        isolation: object
            .take("isolation")
            .map_or(Ok(Isolation::Service), |node| node.word(Isolation::WORDS))?,
        allow: object.take("allow").map_or(Ok(Vec::new()), |node| {
            let entries = node.list()?.into_iter();
            entries.map(|node| node.word(Allowed::WORDS)).collect()
        })?,
    })
}
