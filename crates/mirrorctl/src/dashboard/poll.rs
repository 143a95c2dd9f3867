//! Asks the source in a thread of its own, because an answer may take five seconds, and hands each new view on. A proxy
//! that goes away or comes back is also told in the terminal, once.

use std::io::Write;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use tokio::sync::watch;

use super::frames::{Frames, Newest};
use crate::live::args::Asked;
use crate::live::feed::{Feed, SourceEndpoint};

/// Begins to ask, and asks again so long after each answer. It ends when `stop` is dropped, at the latest after the
/// answer that it waits for.
///
/// # Errors
/// If the system has no thread left.
pub fn start(asked: Asked, feed: Feed, interval: Duration, stop: Receiver<()>) -> std::io::Result<Newest> {
    let (publish, newest) = watch::channel(None);
    let ask = move || ask(&asked, feed, interval, &stop, &publish);
    thread::Builder::new().name("poll".to_owned()).spawn(ask)?;
    Ok(newest)
}

fn ask(
    asked: &Asked,
    mut feed: Feed,
    interval: Duration,
    stop: &Receiver<()>,
    publish: &watch::Sender<Option<Arc<Frames>>>,
) {
    loop {
        let before = feed.endpoints().to_vec();
        feed.poll();
        for line in changes(&before, feed.endpoints()) {
            // Nobody reads what cannot be written to standard error either.
            let _ = writeln!(std::io::stderr(), "{line}");
        }
        publish.send_replace(Some(Arc::new(Frames::of(|window| asked.json(&feed, window)))));
        match stop.recv_timeout(interval) {
            Err(RecvTimeoutError::Timeout) => {}
            Ok(()) | Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

/// One line for each that has gone away or come back.
pub fn changes(before: &[SourceEndpoint], after: &[SourceEndpoint]) -> Vec<String> {
    let change = |(before, after): (&SourceEndpoint, &SourceEndpoint)| match (&before.problem, &after.problem) {
        (None, Some(problem)) => Some(format!("{}: {problem}; it is asked again and again", after.name)),
        (Some(_), None) => Some(format!("{}: answers again", after.name)),
        _ => None,
    };
    before.iter().zip(after).filter_map(change).collect()
}
