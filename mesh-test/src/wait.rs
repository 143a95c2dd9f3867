//! Waiting for what tells no event: it is asked again and again until a deadline.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};

/// Between two questions.
const TICK: Duration = Duration::from_millis(100);

/// For all that the control plane and the proxies do, on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// What a question found.
pub enum Found<T> {
    Yes(T),
    /// Not yet; this was seen instead.
    NotYet(String),
}

/// Asks until the answer is yes. `what` names what is waited for. An answer that is an error counts as not yet.
pub fn until<T>(what: &str, patience: Duration, mut ask: impl FnMut() -> Result<Found<T>>) -> Result<T> {
    let start = Instant::now();
    loop {
        let seen = match ask() {
            Ok(Found::Yes(found)) => return Ok(found),
            Ok(Found::NotYet(seen)) => seen,
            Err(error) => format!("{error:#}"),
        };
        if start.elapsed() > patience {
            bail!("waited {patience:?} for {what}; seen last: {seen}");
        }
        std::thread::sleep(TICK);
    }
}

/// Waits until an answer equals what is wanted.
pub fn equal<T: PartialEq + std::fmt::Debug>(what: &str, wanted: &T, mut ask: impl FnMut() -> Result<T>) -> Result<()> {
    until(what, PATIENCE, || {
        let seen = ask()?;
        Ok(match seen == *wanted {
            true => Found::Yes(()),
            false => Found::NotYet(format!("{seen:?}, not {wanted:?}")),
        })
    })
}
