//! Reads the bytes of a plugin configuration as one document, and lets a reader take the document apart. Every value
//! knows its path, so a refusal names the place in the user's spelling. The command line tool reads its job the same
//! way.

pub mod json;

pub mod protobuf_struct;

use serde_json::{Map, Number, Value};

use crate::config_error::ConfigError;

/// One value of a document, with its path.
#[derive(Debug)]
pub struct Node {
    path: String,
    value: Value,
}

/// An object of a document. A reader takes its keys out one by one.
#[derive(Debug)]
pub struct Fields {
    path: String,
    fields: Map<String, Value>,
}

/// Reads a plugin configuration: a `Struct` in protobuf's wire format (plain Envoy sends it) or JSON text (Istio sends
/// it).
///
/// # Errors
/// The bytes are empty or white space, or they are neither a `Struct` nor JSON with unique keys.
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

fn read_json(bytes: &[u8]) -> Result<Value, ConfigError> {
    json::read(bytes).map_err(|error| {
        ConfigError::Unreadable(if bytes.first().is_some_and(|byte| b"{[\" \t\r\n".contains(byte)) {
            error
        } else {
            format!("neither JSON nor a protobuf Struct ({error})")
        })
    })
}

// === impl Node ===

impl Node {
    /// The value at a path in the user's spelling. The path of a whole document is empty.
    pub fn new(path: impl Into<String>, value: Value) -> Self {
        Self {
            path: path.into(),
            value,
        }
    }

    /// The path of the value, such as `mirrors[1].percentage`.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The value as JSON, without its path.
    pub fn value(&self) -> &Value {
        &self.value
    }

    /// Refuses this value: the error has the path and the problem.
    ///
    /// # Errors
    /// Always: the error is the refusal.
    pub fn refuse<T>(&self, problem: impl Into<String>) -> Result<T, ConfigError> {
        Err(ConfigError::invalid(self.path.clone(), problem))
    }

    /// The value as a scalar of the configuration. `parse` returns `None` for a value of another type, and a problem
    /// for a value that is out of range.
    ///
    /// # Errors
    /// The value is not `wanted`, or it is out of range.
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

    /// The value as a boolean.
    ///
    /// # Errors
    /// The value is neither `true` nor `false`.
    pub fn boolean(&self) -> Result<bool, ConfigError> {
        self.parse("true or false", |value| value.as_bool().map(Ok))
    }

    /// The value as a text.
    ///
    /// # Errors
    /// The value is not a text.
    pub fn text(&self) -> Result<String, ConfigError> {
        self.parse("a text", |value| value.as_str().map(|text| Ok(text.to_owned())))
    }

    /// The value as a text that no message shows. A value of another type is not shown either.
    pub(crate) fn secret_text(&self) -> Result<String, ConfigError> {
        match self.value.as_str() {
            Some(text) => Ok(text.to_owned()),
            None => self.refuse("is not a text"),
        }
    }

    /// The value that stands for a word.
    ///
    /// # Errors
    /// The value is none of the words.
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
    ///
    /// # Errors
    /// The value is not a list.
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

    /// The value as an object with no other keys than these.
    ///
    /// # Errors
    /// The value is not an object, or it has another key.
    pub fn object(self, keys: &[&str]) -> Result<Fields, ConfigError> {
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

    /// The fields of an object whose keys the user chooses, such as header names.
    ///
    /// # Errors
    /// The value is not an object.
    pub fn names(self) -> Result<Vec<(String, Node)>, ConfigError> {
        let Fields { path, fields } = self.any_object()?;
        let node = |(name, value): (String, Value)| {
            let path = below(&path, &name);
            (name, Node { path, value })
        };
        Ok(fields.into_iter().map(node).collect())
    }

    fn any_object(self) -> Result<Fields, ConfigError> {
        match self.value {
            Value::Object(fields) => Ok(Fields {
                path: self.path,
                fields,
            }),
            _ => self.refuse(format!("{} is not an object", found(&self.value))),
        }
    }
}

// === impl Fields ===

impl Fields {
    /// The path of the object.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Takes the value of a key out. Returns `None` if the object has no such key.
    pub fn take(&mut self, key: &str) -> Option<Node> {
        self.fields.remove(key).map(|value| Node {
            path: below(&self.path, key),
            value,
        })
    }

    /// Takes the value of a required key out.
    ///
    /// # Errors
    /// The object has no such key.
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

/// A value in a message, as the user wrote the value. A text of over 64 characters is not shown.
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

/// A number as people write it: a double without a fraction has no point.
fn written(number: &Number) -> String {
    match number.as_f64() {
        Some(value) if value.fract() == 0.0 && value.abs() < 1e15 => (value as i64).to_string(),
        _ => number.to_string(),
    }
}

fn list<'a>(words: impl Iterator<Item = &'a str>) -> String {
    let words: Vec<String> = words.map(|word| format!("`{word}`")).collect();
    words.join(", ")
}
