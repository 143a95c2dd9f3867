//! The plugin configurations that this repository shows or uses.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize as _;
use serde_json::{Value, json};

use super::folder;

/// Every configuration in the YAML and Markdown files of this repository, each once.
pub fn configurations() -> Vec<Value> {
    let mut found = Vec::new();
    for text in files(&folder().join("..").canonicalize().unwrap()) {
        for document in serde_yaml_ng::Deserializer::from_str(&text) {
            let Ok(document) = Value::deserialize(document) else {
                break;
            };
            plugin_configurations(&document, &mut found);
        }
    }
    let mut unique = Vec::new();
    for config in found {
        if !unique.contains(&config) {
            unique.push(config);
        }
    }
    unique
}

/// The YAML files, and the YAML and JSON in Markdown files, in order of their paths.
fn files(folder: &Path) -> Vec<String> {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    let mut texts = Vec::new();
    for path in paths {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            if !name.starts_with('.') && !["target", "dist", "node_modules"].contains(&name.as_str()) {
                texts.extend(files(&path));
            }
        } else if name.ends_with(".yaml") {
            texts.push(fs::read_to_string(&path).unwrap());
        } else if name.ends_with(".md") {
            let text = fs::read_to_string(&path).unwrap();
            let blocks = text.split("\n```").skip(1).step_by(2);
            let blocks = blocks.filter_map(|block| block.split_once('\n'));
            let blocks = blocks.filter(|(language, _)| ["yaml", "json"].contains(&language.trim()));
            texts.extend(blocks.map(|(_, block)| block.to_owned()));
        }
    }
    texts
}

/// What has `mirrors`, and what is a part of one mirror.
fn plugin_configurations(value: &Value, found: &mut Vec<Value>) {
    match value {
        Value::Object(fields) if fields.contains_key("mirrors") => found.push(value.clone()),
        Value::Object(fields) => {
            let keys = [
                "sample",
                "match",
                "redact",
                "circuitBreaker",
                "limits",
                "body",
                "headers",
                "path",
                "authority",
            ];
            if keys.iter().any(|key| fields.contains_key(*key)) && !fields.contains_key("apiVersion") {
                let mut mirror = json!({"name": "example", "cluster": "shadow"});
                mirror.as_object_mut().unwrap().extend(fields.clone());
                found.push(json!({ "mirrors": [mirror] }));
            }
            fields.values().for_each(|value| plugin_configurations(value, found));
        }
        Value::Array(values) => values.iter().for_each(|value| plugin_configurations(value, found)),
        _ => {}
    }
}
