//! `explain`: a configuration and a request in; why it is copied or not, and what the copy looks like, out.

use super::environment::Environment;
use crate::error::Result;
use crate::explain::{ExplainArgs, explain};
use crate::output::Answer;

pub(super) fn run(args: &ExplainArgs, mut environment: Environment<'_>) -> Result<Answer> {
    let now = args.now.unwrap_or(environment.now);
    explain(args, now, &mut environment.sources())
}
