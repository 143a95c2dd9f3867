//! The main part of stage 4: what a mirror may hold. A copy lives on a permit from the moment it is admitted until its answer has come;
//! what is over the budget is refused at once, never queued.

use crate::breaker::Period;
use crate::config::Limits;
use crate::reason::Dropped;

/// The right to hold one copy, and the bytes that it is charged for. It is given back exactly once.
#[derive(Debug)]
#[must_use = "a permit that is not given back is lost to its budget"]
pub struct Permit {
    bytes: u64,
    period: Period,
}

/// What one mirror holds on one worker, and what it may hold.
#[derive(Debug)]
pub struct Budget {
    max_copies: u64,
    max_bytes: u64,
    copies: u64,
    bytes: u64,
}

// === impl Permit ===

impl Permit {
    /// Header and body bytes.
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The state of the circuit breaker that admitted the copy.
    pub const fn period(&self) -> Period {
        self.period
    }
}

// === impl Budget ===

impl Budget {
    /// A budget of which nothing is used.
    pub const fn new(limits: &Limits) -> Self {
        Self {
            max_copies: limits.max_in_flight.get(),
            max_bytes: limits.max_buffered_bytes.get(),
            copies: 0,
            bytes: 0,
        }
    }

    /// Takes new limits over. What is held already stays; nothing is admitted until it is below them.
    pub const fn set_limits(&mut self, limits: &Limits) {
        self.max_copies = limits.max_in_flight.get();
        self.max_bytes = limits.max_buffered_bytes.get();
    }

    /// Whether a copy that holds this many bytes at first can be admitted.
    ///
    /// # Errors
    /// The limit that is reached.
    pub const fn has_room(&self, bytes: u64) -> Result<(), Dropped> {
        if self.copies >= self.max_copies {
            return Err(Dropped::InFlight);
        }
        if self.bytes.saturating_add(bytes) > self.max_bytes {
            return Err(Dropped::Bytes);
        }
        Ok(())
    }

    /// Admits a copy for which there is [room](Self::has_room).
    pub const fn admit(&mut self, bytes: u64, period: Period) -> Permit {
        self.copies += 1;
        self.bytes += bytes;
        Permit { bytes, period }
    }

    /// Charges a copy for more bytes.
    ///
    /// # Errors
    /// If they are over the limit; then nothing is charged.
    pub const fn charge(&mut self, permit: &mut Permit, bytes: u64) -> Result<(), Dropped> {
        if self.bytes.saturating_add(bytes) > self.max_bytes {
            return Err(Dropped::Bytes);
        }
        self.bytes += bytes;
        permit.bytes += bytes;
        Ok(())
    }

    /// Takes back bytes that a copy no longer holds.
    pub const fn refund(&mut self, permit: &mut Permit, bytes: u64) {
        let bytes = if bytes < permit.bytes { bytes } else { permit.bytes };
        permit.bytes -= bytes;
        self.bytes = self.bytes.saturating_sub(bytes);
    }

    /// Takes the permit back.
    pub const fn release(&mut self, permit: Permit) {
        self.copies = self.copies.saturating_sub(1);
        self.bytes = self.bytes.saturating_sub(permit.bytes);
    }

    /// Copies being collected or awaiting an answer.
    pub const fn copies(&self) -> u64 {
        self.copies
    }

    /// Their bytes.
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }
}
