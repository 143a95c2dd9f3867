//! `watch`: how mirrors do, live in the terminal, or as lines of JSON. It is the one command besides `dashboard` that
//! goes on until it is told to stop, and writes while it does.

use std::io;
use std::time::Duration;

use super::environment::Environment;
use crate::error::{Error, Result};
use crate::live::window::Window;
use crate::output::Answer;
use crate::watch::args::{WatchArgs, WatchForm};
use crate::watch::{Pace, lines, screen};

pub(super) fn run(args: &WatchArgs, mut environment: Environment<'_>) -> Result<Answer> {
    let pace = Pace {
        interval: Duration::from_secs(args.interval.into()),
        count: args.count,
        lasting: args.lasting.map(|seconds| Duration::from_secs(seconds.into())),
    };
    let asked = args.source.resolve(&mut environment.stdin)?;
    let feed = asked.feed(Window::LONG.seconds, environment.now);
    match (args.output, environment.look) {
        (Some(WatchForm::Json), _) => {
            let silence = lines::write(asked, feed, pace, environment.stdout).map_err(failed("standard output"))?;
            silence.map_or_else(|| Ok(Answer::default()), |problem| Err(Error::Failed(problem)))
        }
        (None, Some(look)) => {
            screen::show(asked, feed, pace, look).map_err(failed("the terminal"))?;
            Ok(Answer::default())
        }
        (None, None) => Err(Error::Usage(
            "standard output is no terminal, in which watch draws: use -o json for lines of JSON".to_owned(),
        )),
    }
}

fn failed(name: &str) -> impl Fn(io::Error) -> Error {
    move |error| Error::Output {
        name: name.to_owned(),
        error,
    }
}
