//! The API server, by kubectl.

use std::process::Command;

use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::command;

/// How kubectl finds the API server.
pub const KUBECONFIG: &str = "/media/kubeconfig";

/// Runs kubectl with these arguments and this input, and returns what it prints.
pub fn kubectl(arguments: &[&str], input: &[u8]) -> Result<String> {
    command::output(&mut command(arguments), input)
}

/// A kubectl with these arguments.
pub fn command(arguments: &[&str]) -> Command {
    let mut kubectl = Command::new("/media/bin/kubectl");
    kubectl.env("KUBECONFIG", KUBECONFIG).args(arguments);
    kubectl
}

/// Applies an object, or a list of them.
pub fn apply(object: &Value) -> Result<()> {
    let text = serde_json::to_vec(object)?;
    kubectl(&["apply", "--server-side", "--force-conflicts", "-f", "-"], &text)?;
    Ok(())
}

/// Reads one object, or all of a kind.
pub fn get(namespace: &str, what: &[&str]) -> Result<Value> {
    let arguments = [&["get", "--namespace", namespace, "--output", "json"], what].concat();
    Ok(serde_json::from_str(&kubectl(&arguments, b"")?)?)
}

/// The documents of a YAML file.
pub fn documents(yaml: &str) -> Result<Vec<Value>> {
    use serde::Deserialize as _;
    let mut documents = Vec::new();
    for document in serde_yaml_ng::Deserializer::from_str(yaml) {
        let value = Value::deserialize(document).context("a document that is no YAML")?;
        if !value.is_null() {
            documents.push(value);
        }
    }
    Ok(documents)
}
