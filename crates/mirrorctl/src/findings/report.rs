//! How findings are printed: for people, for programs, and as annotations of a change on GitHub.

use std::collections::BTreeMap;

use clap::ValueEnum;
use serde_json::{Value, json};

use super::{Finding, Severity, Stream};
use crate::{output, yaml};

/// The forms in which findings are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Form {
    /// A line each
    Table,
    /// One object
    Json,
    /// The same object
    Yaml,
    /// Annotations of GitHub Actions
    Github,
}

/// All findings, in the order in which they are given. `unread` are the kinds of which nothing was read, and how many
/// objects there are of each; `streams` is where copies go, which only the forms for programs have.
pub fn report(findings: &[Finding], unread: &BTreeMap<&str, usize>, streams: &[Stream], form: Form) -> String {
    match form {
        Form::Table if findings.is_empty() => String::new(),
        Form::Table => {
            let row = |finding: &Finding| {
                vec![
                    finding.code.severity.word().to_owned(),
                    finding.code.id.to_owned(),
                    position(finding),
                    text(finding),
                ]
            };
            let rows: Vec<Vec<String>> = findings.iter().map(row).collect();
            output::table(&["SEVERITY", "CODE", "PLACE", "FINDING"], &rows)
        }
        Form::Json => output::value(&document(findings, unread, streams)),
        Form::Yaml => yaml::write(&document(findings, unread, streams)),
        Form::Github => findings.iter().map(annotation).collect(),
    }
}

/// `demo.yaml:12`, or as much of it as is known.
fn position(finding: &Finding) -> String {
    match finding.mark {
        Some(mark) => format!("{}:{}", finding.place.file, mark.line),
        None => finding.place.to_string(),
    }
}

fn text(finding: &Finding) -> String {
    if finding.path.is_empty() {
        format!("{}: {}", finding.object, finding.message)
    } else {
        format!("{}: {}: {}", finding.object, finding.path, finding.message)
    }
}

fn document(findings: &[Finding], unread: &BTreeMap<&str, usize>, streams: &[Stream]) -> Value {
    let count = |severity| {
        findings
            .iter()
            .filter(|finding| finding.code.severity == severity)
            .count()
    };
    let entry = |finding: &Finding| {
        json!({
            "code": finding.code.id,
            "severity": finding.code.severity.word(),
            "title": finding.code.title,
            "file": finding.place.file,
            "line": finding.mark.map(|mark| mark.line),
            "column": finding.mark.map(|mark| mark.column),
            "object": finding.object,
            "path": finding.path,
            "message": finding.message,
            "advice": finding.code.advice,
        })
    };
    let stream = |stream: &Stream| {
        json!({
            "object": stream.object,
            "path": stream.path,
            "from": stream.from,
            "clusters": stream.clusters,
            "reason": stream.reason,
        })
    };
    json!({
        "errors": count(Severity::Error),
        "warnings": count(Severity::Warning),
        "notes": count(Severity::Note),
        "notRead": unread,
        "findings": findings.iter().map(entry).collect::<Vec<Value>>(),
        "streams": streams.iter().map(stream).collect::<Vec<Value>>(),
    })
}

/// A workflow command of GitHub Actions (docs.github.com, "Workflow commands").
fn annotation(finding: &Finding) -> String {
    let command = match finding.code.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "notice",
    };
    let data = |text: &str| text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A");
    let property = |text: &str| data(text).replace(':', "%3A").replace(',', "%2C");
    let mut properties = format!("file={}", property(&finding.place.file));
    if let Some(mark) = finding.mark {
        properties.push_str(&format!(",line={},col={}", mark.line, mark.column));
    }
    let title = property(&format!("{} {}", finding.code.id, finding.code.title));
    format!("::{command} {properties},title={title}::{}\n", data(&text(finding)))
}
