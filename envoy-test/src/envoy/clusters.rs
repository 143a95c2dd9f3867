//! The clusters that only one case has, and the endpoints that come and go: each such cluster is a copy of one of
//! `envoy.yaml`, but for some keys.

use std::net::SocketAddr;
use std::path::Path;

use anyhow::{Context as _, Result};
use serde_json::json;
use serde_yaml_ng::Value;

use super::values::at;

/// The file of endpoints, in the folder of one Envoy; and what stands for its path in the clusters of a case.
pub const ENDPOINTS: &str = "ENDPOINTS";

/// Adds those that a case describes to the list of clusters; the filter is discovered in `folder`.
pub(super) fn add(clusters: &mut Value, yaml: &str, folder: &Path) -> Result<()> {
    let endpoints = folder.with_file_name(ENDPOINTS);
    let yaml = yaml.replace(ENDPOINTS, &endpoints.to_string_lossy());
    let all = clusters.as_sequence_mut().context("clusters are a list")?;
    for own in serde_yaml_ng::from_str::<Vec<Value>>(&yaml)? {
        let like = all.iter().find(|cluster| cluster["name"] == own["like"]);
        let name = || own["like"].as_str().unwrap_or_default();
        let mut cluster = like
            .with_context(|| format!("no cluster to be like `{}`", name()))?
            .clone();
        *at(&mut cluster, &["name"])? = own["name"].clone();
        let keys = cluster.as_mapping_mut().context("a cluster is a map")?;
        keys.extend(own["with"].as_mapping().cloned().unwrap_or_default());
        // To take one away.
        keys.retain(|_, value| !value.is_null());
        all.push(cluster);
    }
    Ok(())
}

/// The discovered file with all endpoints of a cluster. Envoy takes one cluster in such a file.
pub fn endpoints(cluster: &str, endpoints: &[SocketAddr]) -> String {
    let endpoints = endpoints.iter().map(|at| {
        let address = json!({"socket_address": {"address": at.ip().to_string(), "port_value": at.port()}});
        json!({"endpoint": {"address": address}})
    });
    let assignment = json!({
        "@type": "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment",
        "cluster_name": cluster,
        "endpoints": [{"lb_endpoints": endpoints.collect::<Vec<_>>()}],
    });
    json!({"resources": [assignment]}).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cluster_is_like_another_but_for_some_keys() {
        let mut clusters: Value =
            serde_yaml_ng::from_str("[{name: a, type: STATIC, load_assignment: 1}]").expect("YAML");
        let own = "[{name: b, like: a, with: {type: EDS, load_assignment: null, path: ENDPOINTS}}]";
        add(&mut clusters, own, Path::new("/run/watched")).expect("it is added");
        let expected = "[{name: a, type: STATIC, load_assignment: 1}, {name: b, type: EDS, path: /run/ENDPOINTS}]";
        assert_eq!(clusters, serde_yaml_ng::from_str::<Value>(expected).expect("YAML"));
        let error = add(&mut clusters, "[{name: d, like: c}]", Path::new("/run/watched")).expect_err("there is no c");
        assert_eq!(error.to_string(), "no cluster to be like `c`");
    }
}
