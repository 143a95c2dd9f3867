//! Reads what the user hands over: a file or standard input, YAML or JSON, one document or many. What cannot be read is
//! refused whole, with its file and its place in it. Every value remembers where it came from.

use std::fs::File;
use std::io::Read;

use mirror_policy::document;
use serde_json::Value;

use crate::error::{Error, Result};
use crate::place::Place;
use crate::yaml::{self, Marks};

/// An input of this size, 10 MiB, or more is refused.
pub const MAX_BYTES: u64 = 10 << 20;

/// One document of an input.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    /// Where it came from.
    pub place: Place,
    /// What it says, in the order of the keys.
    pub value: Value,
}

/// The one standard input: it can be read once.
pub struct Stdin<'a>(Option<&'a mut dyn Read>);

// === impl Stdin ===

impl<'a> Stdin<'a> {
    /// Standard input, or what stands for it in a test.
    pub fn new(reader: &'a mut dyn Read) -> Self {
        Self(Some(reader))
    }
}

// === reading ===

/// The bytes of a file, or of standard input if the name is `-`.
///
/// # Errors
/// If it cannot be read, or is 10 MiB or larger.
pub fn bytes(name: &str, stdin: &mut Stdin<'_>) -> Result<(Place, Vec<u8>)> {
    let (place, bytes) = if name == "-" {
        let place = Place::file("standard input");
        let Some(reader) = stdin.0.take() else {
            return Err(Error::Usage(
                "- is given twice; standard input can be read once, so put one of the two into a file".to_owned(),
            ));
        };
        let bytes = bounded(reader);
        (place, bytes)
    } else {
        (
            Place::file(name),
            File::open(name).and_then(|mut file| bounded(&mut file)),
        )
    };
    let problem = match bytes {
        Ok(bytes) if (bytes.len() as u64) < MAX_BYTES => return Ok((place, bytes)),
        Ok(_) => {
            "is 10 MiB or larger, which is not read; ask for fewer objects, such as those of one namespace".to_owned()
        }
        Err(error) => format!("cannot be read: {error}"),
    };
    Err(Error::Unreadable { place, problem })
}

/// The text of a file, or of standard input if the name is `-`.
///
/// # Errors
/// As [`bytes()`], and if it is not UTF-8, or empty.
pub fn text(name: &str, stdin: &mut Stdin<'_>) -> Result<(Place, String)> {
    let (place, bytes) = bytes(name, stdin)?;
    let problem = match String::from_utf8(bytes) {
        Ok(text) if text.trim_matches(['\u{feff}', ' ', '\t', '\r', '\n']).is_empty() => "is empty".to_owned(),
        Ok(text) => return Ok((place, text)),
        Err(error) => {
            let at = error.utf8_error().valid_up_to();
            format!("is not UTF-8 at byte {at}")
        }
    };
    Err(Error::Unreadable { place, problem })
}

fn bounded(reader: &mut dyn Read) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    reader.take(MAX_BYTES).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Every document of an input that is not empty; at least one.
///
/// # Errors
/// As [`text`], and if it is neither YAML nor JSON.
pub fn documents(name: &str, stdin: &mut Stdin<'_>) -> Result<Vec<Document>> {
    let (place, text) = text(name, stdin)?;
    split(&place, &text)
}

/// The same, and where the values of each stand in its file. Of JSON that is known if it is YAML too.
///
/// # Errors
/// As [`documents`].
pub fn marked_documents(name: &str, stdin: &mut Stdin<'_>) -> Result<Vec<(Document, Marks)>> {
    let (place, text) = text(name, stdin)?;
    let documents = split(&place, &text)?;
    let mut marks: Vec<Marks> = yaml::read_marked(text.trim_start_matches('\u{feff}'))
        .unwrap_or_default()
        .into_iter()
        .map(|(_, marks)| marks)
        .collect();
    let marked = |document: Document| {
        let index = document.place.document.map_or(0, |number| number - 1);
        let marks = marks.get_mut(index).map(std::mem::take);
        (document, marks.unwrap_or_default())
    };
    Ok(documents.into_iter().map(marked).collect())
}

fn split(place: &Place, text: &str) -> Result<Vec<Document>> {
    let unreadable = |problem: String| {
        let place = place.clone();
        Error::Unreadable { place, problem }
    };
    let values = parse(text.strip_prefix('\u{feff}').unwrap_or(text)).map_err(unreadable)?;
    let several = values.len() > 1;
    let documents: Vec<Document> = values
        .into_iter()
        .enumerate()
        .filter(|(_, value)| !value.is_null())
        .map(|(index, value)| Document {
            place: Place {
                document: several.then_some(index + 1),
                ..place.clone()
            },
            value,
        })
        .collect();
    if documents.is_empty() {
        return Err(unreadable("is empty".to_owned()));
    }
    Ok(documents)
}

/// The one document of an input.
///
/// # Errors
/// As [`documents`], and if there are several.
pub fn document(name: &str, wanted: &str, stdin: &mut Stdin<'_>) -> Result<Document> {
    let mut documents = documents(name, stdin)?;
    match documents.pop() {
        Some(document) if documents.is_empty() => Ok(Document {
            place: Place::file(document.place.file),
            value: document.value,
        }),
        last => {
            let place = Place::file(last.map(|last| last.place.file).unwrap_or_default());
            let problem = format!("has {} documents; {wanted} is wanted", documents.len() + 1);
            Err(Error::Unreadable { place, problem })
        }
    }
}

/// JSON if it is JSON, else YAML. Most YAML that begins like JSON is JSON with a mistake, so then JSON's message
/// stands.
fn parse(text: &str) -> std::result::Result<Vec<Value>, String> {
    let json = text
        .trim_start()
        .starts_with(['{', '['])
        .then(|| document::json::read(text.as_bytes()));
    match json {
        Some(Ok(value)) => Ok(vec![value]),
        json => yaml::read(text).map_err(|problem| match (template(text), json) {
            (Some(line), _) => format!("line {line}: {LOOKS_LIKE_TEMPLATE}"),
            (None, Some(Err(json))) => format!("is not JSON: {json}"),
            _ => format!("line {}: {}", problem.line, problem.problem),
        }),
    }
}

/// What is said of `{{ … }}`.
pub const LOOKS_LIKE_TEMPLATE: &str =
    "this looks like a Helm template ({{ … }}); render it first: helm template RELEASE CHART > rendered.yaml";

/// The line, from 1, with the first `{{ … }}` that stands neither in a text in quotes nor in a comment.
fn template(text: &str) -> Option<usize> {
    let is_bare = |before: &str| {
        ['"', '\'', '#']
            .iter()
            .all(|mark| before.matches(*mark).count() % 2 == 0)
    };
    let has_action = |line: &str| {
        line.split_once("{{")
            .is_some_and(|(before, rest)| is_bare(before) && rest.contains("}}"))
    };
    text.lines().position(has_action).map(|index| index + 1)
}
