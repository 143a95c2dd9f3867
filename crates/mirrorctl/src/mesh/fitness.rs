//! Whether copies can be sent to what a destination means, and to its port: some clusters have no address that a copy
//! could be sent to, and only a port that speaks HTTP takes requests.

use super::resolution::Target;
use crate::objects::entry::{is_http, originates_tls, ports};
use crate::objects::{Object, Protocol, Service, World, list};

/// Why copies to a port of a Service or ServiceEntry do not arrive as they should. Each holds the sentence for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Uncallable {
    /// Its cluster has no address that could be called.
    NoEndpoint(String),
    /// It has no such port.
    NoPort(String),
    /// The port declares no protocol, so Istio guesses.
    Undeclared(String),
    /// The port is not HTTP, and no DestinationRule originates TLS for it.
    NotHttp(String),
}

/// Whether proxies of a namespace can send copies to a port of a host. Without a port, only what holds of all ports is
/// looked at.
///
/// # Errors
/// Each reason of [`Uncallable`].
pub(crate) fn fitness(
    target: &Target<'_>,
    host: &str,
    port: Option<u64>,
    client: &str,
    world: &World,
) -> Result<(), Uncallable> {
    match target {
        Target::Service(service) => of_service(service, port),
        Target::Entry(entry) => of_entry(entry, host, port, client, world),
    }
}

/// The cluster of a headless Service forwards to where a connection was going, and a copy was going nowhere
/// (pilot/pkg/networking/core/cluster.go, ORIGINAL_DST).
fn of_service(service: &Service<'_>, port: Option<u64>) -> Result<(), Uncallable> {
    let title = service.object.title();
    if service.is_headless() {
        return Err(Uncallable::NoEndpoint(format!("{title} is headless")));
    }
    let (Some(number), Ok(ports)) = (port, service.ports()) else {
        return Ok(());
    };
    let Some(port) = ports.iter().find(|port| u64::from(port.number) == number) else {
        let known: Vec<String> = ports.iter().map(|port| port.title()).collect();
        return Err(no_port(&title, number, &known));
    };
    match port.protocol {
        Protocol::Http => Ok(()),
        Protocol::Undeclared => Err(undeclared(&title, &port.title())),
        Protocol::Opaque | Protocol::Udp => Err(Uncallable::NotHttp(format!(
            "port {} of {title} is not HTTP",
            port.title()
        ))),
    }
}

fn of_entry(entry: &Object, host: &str, port: Option<u64>, client: &str, world: &World) -> Result<(), Uncallable> {
    let title = entry.title();
    let resolution = entry.text(&["spec", "resolution"]).unwrap_or("NONE");
    let has = |key: &str| list(&entry.value, &["spec", key]).next().is_some();
    if resolution == "NONE" {
        let problem = format!("{title} has `resolution: NONE`: its cluster forwards to where a connection was going");
        return Err(Uncallable::NoEndpoint(problem));
    }
    if resolution == "STATIC" && !has("endpoints") && entry.at(&["spec", "workloadSelector"]).is_none() {
        return Err(Uncallable::NoEndpoint(format!("{title} has no endpoints")));
    }
    let Some(number) = port else { return Ok(()) };
    let Some((_, protocol)) = ports(entry).find(|(port, _)| *port == number) else {
        let known: Vec<String> = ports(entry).map(|(number, _)| number.to_string()).collect();
        return Err(no_port(&title, number, &known));
    };
    match protocol.to_ascii_uppercase().as_str() {
        _ if is_http(protocol) => Ok(()),
        "" => Err(undeclared(&title, &number.to_string())),
        "HTTPS" | "TLS" if originates_tls(entry, host, number, client, world) => Ok(()),
        "HTTPS" | "TLS" => Err(Uncallable::NotHttp(format!(
            "port {number} of {title} is {protocol}, and no DestinationRule originates TLS for it"
        ))),
        _ => Err(Uncallable::NotHttp(format!("port {number} of {title} is not HTTP"))),
    }
}

fn no_port(title: &str, number: u64, known: &[String]) -> Uncallable {
    let known = match known {
        [] => "it has none".to_owned(),
        known => format!("it has {}", known.join(", ")),
    };
    Uncallable::NoPort(format!("{title} has no port {number}; {known}"))
}

fn undeclared(title: &str, port: &str) -> Uncallable {
    Uncallable::Undeclared(format!("port {port} of {title} declares no protocol"))
}

// === impl Uncallable ===

impl Uncallable {
    /// The sentence.
    pub(crate) fn problem(&self) -> &str {
        let (Self::NoEndpoint(problem) | Self::NoPort(problem) | Self::Undeclared(problem) | Self::NotHttp(problem)) =
            self;
        problem
    }
}
