//! Where copies to a host outside the mesh go: which port of its ServiceEntry takes them.

use serde_json::json;

use crate::error::{Error, Result};
use crate::job::External;
use crate::mesh::RouteDestination;
use crate::mesh::fitness::fitness;
use crate::mesh::resolution::Target;
use crate::objects::entry::{entry, leading_to, originates_tls};
use crate::objects::{Object, World};

/// The port of a ServiceEntry of ours whose copies proxies encrypt. A port with the protocol HTTP takes every
/// connection of the pods on its number for HTTP, and on 80 that is what they speak (istio.io, egress TLS origination).
pub(super) const PLAIN_PORT: u16 = 80;

/// Where the copies of a shadow outside go. `client` is the namespace of the proxies that call it.
///
/// # Errors
/// Refused if no port of the host's ServiceEntry can take them.
pub(super) fn destination(external: &External, path: &str, client: &str, world: &World) -> Result<RouteDestination> {
    let path = format!("{path}.external");
    let entry = entry(&external.host, client, world)
        .map_err(|_| Error::Refused(format!("{path}: no ServiceEntry for {} is known", external.host)))?;
    let (port, _) = port(external, entry, &path, client, world)?;
    Ok(RouteDestination {
        host: external.host.clone(),
        port,
        subset: None,
    })
}

/// The port of a ServiceEntry that leads to the host's, and whether TLS must still be originated for it.
///
/// # Errors
/// Refused if there is none, and if a DestinationRule originates TLS that the job does not know of.
pub(super) fn port(
    external: &External,
    entry: &Object,
    path: &str,
    client: &str,
    world: &World,
) -> Result<(u16, bool)> {
    let host = &external.host;
    let refuse = |problem: String| {
        let (title, place) = (entry.title(), &entry.place);
        let port = match external.tls {
            Some(_) => json!({"number": PLAIN_PORT, "name": "http", "protocol": "HTTP", "targetPort": external.port}),
            None => json!({"number": external.port, "name": "http", "protocol": "HTTP"}),
        };
        Err(Error::Refused(format!(
            "{path}: {problem}; add to spec.ports of {title} ({place}) one for the copies, such as {port}, or name another port of the host"
        )))
    };
    if let Err(unfit) = fitness(&Target::Entry(entry), host, None, client, world) {
        return Err(Error::Refused(format!(
            "{path}: {}; give it `resolution: DNS`",
            unfit.problem()
        )));
    }
    let mut problem = format!("{} has no port that leads to {}", entry.title(), external.port);
    let mut unencrypted = None;
    let target = Target::Entry(entry);
    for number in leading_to(entry, external.port) {
        let originates = originates_tls(entry, host, number.into(), client, world);
        match (
            fitness(&target, host, Some(number.into()), client, world),
            &external.tls,
        ) {
            (Ok(()), Some(_)) if !originates => unencrypted = unencrypted.or(Some(number)),
            (Ok(()), None) if originates => {
                return Err(Error::Refused(format!(
                    "{path}.tls: is missing, and a DestinationRule originates TLS for port {number} of {}; add `tls: {{mode: SIMPLE}}`",
                    entry.title()
                )));
            }
            (Ok(()), _) => return Ok((number, false)),
            (Err(unfit), _) => problem = unfit.problem().to_owned(),
        }
    }
    match unencrypted {
        Some(number) => Ok((number, true)),
        None => refuse(problem),
    }
}
