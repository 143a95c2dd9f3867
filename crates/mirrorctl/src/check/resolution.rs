//! What Istio finds for a destination: a Service or a ServiceEntry, and the labels of the pods behind it.

use serde_json::Value;

use super::flows::Flow;
use super::flows::destination::Destination;
use crate::findings::{Code, codes};
use crate::objects::{Labels, Object, Service, World, host_covers, kinds, list, routing};

/// What Istio finds for a host.
#[derive(Debug, Clone, Copy)]
pub(super) enum Target<'a> {
    /// A Service with addresses of its own.
    Service(Service<'a>),
    /// A ServiceEntry that has the host.
    Entry(&'a Object),
}

/// Why a destination has no cluster, or why nothing is known of it.
pub(super) struct Absence {
    /// The code of the finding.
    pub(super) code: &'static Code,
    /// What the finding says.
    pub(super) problem: String,
}

impl<'a> Target<'a> {
    /// The Service or the ServiceEntry.
    pub(super) fn object(&self) -> &'a Object {
        match self {
            Self::Service(service) => service.object,
            Self::Entry(entry) => entry,
        }
    }
}

/// The Service or ServiceEntry of a destination, for proxies of a namespace.
///
/// # Errors
/// There is none, it has no cluster that could be called, or it is in no input.
pub(super) fn resolve<'a>(to: &Destination, client: &str, world: &'a World) -> Result<Target<'a>, Absence> {
    let absence = |code, problem| Err(Absence { code, problem });
    let Some((name, namespace)) = split(&to.host, world) else {
        if let Some(service) = shortened(&to.host, client, world) {
            let whole = format!("{}.{}.svc.{}", service.name(), service.namespace, world.domain);
            let problem = format!("`{}` is not a whole name; that of the Service is {whole}", to.host);
            return absence(codes::NO_SERVICE, problem);
        }
        return entry(&to.host, client, world).map(Target::Entry);
    };
    let Ok(service) = world.service(namespace, name) else {
        if let Ok(entry) = entry(&to.host, client, world) {
            return Ok(Target::Entry(entry));
        }
        let mut known: Vec<&str> = world
            .all(kinds::SERVICE)
            .filter(|service| service.namespace == namespace)
            .map(Object::name)
            .collect();
        known.sort_unstable();
        return if known.is_empty() {
            let command = kinds::SERVICE.command(namespace);
            let problem = format!("no Service of namespace {namespace} is given: {command}");
            absence(codes::NOT_KNOWN, problem)
        } else {
            let known = few(&known);
            let problem = format!("{name} is not among the Services of namespace {namespace} that are given: {known}");
            absence(codes::NO_SERVICE, problem)
        };
    };
    let title = service.object.title();
    if let Some(other) = service.external_name() {
        return absence(codes::NO_ENDPOINT, format!("{title} only stands for {other}"));
    }
    if service.is_headless() {
        return absence(codes::NO_ENDPOINT, format!("{title} is headless"));
    }
    Ok(Target::Service(service))
}

/// The Service that a host without its whole name seems to mean.
fn shortened<'a>(host: &str, client: &str, world: &'a World) -> Option<&'a Object> {
    let mut parts = host.splitn(3, '.');
    let name = parts.next()?;
    world.find(kinds::SERVICE, parts.next().unwrap_or(client), name)
}

/// The labels of the pods that get the copies; `None` if that cannot be told.
pub(super) fn shadow_labels(flow: &Flow<'_>, world: &World) -> Option<(String, Labels)> {
    labels_of(&flow.to, flow.source.namespace(), world)
}

/// Namespace and labels of the pods behind a destination, for proxies of a namespace.
pub(super) fn labels_of(to: &Destination, client_namespace: &str, world: &World) -> Option<(String, Labels)> {
    let (name, namespace) = split(&to.host, world)?;
    let service = world.service(namespace, name).ok()?;
    let mut labels = service.selector();
    if let Some(subset) = &to.subset {
        labels.extend(world.subset(&to.host, client_namespace, namespace, subset)?);
    }
    (!labels.is_empty()).then(|| (namespace.to_owned(), labels))
}

/// Name and namespace of a Service by its whole host.
pub(super) fn split<'a>(host: &'a str, world: &World) -> Option<(&'a str, &'a str)> {
    let (name, namespace) = host.strip_suffix(&format!(".svc.{}", world.domain))?.split_once('.')?;
    (!namespace.contains('.')).then_some((name, namespace))
}

/// The ServiceEntry that gives a host its clusters, for proxies of a namespace. A cluster has the name of the host as
/// the ServiceEntry writes it, so an entry for a wildcard gives no cluster to a host that the wildcard covers.
///
/// # Errors
/// No ServiceEntry is given, or none has the host and is exported to the namespace.
fn entry<'a>(host: &str, client: &str, world: &'a World) -> Result<&'a Object, Absence> {
    let mut hidden = None;
    let mut wildcard = None;
    let mut is_any_known = false;
    for entry in world.all(kinds::SERVICE_ENTRY) {
        is_any_known = true;
        for pattern in list(&entry.value, &["spec", "hosts"]).filter_map(Value::as_str) {
            if pattern == host && routing::exported(entry, client) {
                return Ok(entry);
            } else if pattern == host {
                hidden = Some(entry);
            } else if host_covers(pattern, host) {
                wildcard = Some((entry, pattern));
            }
        }
    }
    let problem = match (hidden, wildcard) {
        (Some(entry), _) => format!("{} is not exported to namespace {client}", entry.title()),
        (None, Some((entry, pattern))) => {
            format!("{} has {pattern}, and no cluster has the name {host}", entry.title())
        }
        (None, None) if is_any_known => {
            format!("{host} is neither a Service nor a host of a ServiceEntry that is given")
        }
        (None, None) => {
            let command = format!("kubectl get {} -A -o yaml", kinds::SERVICE_ENTRY.resource);
            return Err(Absence {
                code: codes::NOT_KNOWN,
                problem: format!("no ServiceEntry for {host} is given: {command}"),
            });
        }
    };
    Err(Absence {
        code: codes::NO_SERVICE,
        problem,
    })
}

/// The first of many names.
fn few(names: &[&str]) -> String {
    match names.split_at_checked(10) {
        Some((first, rest)) if !rest.is_empty() => format!("{} and {} more", first.join(", "), rest.len()),
        _ => names.join(", "),
    }
}
