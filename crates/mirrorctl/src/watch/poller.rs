//! Asks a source at an interval, in a thread of its own: an answer may take five seconds, and keys do not wait for it.

use std::io;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::live::args::Asked;
use crate::live::feed::Feed;

/// Asks until `tell` says that nobody wants to know any more. A slow answer delays the next question and adds none.
///
/// # Errors
/// If the system gives no thread.
pub fn start(
    asked: Asked,
    mut feed: Feed,
    interval: Duration,
    tell: impl Fn(&Asked, &Feed) -> bool + Send + 'static,
) -> io::Result<JoinHandle<()>> {
    thread::Builder::new().name("poller".to_owned()).spawn(move || {
        loop {
            let begun = Instant::now();
            feed.poll();
            if !tell(&asked, &feed) {
                return;
            }
            thread::sleep(interval.saturating_sub(begun.elapsed()));
        }
    })
}
