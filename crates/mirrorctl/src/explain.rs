//! Why a request is copied or not, by the very code of the filter: a configuration from whatever holds one, a request
//! from flags, and the policy's explanation of both; or, for many requests like it, the shares that come out.

mod args;

mod request;

mod shares;

mod show;

mod source;

use mirror_policy::explain::{Check, explain as explain_plan};
use mirror_policy::sample::Dice;

use crate::cluster::Sources;
use crate::error::Result;
use crate::output::{Answer, AnswerForm};
use crate::time::Time;

pub use args::ExplainArgs;
pub use request::{Spec, Varied};
pub use shares::{Shares, shares};
pub use show::Explained;
pub use source::{ConfigurationSource, sources};

/// Explains every configuration of an input.
///
/// # Errors
/// What reading refuses, and a request that cannot be.
pub fn explain(args: &ExplainArgs, now: Time, from: &mut Sources<'_, '_>) -> Result<Answer> {
    let mut dice = Dice::new(args.seed);
    let spec = Spec::new(args, now, &mut dice, from.stdin)?;
    let mut explained = Vec::new();
    for source in sources(args, from)? {
        let mut explanations = explain_plan(&source.plan, &spec.request(), None);
        for step in explanations.iter_mut().flat_map(|explanation| &mut explanation.steps) {
            date(step, now);
        }
        explained.push(Explained {
            shares: args.count.map(|count| shares(&source.plan, &spec, count, &mut dice)),
            explanations,
            source,
        });
    }
    Ok(Answer {
        data: match args.output {
            AnswerForm::Json => show::json(&explained, &spec, args.seed),
            AnswerForm::Table => show::text(&explained, &spec, args.seed),
        },
        notes: spec.notes,
        ..Answer::default()
    })
}

/// The policy knows seconds; people know dates.
fn date(step: &mut Check, now: Time) {
    let seconds = format!("{} seconds since 1970", now.unix());
    if step.found == seconds {
        step.found = now.to_string();
    }
}
