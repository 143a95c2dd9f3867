//! The common case by flags instead of a file. The flags are written into the very document that a file would hold and
//! then read as such, so that both ways know the same rules and refuse with the same words.

use serde_json::{Map, Value, json};

use super::{API_VERSION, Job, KIND, read};
use crate::error::{Error, Result};
use crate::input::Document;
use crate::place::Place;
use crate::time::{self, Time};

/// A job by flags.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "The job by flags, instead of a file")]
pub struct JobFlags {
    /// The job's name
    #[arg(conflicts_with = "file")]
    pub name: Option<String>,
    /// The namespace of the job, its target and its shadow
    #[arg(long, short, requires = "name")]
    pub namespace: Option<String>,
    /// The Service whose requests are copied
    #[arg(long, requires = "name", conflicts_with = "listener")]
    pub service: Option<String>,
    /// An Envoy without Istio: its listener whose requests are copied
    #[arg(long, requires = "name")]
    pub listener: Option<String>,
    /// Its port; without it every HTTP port, each to its own
    #[arg(long, requires = "name")]
    pub port: Option<u16>,
    /// The version (label and subset) that answers the clients
    #[arg(long, value_name = "VERSION", requires = "name")]
    pub primary: Option<String>,
    /// The shadow is an existing Service
    #[arg(long, value_name = "SERVICE[:PORT]", requires = "name", conflicts_with_all = ["subset", "clone"])]
    pub backend: Option<String>,
    /// The shadow of an Envoy without Istio
    #[arg(long, value_name = "HOST:PORT", requires = "name", conflicts_with_all = ["backend", "subset", "clone"])]
    pub endpoint: Option<String>,
    /// The shadow is a subset of the same Service
    #[arg(long, requires = "name", conflicts_with = "clone")]
    pub subset: Option<String>,
    /// The shadow is a copy of this Deployment
    #[arg(long, value_name = "DEPLOYMENT", requires = "version")]
    pub clone: Option<String>,
    /// The copy's version
    #[arg(long, requires = "clone")]
    pub version: Option<String>,
    /// An image of the copy
    #[arg(long, value_name = "CONTAINER=IMAGE", requires = "clone")]
    pub image: Vec<String>,
    /// The copy's pods
    #[arg(long, requires = "clone")]
    pub replicas: Option<u32>,
    /// What keeps live traffic off the copy: service (labels and a Service of its own) or subset
    #[arg(long, requires = "clone")]
    pub isolation: Option<String>,
    /// What the copy may do once more: initContainers, persistentVolumes
    #[arg(long, value_name = "WHAT", requires = "clone")]
    pub allow: Vec<String>,
    /// How many of the requests are copied, 0 to 100; without it all
    #[arg(long, requires = "name")]
    pub percentage: Option<String>,
    /// How long from now: 90s, 30m, 2h, 7d
    #[arg(long = "for", value_name = "SPAN", requires = "name", conflicts_with = "expires_at")]
    pub span: Option<String>,
    /// Until when, such as 2026-12-01T18:00:00Z, or never
    #[arg(long, value_name = "TIME", requires = "name")]
    pub expires_at: Option<String>,
    /// Who copies: sidecar, waypoint, gateway or envoy
    #[arg(long, requires = "name")]
    pub data_plane: Option<String>,
    /// The Gateway whose pods copy
    #[arg(long, value_name = "[NAMESPACE/]NAME", requires = "name")]
    pub gateway: Option<String>,
    /// Only requests to this host
    #[arg(long, value_name = "HOST", requires = "name")]
    pub authority: Option<String>,
    /// What copies: wasm or native
    #[arg(long, requires = "name")]
    pub engine: Option<String>,
}

/// The job of the flags. `now` is what `--for` counts from.
///
/// # Errors
/// What is missing by its flag, and what [`read()`] refuses by its place in the job.
pub fn from_flags(flags: &JobFlags, now: Time) -> Result<Job> {
    let name = need("NAME", flags.name.as_ref())?;
    let mut metadata = Map::new();
    metadata.insert("name".to_owned(), name.into());
    insert(&mut metadata, "namespace", &flags.namespace);
    let (kind, target) = match &flags.listener {
        Some(listener) => ("Listener", listener.clone()),
        None => {
            need("--namespace", flags.namespace.as_ref())?;
            ("Service", need("--service", flags.service.as_ref())?)
        }
    };
    let mut target = json!({"kind": kind, "name": target});
    if let (Some(port), Some(target)) = (flags.port, target.as_object_mut()) {
        target.insert("port".to_owned(), port.into());
    }
    let mut spec = Map::new();
    spec.insert("targetRef".to_owned(), target);
    insert(&mut spec, "dataPlane", &flags.data_plane);
    if flags.listener.is_some() && flags.data_plane.is_none() {
        spec.insert("dataPlane".to_owned(), "envoy".into());
    }
    if let Some(gateway) = &flags.gateway {
        let gateway = match gateway.split_once('/') {
            Some((namespace, name)) => json!({"name": name, "namespace": namespace}),
            None => json!({"name": gateway}),
        };
        spec.insert("gateway".to_owned(), gateway);
    }
    insert(&mut spec, "engine", &flags.engine);
    if let Some(version) = &flags.primary {
        spec.insert("primary".to_owned(), json!({"version": version}));
    }
    spec.insert("expiresAt".to_owned(), expires_at(flags, now)?.into());
    spec.insert("shadows".to_owned(), json!([shadow(flags)?]));
    read(Document {
        place: Place::file("the job of the flags"),
        value: json!({
            "apiVersion": API_VERSION,
            "kind": KIND,
            "metadata": metadata,
            "spec": spec,
        }),
    })
}

/// The value of a flag that a job cannot do without.
fn need(flag: &str, value: Option<&String>) -> Result<String> {
    value.cloned().ok_or_else(|| {
        Error::Usage(format!("{flag} is missing; a job needs NAME, --namespace, --service (or --listener), a shadow (--backend, --subset, --clone or --endpoint), and --for or --expires-at; or give a file with -f"))
    })
}

/// When the job ends.
fn expires_at(flags: &JobFlags, now: Time) -> Result<String> {
    match &flags.span {
        Some(text) => {
            let end = time::span(text).and_then(|span| now.after(span));
            let end =
                end.ok_or_else(|| Error::Usage(format!("--for {text}: is not a span such as 90s, 30m, 2h or 7d")))?;
            Ok(end.to_string())
        }
        None => need("--for", flags.expires_at.as_ref()),
    }
}

/// The one shadow that flags can name.
fn shadow(flags: &JobFlags) -> Result<Map<String, Value>> {
    let mut shadow = Map::new();
    if let Some(backend) = &flags.backend {
        shadow.insert("backendRef".to_owned(), backend_ref(backend)?);
    }
    if let Some(endpoint) = &flags.endpoint {
        shadow.insert("endpoint".to_owned(), endpoint_of(endpoint)?);
    }
    insert(&mut shadow, "subset", &flags.subset);
    if let Some(clone) = &flags.clone {
        shadow.insert("clone".to_owned(), clone_of(clone, flags)?);
    }
    if shadow.is_empty() {
        need("the shadow", None)?;
    }
    // The filter's parser takes a number as a text too.
    insert(&mut shadow, "percentage", &flags.percentage);
    if let Some(Ok(number)) = flags.percentage.as_ref().map(|text| text.parse::<f64>())
        && number.is_finite()
    {
        let whole = number.fract() == 0.0 && number.abs() < 1e9;
        shadow.insert(
            "percentage".to_owned(),
            if whole { json!(number as i64) } else { json!(number) },
        );
    }
    if let Some(host) = &flags.authority {
        shadow.insert("match".to_owned(), json!([{"authority": {"exact": host}}]));
    }
    Ok(shadow)
}

fn backend_ref(text: &str) -> Result<Value> {
    let Some((name, port)) = text.split_once(':') else {
        return Ok(json!({"name": text}));
    };
    match port.parse::<u16>() {
        Ok(port) => Ok(json!({"name": name, "port": port})),
        Err(_) => Err(Error::Usage(format!(
            "--backend {text}: is not SERVICE or SERVICE:PORT"
        ))),
    }
}

fn endpoint_of(text: &str) -> Result<Value> {
    let parts = text
        .rsplit_once(':')
        .and_then(|(host, port)| Some((host, port.parse::<u16>().ok()?)));
    match parts {
        // The brackets of an IPv6 address are not part of it.
        Some((host, port)) => Ok(json!({"host": host.trim_start_matches('[').trim_end_matches(']'), "port": port})),
        None => Err(Error::Usage(format!("--endpoint {text}: is not HOST:PORT"))),
    }
}

fn clone_of(deployment: &str, flags: &JobFlags) -> Result<Value> {
    let mut clone = Map::new();
    clone.insert("deployment".to_owned(), deployment.into());
    insert(&mut clone, "version", &flags.version);
    let mut images = Map::new();
    for text in &flags.image {
        let Some((container, image)) = text.split_once('=') else {
            return Err(Error::Usage(format!("--image {text}: is not CONTAINER=IMAGE")));
        };
        if images.insert(container.to_owned(), image.into()).is_some() {
            return Err(Error::Usage(format!(
                "--image {text}: container `{container}` is given twice"
            )));
        }
    }
    if !images.is_empty() {
        clone.insert("images".to_owned(), images.into());
    }
    if let Some(replicas) = flags.replicas {
        clone.insert("replicas".to_owned(), replicas.into());
    }
    insert(&mut clone, "isolation", &flags.isolation);
    if !flags.allow.is_empty() {
        clone.insert("allow".to_owned(), flags.allow.clone().into());
    }
    Ok(clone.into())
}

fn insert(object: &mut Map<String, Value>, key: &str, value: &Option<String>) {
    if let Some(value) = value {
        object.insert(key.to_owned(), value.as_str().into());
    }
}
