//! Puts two more listeners next to the one with the filter: one with Envoy's own mirror, one with neither, each with a
//! primary of its own. All else is the same in all three.

use std::net::SocketAddr;

use anyhow::{Context as _, Result};
use serde_yaml_ng::Value;

use super::values::{at, bind, set_endpoint};

/// The listener with Envoy's own mirror.
pub const NATIVE: &str = "native";
/// The listener with neither.
pub const PLAIN: &str = "plain";

/// What is special about the three listeners, and where the additional backends listen.
#[derive(Clone, Copy, Debug)]
pub struct SideBySide {
    /// Options of the connection manager, as YAML.
    pub manager: &'static str,
    pub native_primary: SocketAddr,
    pub native_shadow: SocketAddr,
    pub plain_primary: SocketAddr,
}

/// For all HTTP/1 clusters.
const TRAILERS: &str = r#"
envoy.extensions.upstreams.http.v3.HttpProtocolOptions:
  "@type": type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions
  explicit_http_config: {http_protocol_options: {enable_trailers: true}}
"#;

// === impl SideBySide ===

impl SideBySide {
    /// Changes the static resources, whose clusters `primary` and `shadow` are complete.
    pub(super) fn put_into(&self, resources: &mut Value) -> Result<()> {
        let clusters = list(at(resources, &["clusters"])?)?;
        for cluster in clusters.iter_mut() {
            let options = cluster.as_mapping_mut().context("a cluster is a map")?;
            let key = Value::from("typed_extension_protocol_options");
            if !options.contains_key(&key) {
                options.insert(key, serde_yaml_ng::from_str(TRAILERS)?);
            }
        }
        for (name, like, address) in [
            ("native-primary", "primary", self.native_primary),
            ("native-shadow", "shadow", self.native_shadow),
            ("plain-primary", "primary", self.plain_primary),
        ] {
            let model = clusters.iter().find(|cluster| cluster["name"].as_str() == Some(like));
            let mut cluster = model.with_context(|| format!("no cluster {like}"))?.clone();
            *at(&mut cluster, &["name"])? = name.into();
            set_endpoint(&mut cluster, address)?;
            clusters.push(cluster);
        }
        let listeners = list(at(resources, &["listeners"])?)?;
        let ingress = listeners.first_mut().context("no listener")?;
        let options: serde_yaml_ng::Mapping = serde_yaml_ng::from_str(self.manager).context("the case's manager")?;
        let ingress = manager(ingress)?;
        ingress.as_mapping_mut().context("a manager is a map")?.extend(options);
        let hosts = at(ingress, &["route_config", "virtual_hosts", "0"])?;
        let host = hosts.as_mapping_mut().context("a virtual host is a map")?;
        host.insert("include_request_attempt_count".into(), true.into());
        for name in [NATIVE, PLAIN] {
            let mut listener = listeners.first().context("no listener")?.clone();
            *at(&mut listener, &["name"])? = name.into();
            bind(at(&mut listener, &["address"])?, 0)?;
            let manager = manager(&mut listener)?;
            let filters = list(at(manager, &["http_filters"])?)?;
            filters.retain(|filter| filter.get("config_discovery").is_none());
            let router = at(filters.last_mut().context("no router")?, &["typed_config"])?;
            router
                .as_mapping_mut()
                .context("a router is a map")?
                .remove("upstream_http_filters");
            for route in list(at(manager, &["route_config", "virtual_hosts", "0", "routes"])?)? {
                let action = at(route, &["route"])?.as_mapping_mut().context("a route is a map")?;
                action.insert("cluster".into(), format!("{name}-primary").into());
                if name == NATIVE {
                    let mirrors = serde_yaml_ng::from_str("[{cluster: native-shadow}]")?;
                    action.insert("request_mirror_policies".into(), mirrors);
                }
            }
            listeners.push(listener);
        }
        Ok(())
    }
}

fn manager(listener: &mut Value) -> Result<&mut Value> {
    at(listener, &["filter_chains", "0", "filters", "0", "typed_config"])
}

fn list(value: &mut Value) -> Result<&mut Vec<Value>> {
    value.as_sequence_mut().context("not a list")
}
