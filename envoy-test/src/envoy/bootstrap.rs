//! The bootstrap that Envoy reads: `envoy.yaml`, with the addresses, ports and paths of one run put in.
//!
//! Nothing else is changed, so what docker-compose starts is what the cases prove.

use std::net::SocketAddr;
use std::path::Path;

use anyhow::{Context as _, Result};
use serde_yaml_ng::{Mapping, Value};

use super::clusters;
use super::side_by_side::SideBySide;
use super::upstream::move_behind_the_router;
use super::values::{at, bind, set_endpoint, text, written};

/// The bootstrap that docker-compose mounts.
pub const BOOTSTRAP: &str = include_str!("../../envoy.yaml");
/// The `stats_config` of a stock Istio, with finer buckets for histograms.
pub const ISTIO_STATISTICS: &str = include_str!("../../istio-stats.yaml");
/// The listener that clients connect to.
pub const LISTENER: &str = "ingress";
/// Its twin, for cases that need two.
pub const SECOND: &str = "second";
/// The file of the discovered listeners, in the folder of one Envoy.
pub const LISTENERS: &str = "listeners.json";

/// What one run puts into [`BOOTSTRAP`].
#[derive(Clone, Debug, Default)]
pub struct Bootstrap {
    pub port: u16,
    pub admin_port: u16,
    /// Cluster name and where its only endpoint listens.
    pub clusters: Vec<(&'static str, Option<SocketAddr>)>,
    /// More of them: a list of `{name, like, with}`, as YAML.
    pub more_clusters: Option<&'static str>,
    /// Routes that stand before the one to the primary, as YAML.
    pub routes: Option<&'static str>,
    /// HTTP filters that stand between the discovered one and the router, as YAML.
    pub filters: Option<String>,
    /// Whether there is another listener, [`SECOND`], with the same filters and routes.
    pub second_listener: bool,
    /// Whether clients may open tunnels over HTTP/2.
    pub http2_tunnels: bool,
    /// Whether Envoy speaks HTTP/2 to the clusters.
    pub http2_upstreams: bool,
    /// Whether the filter stands behind the router.
    pub behind_the_router: bool,
    /// Two more listeners to compare with.
    pub side_by_side: Option<SideBySide>,
    /// Another `stats_config`, as YAML.
    pub statistics: Option<&'static str>,
    /// Whether the listeners stand in a file of their own, [`LISTENERS`], that Envoy watches.
    pub discovered_listeners: bool,
}

// === impl Bootstrap ===

impl Bootstrap {
    /// The bootstrap for Envoy, its discovered filter in `folder`.
    pub fn render(&self, folder: &Path) -> Result<String> {
        let mut root: Value = serde_yaml_ng::from_str(BOOTSTRAP)?;
        bind(at(&mut root, &["admin", "address"])?, self.admin_port)?;
        if let Some(statistics) = self.statistics {
            *at(&mut root, &["stats_config"])? = serde_yaml_ng::from_str(statistics).context("the stats_config")?;
        }
        let resources = at(&mut root, &["static_resources"])?;
        bind(at(resources, &["listeners", "0", "address"])?, self.port)?;
        let manager = at(
            resources,
            &["listeners", "0", "filter_chains", "0", "filters", "0", "typed_config"],
        )?;
        let source = at(
            manager,
            &[
                "http_filters",
                "0",
                "config_discovery",
                "config_source",
                "path_config_source",
            ],
        )?;
        *at(source, &["path"])? = text(folder.join("filter.yaml"));
        *at(source, &["watched_directory", "path"])? = text(folder.to_path_buf());
        if self.behind_the_router {
            move_behind_the_router(manager)?;
        }
        if let Some(routes) = self.routes {
            let all = at(manager, &["route_config", "virtual_hosts", "0", "routes"])?;
            let mut first: Vec<Value> = serde_yaml_ng::from_str(routes).context("the case's routes")?;
            first.extend(all.as_sequence().cloned().unwrap_or_default());
            *all = Value::Sequence(first);
        }
        if let Some(filters) = &self.filters {
            let own: Vec<Value> = serde_yaml_ng::from_str(filters).context("the case's filters")?;
            let all = at(manager, &["http_filters"])?
                .as_sequence_mut()
                .context("filters are a list")?;
            let router = all.len().saturating_sub(1);
            all.splice(router..router, own);
        }
        if self.http2_tunnels {
            let options: Value = serde_yaml_ng::from_str("allow_connect: true")?;
            let manager = manager.as_mapping_mut().context("the connection manager is a map")?;
            manager.insert("http2_protocol_options".into(), options);
        }
        if self.second_listener {
            let listeners = at(resources, &["listeners"])?
                .as_sequence_mut()
                .context("listeners are a list")?;
            let mut second = listeners.first().cloned().context("there is no listener")?;
            *at(&mut second, &["name"])? = SECOND.into();
            *at(&mut second, &["address", "socket_address", "port_value"])? = 0.into();
            listeners.push(second);
        }
        for (name, endpoint) in &self.clusters {
            self.cluster(at(resources, &["clusters"])?, name, *endpoint)?;
        }
        if let Some(clusters) = self.more_clusters {
            clusters::add(at(resources, &["clusters"])?, clusters, folder).context("the case's clusters")?;
        }
        if let Some(side_by_side) = &self.side_by_side {
            side_by_side.put_into(resources)?;
        }
        if self.discovered_listeners {
            discover_listeners(&mut root, &folder.with_file_name(LISTENERS))?;
        }
        written(&root)
    }

    fn cluster(&self, clusters: &mut Value, name: &str, endpoint: Option<SocketAddr>) -> Result<()> {
        let named = |cluster: &&mut Value| cluster.get("name").and_then(Value::as_str) == Some(name);
        let all = clusters.as_sequence_mut().context("clusters are a list")?;
        let cluster = all
            .iter_mut()
            .find(named)
            .with_context(|| format!("envoy.yaml has no cluster {name}"))?;
        *at(cluster, &["type"])? = "STATIC".into();
        match endpoint {
            Some(endpoint) => set_endpoint(cluster, endpoint)?,
            None => *at(cluster, &["load_assignment", "endpoints"])? = Value::Sequence(Vec::new()),
        }
        if self.http2_upstreams {
            let options: Value = serde_yaml_ng::from_str(HTTP2)?;
            cluster
                .as_mapping_mut()
                .context("a cluster is a map")?
                .insert("typed_extension_protocol_options".into(), options);
        }
        Ok(())
    }
}

/// Moves the listeners into a file that Envoy watches.
fn discover_listeners(root: &mut Value, file: &Path) -> Result<()> {
    let listeners = at(root, &["static_resources", "listeners"])?;
    let mut listeners = std::mem::replace(listeners, Value::Sequence(Vec::new()));
    for listener in listeners.as_sequence_mut().context("listeners are a list")? {
        let keys = listener.as_mapping_mut().context("a listener is a map")?;
        keys.insert(
            "@type".into(),
            "type.googleapis.com/envoy.config.listener.v3.Listener".into(),
        );
    }
    let mut resources = Mapping::new();
    resources.insert("resources".into(), listeners);
    std::fs::write(file, written(&Value::Mapping(resources))?)?;
    let source = format!(r#"lds_config: {{path_config_source: {{path: "{}"}}}}"#, file.display());
    let root = root.as_mapping_mut().context("the bootstrap is a map")?;
    root.insert("dynamic_resources".into(), serde_yaml_ng::from_str(&source)?);
    Ok(())
}

const HTTP2: &str = r#"
envoy.extensions.upstreams.http.v3.HttpProtocolOptions:
  "@type": type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions
  explicit_http_config: {http2_protocol_options: {}}
"#;

#[cfg(test)]
mod tests {
    use super::*;

    fn rendered(bootstrap: &Bootstrap) -> Value {
        serde_yaml_ng::from_str(&bootstrap.render(Path::new("/run/here")).expect("it renders")).expect("YAML")
    }

    #[test]
    fn only_what_a_run_must_choose_is_changed() {
        let changed = rendered(&Bootstrap {
            clusters: vec![
                ("primary", Some(SocketAddr::from(([127, 0, 0, 1], 81)))),
                ("shadow", None),
            ],
            ..Bootstrap::default()
        });
        let before: Vec<_> = BOOTSTRAP
            .lines()
            .map(str::trim)
            .filter(|line| line.starts_with("regex"))
            .collect();
        assert_eq!(before.len(), 2);
        let mut changed = changed;
        for (path, expected) in [
            ("admin.address.socket_address.address", Value::from("127.0.0.1")),
            (
                "static_resources.listeners.0.address.socket_address.port_value",
                Value::from(0),
            ),
            (
                "static_resources.clusters.0.load_assignment.endpoints.0.lb_endpoints.0.endpoint.address.socket_address.port_value",
                Value::from(81),
            ),
            (
                "static_resources.clusters.1.load_assignment.endpoints",
                Value::Sequence(Vec::new()),
            ),
            ("static_resources.clusters.2.type", Value::from("STRICT_DNS")),
            ("stats_flush_interval", Value::from("1s")),
        ] {
            assert_eq!(
                at(&mut changed, &path.split('.').collect::<Vec<_>>()).expect(path),
                &expected,
                "{path}"
            );
        }
        assert!(
            !serde_yaml_ng::to_string(&changed).expect("YAML").contains("/etc/"),
            "no path of the image is left"
        );
    }

    #[test]
    fn routes_of_a_case_stand_first() {
        let mut root = rendered(&Bootstrap {
            routes: Some("[{match: {prefix: /direct}, direct_response: {status: 204}}]"),
            ..Bootstrap::default()
        });
        let path =
            "static_resources.listeners.0.filter_chains.0.filters.0.typed_config.route_config.virtual_hosts.0.routes";
        let routes = at(&mut root, &path.split('.').collect::<Vec<_>>()).expect("routes");
        assert_eq!(routes.as_sequence().expect("a list").len(), 2);
        assert_eq!(
            *at(routes, &["0", "match", "prefix"]).expect("the case's"),
            Value::from("/direct")
        );
    }

    #[test]
    fn filters_of_a_case_stand_before_the_router() {
        let mut root = rendered(&Bootstrap {
            filters: Some("[{name: later}]".to_owned()),
            ..Bootstrap::default()
        });
        let path = "static_resources.listeners.0.filter_chains.0.filters.0.typed_config.http_filters";
        let filters = at(&mut root, &path.split('.').collect::<Vec<_>>()).expect("filters");
        let names: Vec<_> = filters
            .as_sequence()
            .expect("a list")
            .iter()
            .map(|one| &one["name"])
            .collect();
        assert_eq!(names, ["traffic_mirror", "later", "envoy.filters.http.router"]);
    }
}
