//! Turns the bytes of a plugin configuration into one document, whatever form they came in, and lets a reader take it
//! apart: every value knows its path, so that whatever is refused is refused with its place in the user's spelling. The
//! command line tool takes its job apart with the same reader.

use serde_json::{Map, Number, Value};

use crate::plan::ConfigError;
use crate::values::Secret;
use crate::{json_text, protobuf_struct};

/// One value of a document, and where it stands.
#[derive(Debug)]
pub struct Node {
    path: String,
    value: Value,
}

/// The keys of an object that are not taken yet.
#[derive(Debug)]
pub struct Object {
    path: String,
    fields: Map<String, Value>,
}

/// Reads a `Struct` in protobuf's wire format (what plain Envoy passes on) or JSON text (what Istio sends).
pub fn read(bytes: &[u8]) -> Result<Node, ConfigError> {
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(ConfigError::NoConfiguration);
    }
    let value = match protobuf_struct::decode(bytes) {
        Some(value) => value,
        None => read_json(bytes)?,
    };
    Ok(Node {
        path: String::new(),
        value,
    })
}

/// Reads one JSON text in which no object has a key twice.
///
/// # Errors
/// What is wrong with it, and where.
pub fn json(text: &str) -> Result<Value, String> {
    json_text::read(text.as_bytes())
}

fn read_json(bytes: &[u8]) -> Result<Value, ConfigError> {
    json_text::read(bytes).map_err(|error| {
        ConfigError::Unreadable(if bytes.first().is_some_and(|byte| b"{[\" \t\r\n".contains(byte)) {
            error
        } else {
            format!("neither JSON nor a protobuf Struct ({error})")
        })
    })
}

// === impl Node ===

impl Node {
    /// A value that stands at a path in the user's spelling; a whole document's path is empty.
    pub fn new(path: impl Into<String>, value: Value) -> Self {
        Self {
            path: path.into(),
            value,
        }
    }

    /// Where the value stands.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The value itself.
    pub fn value(&self) -> &Value {
        &self.value
    }

    /// A refusal of this value.
    pub fn refuse<T>(&self, problem: impl Into<String>) -> Result<T, ConfigError> {
        Err(ConfigError::invalid(self.path.clone(), problem))
    }

    /// The value as a scalar: what is refused says what is wanted.
    pub fn parse<T>(
        &self,
        wanted: &str,
        parse: impl FnOnce(&Value) -> Option<Result<T, String>>,
    ) -> Result<T, ConfigError> {
        match parse(&self.value) {
            Some(Ok(value)) => Ok(value),
            Some(Err(problem)) => self.refuse(format!("{} {problem}", found(&self.value))),
            None => self.refuse(format!("{} is not {wanted}", found(&self.value))),
        }
    }

    /// `true` or `false`.
    pub fn boolean(&self) -> Result<bool, ConfigError> {
        self.parse("true or false", |value| value.as_bool().map(Ok))
    }

    /// A text.
    pub fn text(&self) -> Result<String, ConfigError> {
        self.parse("a text", |value| value.as_str().map(|text| Ok(text.to_owned())))
    }

    /// A text that must not be shown: whatever stands here instead is not shown either.
    pub(crate) fn secret(&self) -> Result<Secret, ConfigError> {
        match self.value.as_str() {
            Some(text) => Ok(Secret(text.to_owned())),
            None => self.refuse("what is here is not a text"),
        }
    }

    /// One of a few words.
    pub fn word<T: Copy>(&self, words: &[(&str, T)]) -> Result<T, ConfigError> {
        let text = self.text()?;
        match words.iter().find(|(word, _)| *word == text) {
            Some((_, value)) => Ok(*value),
            None => self.refuse(format!(
                "{} is not one of {}",
                found(&self.value),
                list(words.iter().map(|(word, _)| *word))
            )),
        }
    }

    /// The entries of a list, in order.
    pub fn list(self) -> Result<Vec<Node>, ConfigError> {
        let Value::Array(values) = self.value else {
            return self.refuse(format!("{} is not a list", found(&self.value)));
        };
        let node = |(index, value): (usize, Value)| Node {
            path: format!("{}[{index}]", self.path),
            value,
        };
        Ok(values.into_iter().enumerate().map(node).collect())
    }

    /// An object whose keys are all known.
    pub fn object(self, keys: &[&str]) -> Result<Object, ConfigError> {
        let object = self.any_object()?;
        match object.fields.keys().find(|key| !keys.contains(&key.as_str())) {
            None => Ok(object),
            Some(key) => {
                let problem = format!(
                    "is not a key that is known here; known are {}",
                    list(keys.iter().copied())
                );
                Err(ConfigError::invalid(below(&object.path, key), problem))
            }
        }
    }

    /// An object whose keys are names that the user chooses, in order.
    pub fn names(self) -> Result<Vec<(String, Node)>, ConfigError> {
        let Object { path, fields } = self.any_object()?;
        let node = |(name, value): (String, Value)| {
            let path = below(&path, &name);
            (name, Node { path, value })
        };
        Ok(fields.into_iter().map(node).collect())
    }

    fn any_object(self) -> Result<Object, ConfigError> {
        match self.value {
            Value::Object(fields) => Ok(Object {
                path: self.path,
                fields,
            }),
            _ => self.refuse(format!("{} is not an object", found(&self.value))),
        }
    }
}

// === impl Object ===

impl Object {
    /// Where the object stands.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The value of a key, if it is given.
    pub fn take(&mut self, key: &str) -> Option<Node> {
        self.fields.remove(key).map(|value| Node {
            path: below(&self.path, key),
            value,
        })
    }

    /// The value of a key that must be given.
    pub fn need(&mut self, key: &str) -> Result<Node, ConfigError> {
        self.take(key)
            .ok_or_else(|| ConfigError::invalid(self.path.clone(), format!("`{key}` is missing")))
    }
}

fn below(path: &str, key: &str) -> String {
    if path.is_empty() {
        key.to_owned()
    } else {
        format!("{path}.{key}")
    }
}

/// A value in a message, as the user wrote it and not too long.
fn found(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Number(number) => written(number),
        Value::String(text) if text.chars().count() > 64 => "this text".to_owned(),
        Value::String(text) => format!("\"{}\"", text.escape_debug()),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "an object".to_owned(),
    }
}

/// A number as people write it, to six decimals. The standard way of printing a double would make the filter 3 KB larger.
fn written(number: &Number) -> String {
    if let Some(whole) = number.as_i64() {
        return whole.to_string();
    }
    let value = number.as_f64().unwrap_or_default();
    let sign = if value < 0.0 { "-" } else { "" };
    let millionths = (value.abs() * 1e6).round();
    if millionths >= 1e18 {
        return format!("{sign}a number of this size");
    }
    let (whole, fraction) = (millionths as u64 / 1_000_000, millionths as u64 % 1_000_000);
    match fraction {
        0 => format!("{sign}{whole}"),
        _ => format!("{sign}{whole}.{fraction:06}").trim_end_matches('0').to_owned(),
    }
}

fn list<'a>(words: impl Iterator<Item = &'a str>) -> String {
    let words: Vec<String> = words.map(|word| format!("`{word}`")).collect();
    words.join(", ")
}
