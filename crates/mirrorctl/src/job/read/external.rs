//! A host outside the mesh as a shadow, in the words of Istio's ServiceEntry and DestinationRule.

use std::net::IpAddr;

use mirror_policy::document::Node;
use mirror_policy::{ConfigError, grammar};

use super::values::{Read, port};
use crate::job::{EndpointProtocol, External, OriginatedTls};

pub(super) fn external(node: Node) -> Read<External> {
    let path = node.path().to_owned();
    let mut object = node.object(&["host", "port", "protocol", "tls"])?;
    let host = host(object.need("host")?)?;
    let port = port(object.need("port")?)?;
    let tls = object.take("tls").map(|node| tls(node, &host)).transpose()?;
    if port == 443 && tls.is_none() {
        // A ServiceEntry with HTTP on 443 has proxies take every connection to 443 for HTTP.
        let problem = "is missing; port 443 speaks TLS, so say `{mode: SIMPLE}`";
        return Err(ConfigError::invalid(format!("{path}.tls"), problem));
    }
    Ok(External {
        port,
        protocol: object
            .take("protocol")
            .map_or(Ok(EndpointProtocol::Http), |node| node.word(EndpointProtocol::WORDS))?,
        tls,
        host,
    })
}

fn tls(node: Node, host: &str) -> Read<OriginatedTls> {
    let mut object = node.object(&["mode", "sni", "subjectAltNames", "caCertificates"])?;
    object.need("mode")?.word(&[("SIMPLE", ())])?;
    let sni = object.take("sni").map_or_else(|| Ok(host.to_owned()), name)?;
    let names = match object.take("subjectAltNames") {
        Some(node) if node.value().as_array().is_some_and(Vec::is_empty) => {
            return node.refuse("is empty; name one, or leave it out for the `sni`");
        }
        Some(node) => node.list()?.into_iter().map(|node| node.text()).collect::<Read<_>>()?,
        None => vec![sni.clone()],
    };
    Ok(OriginatedTls {
        sni,
        subject_alt_names: names,
        ca_certificates: object.take("caCertificates").map(|node| node.text()).transpose()?,
    })
}

/// A name of the world outside: short names and those of Services are looked up in the cluster.
fn host(node: Node) -> Read<String> {
    let path = node.path().to_owned();
    let text = name(node)?;
    let refuse = |problem: &str| Err(ConfigError::invalid(path, format!("`{text}` {problem}")));
    if text.parse::<IpAddr>().is_ok() {
        return refuse("is an address; a ServiceEntry is found by a name, so give the host's");
    }
    if !text.contains('.') {
        return refuse("has no dot, so it is a Service of the namespace; name that by `backendRef`");
    }
    if text.contains(".svc.") || text.ends_with(".svc") {
        return refuse("is a Service; name it by `backendRef`");
    }
    Ok(text)
}

fn name(node: Node) -> Read<String> {
    let text = node.text()?;
    if text.len() <= 253 && text.split('.').all(grammar::is_dns_label) {
        Ok(text)
    } else {
        node.refuse(format!(
            "`{}` is not a host name (a-z, 0-9, - and dots)",
            text.escape_debug()
        ))
    }
}
