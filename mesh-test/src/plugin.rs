//! The filter as an object of Istio describes it.

use serde_json::{Value, json};

use crate::sample::Sample;

/// The kind of the object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    TrafficExtension,
    WasmPlugin,
    /// What people write who need what the other kinds lack: here the configuration is a text of any form.
    EnvoyFilter,
}

/// The filter on the primary of a stage.
#[derive(Clone, Debug)]
pub struct Plugin {
    pub kind: Kind,
    pub name: String,
    /// As the user writes it; JSON, but for an EnvoyFilter any text.
    pub configuration: String,
    /// From where the proxies fetch the module; else from where they all do.
    pub module_url: Option<String>,
    /// Whether the filter is in the listeners for what goes out, too.
    in_every_listener: bool,
}

impl Plugin {
    pub fn new(kind: Kind, name: &str, configuration: &Value) -> Self {
        Self {
            kind,
            name: name.to_owned(),
            configuration: configuration.to_string(),
            module_url: None,
            in_every_listener: false,
        }
    }

    /// The same with another configuration.
    pub fn with(&self, configuration: &Value) -> Self {
        self.with_text(&configuration.to_string())
    }

    /// The same with another module.
    pub fn with_module(&self, url: &str) -> Self {
        Self {
            module_url: Some(url.to_owned()),
            ..self.clone()
        }
    }

    /// The same in all listeners of the proxy.
    pub fn in_every_listener(&self) -> Self {
        Self {
            in_every_listener: true,
            ..self.clone()
        }
    }

    /// The same with a configuration that is any text. Only an EnvoyFilter can say that.
    pub fn with_text(&self, text: &str) -> Self {
        Self {
            configuration: text.to_owned(),
            ..self.clone()
        }
    }

    /// The name of the kind, as kubectl takes it.
    pub fn resource(&self) -> &'static str {
        match self.kind {
            Kind::TrafficExtension => "trafficextension",
            Kind::WasmPlugin => "wasmplugin",
            Kind::EnvoyFilter => "envoyfilter",
        }
    }

    /// How istiod names the plugin, and Envoy the filter.
    pub fn envoy_name(&self, namespace: &str) -> String {
        match self.kind {
            Kind::TrafficExtension => format!("{namespace}.{}", self.name),
            // istiod makes a TrafficExtension of it.
            Kind::WasmPlugin => format!("{namespace}.{}~istio-translated-wasmplugin", self.name),
            Kind::EnvoyFilter => self.name.clone(),
        }
    }

    /// The name by which the filter's configuration is discovered.
    pub fn discovery_name(&self, namespace: &str) -> String {
        match self.kind {
            Kind::TrafficExtension | Kind::WasmPlugin => {
                format!("extensions.istio.io/trafficextension/{}", self.envoy_name(namespace))
            }
            Kind::EnvoyFilter => self.name.clone(),
        }
    }

    /// The configuration as Envoy gets it: istiod leaves an empty object out.
    pub fn delivered(&self) -> &str {
        match self.kind {
            Kind::TrafficExtension | Kind::WasmPlugin if self.configuration == "{}" => "",
            _ => &self.configuration,
        }
    }

    /// The statistic that is 1 while the configuration is refused. A label has no dot and no tilde.
    pub fn refused_gauge(&self, namespace: &str) -> Sample {
        let label = self.envoy_name(namespace).replace(['.', '~'], "_");
        Sample::of(&label, "configuration_refused")
    }

    /// The object, for the API server. `module_url` is from where the proxies fetch the module if the plugin does not
    /// say.
    pub fn object(&self, namespace: &str, module_url: &str) -> Value {
        let module_url = self.module_url.as_deref().unwrap_or(module_url);
        let metadata = json!({"name": self.name, "namespace": namespace});
        let labels = json!({"app": "reviews", "version": "v1"});
        let listeners = match self.in_every_listener {
            true => json!([]),
            false => json!([{"mode": "SERVER", "ports": [{"number": 9080}]}]),
        };
        let parsed: Value = serde_json::from_str(&self.configuration).unwrap_or(Value::Null);
        let wasm = json!({
            "url": module_url, "failStrategy": "FAIL_OPEN", "pluginName": self.name, "pluginConfig": parsed,
        });
        match self.kind {
            Kind::TrafficExtension => json!({
                "apiVersion": "extensions.istio.io/v1alpha1", "kind": "TrafficExtension", "metadata": metadata,
                "spec": {
                    "selector": {"matchLabels": labels},
                    "match": listeners,
                    "wasm": wasm,
                },
            }),
            Kind::WasmPlugin => {
                let mut spec = wasm;
                spec["selector"] = json!({"matchLabels": labels});
                spec["match"] = listeners;
                json!({
                    "apiVersion": "extensions.istio.io/v1alpha1", "kind": "WasmPlugin", "metadata": metadata,
                    "spec": spec,
                })
            }
            Kind::EnvoyFilter => json!({
                "apiVersion": "networking.istio.io/v1alpha3", "kind": "EnvoyFilter", "metadata": metadata,
                "spec": {
                    "workloadSelector": {"labels": labels},
                    "configPatches": [self.place(), self.discovered(module_url)],
                },
            }),
        }
    }

    /// The patch that puts the filter before the router.
    fn place(&self) -> Value {
        let listener = json!({"portNumber": 9080, "filterChain": {"filter": {
            "name": "envoy.filters.network.http_connection_manager", "subFilter": {"name": "envoy.filters.http.router"},
        }}});
        json!({
            "applyTo": "HTTP_FILTER",
            "match": {"context": "SIDECAR_INBOUND", "listener": listener},
            "patch": {"operation": "INSERT_BEFORE", "value": {
                "name": self.name,
                "config_discovery": {
                    "config_source": {"ads": {}, "initial_fetch_timeout": "0s"},
                    "type_urls": [WASM_FILTER],
                },
            }},
        })
    }

    /// The patch that has the filter's configuration discovered.
    fn discovered(&self, module_url: &str) -> Value {
        json!({
            "applyTo": "EXTENSION_CONFIG",
            "match": {"context": "SIDECAR_INBOUND"},
            "patch": {"operation": "ADD", "value": {
                "name": self.name,
                "typed_config": {"@type": WASM_FILTER, "config": {
                    "name": self.name,
                    "configuration": {
                        "@type": "type.googleapis.com/google.protobuf.StringValue", "value": self.configuration,
                    },
                    "fail_open": true,
                    "vm_config": {
                        "runtime": "envoy.wasm.runtime.v8",
                        "code": {"remote": {"http_uri": {"uri": module_url, "timeout": "30s", "cluster": "none"}}},
                    },
                }},
            }},
        })
    }
}

const WASM_FILTER: &str = "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm";
