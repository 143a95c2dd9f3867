//! `plan`: what `generate` would write, and what comes of it.

use super::environment::Environment;
use super::generate::{job, override_notes, refuse_expired};
use crate::check::Setting;
use crate::cli::PlanArgs;
use crate::error::Result;
use crate::manifests;
use crate::output::{Answer, AnswerForm};
use crate::preview::{self, print};

pub(super) fn run(args: &PlanArgs, mut environment: Environment<'_>) -> Result<Answer> {
    let now = args.from.now.unwrap_or(environment.now);
    let (job, overrides) = job(args.file.as_deref(), &args.from, now, &mut environment)?;
    refuse_expired(&job, now)?;
    let world = args.from.world.world_of(&job, &mut environment.sources())?;
    let options = args.from.options.options();
    let setting = Setting {
        now,
        workers: args.workers,
        istio: Some(options.istio),
    };
    let mut preview =
        preview::preview(&job, &world, &options, &setting, args.pods).map_err(|error| world.explained(error))?;
    preview.notes.extend(manifests::clone::why_stepwise(&job));
    let mut first = override_notes(args.file.as_deref(), &overrides);
    first.extend(options.istio.note());
    preview.notes.splice(0..0, first);
    preview.overrides = overrides;
    Ok(Answer {
        data: match args.output {
            AnswerForm::Table => print::text(&preview, &job),
            AnswerForm::Json => print::json(&preview, &job),
        },
        notes: preview.notes.iter().map(|note| format!("note: {note}")).collect(),
        ..Answer::default()
    })
}
