//! The two balances that the statistics of every mirror keep after every event.

/// The eight sums of one mirror, each over all results of its family.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Balance {
    /// Requests that met the mirror's `match`.
    pub matched: i64,
    /// Copies that were sent.
    pub sent: i64,
    /// Requests that policy left out.
    pub skipped: i64,
    /// Copies that were lost before they were sent.
    pub dropped: i64,
    /// Copies whose request is not complete.
    pub collecting: i64,
    /// Answers of the shadow.
    pub responses: i64,
    /// Copies that were sent and that the shadow did not answer.
    pub failures: i64,
    /// Copies whose answer is awaited.
    pub in_flight: i64,
}

// === impl Balance ===

impl Balance {
    /// Whether both balances are kept.
    ///
    /// # Errors
    /// A text with the sums, if a balance is not kept or a gauge is below zero.
    pub fn check(self) -> Result<(), String> {
        if self.matched != self.sent + self.skipped + self.dropped + self.collecting {
            Err(format!(
                "matched is not sent + skipped + dropped + collecting: {self:?}"
            ))
        } else if self.sent != self.responses + self.failures + self.in_flight {
            Err(format!("sent is not responses + failures + in flight: {self:?}"))
        } else if self.collecting < 0 || self.in_flight < 0 {
            Err(format!("a gauge is below zero: {self:?}"))
        } else {
            Ok(())
        }
    }
}
