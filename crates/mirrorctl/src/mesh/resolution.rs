//! What Istio finds for a destination: a Service or a ServiceEntry, and the labels of the pods behind it.

use super::destination::Destination;
use super::flows::Flow;
use crate::objects::entry::NoEntry;
use crate::objects::{self, EXPORT_TO, Labels, Object, Service, World, kinds};

/// What Istio finds for a host.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Target<'a> {
    /// A Service of which the pods, or other endpoints, are called.
    Service(Service<'a>),
    /// A ServiceEntry that has the host.
    Entry(&'a Object),
}

/// Why a destination has no cluster, or why nothing is known of it.
pub(crate) struct Absence {
    /// The kind.
    pub(crate) reason: Reason,
    /// The sentence that says so.
    pub(crate) problem: String,
}

/// Why a destination has no cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reason {
    /// What would tell is in no input.
    NotKnown,
    /// There is no such Service or ServiceEntry, or the proxies do not get it.
    NoService,
    /// What has the name cannot be called.
    NoEndpoint,
    /// There is no such port.
    NoPort,
    /// No DestinationRule has such a subset.
    NoSubset,
    /// A DestinationRule has it that the proxies do not obey.
    RuleHidden,
}

impl<'a> Target<'a> {
    /// The Service or the ServiceEntry.
    pub(crate) fn object(&self) -> &'a Object {
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
pub(crate) fn resolve<'a>(to: &Destination, client: &str, world: &'a World) -> Result<Target<'a>, Absence> {
    let absence = |reason, problem| Err(Absence { reason, problem });
    let Some((name, namespace)) = split(&to.host, world) else {
        if let Some(service) = shortened(&to.host, client, world) {
            let whole = format!("{}.{}.svc.{}", service.name(), service.namespace, world.domain);
            let problem = format!("`{}` is not a whole name; that of the Service is {whole}", to.host);
            return absence(Reason::NoService, problem);
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
        return if known.is_empty() && !world.is_whole() {
            let command = kinds::SERVICE.command(namespace);
            let problem = format!("no Service of namespace {namespace} is given: {command}");
            absence(Reason::NotKnown, problem)
        } else {
            let known = few(&known);
            let problem = format!("{name} is not among the Services of namespace {namespace} that are given: {known}");
            absence(Reason::NoService, problem)
        };
    };
    let title = service.object.title();
    if let Err(exported) = service.exported_to(client) {
        let problem = format!("{title} is exported to `{exported}` only ({EXPORT_TO}), and not to namespace {client}");
        return absence(Reason::NoService, problem);
    }
    if let Some(other) = service.external_name() {
        // The cluster of an alias is that of the host for which it stands.
        if let Ok(entry) = entry(other, client, world) {
            return Ok(Target::Entry(entry));
        }
        let aliased = split(other, world).and_then(|(name, namespace)| world.service(namespace, name).ok());
        if let Some(aliased) = aliased.filter(|aliased| aliased.external_name().is_none()) {
            return Ok(Target::Service(aliased));
        }
        return absence(Reason::NoEndpoint, format!("{title} only stands for {other}"));
    }
    Ok(Target::Service(service))
}

/// The host that gives a destination's cluster its name: that for which an ExternalName Service stands
/// (pilot/pkg/networking/core/route/route.go, `GetDestinationCluster`), else its own.
pub(crate) fn cluster_host<'a>(to: &'a Destination, world: &'a World) -> &'a str {
    let service = split(&to.host, world).and_then(|(name, namespace)| world.service(namespace, name).ok());
    service.and_then(|service| service.external_name()).unwrap_or(&to.host)
}

/// The Service that a host without its whole name seems to mean, for proxies of a namespace.
pub(crate) fn shortened<'a>(host: &str, client: &str, world: &'a World) -> Option<&'a Object> {
    let mut parts = host.splitn(3, '.');
    let name = parts.next()?;
    world.find(kinds::SERVICE, parts.next().unwrap_or(client), name)
}

/// The labels of the pods that get the copies; `None` if that cannot be told.
pub(crate) fn shadow_labels(flow: &Flow<'_>, world: &World) -> Option<(String, Labels)> {
    labels_of(&flow.to, flow.source.namespace(), world)
}

/// Namespace and labels of the pods behind a destination, for proxies of a namespace.
pub(crate) fn labels_of(to: &Destination, client_namespace: &str, world: &World) -> Option<(String, Labels)> {
    let (name, namespace) = split(&to.host, world)?;
    let service = world.service(namespace, name).ok()?;
    let mut labels = service.selector();
    if let Some(subset) = &to.subset {
        labels.extend(world.subset(&to.host, client_namespace, namespace, subset)?);
    }
    (!labels.is_empty()).then(|| (namespace.to_owned(), labels))
}

/// Name and namespace of a Service by its whole host.
pub(crate) fn split<'a>(host: &'a str, world: &World) -> Option<(&'a str, &'a str)> {
    let (name, namespace) = host.strip_suffix(&format!(".svc.{}", world.domain))?.split_once('.')?;
    (!namespace.contains('.')).then_some((name, namespace))
}

/// The ServiceEntry that gives a host its clusters, for proxies of a namespace.
///
/// # Errors
/// No ServiceEntry is given, or none has the host and is exported to the namespace.
fn entry<'a>(host: &str, client: &str, world: &'a World) -> Result<&'a Object, Absence> {
    let (reason, problem) = match objects::entry::entry(host, client, world) {
        Ok(entry) => return Ok(entry),
        Err(NoEntry::Hidden(entry)) => (
            Reason::NoService,
            format!("{} is not exported to namespace {client}", entry.title()),
        ),
        Err(NoEntry::Wildcard(entry, pattern)) => (
            Reason::NoService,
            format!("{} has {pattern}, and no cluster has the name {host}", entry.title()),
        ),
        Err(NoEntry::Unknown) => (
            Reason::NoService,
            format!("{host} is neither a Service nor a host of a ServiceEntry that is given"),
        ),
        Err(NoEntry::NotGiven) => {
            let command = format!("kubectl get {} -A -o yaml", kinds::SERVICE_ENTRY.resource);
            let problem = format!("no ServiceEntry for {host} is given: {command}");
            (Reason::NotKnown, problem)
        }
    };
    Err(Absence { reason, problem })
}

/// The first of many names.
fn few(names: &[&str]) -> String {
    match names.split_at_checked(10) {
        Some((first, rest)) if !rest.is_empty() => format!("{} and {} more", first.join(", "), rest.len()),
        _ => names.join(", "),
    }
}
