//! What differs between the data planes: the target, the gateway, and an address as a shadow.

use std::net::IpAddr;

use mirror_policy::document::Node;
use mirror_policy::{ConfigError, grammar};

use super::values::{Read, label, name, port};
use crate::job::{DataPlane, Endpoint, EndpointProtocol, Engine, GatewayApi, GatewayRef, Job, Target, Tls};

pub(super) fn target(node: Node, data_plane: DataPlane) -> Read<Target> {
    let mut object = node.object(&["kind", "name", "port"])?;
    let name = match data_plane {
        DataPlane::Envoy => {
            object.need("kind")?.word(&[("Listener", ())])?;
            object.need("name")?.text()?
        }
        _ => {
            object.need("kind")?.word(&[("Service", ())])?;
            label(object.need("name")?)?
        }
    };
    Ok(Target {
        name,
        port: object.take("port").map(port).transpose()?,
    })
}

pub(super) fn gateway(node: Node) -> Read<GatewayRef> {
    let mut object = node.object(&["group", "name", "namespace", "port"])?;
    Ok(GatewayRef {
        api: object
            .take("group")
            .map(|node| node.word(GatewayApi::WORDS))
            .transpose()?,
        name: name(object.need("name")?)?,
        namespace: object.take("namespace").map(label).transpose()?,
        port: object.take("port").map(port).transpose()?,
    })
}

/// What only some data planes have, and what they cannot do without.
pub(super) fn check_data_plane(job: &Job) -> Read<()> {
    let refuse = |path: &str, problem: &str| Err(ConfigError::invalid(path, problem));
    match (job.data_plane, &job.gateway) {
        (DataPlane::Gateway, None) if job.engine == Engine::Wasm => refuse(
            "spec.gateway",
            "is missing; dataPlane `gateway` needs `{name, namespace}` of the Gateway whose pods copy",
        ),
        (DataPlane::Gateway, _) | (_, None) => Ok(()),
        _ => refuse(
            "spec.gateway",
            "is for dataPlane `gateway`; leave it out, or set spec.dataPlane to it",
        ),
    }?;
    if job.data_plane == DataPlane::Envoy && job.primary.is_some() {
        return refuse(
            "spec.primary",
            "is a version of a Service; with dataPlane `envoy`, requests are copied whatever answers them, so leave it out",
        );
    }
    Ok(())
}

pub(super) fn endpoint(node: Node) -> Read<Endpoint> {
    let mut object = node.object(&["host", "port", "protocol", "tls"])?;
    let host = host(object.need("host")?)?;
    Ok(Endpoint {
        port: port(object.need("port")?)?,
        protocol: object
            .take("protocol")
            .map_or(Ok(EndpointProtocol::Http), |node| node.word(EndpointProtocol::WORDS))?,
        tls: object.take("tls").map(|node| tls(node, &host)).transpose()?,
        host,
    })
}

fn tls(node: Node, host: &str) -> Read<Tls> {
    let path = node.path().to_owned();
    let mut object = node.object(&["sni", "caFile"])?;
    Ok(Tls {
        sni: match object.take("sni") {
            Some(node) => self::host(node)?,
            None if host.parse::<IpAddr>().is_ok() => {
                let problem = "is missing; an address is no name that a certificate could be asked for";
                return Err(ConfigError::invalid(format!("{path}.sni"), problem));
            }
            None => host.to_owned(),
        },
        ca_file: object.need("caFile")?.text()?,
    })
}

/// A host name, or an IP address.
fn host(node: Node) -> Read<String> {
    let text = node.text()?;
    let is_name = text.len() <= 253 && text.split('.').all(grammar::is_dns_label);
    if is_name || text.parse::<IpAddr>().is_ok() {
        Ok(text)
    } else {
        node.refuse(format!("`{}` is not a host name or an IP address", text.escape_debug()))
    }
}
