//! Looks at a source for as long as a command's window needs, or until copies flow: a proxy has no past, so it is asked
//! again and again; a Prometheus server tells its past at once. What nobody can be told about ends here.

use std::time::Duration;

use super::args::{Asked, DEFAULT_ENVOY};
use super::feed::{Feed, SourceEndpoint};
use super::source::SourceKind;
use super::state;
use super::state::State;
use super::view::{MirrorView, View};
use super::window::Window;
use super::words;
use crate::error::{Error, Result};
use crate::time::Time;
use crate::wait::Wait;

/// How often a proxy is asked.
const STEP: Duration = Duration::from_secs(5);

/// A source that is being looked at.
pub struct Observation<'a> {
    asked: &'a Asked,
    feed: Feed,
    /// In seconds.
    span: u32,
}

// === impl Observation ===

impl<'a> Observation<'a> {
    /// Asks for the first time. `window` is what the user wants to see, in seconds; `watched` is that of a proxy if the
    /// user does not say.
    ///
    /// # Errors
    /// A window that is too long.
    pub fn begin(asked: &'a Asked, window: Option<u32>, watched: u32, now: Time) -> Result<Self> {
        let span = window.unwrap_or(match asked.source.kind() {
            SourceKind::Envoy => watched,
            SourceKind::Prometheus => Window::SHORT.seconds,
        });
        if span > Window::LONGEST {
            return Err(Error::Usage(
                "--window: is longer than 1d, which is not looked at".to_owned(),
            ));
        }
        // What was scraped before the window says how it began.
        let mut feed = asked.feed(span.saturating_add(120), now);
        feed.poll();
        Ok(Self { asked, feed, span })
    }

    /// Whether anyone answered when last asked.
    pub fn is_answered(&self) -> bool {
        self.feed.endpoints().iter().any(|endpoint| endpoint.problem.is_none())
    }

    /// Refuses what nobody can be told about: nobody answers, nobody has the filter, or nobody has a mirror that is
    /// named.
    ///
    /// # Errors
    /// Just that.
    pub fn check(&self) -> Result<()> {
        if !self.is_answered() {
            return Err(self.unanswered());
        }
        let known = self.feed.names();
        if known.is_empty() {
            let refused = self.view().refused;
            return match (refused.is_empty(), self.asked.names.is_empty()) {
                (true, _) => Err(Error::Failed(self.asked.source.no_filter())),
                (false, true) => Err(Error::Failed(state::refusal(&refused, false).join(" "))),
                // Each mirror that is asked for is shown as refused.
                (false, false) => Ok(()),
            };
        }
        for name in self.asked.names.iter().filter(|name| !name.of_job) {
            if !known.iter().any(|mirror| name.is(mirror)) {
                let others: Vec<String> = known.iter().take(10).map(|name| words::text(name)).collect();
                let more = known.len().saturating_sub(others.len());
                let more = if more > 0 {
                    format!(" and {more} more")
                } else {
                    String::new()
                };
                return Err(Error::NotFound(format!(
                    "there is no mirror `{}`; there are {}{more}",
                    name.name.escape_debug(),
                    others.join(", ")
                )));
            }
        }
        Ok(())
    }

    /// Watches a proxy for the window; a Prometheus server needs no watching. False if the user had enough.
    pub fn watch(&mut self, wait: &mut dyn Wait) -> bool {
        if self.asked.source.kind() == SourceKind::Prometheus {
            return true;
        }
        let (begin, whole) = (wait.elapsed(), Duration::from_secs(u64::from(self.span)));
        let mut asked = Duration::ZERO;
        loop {
            let watched = wait.elapsed().saturating_sub(begin);
            if asked >= whole {
                return true;
            }
            // What would be left over makes the last step longer.
            let next = if whole < asked + STEP * 2 { whole } else { asked + STEP };
            if watched >= next {
                self.feed.poll();
                asked = watched;
                continue;
            }
            wait.say(&format!(
                "watching for {} s: {} s to go",
                self.span,
                (whole - watched).as_secs_f64().ceil()
            ));
            if !wait.sleep((next - watched).min(Duration::from_secs(1))) {
                self.feed.poll();
                return false;
            }
        }
    }

    /// Waits until every mirror that is meant sends copies and loses none.
    ///
    /// # Errors
    /// [`Error::TimedOut`] with what was still missing.
    pub fn wait_for_copies(&mut self, timeout: u32, wait: &mut dyn Wait) -> Result<()> {
        let every = match self.asked.source.kind() {
            SourceKind::Envoy => Duration::from_secs(1),
            SourceKind::Prometheus => STEP,
        };
        while let Some(missing) = self.missing() {
            let rest = Duration::from_secs(u64::from(timeout)).saturating_sub(wait.elapsed());
            if rest.is_zero() {
                return Err(Error::TimedOut(format!("no copies within {timeout} s: {missing}")));
            }
            wait.say(&format!("waiting for copies, {} s at most: {missing}", rest.as_secs()));
            wait.sleep(every.min(rest));
            self.feed.poll();
        }
        Ok(())
    }

    /// Why not all copies flow; `None`: they do.
    fn missing(&self) -> Option<String> {
        if let Err(Error::NotFound(problem) | Error::Failed(problem)) = self.check() {
            return Some(problem);
        }
        let window = match self.asked.source.kind() {
            // What was lost long ago is no reason to go on waiting.
            SourceKind::Envoy => Window::of(15),
            SourceKind::Prometheus => self.window(),
        };
        let view = self.asked.view(&self.feed, window);
        let waiting = view.mirrors.iter().filter(|mirror| mirror.state != State::Mirroring);
        let waiting: Vec<String> = waiting.map(told).collect();
        (!waiting.is_empty()).then(|| waiting.join(" "))
    }

    /// What is known of the mirrors that are meant.
    pub fn view(&self) -> View {
        self.asked.view(&self.feed, self.window())
    }

    /// The same as JSON.
    pub fn json(&self) -> serde_json::Value {
        self.asked.json(&self.feed, self.window())
    }

    /// Who was asked.
    pub fn endpoints(&self) -> &[SourceEndpoint] {
        self.feed.endpoints()
    }

    /// Those who do not answer, for standard error.
    pub fn warnings(&self) -> Vec<String> {
        let problems = self.problems().into_iter();
        problems.map(|problem| format!("warning: {problem}")).collect()
    }

    /// Those who do not answer, a line each.
    fn problems(&self) -> Vec<String> {
        let silent = self.feed.endpoints().iter();
        silent
            .filter_map(|endpoint| {
                Some(format!(
                    "{}: {}",
                    endpoint.name,
                    words::text(endpoint.problem.as_ref()?)
                ))
            })
            .collect()
    }

    /// That nobody answers, and why.
    pub fn unanswered(&self) -> Error {
        let problems = self.problems().join("; ");
        let is_default = self.asked.source.urls().iter().any(|url| url.as_str() == DEFAULT_ENVOY);
        let hint = match is_default {
            true => "; is `kubectl port-forward POD 15000` running? Or give --envoy or --prometheus",
            false => "",
        };
        Error::Failed(format!("{problems}{hint}"))
    }

    fn window(&self) -> Window {
        match self.asked.source.kind() {
            // All that was watched, wherever a step of the chart begins.
            SourceKind::Envoy => Window::of(self.span.saturating_add(10).max(Window::SHORT.seconds)),
            SourceKind::Prometheus => Window::of(self.span),
        }
    }
}

/// A mirror's state and what to do about it, on one line.
fn told(mirror: &MirrorView) -> String {
    let advice = mirror.advice.first().map_or("", String::as_str);
    format!("{} is {}. {advice}", words::text(&mirror.name), mirror.state)
        .trim_end()
        .to_owned()
}
