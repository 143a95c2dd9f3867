//! `plan`: what `generate` would write, and what comes of it.

use super::Environment;
use super::generate::{job, refuse_expired, world};
use crate::check::Setting;
use crate::cli::PlanArgs;
use crate::error::Result;
use crate::manifests;
use crate::output::{Answer, View};
use crate::plan;

pub(super) fn run(args: &PlanArgs, mut environment: Environment<'_>) -> Result<Answer> {
    let now = args.from.now.unwrap_or(environment.now);
    let job = job(args.file.as_deref(), &args.from.job, now, &mut environment.stdin)?;
    refuse_expired(&job, now)?;
    let world = world(&args.from.world, &job, &mut environment.stdin)?;
    let setting = Setting {
        now,
        workers: args.workers,
    };
    let mut plan = plan::plan(&job, &world, &args.from.options.options(), &setting, args.pods)?;
    plan.notes.extend(manifests::clone::why_stepwise(&job));
    Ok(Answer {
        data: match args.output {
            View::Table => plan::text(&plan, &job),
            View::Json => plan::json(&plan, &job),
        },
        notes: plan.notes.iter().map(|note| format!("note: {note}")).collect(),
        ..Answer::default()
    })
}
