//! `status`: how mirrors do, once. Standard output is the table, the account or the view; what to do about it, and who
//! does not answer, is for standard error.

use super::environment::Environment;
use crate::cli::{StatusArgs, StatusForm};
use crate::error::Result;
use crate::live::observe::Observation;
use crate::live::{details, table};
use crate::output::{self, Answer};
use crate::yaml;

/// How long a proxy is watched, in seconds: a little more than the five in which Envoy hands on its latencies
/// (`stats_flush_interval`).
const WATCHED: u32 = 6;

pub(super) fn run(args: &StatusArgs, mut environment: Environment<'_>) -> Result<Answer> {
    let asked = args.source.resolve(&mut environment.stdin)?;
    let mut observation = Observation::begin(&asked, args.window, WATCHED, environment.now)?;
    if args.wait {
        observation.wait_for_copies(args.timeout, environment.wait)?;
    } else {
        observation.check()?;
        observation.watch(environment.wait);
        if !observation.is_answered() {
            return Err(observation.unanswered());
        }
    }
    let view = observation.view();
    let named = match (asked.names.as_slice(), view.mirrors.as_slice()) {
        ([_], [mirror]) => Some(mirror),
        _ => None,
    };
    let is_wide = args.output == StatusForm::Wide;
    let data = match args.output {
        StatusForm::Table | StatusForm::Wide => match named {
            Some(mirror) => details::describe(&view, mirror, is_wide),
            None => table::table(&view, is_wide),
        },
        StatusForm::Json => output::value(&observation.json()),
        StatusForm::Yaml => yaml::write(&observation.json()),
    };
    let mut hints = observation.warnings();
    // A program finds it in the view.
    if matches!(args.output, StatusForm::Table | StatusForm::Wide) {
        hints.extend(table::advice(&view));
    }
    Ok(Answer {
        data,
        hints,
        ..Answer::default()
    })
}
