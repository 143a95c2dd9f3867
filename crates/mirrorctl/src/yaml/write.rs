//! Writes a JSON value as YAML, in the order of its keys. A text stands plain only if it is made of what no reader
//! takes for anything else; otherwise it is written as JSON writes it, which is YAML too.

use serde_json::{Map, Value};

use super::is_ambiguous;

/// One document, with a newline at its end and without `---`.
pub fn write(value: &Value) -> String {
    let mut text = String::new();
    match value {
        Value::Object(fields) if !fields.is_empty() => object(fields, 0, &mut text),
        Value::Array(values) if !values.is_empty() => list(values, 0, &mut text),
        scalar => {
            text.push_str(&inline(scalar));
            text.push('\n');
        }
    }
    text
}

fn object(fields: &Map<String, Value>, indent: usize, text: &mut String) {
    for (index, (key, value)) in fields.iter().enumerate() {
        // The first key of a list's entry stands behind its dash.
        if index > 0 || text.is_empty() || text.ends_with('\n') {
            pad(indent, text);
        }
        text.push_str(&scalar(key));
        text.push(':');
        below(value, indent, text);
    }
}

fn list(values: &[Value], indent: usize, text: &mut String) {
    for (index, value) in values.iter().enumerate() {
        if index > 0 || text.is_empty() || text.ends_with('\n') {
            pad(indent, text);
        }
        text.push('-');
        match value {
            Value::Object(fields) if !fields.is_empty() => {
                text.push(' ');
                object(fields, indent + 2, text);
            }
            Value::Array(values) if !values.is_empty() => {
                text.push(' ');
                list(values, indent + 2, text);
            }
            scalar => below(scalar, indent, text),
        }
    }
}

/// What stands behind a key or a dash.
fn below(value: &Value, indent: usize, text: &mut String) {
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            text.push('\n');
            object(fields, indent + 2, text);
        }
        // As kubectl does: a list is not indented below its key.
        Value::Array(values) if !values.is_empty() => {
            text.push('\n');
            list(values, indent, text);
        }
        Value::String(value) if is_block(value) => {
            text.push_str(if value.ends_with('\n') { " |\n" } else { " |-\n" });
            for line in value.lines() {
                if !line.is_empty() {
                    pad(indent + 2, text);
                }
                text.push_str(line);
                text.push('\n');
            }
        }
        scalar => {
            text.push(' ');
            text.push_str(&inline(scalar));
            text.push('\n');
        }
    }
}

fn inline(value: &Value) -> String {
    match value {
        Value::String(text) => scalar(text),
        other => other.to_string(),
    }
}

fn scalar(text: &str) -> String {
    if is_plain(text) {
        return text.to_owned();
    }
    // JSON leaves some characters as they are that YAML has only escaped.
    let mut quoted = String::new();
    for c in Value::from(text).to_string().chars() {
        if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}') {
            quoted.push_str(&format!("\\u{:04x}", u32::from(c)));
        } else {
            quoted.push(c);
        }
    }
    quoted
}

/// Whether every reader takes this for the text that it is.
fn is_plain(text: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./@|*+=,()~$%^;<>!&?".contains(&byte) || byte == b' ';
    let first = text.as_bytes().first().copied().unwrap_or_default();
    let colons = text.contains(": ") || text.ends_with(':');
    (first.is_ascii_alphabetic() || first == b'/')
        && text.bytes().all(|byte| inner(byte) || byte == b':')
        && !colons
        && !text.ends_with(' ')
        && !is_ambiguous(text)
        && !matches!(
            text.to_ascii_lowercase().as_str(),
            "true" | "false" | "null" | "inf" | "nan" | "infinity"
        )
}

/// Whether a text of several lines can stand as a block, as it is.
fn is_block(text: &str) -> bool {
    let body = text.strip_suffix('\n').unwrap_or(text);
    body.contains('\n')
        && !body.starts_with([' ', '\n', '\t'])
        && !body.ends_with('\n')
        && text
            .chars()
            .all(|c| c == '\n' || (!c.is_control() && !matches!(c, '\u{85}' | '\u{2028}' | '\u{2029}' | '\u{feff}')))
        && body.lines().all(|line| line.is_empty() || !line.ends_with(' '))
}

fn pad(indent: usize, text: &mut String) {
    text.extend(std::iter::repeat_n(' ', indent));
}
