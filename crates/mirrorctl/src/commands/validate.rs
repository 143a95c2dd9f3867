//! `validate`: what is wrong with jobs, plugin configurations and objects, each for itself and all together.

use super::environment::Environment;
use crate::check::{self, Setting, Subject};
use crate::cli::ValidateArgs;
use crate::error::Result;
use crate::findings::{Severity, report};
use crate::input;
use crate::objects::{World, items};
use crate::output::Answer;

pub(super) fn run(args: &ValidateArgs, mut environment: Environment<'_>) -> Result<Answer> {
    let mut subjects = Vec::new();
    for name in &args.files {
        for (document, marks) in input::marked_documents(name, &mut environment.stdin)? {
            for document in items(document) {
                let marks = match document.place.item {
                    Some(item) => marks.below(&format!("items[{}]", item - 1)),
                    None => marks.clone(),
                };
                subjects.push(Subject::new(document, marks, &args.namespace)?);
            }
        }
    }
    let known = World::read(
        &args.world.objects,
        &args.namespace,
        &args.world.cluster_domain,
        &mut environment.stdin,
    )?;
    let world = known.overlaid(subjects.iter().filter_map(Subject::object))?;
    let setting = Setting {
        now: args.now.unwrap_or(environment.now),
        workers: args.workers,
    };
    let findings = check::check(&subjects, &world, &setting);
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
    Ok(Answer {
        data: report(&findings, args.output),
        notes: vec![format!("{}: {}", plural(subjects.len(), "document"), counts.join(", "))],
        findings: args
            .fail_on
            .level()
            .is_some_and(|level| findings.iter().any(|finding| finding.code.severity >= level)),
        ..Answer::default()
    })
}

fn plural(count: usize, word: &str) -> String {
    match count {
        1 => format!("1 {word}"),
        count => format!("{count} {word}s"),
    }
}
