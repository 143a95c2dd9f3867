//! A Strategy of type Mirror as a job. KubeSphere's controllers turn a Strategy into a VirtualService that mirrors
//! every request of every port to the first port of the shadow (kubesphere, pkg/controller/virtualservice,
//! `FillDestinationPort`); a job says the same wish with the ports put right, and each difference is told.

use serde_json::{Map, Value, json};

use crate::error::{Error, Result};
use crate::input::{self, Document, Stdin};
use crate::job::{self, API_VERSION, Job, KIND};
use crate::objects::{Object, items};
use crate::output::Format;
use crate::place::Place;
use crate::time::{self, Time};

/// Arguments of `import kubesphere`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The Strategy, or several; - for standard input
    #[arg(short, long, value_name = "FILE")]
    pub file: String,
    /// YAML documents, or a v1 List
    #[arg(short, long, value_enum, default_value = "yaml")]
    pub output: Format,
    /// The namespace of a Strategy that names none
    #[arg(short, long)]
    pub namespace: Option<String>,
    /// The job mirrors this port alone; without it every HTTP port, each to its own
    #[arg(long)]
    pub port: Option<u16>,
    /// The version that answers the clients, if the Strategy does not say `principal`
    #[arg(long, value_name = "VERSION")]
    pub primary: Option<String>,
    /// How many of the requests are copied, 0 to 100; without it as many as the Strategy says
    #[arg(long)]
    pub percentage: Option<f64>,
    /// What copies: wasm (default) or native, which is what KubeSphere uses
    #[arg(long)]
    pub engine: Option<String>,
    /// How long from now: 90s, 30m, 2h, 7d
    #[arg(long = "for", value_name = "SPAN", conflicts_with = "expires_at")]
    pub span: Option<String>,
    /// Until when, such as 2026-12-01T18:00:00Z, or never
    #[arg(long, value_name = "TIME")]
    pub expires_at: Option<String>,
    /// Reckon with this time instead of the clock's
    #[arg(long, value_name = "TIME", value_parser = Time::parse)]
    pub now: Option<Time>,
}

/// Where the copies of a Strategy go.
#[derive(Debug, PartialEq, Eq)]
struct Shadow {
    host: String,
    subset: Option<String>,
    port: Option<u64>,
    /// `None`: all.
    percentage: Option<String>,
}

const GROUP: &str = "servicemesh.kubesphere.io";

/// The jobs of every Strategy of type Mirror, and what changed in meaning.
///
/// # Errors
/// If there is none, what a Strategy does not say and no flag does, and what cannot be mirrored.
pub fn import(args: &Args, now: Time, stdin: &mut Stdin<'_>) -> Result<(Vec<Job>, Vec<String>)> {
    let expires_at = expires_at(args, now)?;
    let (mut jobs, mut notes, mut others) = (Vec::new(), Vec::new(), Vec::new());
    for document in input::documents(&args.file, stdin)?.into_iter().flat_map(items) {
        let has_namespace = document.value.pointer("/metadata/namespace").is_some();
        let strategy = Object::new(document, args.namespace.as_deref().unwrap_or_default())?;
        if strategy.group() != GROUP || strategy.kind() != "Strategy" {
            others.push(format!("{} {}", strategy.kind(), strategy.name()));
        } else if strategy.text(&["spec", "type"]) != Some("Mirror") {
            let kind = strategy.text(&["spec", "type"]).unwrap_or("none");
            others.push(format!("Strategy {} of type {kind}", strategy.name()));
        } else if !has_namespace && args.namespace.is_none() {
            let problem = "is missing; give --namespace";
            return Err(Error::invalid(&strategy.place, "metadata.namespace", problem));
        } else {
            jobs.push(of_strategy(&strategy, args, &expires_at, &mut notes)?);
        }
    }
    if jobs.is_empty() {
        let place = Place::file(args.file.clone());
        let problem = format!("holds no Strategy of type Mirror, only {}", others.join(", "));
        return Err(Error::Unreadable { place, problem });
    }
    for other in others {
        notes.push(format!("{other} is left out: it mirrors nothing"));
    }
    Ok((jobs, notes))
}

fn expires_at(args: &Args, now: Time) -> Result<String> {
    match (&args.span, &args.expires_at) {
        (Some(text), _) => {
            let end = time::span(text).and_then(|span| now.after(span));
            let end =
                end.ok_or_else(|| Error::Usage(format!("--for {text}: is not a span such as 90s, 30m, 2h or 7d")))?;
            Ok(end.to_string())
        }
        (None, Some(text)) => Ok(text.clone()),
        (None, None) => Err(Error::Usage(
            "a Strategy mirrors until somebody ends it, and a job says when it ends; give --for or --expires-at (`never` is allowed)"
                .to_owned(),
        )),
    }
}

fn of_strategy(strategy: &Object, args: &Args, expires_at: &str, notes: &mut Vec<String>) -> Result<Job> {
    let title = format!("Strategy {}", strategy.name());
    if let Some(governor) = strategy.text(&["spec", "governor"]).filter(|text| !text.is_empty()) {
        let problem = format!("{governor} has taken over all requests, so there is no shadow any more");
        return Err(Error::invalid(&strategy.place, "spec.governor", problem));
    }
    let service = service(strategy)?;
    let shadow = shadow(strategy)?;
    let principal = strategy.text(&["spec", "principal"]).filter(|text| !text.is_empty());
    let Some(version) = args.primary.as_deref().or(principal) else {
        let problem = "is missing; give --primary: the label `version` of the pods that answer the clients";
        return Err(Error::invalid(&strategy.place, "spec.principal", problem));
    };
    let mut target = json!({"kind": "Service", "name": service});
    let mut entry = destination(strategy, &shadow, &service, version, args, notes)?;
    match (args.port, shadow.port) {
        (Some(port), _) => {
            set(&mut target, "port", port.into());
        }
        (None, Some(port)) => notes.push(format!("{title}: KubeSphere sends the copies of every port to port {port}; the job sends those of each HTTP port to the same port of the shadow (--port names one)")),
        (None, None) => notes.push(format!("{title}: KubeSphere sends the copies of every port to the first one; the job sends those of each HTTP port to the same port of the shadow (--port names one)")),
    }
    match args.percentage.map(|number| number.to_string()).or(shadow.percentage) {
        Some(percentage) => {
            entry.insert("percentage".to_owned(), number(percentage));
        }
        None => notes.push(format!(
            "{title}: every request is copied, as KubeSphere does; --percentage copies fewer"
        )),
    }
    let is_native = args.engine.as_deref() == Some("native");
    if strategy.text(&["spec", "strategyPolicy"]) == Some("Paused") {
        if is_native {
            notes.push(format!("{title}: it is paused in KubeSphere, and engine `native` knows no pause; apply the job only when copies are to flow"));
        } else {
            entry.insert("enabled".to_owned(), false.into());
            notes.push(format!(
                "{title}: it is paused in KubeSphere, so the shadow has `enabled: false`"
            ));
        }
    }
    if !is_native {
        notes.push(format!("{title}: KubeSphere has the callers' proxies copy; the job has the sidecars of {version} copy what they receive, also from callers without a sidecar (--engine native keeps it as it was)"));
    }
    let mut spec = Map::new();
    spec.insert("targetRef".to_owned(), target);
    if let Some(engine) = &args.engine {
        spec.insert("engine".to_owned(), engine.as_str().into());
    }
    spec.insert("primary".to_owned(), primary(version));
    spec.insert("expiresAt".to_owned(), expires_at.into());
    spec.insert("shadows".to_owned(), json!([entry]));
    job::read(Document {
        place: Place::file(format!("the job of {title}")),
        value: json!({
            "apiVersion": API_VERSION,
            "kind": KIND,
            "metadata": {"name": strategy.name(), "namespace": strategy.namespace},
            "spec": spec,
        }),
    })
}

/// The keys of the shadow that say where its copies go.
fn destination(
    strategy: &Object,
    shadow: &Shadow,
    service: &str,
    version: &str,
    args: &Args,
    notes: &mut Vec<String>,
) -> Result<Map<String, Value>> {
    let title = format!("Strategy {}", strategy.name());
    let mut entry = Map::new();
    match (&shadow.subset, is_service(&shadow.host, service, strategy)) {
        (Some(subset), true) => {
            entry.insert("subset".to_owned(), subset.as_str().into());
            notes.push(format!("{title}: the subset {subset} is in a DestinationRule that KubeSphere owns and clears when the Strategy goes; define {subset} and {} in one of your own before you delete it there", subset_of(version)));
            notes.push(format!("{title}: the pods of {subset} are endpoints of the Service {service} too, and only KubeSphere's routing keeps live requests off them; that routing goes with the Strategy"));
        }
        (None, false) => {
            entry.insert("backendRef".to_owned(), backend(strategy, shadow, args)?);
        }
        (None, true) => {
            let problem = format!("names {service} itself, without a subset, so a copy would be a second live request");
            return Err(Error::invalid(&strategy.place, MIRROR, problem));
        }
        (Some(subset), false) => {
            let problem = format!(
                "names the subset {subset} of {}, another Service; a job's shadow is a subset of its own Service, or a Service",
                shadow.host
            );
            return Err(Error::invalid(&strategy.place, MIRROR, problem));
        }
    }
    Ok(entry)
}

/// A share as a number, whole if it is; the job's reader refuses what is none.
fn number(percentage: String) -> Value {
    let number = percentage.parse().ok().and_then(|number: f64| {
        let is_whole = number.fract() == 0.0 && number.abs() < 1e9;
        if is_whole {
            Some(json!(number as i64))
        } else {
            serde_json::Number::from_f64(number).map(Value::Number)
        }
    });
    number.unwrap_or(Value::String(percentage))
}

/// The Service: the one host of the template.
fn service(strategy: &Object) -> Result<String> {
    let path = "spec.template.spec.hosts";
    let hosts = strategy
        .at(&["spec", "template", "spec", "hosts"])
        .and_then(Value::as_array);
    let hosts: Vec<&str> = hosts.into_iter().flatten().filter_map(Value::as_str).collect();
    match hosts.as_slice() {
        [host] => match host.split_once('.') {
            None => Ok((*host).to_owned()),
            Some((name, rest))
                if rest == strategy.namespace || rest.starts_with(&format!("{}.svc", strategy.namespace)) =>
            {
                Ok(name.to_owned())
            }
            Some(_) => {
                let problem = format!("{host} is no Service of namespace {}", strategy.namespace);
                Err(Error::invalid(&strategy.place, path, problem))
            }
        },
        hosts => {
            let problem = format!("{} hosts are not one; a job has one Service", hosts.len());
            Err(Error::invalid(&strategy.place, path, problem))
        }
    }
}

const MIRROR: &str = "spec.template.spec.http[].mirror";

/// The one shadow of all rules.
fn shadow(strategy: &Object) -> Result<Shadow> {
    let template = &["spec", "template", "spec"];
    let rules = |key: &str| {
        let rules = strategy
            .at(template)
            .and_then(|spec| spec.get(key))
            .and_then(Value::as_array);
        rules.into_iter().flatten().enumerate()
    };
    let mut shadows: Vec<Shadow> = Vec::new();
    for (index, rule) in rules("http") {
        let conditions = rule.get("match").and_then(Value::as_array).into_iter().flatten();
        if conditions
            .filter_map(Value::as_object)
            .any(|condition| condition.keys().any(|key| key != "port"))
        {
            let problem = "has conditions besides a port, which the console does not write; write them into the job's `match` by hand and take them out here";
            let path = format!("spec.template.spec.http[{index}].match");
            return Err(Error::invalid(&strategy.place, path, problem));
        }
        shadows.extend(of_rule(rule));
    }
    shadows.dedup();
    // A rule for each port differs only by the port.
    if let Some((first, rest)) = shadows.split_first_mut()
        && rest.iter().all(|other| {
            (&other.host, &other.subset, &other.percentage) == (&first.host, &first.subset, &first.percentage)
        })
    {
        let port = if rest.is_empty() { first.port } else { None };
        return Ok(Shadow {
            host: std::mem::take(&mut first.host),
            subset: first.subset.take(),
            percentage: first.percentage.take(),
            port,
        });
    }
    if !shadows.is_empty() {
        let problem = "names several shadows or percentages; write one job for each by hand";
        return Err(Error::invalid(&strategy.place, MIRROR, problem));
    }
    let problem = if rules("tcp").next().is_some() || rules("tls").next().is_some() {
        "is missing: the Strategy is for TCP, which KubeSphere offers and Istio ignores; a proxy sees no requests in it, so nothing can be copied"
    } else {
        "is missing, so nothing is mirrored"
    };
    Err(Error::invalid(&strategy.place, MIRROR, problem))
}

fn of_rule(rule: &Value) -> Option<Shadow> {
    let mirror = rule.get("mirror")?;
    let text = |key: &str| mirror.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
    // The CRD has the one spelling, Istio the other.
    let percentage = [
        "mirror_percentage",
        "mirrorPercentage",
        "mirror_percent",
        "mirrorPercent",
    ]
    .iter()
    .find_map(|key| rule.get(key))
    .map(|value| value.get("value").unwrap_or(value).to_string());
    Some(Shadow {
        host: text("host")?.to_owned(),
        subset: text("subset").map(str::to_owned),
        port: mirror.pointer("/port/number").and_then(Value::as_u64),
        percentage,
    })
}

fn is_service(host: &str, service: &str, strategy: &Object) -> bool {
    let namespace = &strategy.namespace;
    host == service
        || host == format!("{service}.{namespace}")
        || host.starts_with(&format!("{service}.{namespace}.svc"))
}

fn backend(strategy: &Object, shadow: &Shadow, args: &Args) -> Result<Value> {
    let mut parts = shadow.host.splitn(3, '.');
    let (name, namespace, rest) = (parts.next().unwrap_or_default(), parts.next(), parts.next());
    if rest.is_some_and(|rest| rest != "svc" && !rest.starts_with("svc.")) {
        let problem = format!("{} is no Service", shadow.host);
        return Err(Error::invalid(&strategy.place, MIRROR, problem));
    }
    let mut backend = json!({"name": name});
    if let Some(namespace) = namespace.filter(|namespace| *namespace != strategy.namespace) {
        set(&mut backend, "namespace", namespace.into());
    }
    if let (Some(port), Some(_)) = (shadow.port, args.port) {
        set(&mut backend, "port", port.into());
    }
    Ok(backend)
}

/// The name that KubeSphere gives the subset of a version.
fn subset_of(version: &str) -> String {
    version.replace(['.', '_', '-'], "")
}

fn primary(version: &str) -> Value {
    match subset_of(version) {
        subset if subset == version => json!({"version": version}),
        subset => json!({"subset": subset, "labels": {"version": version}}),
    }
}

fn set(object: &mut Value, key: &str, value: Value) {
    if let Some(fields) = object.as_object_mut() {
        fields.insert(key.to_owned(), value);
    }
}
