//! The structural part of the API server's validation of custom resources: types, required and unknown fields, enums,
//! ranges, patterns, `oneOf` and its kin. Rules in CEL (`x-kubernetes-validations`) are not evaluated.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use regex_lite::Regex;
use serde::Deserialize;
use serde_json::{Map, Value};

/// The schemas by group, version and kind.
pub struct Schemas(BTreeMap<(String, String, String), Value>);

impl Schemas {
    /// The folder of the official CRDs, if it is there.
    pub fn folder() -> Option<PathBuf> {
        let default = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/schemas"));
        let folder = std::env::var_os("SCHEMAS_DIR").map_or(default, PathBuf::from);
        folder.is_dir().then_some(folder)
    }

    /// Every CRD of the folder.
    pub fn read(folder: &PathBuf) -> Self {
        let mut schemas = BTreeMap::new();
        for entry in fs::read_dir(folder).expect("the folder") {
            let path = entry.expect("an entry").path();
            if path.extension().is_none_or(|extension| extension != "yaml") {
                continue;
            }
            let text = fs::read_to_string(&path).expect("a schema");
            for document in serde_yaml_ng::Deserializer::from_str(&text) {
                let crd = Value::deserialize(document).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
                if crd["kind"] != "CustomResourceDefinition" {
                    continue;
                }
                let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
                let (group, kind) = (text(&crd["spec"]["group"]), text(&crd["spec"]["names"]["kind"]));
                for version in crd["spec"]["versions"].as_array().expect("versions") {
                    let key = (group.clone(), text(&version["name"]), kind.clone());
                    // Of several channels the first one read stands; file names sort the standard channel's documents first.
                    schemas
                        .entry(key)
                        .or_insert_with(|| version["schema"]["openAPIV3Schema"].clone());
                }
            }
        }
        assert!(!schemas.is_empty(), "{} holds no CRD", folder.display());
        Self(schemas)
    }

    /// Everything that is wrong with an object.
    pub fn problems(&self, object: &Value) -> Vec<String> {
        let mut problems = Vec::new();
        match self.of(object) {
            None => problems.push("no schema".to_owned()),
            Some(schema) => {
                // The API server knows these for every kind.
                let mut body = object.as_object().cloned().unwrap_or_default();
                for key in ["apiVersion", "kind", "metadata"] {
                    body.remove(key);
                }
                check(&Value::Object(body), schema, "", &mut problems);
            }
        }
        problems
    }

    fn of(&self, object: &Value) -> Option<&Value> {
        let (group, version) = object["apiVersion"].as_str()?.split_once('/')?;
        let kind = object["kind"].as_str()?;
        self.0.get(&(group.to_owned(), version.to_owned(), kind.to_owned()))
    }
}

fn check(value: &Value, schema: &Value, path: &str, problems: &mut Vec<String>) {
    let mut problem = |text: String| problems.push(format!("{path}: {text}"));
    if value.is_null() {
        if schema["nullable"] != true {
            problem("is null".to_owned());
        }
        return;
    }
    let int_or_string = schema["x-kubernetes-int-or-string"] == true;
    let fits = match schema["type"].as_str() {
        _ if int_or_string => value.is_string() || value.is_i64() || value.is_u64(),
        Some("object") => value.is_object(),
        Some("array") => value.is_array(),
        Some("string") => value.is_string(),
        Some("boolean") => value.is_boolean(),
        Some("integer") => value.as_f64().is_some_and(|number| number.fract() == 0.0),
        Some("number") => value.is_number(),
        _ => true,
    };
    if !fits {
        problem(format!("{value} is not {}", schema["type"]));
        return;
    }
    if let Some(words) = schema["enum"].as_array()
        && !words.contains(value)
    {
        problem(format!("{value} is not one of {words:?}"));
    }
    let bound = |key: &str| schema[key].as_f64();
    let size = match value {
        Value::String(text) => Some((text.chars().count(), "minLength", "maxLength")),
        Value::Array(values) => Some((values.len(), "minItems", "maxItems")),
        Value::Object(fields) => Some((fields.len(), "minProperties", "maxProperties")),
        _ => None,
    };
    if let Some((size, least, most)) = size {
        let size = size as f64;
        if bound(least).is_some_and(|least| size < least) || bound(most).is_some_and(|most| size > most) {
            problem(format!("its size {size} is out of range"));
        }
    }
    if let Some(number) = value.as_f64()
        && (bound("minimum").is_some_and(|least| number < least) || bound("maximum").is_some_and(|most| number > most))
    {
        problem(format!("{number} is out of range"));
    }
    if let (Some(pattern), Some(text)) = (schema["pattern"].as_str(), value.as_str())
        && !Regex::new(pattern).expect("a pattern").is_match(text)
    {
        problem(format!("{text:?} does not match {pattern}"));
    }
    combine(value, schema, path, problems);
    match value {
        Value::Array(values) => {
            for (index, value) in values.iter().enumerate() {
                check(value, &schema["items"], &format!("{path}[{index}]"), problems);
            }
        }
        Value::Object(fields) => object(fields, schema, path, problems),
        _ => {}
    }
}

fn object(fields: &Map<String, Value>, schema: &Value, path: &str, problems: &mut Vec<String>) {
    for key in schema["required"].as_array().into_iter().flatten() {
        if !fields.contains_key(key.as_str().unwrap_or_default()) {
            problems.push(format!("{path}: {key} is missing"));
        }
    }
    for (key, value) in fields {
        let below = format!("{path}.{key}");
        match (schema["properties"].get(key), &schema["additionalProperties"]) {
            (Some(schema), _) => check(value, schema, &below, problems),
            (None, Value::Object(schema)) => check(value, &Value::Object(schema.clone()), &below, problems),
            (None, Value::Bool(true)) => {}
            _ if schema["x-kubernetes-preserve-unknown-fields"] == true => {}
            _ => problems.push(format!("{below}: is not a field")),
        }
    }
}

/// `allOf`, `anyOf`, `oneOf` and `not` carry conditions only: no types and no fields of their own.
fn combine(value: &Value, schema: &Value, path: &str, problems: &mut Vec<String>) {
    let holds = |schema: &Value| {
        let mut found = Vec::new();
        // Fields that a condition does not name are no concern of it.
        let mut open = schema.clone();
        if let Some(fields) = open.as_object_mut() {
            fields.insert("x-kubernetes-preserve-unknown-fields".to_owned(), true.into());
        }
        check(value, &open, path, &mut found);
        found.is_empty()
    };
    let holding = |key: &str| {
        schema[key]
            .as_array()
            .map(|all| (all.iter().filter(|schema| holds(schema)).count(), all.len()))
    };
    if holding("allOf").is_some_and(|(holding, all)| holding < all) {
        problems.push(format!("{path}: not all of its conditions hold"));
    }
    if holding("anyOf").is_some_and(|(holding, _)| holding == 0) {
        problems.push(format!("{path}: none of its conditions holds"));
    }
    if holding("oneOf").is_some_and(|(holding, _)| holding != 1) {
        problems.push(format!("{path}: not exactly one of its forms"));
    }
    if schema["not"].is_object() && holds(&schema["not"]) {
        problems.push(format!("{path}: what it must not be"));
    }
}
