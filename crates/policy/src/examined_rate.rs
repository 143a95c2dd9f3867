//! The rate of work: how many bytes the mirrors of a plugin may examine in a second on one worker. So clients that send
//! many costly requests cannot take the worker's time from other clients.
//!
//! The rate is a token bucket for the burst of one second. The bucket counts time, because each mirror has a limit of
//! its own: a mirror that may examine 64 MiB in a second takes one second for each 64 MiB.

use std::cell::Cell;
use std::time::Duration;

use crate::reasons::Dropped;

/// While more time than this is not over, no costly work begins.
const BURST: Duration = Duration::from_secs(1);

/// The bytes that the comparisons of one request may examine without being counted. The weight of an expression is an
/// upper bound, so counting ordinary expressions would refuse work that takes little time.
pub(crate) const UNCOUNTED: u64 = 64 << 10;

/// The time that the work of one plugin took on one worker. A new bucket is empty.
#[derive(Debug, Default)]
pub struct ExaminedRate {
    /// The monotonic time at which the time of all work so far is over.
    over_at: Cell<Duration>,
    /// The latest monotonic time that is known.
    now: Cell<Duration>,
}

// === impl ExaminedRate ===

impl ExaminedRate {
    /// Notes the monotonic time.
    pub fn note_time(&self, now: Duration) {
        self.now.set(now.max(self.now.get()));
    }

    /// Whether costly work may begin. Work is [charged](Self::charge) when its bytes are known, so the work of one
    /// request may exceed the burst, and later requests pay for it.
    ///
    /// # Errors
    /// The work so far was over the rate.
    pub fn has_room(&self) -> Result<(), Dropped> {
        if self.over_at.get() > self.now.get().saturating_add(BURST) {
            return Err(Dropped::ExaminedRate);
        }
        Ok(())
    }

    /// Charges bytes that were examined, for a mirror that may examine `per_second` bytes in a second.
    pub fn charge(&self, bytes: u64, per_second: u64) {
        let time = Duration::from_nanos(bytes.saturating_mul(1_000_000_000) / per_second.max(1));
        let start = self.over_at.get().max(self.now.get());
        self.over_at.set(start.saturating_add(time));
    }
}
