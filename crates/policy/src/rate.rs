//! Part of stage 4: how many copies a mirror may begin in a second. A token bucket that holds one second's burst, at least
//! one token; a copy that finds no whole token is refused at once. Whole numbers only, so that nothing is lost by rounding.

use std::time::Duration;

use crate::breaker::micros;
use crate::reason::Dropped;
use crate::values::PerSecond;

/// The tokens of one mirror on one worker. It begins full.
#[derive(Debug)]
pub struct Rate {
    /// `None`: any number of copies.
    per_second: Option<PerSecond>,
    /// In billionths of a token: what a microsecond brings at a thousandth of a copy per second.
    tokens: u64,
    /// When the tokens were last counted; monotonic, in microseconds.
    counted: u64,
}

const TOKEN: u64 = 1_000_000_000;

// === impl Rate ===

impl Rate {
    /// A full bucket.
    pub const fn new() -> Self {
        Self {
            per_second: None,
            tokens: u64::MAX,
            counted: 0,
        }
    }

    /// Takes a new rate over. The tokens stay, but for those above the new burst.
    pub const fn set(&mut self, per_second: Option<PerSecond>) {
        self.per_second = per_second;
    }

    /// Takes a token. It is never given back: what it paid for is the beginning of a copy, not its end.
    ///
    /// # Errors
    /// If there is none.
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
    fn default() -> Self {
        Self::new()
    }
}
