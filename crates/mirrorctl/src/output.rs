//! How answers look. Standard output is data: the same input gives the same bytes. Progress and notes go to standard
//! error; colour only to a terminal, and not if `NO_COLOR` is set.

use serde_json::{Value, json};

use crate::yaml;

/// The forms in which objects are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// Documents in the order in which they are to be applied.
    Yaml,
    /// One `v1` List in the same order.
    Json,
}

/// The forms in which a report is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum AnswerForm {
    /// For people.
    Table,
    /// For programs.
    Json,
}

/// What a command answers: nothing is printed before all of it is known.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// For standard output.
    pub data: String,
    /// For standard error, one line each.
    pub notes: Vec<String>,
    /// The same, to be read behind the data.
    pub hints: Vec<String>,
    /// Whether the answer is findings, which the exit code tells.
    pub findings: bool,
}

// === impl Answer ===

impl Answer {
    /// Only data.
    pub fn data(data: impl Into<String>) -> Self {
        Self {
            data: data.into(),
            ..Self::default()
        }
    }
}

// === writing ===

/// Objects as `kubectl apply -f -` reads them.
pub fn objects<'a>(objects: impl Iterator<Item = &'a Value>, format: Format) -> String {
    match format {
        Format::Yaml => {
            let documents: Vec<String> = objects.map(yaml::write).collect();
            documents.join("---\n")
        }
        Format::Json => {
            let items: Vec<&Value> = objects.collect();
            value(&json!({"apiVersion": "v1", "kind": "List", "items": items}))
        }
    }
}

/// One JSON value, for people and machines.
pub fn value(value: &Value) -> String {
    format!("{value:#}\n")
}

/// Rows below headings, in columns as wide as they must be.
pub fn table(headings: &[&str], rows: &[Vec<String>]) -> String {
    let cell = |row: &[String], column: usize| row.get(column).map_or(0, |cell| cell.chars().count());
    let widths: Vec<usize> = headings
        .iter()
        .enumerate()
        .map(|(column, heading)| {
            let widest = rows.iter().map(|row| cell(row, column)).max().unwrap_or_default();
            widest.max(heading.chars().count())
        })
        .collect();
    let line = |cells: Vec<&str>| {
        let padded: Vec<String> = cells
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell:width$}"))
            .collect();
        format!("{}\n", padded.join("  ").trim_end())
    };
    std::iter::once(line(headings.to_vec()))
        .chain(rows.iter().map(|row| line(row.iter().map(String::as_str).collect())))
        .collect()
}
