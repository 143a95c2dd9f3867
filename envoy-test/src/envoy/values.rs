//! Values of a configuration: found by a path, changed, and written.

use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use serde_yaml_ng::Value;

/// As JSON, which is YAML that no two parsers understand differently (`name: on`).
pub(super) fn written(root: &Value) -> Result<String> {
    Ok(serde_json::to_string_pretty(root)?)
}

/// Listens on this machine only.
pub(super) fn bind(address: &mut Value, port: u16) -> Result<()> {
    *at(address, &["socket_address", "address"])? = "127.0.0.1".into();
    *at(address, &["socket_address", "port_value"])? = port.into();
    Ok(())
}

/// The value at this path, whose steps are keys or, in a list, numbers.
pub(super) fn at<'a>(value: &'a mut Value, path: &[&str]) -> Result<&'a mut Value> {
    path.iter().try_fold(value, |value, step| {
        let next = match value {
            Value::Sequence(items) => step.parse().ok().and_then(|index: usize| items.get_mut(index)),
            other => other.get_mut(*step),
        };
        next.with_context(|| format!("no `{step}` on the way to `{}`", path.join(".")))
    })
}

/// A path as a value.
pub(super) fn text(path: PathBuf) -> Value {
    path.to_string_lossy().into_owned().into()
}

/// Lets the first endpoint of a cluster be at this address.
pub(super) fn set_endpoint(cluster: &mut Value, endpoint: SocketAddr) -> Result<()> {
    let path = [
        "load_assignment",
        "endpoints",
        "0",
        "lb_endpoints",
        "0",
        "endpoint",
        "address",
        "socket_address",
    ];
    let socket = at(cluster, &path)?;
    *at(socket, &["address"])? = endpoint.ip().to_string().into();
    *at(socket, &["port_value"])? = endpoint.port().into();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_that_leads_nowhere_is_named() {
        let mut root: Value = serde_yaml_ng::from_str("a: [{b: 1}]").expect("YAML");
        let error = at(&mut root, &["a", "1", "b"]).expect_err("there is no second item");
        assert_eq!(error.to_string(), "no `1` on the way to `a.1.b`");
    }
}
