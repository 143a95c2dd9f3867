//! `report`: the numbers of a window of time, for people who were not there.

use super::environment::Environment;
use crate::cli::{ReportArgs, ReportForm};
use crate::error::Result;
use crate::live::markdown::{self, About};
use crate::live::observe::Observation;
use crate::output::{self, Answer};

/// How long a proxy is watched, in seconds.
const WATCHED: u32 = 60;

pub(super) fn run(args: &ReportArgs, mut environment: Environment<'_>) -> Result<Answer> {
    let asked = args.source.resolve(&mut environment.stdin)?;
    environment.wait.catch_interrupt();
    let mut observation = Observation::begin(&asked, args.window, WATCHED, environment.now)?;
    observation.check()?;
    let is_whole = args.since_start || observation.watch(environment.wait);
    let mut hints = observation.warnings();
    if !is_whole {
        hints.insert(
            0,
            "note: interrupted: the report is of what was seen until then".to_owned(),
        );
    }
    let data = match args.output {
        ReportForm::Markdown => {
            let about = About {
                kind: asked.source.kind(),
                endpoints: observation.endpoints(),
                since_start: args.since_start,
            };
            markdown::report(&observation.view(), &about)
        }
        ReportForm::Json => output::value(&observation.json()),
    };
    Ok(Answer {
        data,
        hints,
        ..Answer::default()
    })
}
