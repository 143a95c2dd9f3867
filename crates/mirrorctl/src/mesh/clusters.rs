//! The clusters to which a stream's copies go, by the names that Istio gives them.

use serde_json::Value;

use super::destination::{Destination, cluster_name, waypoint_cluster_name};
use super::flows::Flow;
use super::flows::source::{FlowSource, Gateways};
use super::resolution::{Absence, Reason, Target, cluster_host, resolve, split};
use super::subsets;
use crate::objects::waypoint::{self, Waypoint};
use crate::objects::{Protocol, ServicePort, World, at, entry, kinds, list};

/// The port of requests for a host that the mesh does not know (pilot/pkg/networking/core/httproute.go,
/// `BuildSidecarOutboundVirtualHosts`).
const HTTP_PORT: u64 = 80;

/// The names of the clusters of a stream's copies: `outbound|PORT|SUBSET|HOST`, one for each port of its requests.
///
/// # Errors
/// Istio makes no cluster: there is no Service or ServiceEntry, no such port or no such subset. Or that cannot be told.
pub(crate) fn clusters(flow: &Flow<'_>, world: &World) -> Result<Vec<String>, Absence> {
    let target = resolve(&flow.to, flow.source.namespace(), world)?;
    clusters_at(flow, &target, world)
}

/// The same for a stream of which the Service or ServiceEntry is known.
///
/// # Errors
/// There is no such port or no such subset, or that cannot be told.
pub(crate) fn clusters_at(flow: &Flow<'_>, target: &Target<'_>, world: &World) -> Result<Vec<String>, Absence> {
    let Some(wanted) = ports(flow, world) else {
        return Err(Absence {
            reason: Reason::NotKnown,
            problem: format!(
                "no port is written for {}, and that of the requests is not known",
                flow.to.title()
            ),
        });
    };
    let known = known_ports(target);
    let served: Vec<u64> = wanted
        .iter()
        .copied()
        .filter(|number| known.iter().any(|(known, _)| known == number))
        .collect();
    if served.is_empty() {
        let titles: Vec<&str> = known.iter().map(|(_, title)| title.as_str()).collect();
        let wanted: Vec<String> = wanted.iter().map(u64::to_string).collect();
        let title = target.object().title();
        let problem = format!(
            "{title} has no port {}; it has {}",
            wanted.join(" or "),
            titles.join(", ")
        );
        return Err(Absence {
            reason: Reason::NoPort,
            problem,
        });
    }
    subsets::check(flow, target.object(), world)?;
    let subset = flow.to.subset.as_deref().unwrap_or_default();
    let host = cluster_host(&flow.to, world);
    let name = |port: &u64| match is_of_waypoint(flow, target, world) {
        false => cluster_name(*port, subset, host),
        true => waypoint_cluster_name(*port, subset, host),
    };
    // Only where Istio itself writes the name of the cluster is it another than what is written.
    if host != flow.to.host && !flow.is_native() {
        return Err(Absence {
            reason: Reason::NoService,
            problem: format!(
                "{} only stands for {host}, and no cluster has the name of an alias: write {host}",
                flow.to.host
            ),
        });
    }
    Ok(served.iter().map(name).collect())
}

/// What is wrong if a mirror without a port copies requests of several ports, of which the Service or ServiceEntry
/// lacks some.
pub(crate) fn lacking(flow: &Flow<'_>, target: &Target<'_>, world: &World) -> Option<String> {
    // Which servers of a gateway have the requests is not looked at.
    let FlowSource::Host { host, namespace, .. } = &flow.source else {
        return None;
    };
    let wanted = ports(flow, world).filter(|_| flow.to.port.is_none())?;
    let of_requests = resolve(&Destination::of_host(host), namespace, world).ok()?;
    let known = known_ports(target);
    let is_known = |number: &u64| known.iter().any(|(known, _)| known == number);
    let missing: Vec<String> = wanted
        .iter()
        .filter(|port| !is_known(port) && is_declared(&of_requests, **port))
        .map(u64::to_string)
        .collect();
    // Where none is left, another finding says so.
    if missing.is_empty() || !wanted.iter().any(is_known) {
        return None;
    }
    let titles: Vec<&str> = known.iter().map(|(_, title)| title.as_str()).collect();
    Some(format!(
        "{} has no port {}, to which the requests of that port are copied; it has {}",
        target.object().title(),
        missing.join(" and no port "),
        titles.join(", ")
    ))
}

/// Whether the waypoint of the Service of the requests copies, and serves the shadow too: it has those clusters under a
/// name of their own (pilot/pkg/networking/core/cluster_waypoint.go).
fn is_of_waypoint(flow: &Flow<'_>, target: &Target<'_>, world: &World) -> bool {
    let (FlowSource::Host { host, .. }, Target::Service(shadow)) = (&flow.source, target) else {
        return false;
    };
    let own = waypoint_of(host, world);
    own.is_some() && own == waypoint::of(shadow, world).ok().flatten()
}

/// The waypoint that serves the Service of a host.
fn waypoint_of(host: &str, world: &World) -> Option<Waypoint> {
    let (name, namespace) = split(host, world)?;
    waypoint::of(&world.service(namespace, name).ok()?, world).ok()?
}

/// The ports of a stream's clusters (pilot/pkg/networking/core/route/route.go, `GetDestinationCluster`): the one that
/// is written; else at a gateway or a waypoint the only port of the Service, or the port of the request, and elsewhere
/// the port of the request. Returns `None` if that cannot be told.
pub(crate) fn ports(flow: &Flow<'_>, world: &World) -> Option<Vec<u64>> {
    if let Some(port) = flow.to.port {
        return Some(vec![port]);
    }
    let is_at_border = match &flow.source {
        FlowSource::Host { host, .. } => waypoint_of(host, world).is_some(),
        FlowSource::Gateway { .. } => true,
        FlowSource::Pods { .. } => false,
    };
    if is_at_border && let Some(only) = only_port(flow, world) {
        return Some(vec![only]);
    }
    let all = request_ports(flow, world)?;
    let asked: Vec<u64> = all
        .iter()
        .copied()
        .filter(|port| asks(&flow.conditions, *port))
        .collect();
    // A rule for other ports alone has no requests, and no clusters of its own either.
    Some(if asked.is_empty() { all } else { asked })
}

/// Whether a rule with these conditions takes requests of a port. Those of a delegate are two lists, and both must.
fn asks(conditions: &Value, port: u64) -> bool {
    let entries = conditions.as_array().map_or(&[][..], Vec::as_slice);
    if entries.iter().any(Value::is_array) {
        return entries.iter().all(|list| asks(list, port));
    }
    let is_for = |entry: &Value| entry.get("port").and_then(Value::as_u64).is_none_or(|own| own == port);
    entries.is_empty() || entries.iter().any(is_for)
}

/// The ports to which Istio sends the copies of a mirror without a port, whatever its rule asks for.
fn request_ports(flow: &Flow<'_>, world: &World) -> Option<Vec<u64>> {
    match &flow.source {
        FlowSource::Host { host, namespace, .. } => match resolve(&Destination::of_host(host), namespace, world) {
            Ok(target) => Some(http_ports(&target)),
            Err(_) if host.contains('*') || host.is_empty() => None,
            Err(_) => split(host, world).is_none().then(|| vec![HTTP_PORT]),
        },
        FlowSource::Gateway { gateways, .. } => server_ports(gateways, world),
        FlowSource::Pods { .. } => None,
    }
}

/// The port of the Service or ServiceEntry of the copies, if it has one only.
fn only_port(flow: &Flow<'_>, world: &World) -> Option<u64> {
    let target = resolve(&flow.to, flow.source.namespace(), world).ok()?;
    match known_ports(&target).as_slice() {
        [(only, _)] => Some(*only),
        _ => None,
    }
}

/// The ports of the servers of an Istio Gateway; `None` if it is not given.
fn server_ports(gateways: &Gateways, world: &World) -> Option<Vec<u64>> {
    let Gateways::Resource {
        group, namespace, name, ..
    } = gateways
    else {
        return None;
    };
    let gateway = world.find(kinds::ISTIO_GATEWAY, namespace, name);
    let gateway = gateway.filter(|_| *group == kinds::ISTIO_GATEWAY.group)?;
    let servers = list(&gateway.value, &["spec", "servers"]);
    Some(
        servers
            .filter_map(|server| at(server, &["port", "number"])?.as_u64())
            .collect(),
    )
}

/// The ports for which there are clusters, and how a message names them.
fn known_ports(target: &Target<'_>) -> Vec<(u64, String)> {
    match target {
        Target::Service(service) => {
            let ports = service.ports().unwrap_or_default();
            let ports = ports.iter().filter(|port| port.protocol != Protocol::Udp);
            ports
                .map(|port| (u64::from(port.number), ServicePort::title(port)))
                .collect()
        }
        Target::Entry(entry) => entry::ports(entry)
            .map(|(number, _)| (number, number.to_string()))
            .collect(),
    }
}

/// Whether a port is declared to be HTTP. One that is not may have no requests at all.
fn is_declared(target: &Target<'_>, number: u64) -> bool {
    match target {
        Target::Service(service) => {
            let ports = service.ports().unwrap_or_default();
            let mut ports = ports.iter().filter(|port| port.protocol == Protocol::Http);
            ports.any(|port| u64::from(port.number) == number)
        }
        Target::Entry(entry) => entry::ports(entry).any(|(port, protocol)| port == number && entry::is_http(protocol)),
    }
}

/// The ports at which requests have routes.
fn http_ports(target: &Target<'_>) -> Vec<u64> {
    match target {
        Target::Service(service) => {
            let ports = service.ports().unwrap_or_default();
            let is_http = |port: &&ServicePort| matches!(port.protocol, Protocol::Http | Protocol::Undeclared);
            ports
                .iter()
                .filter(is_http)
                .map(|port| u64::from(port.number))
                .collect()
        }
        Target::Entry(entry) => {
            let ports = entry::ports(entry).filter(|(_, protocol)| protocol.is_empty() || entry::is_http(protocol));
            ports.map(|(number, _)| number).collect()
        }
    }
}
