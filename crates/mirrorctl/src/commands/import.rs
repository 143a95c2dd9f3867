//! `import`: the jobs of another tool in; jobs of ours out, with what changed in meaning.

use super::environment::Environment;
use crate::error::Result;
use crate::import::{ImportCommand, kubesphere};
use crate::job;
use crate::output::{self, Answer};

pub(super) fn run(command: &ImportCommand, mut environment: Environment<'_>) -> Result<Answer> {
    let ImportCommand::Kubesphere(args) = command;
    let now = args.now.unwrap_or(environment.now);
    let (jobs, notes) = kubesphere::import(args, now, &mut environment.stdin)?;
    let jobs: Vec<_> = jobs.iter().map(job::write).collect();
    Ok(Answer {
        data: output::objects(jobs.iter(), args.output),
        notes: notes.iter().map(|note| format!("note: {note}")).collect(),
        ..Answer::default()
    })
}
