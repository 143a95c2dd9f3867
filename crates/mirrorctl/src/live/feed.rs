//! Asks a source again and again and keeps the history. It is the only part that knows a clock and the network; whoever
//! shows something asks for a view when it likes.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use super::envoy;
use super::fetch::Client;
use super::history::History;
use super::prometheus::{self, Question, Samples};
use super::reading::Reading;
use super::source::{Source, Url};
use super::view::View;
use super::window::Window;

/// A source, and all that it said.
pub struct Feed {
    client: Client,
    source: Source,
    history: History,
    endpoints: Vec<SourceEndpoint>,
    clock: Clock,
    keep: u32,
    /// What a Prometheus server's clock is ahead of ours, in milliseconds.
    ahead: i64,
    /// The source's time when someone last answered, and nothing had to be forgotten.
    answered: Option<i64>,
}

/// Who is asked, and whether it answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceEndpoint {
    /// Its URL.
    pub name: String,
    /// Why it did not answer, in one line.
    pub problem: Option<String>,
    /// Since when it does not, in Unix milliseconds.
    pub since: Option<i64>,
}

/// Unix time that never goes back and never jumps: the machine's time at the start, and what a monotonic clock says
/// since.
#[derive(Debug, Clone, Copy)]
struct Clock {
    start: Instant,
    unix: i64,
}

/// A Prometheus server is asked for the last seconds again and again: what it has scraped since is in there.
const RECENT: u32 = 120;

// === impl Feed ===

impl Feed {
    /// A feed that keeps so many seconds. `unix` is the machine's time in milliseconds.
    pub fn new(client: Client, source: Source, keep: u32, unix: i64) -> Self {
        let endpoints = source.urls().iter().map(SourceEndpoint::new).collect();
        Self {
            client,
            source,
            history: History::new(keep.max(RECENT)),
            endpoints,
            clock: Clock {
                start: Instant::now(),
                unix,
            },
            keep: keep.max(RECENT),
            ahead: 0,
            answered: None,
        }
    }

    /// Asks everyone once, all at the same time, and takes what they say. A proxy is asked one question, a Prometheus
    /// server two and two more for each mirror of engine native; each takes at most
    /// [`PATIENCE`](super::fetch::PATIENCE).
    pub fn poll(&mut self) {
        let answers = match &self.source {
            Source::Envoy(urls) => self.ask_proxies(urls),
            Source::Prometheus { url, selector, natives } => {
                vec![self.ask_prometheus(url, selector, natives)]
            }
        };
        let ours = self.clock.now();
        // A server's clock may differ from ours; while it is silent, ours tells how much has passed.
        if let (Source::Prometheus { .. }, Some(Ok((now, _)))) = (&self.source, answers.first()) {
            self.ahead = now - ours;
        }
        let now = ours + self.ahead;
        let went_back = self.history.advance(now);
        let has_answer = answers.iter().any(Result::is_ok);
        match (went_back, has_answer) {
            (true, _) => self.answered = None,
            (false, true) => self.answered = Some(now),
            (false, false) => {}
        }
        for (endpoint, answer) in self.endpoints.iter_mut().zip(answers) {
            match answer {
                Ok((_, readings)) => {
                    (endpoint.problem, endpoint.since) = (None, None);
                    for reading in readings {
                        self.history.push(reading);
                    }
                }
                Err(problem) => {
                    endpoint.since = endpoint.since.or(Some(now));
                    endpoint.problem = Some(problem);
                }
            }
        }
    }

    /// The mirrors that are known: those that a proxy has or had, and those of engine native.
    pub fn names(&self) -> Vec<String> {
        let natives = self.source.natives().iter().map(|native| &native.name);
        let names: BTreeSet<&String> = self.history.tracks().keys().chain(natives).collect();
        names.into_iter().cloned().collect()
    }

    /// What is to be shown of all that proxies have or had, and of the mirrors that are wanted even if nobody has them.
    pub fn view(&self, window: Window, wanted: &[String]) -> View {
        View::with_natives(&self.history, window, wanted, self.source.natives())
    }

    /// Who is asked.
    pub fn endpoints(&self) -> &[SourceEndpoint] {
        &self.endpoints
    }

    /// The source.
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// What was said.
    pub fn history(&self) -> &History {
        &self.history
    }

    /// Whether anyone has ever answered.
    pub fn has_answered(&self) -> bool {
        self.answered.is_some()
    }

    fn ask_proxies(&self, urls: &[Url]) -> Vec<Answer> {
        let ask = |url: &Url| {
            let answer = self.client.get(url, envoy::QUERY)?;
            // When the answer came, not when it was asked for: a slow proxy counts on in between.
            let now = self.clock.now();
            Ok((now, vec![envoy::read(url.as_str(), now, &answer)?]))
        };
        std::thread::scope(|scope| {
            let asked: Vec<_> = urls.iter().map(|url| scope.spawn(move || ask(url))).collect();
            let answers = asked.into_iter().map(|thread| thread.join());
            answers
                .map(|answer| answer.unwrap_or_else(|_| Err("asking it failed".to_owned())))
                .collect()
        })
    }

    fn ask_prometheus(&self, url: &Url, selector: &str, natives: &[prometheus::Native]) -> Answer {
        let ask = |query: &str| self.client.get(url, &format!("/api/v1/query?query={}", encoded(query)));
        let now = prometheus::clock(&ask("time()")?)?;
        // All that is kept at first; then what came since it last answered, with an ample margin for slow scrapes.
        let missed = self
            .answered
            .map(|answered| (now - answered).max(0) / 1000 + i64::from(RECENT));
        let missed = missed.and_then(|seconds| u32::try_from(seconds).ok());
        let seconds = missed.map_or(self.keep, |seconds| seconds.min(self.keep));
        let mut samples = Samples::default();
        for question in Question::all(selector, natives, seconds) {
            samples.take(&question, &ask(&question.query)?)?;
        }
        Ok((now, samples.readings()))
    }
}

/// The source's time, and what it said.
type Answer = Result<(i64, Vec<Reading>), String>;

// === impl SourceEndpoint ===

impl SourceEndpoint {
    fn new(url: &Url) -> Self {
        Self {
            name: url.as_str().to_owned(),
            problem: None,
            since: None,
        }
    }
}

// === impl Clock ===

impl Clock {
    fn now(&self) -> i64 {
        let passed: Duration = self.start.elapsed();
        self.unix
            .saturating_add(i64::try_from(passed.as_millis()).unwrap_or(i64::MAX))
    }
}

/// A text as the value of a query's parameter.
fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len() * 2);
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => encoded.push(char::from(byte)),
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}
