//! Flags beside a file: each stands for one field of the file's job, and what it stood for is remembered.

use serde_json::Value;

use super::args::JobFlags;
use super::edits::{Edit, SHADOW, edits};
use crate::error::{Error, Result};
use crate::input::Document;
use crate::job::{Job, read};
use crate::place::Place;
use crate::time::Time;

/// A field of a file's job that a flag changed.
#[derive(Debug, Clone, PartialEq)]
pub struct Override {
    /// The flag, as it is typed.
    pub flag: &'static str,
    /// The field: `spec.shadows[0].percentage`.
    pub path: String,
    /// What the file says. `Null`: nothing.
    pub file: Value,
    /// What holds.
    pub now: Value,
}

/// The keys of a shadow that say where its copies go, each with its flag.
const BACKENDS: [(&str, &str); 5] = [
    ("backendRef", "--backend"),
    ("external", "--external"),
    ("subset", "--subset"),
    ("clone", "--clone"),
    ("endpoint", "--endpoint"),
];

/// The job of a file, with the fields that the flags change. `now` is what `--for` counts from.
///
/// # Errors
/// - NAME is given: the file has the job's name.
/// - A flag of a shadow is given and the file has several shadows.
/// - A flag is for another kind of target or of shadow than the file has.
/// - A value does not have the form that its flag takes, or [`read()`] refuses the job as it is then.
pub fn over_file(document: Document, flags: &JobFlags, now: Time) -> Result<(Job, Vec<Override>)> {
    let Document { place, mut value } = document;
    let edits = edits(flags, &value, now)?;
    let mut changed = Vec::new();
    for edit in &edits {
        refuse_unfit(edit, &value, &place)?;
        if let Some((path, file)) = edit.apply(&mut value)
            && file != edit.value
        {
            changed.push(Override {
                flag: edit.flag,
                path,
                file,
                now: edit.value.clone(),
            });
        }
    }
    let mut given: Vec<&str> = changed.iter().map(|change| change.flag).collect();
    given.dedup();
    let place = match given.as_slice() {
        [] => place,
        flags => Place {
            file: format!("{} with {}", place.file, flags.join(", ")),
            ..place
        },
    };
    Ok((read(Document { place, value })?, changed))
}

/// Refuses a flag that has no one field in the file to stand for.
fn refuse_unfit(edit: &Edit, document: &Value, place: &Place) -> Result<()> {
    let flag = edit.flag;
    let refuse = |problem: String| Err(Error::Usage(format!("{flag}: {problem}")));
    if flag == "NAME" {
        return refuse(format!(
            "{place} has the job's name in metadata.name; change it there, or leave NAME or -f out"
        ));
    }
    let kind = match flag {
        "--service" => "Service",
        "--listener" => "Listener",
        _ => "",
    };
    if let Some(found) = document.pointer("/spec/targetRef/kind").and_then(Value::as_str)
        && !kind.is_empty()
        && found != kind
    {
        return refuse(format!(
            "is for a target of kind {kind}, and spec.targetRef.kind of {place} is {found}; leave the flag out, or write a job for the {kind}"
        ));
    }
    let Some(keys) = edit.keys.strip_prefix(&SHADOW.map(str::to_owned)[..]) else {
        return Ok(());
    };
    let shadows = document.pointer("/spec/shadows").and_then(Value::as_array);
    let count = shadows.map_or(0, Vec::len);
    if count > 1 {
        return refuse(format!(
            "is for one shadow, and spec.shadows of {place} has {count}; change the one that is meant in the file"
        ));
    }
    let wanted = keys.first().map_or("", String::as_str);
    if !BACKENDS.iter().any(|(key, _)| *key == wanted) {
        return Ok(());
    }
    let has = |key: &str| document.pointer(&format!("/spec/shadows/0/{key}")).is_some();
    match BACKENDS.iter().find(|(key, _)| *key != wanted && has(key)) {
        Some((found, own)) => refuse(format!(
            "is for a shadow by `{wanted}`, and spec.shadows[0] of {place} has `{found}`; use {own} to change that one, or put `{wanted}` in its place in the file"
        )),
        None => Ok(()),
    }
}

// === impl Override ===

impl Override {
    /// One sentence about it.
    pub fn note(&self, file: &str) -> String {
        let Self { flag, path, now, .. } = self;
        match &self.file {
            Value::Null => format!("{flag}: {path} is {now}; {file} has none"),
            was => format!("{flag}: {path} is {now}, and not {was} as in {file}"),
        }
    }
}
