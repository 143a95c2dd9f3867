//! The filter and the shadows' clusters for an Envoy without Istio: the two files that it discovers, each a list of
//! resources. Clusters come first; a copy to a cluster that is not there yet is dropped.

use serde_json::{Map, Value, json};

use super::plugin::{FilterMirror, plugin_config};
use super::{Bundle, Manifest, Options, Origin, Step};
use crate::error::{Error, Result};
use crate::job::{Backend, Endpoint, EndpointProtocol, Job};

/// The name of Envoy's type.
macro_rules! envoy_type {
    ($name:literal) => {
        concat!("type.googleapis.com/envoy.", $name)
    };
}

/// Adds the two files of a job.
pub(super) fn add(job: &Job, options: &Options, bundle: &mut Bundle) -> Result<()> {
    if options.extension_api.is_some() || options.pull_secret.is_some() || options.gitops {
        return Err(Error::Usage(
            "--extension-api, --pull-secret and --gitops are for Istio; an Envoy without it reads a file".to_owned(),
        ));
    }
    let module = options
        .module
        .as_ref()
        .and_then(|module| module.url.strip_prefix("file://"));
    let Some(module) = module else {
        return Err(Error::Usage(
            "--module: an Envoy without Istio fetches nothing; give file:///PATH of the filter on Envoy's machine"
                .to_owned(),
        ));
    };
    let name = format!("traffic-mirror/{}", job.name);
    let (mut mirrors, mut clusters) = (Vec::new(), Vec::new());
    for (index, shadow) in job.shadows.iter().enumerate() {
        let Backend::Endpoint(endpoint) = &shadow.backend else {
            continue;
        };
        let cluster_name = format!("{name}/{}", shadow.name);
        clusters.push(cluster(&cluster_name, endpoint));
        mirrors.push(FilterMirror {
            shadow: index,
            name: shadow.name.clone(),
            cluster: cluster_name,
            port: job.target.port,
            looks_at_port: job.target.port.is_some(),
        });
    }
    let filter = filter(&name, job, module, plugin_config(job, &mirrors)?);
    bundle.notes.push(format!(
        "two files for Envoy: --step prepare prints the clusters, --step mirror the filter `{name}` for the listener {} (docs/plain-envoy.md)",
        job.target.name
    ));
    for (step, resources) in [(Step::Prepare, clusters), (Step::Mirror, vec![filter])] {
        bundle.add(Manifest {
            step,
            origin: Origin::Ours,
            object: json!({"resources": resources}),
        });
    }
    Ok(())
}

/// The filter as Envoy discovers it.
fn filter(name: &str, job: &Job, module: &str, config: Value) -> Value {
    json!({
        "@type": envoy_type!("config.core.v3.TypedExtensionConfig"),
        "name": name,
        "typed_config": {
            "@type": envoy_type!("extensions.filters.http.wasm.v3.Wasm"),
            "config": {
                "name": job.name,
                // Should the filter trap, later requests pass unmirrored.
                "fail_open": true,
                "vm_config": {
                    // All jobs share a VM; a trap in another plugin does not end them.
                    "vm_id": "traffic_mirror",
                    "runtime": "envoy.wasm.runtime.v8",
                    "code": {"local": {"filename": module}},
                },
                "configuration": {
                    "@type": "type.googleapis.com/google.protobuf.Struct",
                    "value": config,
                },
            },
        },
    })
}

/// A shadow's cluster.
fn cluster(name: &str, endpoint: &Endpoint) -> Value {
    let is_address = endpoint.host.parse::<std::net::IpAddr>().is_ok();
    let address = json!({"socket_address": {"address": endpoint.host, "port_value": endpoint.port}});
    let mut cluster = Map::new();
    let mut put = |key: &str, value: Value| cluster.insert(key.to_owned(), value);
    put("@type", envoy_type!("config.cluster.v3.Cluster").into());
    put("name", name.into());
    put("type", if is_address { "STATIC" } else { "STRICT_DNS" }.into());
    put("connect_timeout", "1s".into());
    put(
        "load_assignment",
        json!({"cluster_name": name, "endpoints": [{"lb_endpoints": [{"endpoint": {"address": address}}]}]}),
    );
    if endpoint.protocol == EndpointProtocol::Http2 {
        let options = json!({
            "@type": envoy_type!("extensions.upstreams.http.v3.HttpProtocolOptions"),
            "explicit_http_config": {"http2_protocol_options": {}},
        });
        put(
            "typed_extension_protocol_options",
            json!({"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": options}),
        );
    }
    if let Some(tls) = &endpoint.tls {
        // Without an authority of its own and a name, Envoy would take any certificate.
        let socket = json!({
            "name": "envoy.transport_sockets.tls",
            "typed_config": {
                "@type": envoy_type!("extensions.transport_sockets.tls.v3.UpstreamTlsContext"),
                "sni": tls.sni,
                "common_tls_context": {
                    "alpn_protocols": match endpoint.protocol {
                        EndpointProtocol::Http => ["http/1.1"],
                        EndpointProtocol::Http2 => ["h2"],
                    },
                    "validation_context": {
                        "trusted_ca": {"filename": tls.ca_file},
                        "match_typed_subject_alt_names": [{"san_type": "DNS", "matcher": {"exact": tls.sni}}],
                    },
                },
            },
        });
        put("transport_socket", socket);
    }
    cluster.into()
}
