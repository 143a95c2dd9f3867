//! Lines of JSON for pipes: a view for each reading, without the series, which whoever reads the lines has by reading
//! them.

use std::io::{self, Write};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::{Pace, poller, signals};
use crate::live::args::Asked;
use crate::live::feed::Feed;
use crate::live::window::Window;

/// What happens.
enum Event {
    Line(Box<Value>, Option<String>),
    Stop,
}

/// Writes until a signal, a limit or a closed pipe ends it. Gives back why nobody answered, if nobody ever did.
///
/// # Errors
/// If standard output cannot be written.
pub fn write(asked: Asked, feed: Feed, pace: Pace, out: &mut dyn Write) -> io::Result<Option<String>> {
    let (sender, events) = mpsc::channel();
    let signal = sender.clone();
    signals::listen(false, move |_| signal.send(Event::Stop).is_ok())?;
    let poller = poller::start(asked, feed, pace.interval, move |asked, feed| {
        let line = without_series(asked.json(feed, Window::SHORT));
        sender.send(Event::Line(Box::new(line), unanswered(feed))).is_ok()
    })?;
    let end = pace.end(Instant::now());
    let mut lines = 0;
    let mut silence = None;
    loop {
        let wait = end.map_or(Duration::from_secs(1), |end| {
            end.saturating_duration_since(Instant::now())
                .min(Duration::from_secs(1))
        });
        match events.recv_timeout(wait) {
            Ok(Event::Line(line, problem)) => {
                silence = problem;
                match writeln!(out, "{line}").and_then(|()| out.flush()) {
                    Ok(()) => lines += 1,
                    // The reader has seen enough (`mirrorctl watch -o json | head -1`).
                    Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(None),
                    Err(error) => return Err(error),
                }
            }
            Ok(Event::Stop) => return Ok(None),
            Err(RecvTimeoutError::Timeout) if poller.is_finished() => {
                return Err(io::Error::other("asking has stopped, which is a bug"));
            }
            Err(_) => {}
        }
        if pace.is_reached(lines, end) {
            return Ok(silence);
        }
    }
}

fn without_series(mut view: Value) -> Value {
    let mirrors = view.get_mut("mirrors").and_then(Value::as_array_mut);
    for mirror in mirrors.into_iter().flatten().filter_map(Value::as_object_mut) {
        mirror.shift_remove("series");
    }
    view
}

/// Who does not answer and why, if nobody ever did.
fn unanswered(feed: &Feed) -> Option<String> {
    let problems = feed
        .endpoints()
        .iter()
        .filter_map(|endpoint| Some(format!("{}: {}", endpoint.name, endpoint.problem.as_ref()?)));
    (!feed.has_answered()).then(|| problems.collect::<Vec<_>>().join("; "))
}
