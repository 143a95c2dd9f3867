//! Reads the bytes of a plugin configuration as one document, and lets a reader take the document apart. Every value
//! knows its path, so a refusal names the place in the user's spelling. The command line tool reads its job the same
//! way.

pub mod json;

pub mod protobuf_struct;

use std::fmt;

use serde_json::{Number, Value};

use crate::config_error::ConfigError;
use crate::grammar;

/// One value of a document, with its path.
pub struct Node {
    path: String,
    value: Value,
    /// Whether no message shows the value, nor a value below it.
    is_secret: bool,
}

/// An object of a document. A reader takes its keys out one by one.
pub struct Fields {
    path: String,
    /// The keys that are not taken out yet, in the order of the alphabet.
    fields: Vec<(String, Value)>,
    is_secret: bool,
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
    Ok(Node::new("", value))
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
            is_secret: false,
        }
    }

    /// The same value, as one that no message shows. Nor does a message show what is below the value, but for names of
    /// keys that look like names.
    pub(crate) fn secret(mut self) -> Self {
        self.is_secret = true;
        self
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
            Some(Err(problem)) => self.refuse(format!("{} {problem}", self.found())),
            None => self.refuse(format!("{} is not {wanted}", self.found())),
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

    /// The value that stands for a word.
    ///
    /// # Errors
    /// The value is none of the words.
    pub fn word<T: Copy>(&self, words: &[(&str, T)]) -> Result<T, ConfigError> {
        let text = self.text()?;
        match words.iter().find(|(word, _)| *word == text) {
            Some((_, value)) => Ok(*value),
            None => {
                let known = list(words.iter().map(|(word, _)| *word));
                self.refuse(format!("{} is not one of {known}", self.found()))
            }
        }
    }

    /// The entries of a list, in order.
    ///
    /// # Errors
    /// The value is not a list.
    pub fn list(self) -> Result<Vec<Node>, ConfigError> {
        let Value::Array(values) = self.value else {
            return self.refuse_kind("a list");
        };
        let node = |(index, value): (usize, Value)| Node {
            path: format!("{}[{index}]", self.path),
            value,
            is_secret: self.is_secret,
        };
        Ok(values.into_iter().enumerate().map(node).collect())
    }

    /// The value as an object with no other keys than these.
    ///
    /// # Errors
    /// The value is not an object, or it has another key.
    pub fn object(self, keys: &[&str]) -> Result<Fields, ConfigError> {
        let object = self.any_object()?;
        match object.fields.iter().find(|(key, _)| !keys.contains(&key.as_str())) {
            None => Ok(object),
            Some((key, _)) => {
                let problem = format!(
                    "is not a key that is known here; known are {}",
                    list(keys.iter().copied())
                );
                Err(ConfigError::invalid(object.below(key), problem))
            }
        }
    }

    /// The fields of an object whose keys the user chooses, such as header names.
    ///
    /// # Errors
    /// The value is not an object.
    pub fn names(self) -> Result<Vec<(String, Node)>, ConfigError> {
        let mut object = self.any_object()?;
        let fields = std::mem::take(&mut object.fields);
        let node = |(name, value): (String, Value)| {
            let node = Node {
                path: object.below(&name),
                value,
                is_secret: object.is_secret,
            };
            (name, node)
        };
        Ok(fields.into_iter().map(node).collect())
    }

    fn any_object(self) -> Result<Fields, ConfigError> {
        match self.value {
            Value::Object(fields) => Ok(Fields {
                path: self.path,
                fields: fields.into_iter().collect(),
                is_secret: self.is_secret,
            }),
            _ => self.refuse_kind("an object"),
        }
    }

    /// Refuses a value that is no list or no object. A text that is neither may be a whole document, so the text is not
    /// shown.
    fn refuse_kind<T>(&self, wanted: &str) -> Result<T, ConfigError> {
        let found = match self.value {
            Value::String(_) => "this text".to_owned(),
            _ => self.found(),
        };
        self.refuse(format!("{found} is not {wanted}"))
    }

    /// The value in a message, as the user wrote the value. Of a secret, and of a text of 32 characters or more, only
    /// the type is shown: 32 digits are a key of `redact` in a wrong place.
    fn found(&self) -> String {
        match &self.value {
            Value::Null => "null".to_owned(),
            Value::Array(_) => "a list".to_owned(),
            Value::Object(_) => "an object".to_owned(),
            Value::Bool(_) if self.is_secret => "a truth value".to_owned(),
            Value::Bool(value) => value.to_string(),
            Value::Number(_) if self.is_secret => "a number".to_owned(),
            Value::Number(number) => written(number),
            Value::String(text) if self.is_secret || text.chars().count() >= 32 => "this text".to_owned(),
            Value::String(text) => format!("\"{}\"", text.escape_debug()),
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
        let at = self.fields.iter().position(|(name, _)| name == key)?;
        let (_, value) = self.fields.remove(at);
        Some(Node {
            path: self.below(key),
            value,
            is_secret: self.is_secret,
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

    /// The path of a key. Below a secret, a key is shown only if the key looks like a name: `authorization:Bearer` is
    /// the start of a secret whose space was forgotten.
    fn below(&self, key: &str) -> String {
        let key = if self.is_secret && !grammar::is_shown(key) {
            "(a key that is not shown)"
        } else {
            key
        };
        match self.path.as_str() {
            "" => key.to_owned(),
            path => format!("{path}.{key}"),
        }
    }
}

// === formatting ===

impl fmt::Debug for Node {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Node({})", self.path)
    }
}

impl fmt::Debug for Fields {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Fields({})", self.path)
    }
}

/// A number as people write it, with at most nine digits behind the point. A double without a fraction has no point.
/// The library's own way to write a double would be a tenth of the module.
fn written(number: &Number) -> String {
    let value = number.as_f64().unwrap_or(f64::INFINITY);
    if value.abs() >= 1e9 {
        return match (number.as_u64(), number.as_i64()) {
            (Some(value), _) => value.to_string(),
            (None, Some(value)) => value.to_string(),
            _ if value.fract() == 0.0 && value.abs() < 1e15 => (value as i64).to_string(),
            _ => "this number".to_owned(),
        };
    }
    let billionths = (value.abs() * 1e9).round() as u64;
    let sign = if value < 0.0 { "-" } else { "" };
    let text = format!("{sign}{}.{:09}", billionths / 1_000_000_000, billionths % 1_000_000_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn list<'a>(words: impl Iterator<Item = &'a str>) -> String {
    let words: Vec<String> = words.map(|word| format!("`{word}`")).collect();
    words.join(", ")
}
