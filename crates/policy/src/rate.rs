//! The rate limit: how many copies a mirror may begin in a second. The limit is a token bucket for the burst of one
//! second, or for one token if that is more. A copy that finds no whole token is dropped. All numbers are whole, so
//! rounding loses nothing.

use std::time::Duration;

use crate::breaker::micros;
use crate::configuration::values::PerSecond;
use crate::reasons::Dropped;

/// The token bucket of one mirror on one worker. A new bucket is full.
#[derive(Debug)]
pub struct Rate {
    /// The rate. `None` means no limit.
    per_second: Option<PerSecond>,
    /// Billionths of a token: one microsecond at a rate of a thousandth per second brings one of them.
    tokens: u64,
    /// The monotonic time of the last count, in microseconds.
    counted: u64,
}

const TOKEN: u64 = 1_000_000_000;

// === impl Rate ===

impl Rate {
    /// Changes the rate. The bucket keeps its tokens, up to the new burst.
    pub const fn set(&mut self, per_second: Option<PerSecond>) {
        self.per_second = per_second;
    }

    /// Takes a token. A token is never given back, because it pays for the beginning of a copy.
    ///
    /// # Errors
    /// The bucket has no whole token.
    pub fn take(&mut self, now: Duration) -> Result<(), Dropped> {
        let Some(per_second) = self.per_second else {
            return Ok(());
        };
        let thousandths = u64::from(per_second.thousandths());
        let now = micros(now).max(self.counted);
        let gained = (now - self.counted).saturating_mul(thousandths);
        let burst = (thousandths * 1_000_000).max(TOKEN);
        self.counted = now;
        self.tokens = self.tokens.saturating_add(gained).min(burst);
        match self.tokens.checked_sub(TOKEN) {
            Some(left) => {
                self.tokens = left;
                Ok(())
            }
            None => Err(Dropped::Rate),
        }
    }
}

impl Default for Rate {
    /// A full bucket without a limit.
    fn default() -> Self {
        Self {
            per_second: None,
            tokens: u64::MAX,
            counted: 0,
        }
    }
}
