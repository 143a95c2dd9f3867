//! `dashboard`: serves the page until it is told to end. It says where on standard error and has no answer.

use std::io::Write;
use std::sync::mpsc;

use super::environment::Environment;
use crate::dashboard::args::DashboardArgs;
use crate::dashboard::connections::ClientLimits;
use crate::dashboard::host::Hosts;
use crate::dashboard::{Dashboard, poll};
use crate::error::{Error, Result};
use crate::live::window::Window;
use crate::output::Answer;
use crate::page;

pub(super) fn run(args: &DashboardArgs, mut environment: Environment<'_>) -> Result<Answer> {
    let files = page::files().ok_or_else(|| Error::Failed(page::MISSING.to_owned()))?;
    let asked = args.source.resolve(&mut environment.stdin)?;
    let bound = args.listen.bind()?;
    let feed = asked.feed(Window::LONG.seconds, environment.now);
    let (_going_on, stop) = mpsc::channel();
    let newest = poll::start(asked, feed, args.interval, stop)
        .map_err(|error| Error::Failed(format!("no thread can be started: {error}")))?;
    let told = [bound.warning(&args.listen), Some(format!("dashboard: {}", bound.url))];
    let dashboard = Dashboard {
        hosts: Hosts::new(args.listen.host(), bound.address.ip(), &args.allow_host),
        bound,
        files,
        newest,
        limits: ClientLimits::DEFAULT,
    };
    dashboard.serve(|| {
        for line in told.into_iter().flatten() {
            // Nobody reads what cannot be written to standard error either.
            let _ = writeln!(std::io::stderr(), "{line}");
        }
    })?;
    Ok(Answer::default())
}
