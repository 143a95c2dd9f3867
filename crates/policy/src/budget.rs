//! The budget of a mirror: how many copies and how many bytes it may have at a time on one worker. A copy has a permit
//! from its admission until its answer. A copy over the budget is dropped at once, never queued.

use crate::breaker::Period;
use crate::configuration::Limits;
use crate::reasons::Dropped;

/// The right to have one copy and its bytes. A permit is given back exactly once.
#[derive(Debug)]
#[must_use = "a permit that is not given back is lost to its budget"]
pub struct Permit {
    bytes: u64,
    period: Period,
}

/// The copies and bytes that one mirror has on one worker, and its limits. A default budget admits nothing.
#[derive(Debug, Default)]
pub struct Budget {
    max_copies: u64,
    max_bytes: u64,
    copies: u64,
    bytes: u64,
}

// === impl Permit ===

impl Permit {
    /// The header and body bytes of the copy.
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The period of the circuit breaker in which the copy was admitted.
    pub const fn period(&self) -> Period {
        self.period
    }
}

// === impl Budget ===

impl Budget {
    /// Changes the limits. Copies that have a permit keep the permit. New copies are admitted only below the new
    /// limits.
    pub const fn set_limits(&mut self, limits: &Limits) {
        self.max_copies = limits.max_in_flight.get();
        self.max_bytes = limits.max_buffered_bytes.get();
    }

    /// Checks that a copy with so many bytes has room.
    ///
    /// # Errors
    /// The number of copies is at its limit, or the bytes would be over their limit.
    pub const fn has_room(&self, bytes: u64) -> Result<(), Dropped> {
        if self.copies >= self.max_copies {
            return Err(Dropped::InFlight);
        }
        if self.bytes.saturating_add(bytes) > self.max_bytes {
            return Err(Dropped::Bytes);
        }
        Ok(())
    }

    /// Admits a copy that [has room](Self::has_room).
    pub const fn admit(&mut self, bytes: u64, period: Period) -> Permit {
        self.copies += 1;
        self.bytes += bytes;
        Permit { bytes, period }
    }

    /// Charges a copy for more bytes.
    ///
    /// # Errors
    /// The bytes would be over their limit. Then nothing is charged.
    pub const fn charge(&mut self, permit: &mut Permit, bytes: u64) -> Result<(), Dropped> {
        if self.bytes.saturating_add(bytes) > self.max_bytes {
            return Err(Dropped::Bytes);
        }
        self.bytes += bytes;
        permit.bytes += bytes;
        Ok(())
    }

    /// Takes bytes back that a copy does not have any more. Returns how many bytes were taken back.
    pub const fn refund(&mut self, permit: &mut Permit, bytes: u64) -> u64 {
        let bytes = if bytes < permit.bytes { bytes } else { permit.bytes };
        permit.bytes -= bytes;
        self.bytes = self.bytes.saturating_sub(bytes);
        bytes
    }

    /// Takes the permit of a copy back, because the copy ended.
    pub const fn release(&mut self, permit: Permit) {
        self.copies = self.copies.saturating_sub(1);
        self.bytes = self.bytes.saturating_sub(permit.bytes);
    }

    /// The number of copies that are collected or await an answer.
    pub const fn copies(&self) -> u64 {
        self.copies
    }

    /// The header and body bytes of these copies.
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }
}
