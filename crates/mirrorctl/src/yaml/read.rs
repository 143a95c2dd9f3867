//! Reads a stream of YAML documents into JSON values, in the order of the keys. It works on the parser's events, so
//! what is refused is refused with its line, and no input can make it build more than it holds. On request it also says
//! where each value stands.

use std::collections::BTreeMap;

use mirror_policy::grammar;
use saphyr_parser::{Event, Marker, Parser, ScalarStyle, Tag};
use serde_json::{Map, Number, Value};

use super::is_ambiguous;

/// Nothing that Kubernetes knows is nested deeper.
const MAX_DEPTH: usize = 100;

/// Why a stream was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// From 1.
    pub line: usize,
    /// What was found and what is allowed.
    pub problem: String,
}

/// A place in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark {
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
}

/// Where the values of a document stand, by their paths: `spec.http[0].mirror`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Marks(BTreeMap<String, Mark>);

/// A list or an object that is not complete.
enum Open {
    List(Vec<Value>),
    Object {
        fields: Map<String, Value>,
        key: Option<String>,
    },
}

// === impl Marks ===

impl Marks {
    /// Where a value stands, or else the nearest that holds it.
    pub fn at(&self, path: &str) -> Option<Mark> {
        let mut path = path;
        loop {
            if let Some(mark) = self.0.get(path) {
                return Some(*mark);
            }
            if path.is_empty() {
                return None;
            }
            path = path.rfind(['.', '[']).and_then(|end| path.get(..end)).unwrap_or("");
        }
    }

    /// The marks below a path, by the paths from there.
    pub fn below(&self, path: &str) -> Self {
        let range = self.0.range(path.to_owned()..);
        let inner = range.map_while(|(full, mark)| Some((full.strip_prefix(path)?, mark)));
        let inner = inner.filter(|(rest, _)| rest.is_empty() || rest.starts_with('.'));
        Self(
            inner
                .map(|(rest, mark)| (rest.trim_start_matches('.').to_owned(), *mark))
                .collect(),
        )
    }
}

/// Reads every document of a stream. An empty document is `null`.
///
/// # Errors
/// The first thing that is no YAML, or that is YAML but not JSON, with its line.
pub fn read(text: &str) -> Result<Vec<Value>, Problem> {
    documents(text, None)
}

/// The same, and where each value stands.
///
/// # Errors
/// As [`read`].
pub fn read_marked(text: &str) -> Result<Vec<(Value, Marks)>, Problem> {
    let mut marks = Vec::new();
    let documents = documents(text, Some(&mut marks))?;
    Ok(documents.into_iter().zip(marks).collect())
}

fn documents(text: &str, mut marks: Option<&mut Vec<Marks>>) -> Result<Vec<Value>, Problem> {
    let mut documents = Vec::new();
    let mut open: Vec<Open> = Vec::new();
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| refusal(*error.marker(), error.info()))?;
        let value = match event {
            Event::Alias(_) => return Err(refusal(span.start, "an alias (*name) is not read; write it out")),
            Event::Scalar(text, style, anchor, tag) => {
                refuse_properties(anchor, tag.as_deref(), span.start)?;
                // A key is a text whatever it looks like, if every reader takes it for one.
                if let Some(Open::Object {
                    fields,
                    key: key @ None,
                }) = open.last_mut()
                {
                    *key = Some(read_key(&text, style, fields).map_err(|problem| refusal(span.start, problem))?);
                    mark(&open, marks.as_deref_mut(), span.start);
                    continue;
                }
                mark(&open, marks.as_deref_mut(), span.start);
                scalar(&text, style).map_err(|problem| refusal(span.start, problem))?
            }
            Event::SequenceStart(anchor, tag) => {
                refuse_properties(anchor, tag.as_deref(), span.start)?;
                mark(&open, marks.as_deref_mut(), span.start);
                push(&mut open, Open::List(Vec::new()), span.start)?;
                continue;
            }
            Event::MappingStart(anchor, tag) => {
                refuse_properties(anchor, tag.as_deref(), span.start)?;
                mark(&open, marks.as_deref_mut(), span.start);
                let fields = Map::new();
                push(&mut open, Open::Object { fields, key: None }, span.start)?;
                continue;
            }
            Event::SequenceEnd | Event::MappingEnd => match open.pop() {
                Some(Open::List(values)) => Value::Array(values),
                Some(Open::Object { fields, .. }) => Value::Object(fields),
                None => continue,
            },
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentStart(_) | Event::DocumentEnd => {
                continue;
            }
        };
        match open.last_mut() {
            None => documents.push(value),
            Some(Open::List(values)) => values.push(value),
            Some(Open::Object { fields, key }) => {
                if let Some(key) = key.take() {
                    fields.insert(key, value);
                }
            }
        }
    }
    Ok(documents)
}

fn refusal(at: Marker, problem: impl Into<String>) -> Problem {
    Problem {
        line: at.line(),
        problem: problem.into(),
    }
}

fn push(open: &mut Vec<Open>, next: Open, at: Marker) -> Result<(), Problem> {
    if let Some(Open::Object { key: None, .. }) = open.last() {
        return Err(refusal(at, "a key is not a text"));
    }
    if open.len() >= MAX_DEPTH {
        return Err(refusal(at, format!("nested deeper than {MAX_DEPTH} levels")));
    }
    open.push(next);
    Ok(())
}

/// Remembers where the value begins that comes next. Below a key that is the key, which stands there already.
fn mark(open: &[Open], marks: Option<&mut Vec<Marks>>, at: Marker) {
    let Some(marks) = marks else { return };
    let mut path = String::new();
    for open in open {
        match open {
            Open::List(values) => path.push_str(&format!("[{}]", values.len())),
            Open::Object { key: Some(key), .. } if path.is_empty() => path.push_str(key),
            Open::Object { key: Some(key), .. } => path.push_str(&format!(".{key}")),
            Open::Object { key: None, .. } => {}
        }
    }
    if open.is_empty() {
        marks.push(Marks::default());
    }
    if let Some(Marks(marks)) = marks.last_mut() {
        let (line, column) = (at.line(), at.col() + 1);
        marks.entry(path).or_insert(Mark { line, column });
    }
}

fn refuse_properties(anchor: usize, tag: Option<&Tag>, at: Marker) -> Result<(), Problem> {
    if anchor != 0 {
        return Err(refusal(at, "an anchor (&name) is not read; write each value out"));
    }
    if tag.is_some() {
        return Err(refusal(at, "a tag (!name) is not read; quote what is a text"));
    }
    Ok(())
}

fn read_key(text: &str, style: ScalarStyle, fields: &Map<String, Value>) -> Result<String, String> {
    if style == ScalarStyle::Plain && text == "<<" {
        return Err("the merge key << is not read; write the keys out".to_owned());
    }
    if style == ScalarStyle::Plain && is_ambiguous(text) {
        return Err(AMBIGUOUS.to_owned());
    }
    if fields.contains_key(text) {
        return Err(if grammar::is_shown(text) {
            format!("the key `{text}` stands twice")
        } else {
            "a key stands twice".to_owned()
        });
    }
    Ok(text.to_owned())
}

/// A scalar by the core schema of YAML 1.2, section 10.3.
fn scalar(text: &str, style: ScalarStyle) -> Result<Value, String> {
    if style != ScalarStyle::Plain {
        return Ok(Value::String(text.to_owned()));
    }
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Ok(Value::Null),
        "true" | "True" | "TRUE" => return Ok(Value::Bool(true)),
        "false" | "False" | "FALSE" => return Ok(Value::Bool(false)),
        _ if is_ambiguous(text) => return Err(AMBIGUOUS.to_owned()),
        _ => {}
    }
    let based = [("0x", 16), ("0o", 8)]
        .into_iter()
        .find_map(|(prefix, base)| u64::from_str_radix(text.strip_prefix(prefix)?, base).ok());
    if let Some(number) = based {
        return Ok(number.into());
    }
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    if !unsigned.starts_with(|first: char| first.is_ascii_digit() || first == '.') {
        return Ok(Value::String(text.to_owned()));
    }
    if let Ok(number) = text.parse::<u64>() {
        return Ok(number.into());
    }
    if let Ok(number) = text.parse::<i64>() {
        return Ok(number.into());
    }
    match text.parse::<f64>() {
        // What no number can hold is a text to kubectl, which prints it so: a label such as `7e12345`.
        Ok(number) => Ok(Number::from_f64(number).map_or_else(|| text.into(), Value::Number)),
        Err(_) if matches!(unsigned, ".inf" | ".Inf" | ".INF" | ".nan" | ".NaN" | ".NAN") => Err(NO_NUMBER.to_owned()),
        Err(_) => Ok(Value::String(text.to_owned())),
    }
}

/// A refused text is not shown, as it may be a secret: a key of digits that nobody quoted.
const NO_NUMBER: &str = "a value is not a number that JSON has; quote it if it is a text";

const AMBIGUOUS: &str =
    "a key or value is a text to some readers and something else to others; quote it if it is a text";
