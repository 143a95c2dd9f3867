//! The filter as Envoy discovers it: `filter.yaml`, with the module and the configuration of one run put in.
//!
//! Nothing else is changed, so what docker-compose starts is what the cases prove.

use std::path::Path;

use anyhow::{Context as _, Result};
use serde_yaml_ng::{Mapping, Value};

use super::values::{at, text, written};

/// The filter as it is discovered, with the configuration of the demo.
pub const FILTER: &str = include_str!("../../filter.yaml");
/// Where [`FILTER`] expects the module.
pub const MODULE: &str = "/etc/envoy/traffic-mirror.wasm";

/// In which of its two shapes the plugin configuration travels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Shape {
    /// `google.protobuf.Struct`, which a person can edit in `filter.yaml`.
    #[default]
    Struct,
    /// JSON in a `StringValue`, as Istio sends it.
    Json,
}

/// `filter.yaml` with this module and this plugin configuration.
pub fn filter(module: &Path, plugin: &Value, shape: Shape) -> Result<String> {
    let mut root: Value = serde_yaml_ng::from_str(FILTER)?;
    let config = at(&mut root, &["resources", "0", "typed_config", "config"])?;
    *at(config, &["vm_config", "code", "local", "filename"])? = text(module.to_path_buf());
    let mut carried = Mapping::new();
    match shape {
        Shape::Struct => {
            carried.insert("@type".into(), "type.googleapis.com/google.protobuf.Struct".into());
            carried.insert("value".into(), plugin.clone());
        }
        Shape::Json => {
            carried.insert("@type".into(), "type.googleapis.com/google.protobuf.StringValue".into());
            carried.insert("value".into(), serde_json::to_string(plugin)?.into());
        }
    }
    *at(config, &["configuration"])? = Value::Mapping(carried);
    written(&root)
}

/// A rendered `filter.yaml` with another VM, and with these keys of the plugin (YAML) in the place of `fail_open`.
pub fn with_vm(filter: &str, vm: &str, failure: Option<&str>) -> Result<String> {
    let mut root: Value = serde_yaml_ng::from_str(filter)?;
    let config = at(&mut root, &["resources", "0", "typed_config", "config"])?;
    *at(config, &["vm_config", "vm_id"])? = vm.into();
    if let Some(failure) = failure {
        let config = config.as_mapping_mut().context("a plugin is a map")?;
        config
            .remove("fail_open")
            .context("what is shipped has no `fail_open`")?;
        config.extend(serde_yaml_ng::from_str::<Mapping>(failure)?);
    }
    written(&root)
}

/// A rendered `filter.yaml` with another name of the plugin, and with this text as its configuration, or with none.
pub fn with_plugin(filter: &str, name: &str, text: Option<&str>) -> Result<String> {
    let mut root: Value = serde_yaml_ng::from_str(filter)?;
    let config = at(&mut root, &["resources", "0", "typed_config", "config"])?;
    *at(config, &["name"])? = name.into();
    let config = config.as_mapping_mut().context("a plugin is a map")?;
    config.remove("configuration");
    if let Some(text) = text {
        let mut carried = Mapping::new();
        carried.insert("@type".into(), "type.googleapis.com/google.protobuf.StringValue".into());
        carried.insert("value".into(), text.into());
        config.insert("configuration".into(), Value::Mapping(carried));
    }
    written(&root)
}

/// `filter.yaml` as it is written, comments and all, with this module: for people who then edit it.
pub fn filter_to_edit(module: &Path) -> String {
    FILTER.replace(MODULE, &module.to_string_lossy())
}

/// The plugin configuration in `filter.yaml`.
pub fn demo_configuration() -> Result<Value> {
    let mut root: Value = serde_yaml_ng::from_str(FILTER)?;
    Ok(at(
        &mut root,
        &["resources", "0", "typed_config", "config", "configuration", "value"],
    )?
    .clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_configuration_travels_in_either_shape() {
        let plugin: Value = serde_yaml_ng::from_str("mirrors: [{name: a, percentage: 0.5}]").expect("YAML");
        let shape = |shape| {
            let mut root: Value =
                serde_yaml_ng::from_str(&filter(Path::new("/m.wasm"), &plugin, shape).expect("it renders"))
                    .expect("YAML");
            at(
                &mut root,
                &["resources", "0", "typed_config", "config", "configuration", "value"],
            )
            .expect("a value")
            .clone()
        };
        assert_eq!(shape(Shape::Struct), plugin);
        assert_eq!(
            shape(Shape::Json),
            Value::from(r#"{"mirrors":[{"name":"a","percentage":0.5}]}"#)
        );
    }

    #[test]
    fn the_file_to_edit_keeps_its_comments() {
        let text = filter_to_edit(Path::new("/here/m.wasm"));
        assert!(text.contains("filename: /here/m.wasm") && text.starts_with("# ") && !text.contains(MODULE));
    }
}
