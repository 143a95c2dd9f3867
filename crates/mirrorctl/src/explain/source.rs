//! Where a configuration of the filter is found: alone, in the object that loads it, in Envoy's own configuration, or
//! in a job that has become one.

use std::rc::Rc;

use mirror_policy::{ConfigError, Plan};
use serde_json::{Value, json};

use super::ExplainArgs;
use crate::cluster::Sources;
use crate::error::{Error, Result};
use crate::input::{self, Document};
use crate::job::{self, DataPlane, Engine, Expiry, Job};
use crate::manifests::{self, Module};
use crate::objects::{at, items, title};
use crate::place::Place;
use crate::preview::configs;

/// A configuration, and where it was found.
#[derive(Debug)]
pub struct ConfigurationSource {
    /// For a person: the file, or the object.
    pub name: String,
    /// Whether its clusters are those that Envoy will know. Those of a job follow from the objects.
    pub has_clusters: bool,
    /// What runs.
    pub plan: Rc<Plan>,
}

/// Every configuration of the input; at least one.
///
/// # Errors
/// What reading refuses, and an input without any.
pub fn sources(args: &ExplainArgs, from: &mut Sources<'_, '_>) -> Result<Vec<ConfigurationSource>> {
    let documents = input::documents(&args.file, from.stdin)?;
    let mut sources = Vec::new();
    let mut others = Vec::new();
    for document in documents.into_iter().flat_map(items) {
        let kind = document.value.get("kind").and_then(Value::as_str).map(str::to_owned);
        let is_job = document
            .value
            .get("apiVersion")
            .is_some_and(|version| version == job::API_VERSION);
        let Document { place, value } = document;
        if is_job {
            sources.extend(of_job(job::read(Document { place, value })?, args, from)?);
            continue;
        }
        let found = configs(&value);
        match (kind, found.is_empty()) {
            (Some(kind), true) => others.push(kind),
            (None, true) => sources.push(source(&place, place.to_string(), &value, "")?),
            (_, false) => {
                for config in found {
                    sources.push(source(&place, named(&value, &place), &config, "pluginConfig: ")?);
                }
            }
        }
    }
    if sources.is_empty() {
        let place = Place::file(args.file.clone());
        let problem = format!(
            "holds no configuration of the filter, only {}; give a plugin configuration, a WasmPlugin, a TrafficExtension or a job",
            others.join(", ")
        );
        return Err(Error::Unreadable { place, problem });
    }
    Ok(sources)
}

fn source(place: &Place, name: String, config: &Value, prefix: &str) -> Result<ConfigurationSource> {
    let plan = Plan::parse(config.to_string().as_bytes()).map_err(|error| match error {
        ConfigError::Invalid { path, problem } => Error::invalid(place, format!("{prefix}{path}"), problem),
        other => Error::Unreadable {
            place: place.clone(),
            problem: other.to_string(),
        },
    })?;
    Ok(ConfigurationSource {
        name,
        has_clusters: true,
        plan: Rc::new(plan),
    })
}

fn named(object: &Value, place: &Place) -> String {
    let text = |keys: &[&str]| at(object, keys).and_then(Value::as_str);
    match (text(&["kind"]), text(&["metadata", "name"])) {
        (Some(kind), Some(name)) => title(kind, text(&["metadata", "namespace"]).unwrap_or("default"), name),
        _ => place.to_string(),
    }
}

// === a job ===

fn of_job(job: Job, args: &ExplainArgs, from: &mut Sources<'_, '_>) -> Result<Vec<ConfigurationSource>> {
    let name = match job.namespace.as_str() {
        "" => format!("the job {}", job.name),
        namespace => format!("the job {} of namespace {namespace}", job.name),
    };
    if job.engine == Engine::Native {
        return Err(Error::Refused(format!(
            "{name}: engine `native` is Envoy's own mirroring, which knows a percentage and nothing else; there is nothing to explain"
        )));
    }
    let place = Place::file(args.file.clone());
    if !args.world.is_given(from.kubeconfigs) && job.data_plane != DataPlane::Envoy {
        let mut source = source(&place, name, &of_filter_keys(&job), "")?;
        source.has_clusters = false;
        return Ok(vec![source]);
    }
    let world = args.world.world_of(&job, from)?;
    let mut options = args.options.options();
    // The module is another question, and changes no decision.
    options.module.get_or_insert_with(|| Module {
        url: "file:///traffic-mirror.wasm".to_owned(),
        sha256: None,
    });
    let bundle = manifests::bundle(&job, &world, &options).map_err(|error| world.explained(error))?;
    let configs = bundle.manifests(None).flat_map(|manifest| configs(&manifest.object));
    configs
        .map(|config| source(&place, name.clone(), &config, ""))
        .collect()
}

/// The mirrors of a job as far as they follow from the job alone. It has been read, so it passes the filter's parser.
fn of_filter_keys(job: &Job) -> Value {
    let mirrors: Vec<Value> = job
        .shadows
        .iter()
        .map(|shadow| {
            let mut mirror = json!({"name": shadow.name, "cluster": "unknown"});
            if let Some(fields) = mirror.as_object_mut() {
                fields.extend(shadow.filter.clone());
                if let Expiry::At(end) = job.expires_at {
                    fields.insert("expiresAt".to_owned(), end.to_string().into());
                }
            }
            mirror
        })
        .collect();
    json!({"mirrors": mirrors})
}
