//! Where copies to a host outside the mesh go: to a ServiceEntry of the user's that can take them, or to one of ours.
//!
//! Ours has a host and a port of its own, which nobody else calls. With the host's own name and port 80, what the pods
//! send to that host themselves would take its way too, and every connection to any host's port 80 would be taken for
//! HTTP. The case `external` of mesh-test shows it on a real Istio.

use crate::job::{External, Job, Shadow};
use crate::mesh::RouteDestination;
use crate::mesh::fitness::fitness;
use crate::mesh::resolution::Target;
use crate::objects::World;
use crate::objects::entry::{entry, leading_to, originates_tls};

/// The port of a ServiceEntry of ours. Proxies listen on it for HTTP to any address, so it is one that nobody calls:
/// assigned to nothing, no NodePort of Kubernetes and none that Linux gives to connections.
pub(super) const OWN_PORT: u16 = 61080;

/// The name of the ServiceEntry and the DestinationRule that are written for a shadow.
pub(super) fn own_name(job: &Job, shadow: &Shadow) -> String {
    match job.shadows.len() {
        1 => format!("mirror-{}", job.name),
        _ => format!("mirror-{}-{}", job.name, shadow.name),
    }
}

/// The host of that ServiceEntry. The domain `internal` is for names that no server of the Internet has.
pub(super) fn own_host(job: &Job, shadow: &Shadow) -> String {
    format!("{}.{}.traffic-mirror.internal", own_name(job, shadow), job.namespace)
}

/// Where the copies of a shadow outside go. `client` is the namespace of the proxies that call it.
pub(super) fn destination(
    job: &Job,
    shadow: &Shadow,
    external: &External,
    client: &str,
    world: &World,
) -> RouteDestination {
    let (host, port) = match existing(external, client, world) {
        Some(port) => (external.host.clone(), port),
        None => (own_host(job, shadow), OWN_PORT),
    };
    RouteDestination {
        host,
        port,
        subset: None,
    }
}

/// The port of the user's own ServiceEntry that takes copies to the host's port: it speaks HTTP to the proxies, and a
/// DestinationRule has them originate TLS exactly if the job wants that. `None` if there is none.
pub(super) fn existing(external: &External, client: &str, world: &World) -> Option<u16> {
    let host = &external.host;
    let entry = entry(host, client, world).ok()?;
    leading_to(entry, external.port).into_iter().find(|number| {
        let number = u64::from(*number);
        fitness(&Target::Entry(entry), host, Some(number), client, world).is_ok()
            && originates_tls(entry, host, number, client, world) == external.tls.is_some()
    })
}
