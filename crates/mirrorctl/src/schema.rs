//! The structural part of the API server's validation of custom resources: types, required and unknown fields, enums,
//! ranges, patterns, `oneOf` and its kin. Rules in CEL are not evaluated. The schemas are those of the official CRDs of
//! Istio 1.31 and the Gateway API 1.6.1 (experimental channel), without what is for people only; a test writes them and
//! compares.

use regex_lite::Regex;
use serde_json::{Map, Value};

/// What the keys of a schema say to people only, or to the API server's CEL.
const FOR_PEOPLE: &[&str] = &[
    "default",
    "deprecated",
    "description",
    "example",
    "format",
    "title",
    "x-kubernetes-list-map-keys",
    "x-kubernetes-list-type",
    "x-kubernetes-map-type",
    "x-kubernetes-validations",
];

/// The schemas of the CRDs that this tool was built with.
#[derive(Debug)]
pub struct Schemas(Value);

/// What is wrong with a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Where: `spec.http[0].mirror`.
    pub path: String,
    /// Whether the field itself is not known.
    pub unknown: bool,
    /// What was found and what is allowed.
    pub problem: String,
}

// === impl Schemas ===

impl Schemas {
    /// The schemas of the CRDs that this tool was built with: one kind a line.
    pub const TEXT: &str = include_str!("schema/crds.json");

    /// Reads them.
    pub fn built_in() -> Self {
        Self(serde_json::from_str(Self::TEXT).unwrap_or_default())
    }

    /// Whether a kind is known.
    pub fn has(&self, group: &str, kind: &str) -> bool {
        self.of_kind(group, kind).is_some()
    }

    fn of_kind(&self, group: &str, kind: &str) -> Option<&Value> {
        self.0.as_array()?.iter().find(|entry| {
            let text = |key: &str| entry.get(key).and_then(Value::as_str);
            text("group") == Some(group) && text("kind") == Some(kind)
        })
    }

    /// Everything that is wrong with an object; `None` if nothing is known of its kind.
    pub fn faults(&self, object: &Value) -> Option<Vec<Fault>> {
        let (group, version) = object.get("apiVersion")?.as_str()?.split_once('/')?;
        let kind = object.get("kind")?.as_str()?;
        let of_kind = self.of_kind(group, kind)?;
        let versions = of_kind.get("versions")?.as_array()?;
        if !versions.iter().any(|known| known == version) {
            let known: Vec<String> = versions
                .iter()
                .map(|version| format!("{group}/{}", version.as_str().unwrap_or_default()))
                .collect();
            return Some(vec![Fault {
                path: "apiVersion".to_owned(),
                unknown: false,
                problem: format!("{kind} has no version \"{version}\"; it has {}", known.join(", ")),
            }]);
        }
        Some(faults(object, of_kind.get("schema")?))
    }
}

/// Everything that is wrong with an object by the schema of its CRD.
pub fn faults(object: &Value, schema: &Value) -> Vec<Fault> {
    let mut faults = Vec::new();
    // The API server knows these for every kind.
    let mut body = object.as_object().cloned().unwrap_or_default();
    for key in ["apiVersion", "kind", "metadata"] {
        body.shift_remove(key);
    }
    check(&Value::Object(body), schema, "", &mut faults);
    faults
}

/// A schema without what is for people only.
pub fn distill(schema: &Value) -> Value {
    match schema {
        Value::Object(fields) => {
            let kept = fields.iter().filter(|(key, _)| !FOR_PEOPLE.contains(&key.as_str()));
            kept.map(|(key, value)| match value {
                // Below it stand names of fields, whatever they are.
                Value::Object(fields) if key == "properties" => {
                    let fields = fields.iter().map(|(name, schema)| (name.clone(), distill(schema)));
                    (key.clone(), Value::Object(fields.collect()))
                }
                value => (key.clone(), distill(value)),
            })
            .collect()
        }
        Value::Array(values) => values.iter().map(distill).collect(),
        other => other.clone(),
    }
}

// === checking ===

fn check(value: &Value, schema: &Value, path: &str, faults: &mut Vec<Fault>) {
    let mut fault = |problem: String| {
        faults.push(Fault {
            path: path.to_owned(),
            unknown: false,
            problem,
        });
    };
    let is = |key: &str| schema.get(key) == Some(&Value::Bool(true));
    if value.is_null() {
        if !is("nullable") {
            fault("is null".to_owned());
        }
        return;
    }
    let wanted = schema.get("type").and_then(Value::as_str);
    let fits = match wanted {
        _ if is("x-kubernetes-int-or-string") => value.is_string() || value.is_i64() || value.is_u64(),
        Some("object") => value.is_object(),
        Some("array") => value.is_array(),
        Some("string") => value.is_string(),
        Some("boolean") => value.is_boolean(),
        Some("integer") => value.as_f64().is_some_and(|number| number.fract() == 0.0),
        Some("number") => value.is_number(),
        _ => true,
    };
    if !fits {
        // A text in the place of a structure may be a whole document with secrets.
        let is_document = value.is_string() && matches!(wanted, Some("object" | "array"));
        let found = if is_document {
            "this text".to_owned()
        } else {
            found(value)
        };
        fault(format!(
            "{found} is not {}",
            wanted.map_or("a number or a text".to_owned(), |wanted| format!("of type {wanted}"))
        ));
        return;
    }
    if let Some(words) = schema.get("enum").and_then(Value::as_array)
        && !words.contains(value)
    {
        let words: Vec<String> = words.iter().map(Value::to_string).collect();
        fault(format!("{} is not one of {}", found(value), words.join(", ")));
    }
    let bound = |key: &str| schema.get(key).and_then(Value::as_f64);
    let size = match value {
        Value::String(text) => Some((text.chars().count(), "minLength", "maxLength", "characters")),
        Value::Array(values) => Some((values.len(), "minItems", "maxItems", "entries")),
        Value::Object(fields) => Some((fields.len(), "minProperties", "maxProperties", "fields")),
        _ => None,
    };
    if let Some((size, least, most, unit)) = size {
        out_of_range(size as f64, bound(least), bound(most), &mut |range| {
            fault(format!("{size} {unit} are not {range}"))
        });
    }
    if let Some(number) = value.as_f64() {
        out_of_range(number, bound("minimum"), bound("maximum"), &mut |range| {
            fault(format!("{value} is not {range}"))
        });
    }
    // RE2 has nothing that these patterns use and the crate lacks; a test compiles them all.
    if let (Some(pattern), Some(text)) = (schema.get("pattern").and_then(Value::as_str), value.as_str())
        && Regex::new(pattern).is_ok_and(|pattern| !pattern.is_match(text))
    {
        fault(format!("{} does not match {pattern}", found(value)));
    }
    combine(value, schema, path, faults);
    match value {
        Value::Array(values) => {
            let schema = schema.get("items").unwrap_or(&Value::Null);
            for (index, value) in values.iter().enumerate() {
                check(value, schema, &format!("{path}[{index}]"), faults);
            }
        }
        Value::Object(fields) => object(fields, schema, path, faults),
        _ => {}
    }
}

fn object(fields: &Map<String, Value>, schema: &Value, path: &str, faults: &mut Vec<Fault>) {
    for key in schema.get("required").and_then(Value::as_array).into_iter().flatten() {
        let key = key.as_str().unwrap_or_default();
        if !fields.contains_key(key) {
            faults.push(Fault {
                path: path.to_owned(),
                unknown: false,
                problem: format!("`{key}` is missing"),
            });
        }
    }
    let known = schema.get("properties").and_then(Value::as_object);
    for (key, value) in fields {
        let path = if path.is_empty() {
            key.clone()
        } else {
            format!("{path}.{key}")
        };
        match (
            known.and_then(|known| known.get(key)),
            schema.get("additionalProperties"),
        ) {
            (Some(schema), _) | (None, Some(schema @ Value::Object(_))) => check(value, schema, &path, faults),
            (None, Some(Value::Bool(true))) => {}
            _ if schema.get("x-kubernetes-preserve-unknown-fields") == Some(&Value::Bool(true)) => {}
            _ => {
                let names: Vec<String> = known
                    .into_iter()
                    .flat_map(Map::keys)
                    .map(|name| format!("`{name}`"))
                    .collect();
                let known = if names.is_empty() {
                    "no field is known here".to_owned()
                } else {
                    format!("known are {}", names.join(", "))
                };
                faults.push(Fault {
                    path,
                    unknown: true,
                    problem: format!("is not a field that is known here; {known}"),
                });
            }
        }
    }
}

/// `allOf`, `anyOf`, `oneOf` and `not` carry conditions only: no types and no fields of their own.
fn combine(value: &Value, schema: &Value, path: &str, faults: &mut Vec<Fault>) {
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
        let all = schema.get(key)?.as_array()?;
        Some((all.iter().filter(|schema| holds(schema)).count(), all.len()))
    };
    let mut fault = |problem: &str| {
        faults.push(Fault {
            path: path.to_owned(),
            unknown: false,
            problem: problem.to_owned(),
        });
    };
    if holding("allOf").is_some_and(|(holding, all)| holding < all) {
        fault("not all of its conditions hold");
    }
    if holding("anyOf").is_some_and(|(holding, _)| holding == 0) {
        fault("none of the forms that it may have");
    }
    if holding("oneOf").is_some_and(|(holding, _)| holding != 1) {
        fault("not exactly one of the forms that it may have");
    }
    if schema
        .get("not")
        .is_some_and(|schema| schema.is_object() && holds(schema))
    {
        fault("has the form that it must not have");
    }
}

fn out_of_range(number: f64, least: Option<f64>, most: Option<f64>, fault: &mut dyn FnMut(String)) {
    match (least, most) {
        (Some(least), Some(most)) if number < least || number > most => fault(format!("between {least} and {most}")),
        (Some(least), None) if number < least => fault(format!("{least} or more")),
        (None, Some(most)) if number > most => fault(format!("{most} or less")),
        _ => {}
    }
}

/// A value in a message. A text of 32 characters or more is not shown: it may be a key in a wrong place.
fn found(value: &Value) -> String {
    match value {
        Value::Object(_) => "an object".to_owned(),
        Value::Array(_) => "a list".to_owned(),
        Value::String(text) if text.chars().count() >= 32 => "this text".to_owned(),
        other => other.to_string(),
    }
}
