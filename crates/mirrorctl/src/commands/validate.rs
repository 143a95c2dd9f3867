//! `validate`: what is wrong with jobs, plugin configurations and objects, each for itself and all together.

mod refusal;

use std::collections::BTreeMap;

use serde_json::Value;

use super::environment::Environment;
use crate::check::{self, Setting, Subject};
use crate::cli::ValidateArgs;
use crate::cluster::Selection;
use crate::error::{Error, Result};
use crate::findings::{Severity, report};
use crate::input;
use crate::istio::IstioVersion;
use crate::objects::items;
use crate::output::Answer;

/// Of objects that name no namespace, where no kubeconfig names one.
const DEFAULT_NAMESPACE: &str = "default";

pub(super) fn run(args: &ValidateArgs, mut environment: Environment<'_>) -> Result<Answer> {
    let namespace = match &args.namespace {
        Some(namespace) => namespace.clone(),
        None => {
            let of_context = args.world.namespace(&environment.kubeconfigs)?;
            of_context.unwrap_or_else(|| DEFAULT_NAMESPACE.to_owned())
        }
    };
    let mut subjects = Vec::new();
    let mut findings = Vec::new();
    for name in &args.files {
        for (document, marks) in input::marked_documents(name, &mut environment.stdin)? {
            for document in items(document) {
                let marks = match document.place.item {
                    Some(item) => marks.below(&format!("items[{}]", item - 1)),
                    None => marks.clone(),
                };
                let mark = marks.at("");
                let api_version = document
                    .value
                    .get("apiVersion")
                    .and_then(Value::as_str)
                    .map(str::to_owned);
                match Subject::new(document, marks, &namespace) {
                    Ok(subject) => subjects.push(subject),
                    Err(Error::Unreadable { place, problem }) => {
                        findings.push(check::no_object(api_version.as_deref(), place, mark, problem));
                    }
                    Err(error) => return Err(error),
                }
            }
        }
    }
    let everywhere = Selection::everywhere();
    let known = args.world.world(&namespace, &everywhere, &mut environment.sources())?;
    let world = known.overlaid(subjects.iter().filter_map(Subject::object))?;
    let setting = Setting {
        now: args.now.unwrap_or(environment.now),
        workers: args.workers,
        istio: args.istio_version,
    };
    let documents = plural(subjects.len() + findings.len(), "document");
    findings.extend(check::check(&subjects, &world, &setting, &|job| {
        refusal::refusal(job, &world, &setting)
    }));
    let unread = check::unread(&subjects);
    let streams = check::streams(&subjects, &world);
    let count = |severity| {
        findings
            .iter()
            .filter(|finding| finding.code.severity == severity)
            .count()
    };
    let counts = [
        (Severity::Error, "error"),
        (Severity::Warning, "warning"),
        (Severity::Note, "note"),
    ]
    .map(|(severity, word)| plural(count(severity), word));
    let newer = args.istio_version.and_then(IstioVersion::note);
    let newer = newer.map(|note| format!("note: {note}"));
    let summary = format!("{documents}{}: {}", not_read(&unread), counts.join(", "));
    Ok(Answer {
        data: report(&findings, &unread, &streams, args.output),
        notes: newer.into_iter().chain([summary]).collect(),
        findings: args
            .fail_on
            .level()
            .is_some_and(|level| findings.iter().any(|finding| finding.code.severity >= level)),
        ..Answer::default()
    })
}

/// How many documents were not looked at, and what they are.
fn not_read(unread: &BTreeMap<&str, usize>) -> String {
    let kinds: Vec<String> = unread.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
    match unread.values().sum::<usize>() {
        0 => String::new(),
        count => format!(", {count} of them not read ({})", kinds.join(", ")),
    }
}

fn plural(count: usize, word: &str) -> String {
    match count {
        1 => format!("1 {word}"),
        count => format!("{count} {word}s"),
    }
}
