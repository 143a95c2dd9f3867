//! The budget of a mirror: how many copies and how many bytes it may have at a time on one worker. A copy has a permit
//! from its admission until its answer. A copy over the budget is dropped at once, never queued.
//!
//! Copies that are collected and copies in flight have a count each, so slow uploads take no place from requests that
//! are complete with their headers. Uploads leave the last part of the bytes to those requests too.

use crate::breaker::Period;
use crate::configuration::Limits;
use crate::reasons::Dropped;

/// The right to have one copy and its bytes. A permit is given back exactly once.
#[derive(Debug)]
#[must_use = "a permit that is not given back is lost to its budget"]
pub struct Permit {
    bytes: u64,
    /// Whether the request was complete with its headers.
    is_complete: bool,
    /// The period of the circuit breaker in which the copy took its place in flight. `None` means that the copy is
    /// still collected.
    period: Option<Period>,
}

/// The copies and bytes that one mirror has on one worker, and its limits. A default budget admits nothing.
#[derive(Debug, Default)]
pub struct Budget {
    max_in_flight: u64,
    max_collecting: u64,
    max_bytes: u64,
    max_upload_bytes: u64,
    in_flight: u64,
    collecting: u64,
    bytes: u64,
}

// === impl Permit ===

impl Permit {
    /// The header and body bytes of the copy.
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The period of the circuit breaker in which the copy took its place in flight. Returns `None` while the copy is
    /// collected.
    pub const fn period(&self) -> Option<Period> {
        self.period
    }
}

// === impl Budget ===

impl Budget {
    /// Changes the limits. Copies that have a permit keep the permit. New copies are admitted only below the new
    /// limits.
    pub const fn set_limits(&mut self, limits: &Limits) {
        self.max_in_flight = limits.max_in_flight.get();
        self.max_collecting = limits.max_collecting.get();
        self.max_bytes = limits.max_buffered_bytes.get();
        self.max_upload_bytes = limits.upload_bytes();
    }

    /// Checks that a copy with so many bytes has room. `is_complete` means that the request is complete with its
    /// headers.
    ///
    /// # Errors
    /// The copies in flight are at their limit. The request is not complete, and the copies that are collected are at
    /// their limit. The bytes would be over their limit.
    pub const fn has_room(&self, bytes: u64, is_complete: bool) -> Result<(), Dropped> {
        if let Err(reason) = self.has_place() {
            return Err(reason);
        }
        if !is_complete && self.collecting >= self.max_collecting {
            return Err(Dropped::Collecting);
        }
        self.has_bytes(bytes, is_complete)
    }

    const fn has_bytes(&self, bytes: u64, is_complete: bool) -> Result<(), Dropped> {
        let max = if is_complete {
            self.max_bytes
        } else {
            self.max_upload_bytes
        };
        if self.bytes.saturating_add(bytes) > max {
            return Err(Dropped::Bytes);
        }
        Ok(())
    }

    /// Admits a copy that [has room](Self::has_room). The copy is collected from now on.
    pub const fn admit(&mut self, bytes: u64, is_complete: bool) -> Permit {
        self.collecting += 1;
        self.bytes += bytes;
        Permit {
            bytes,
            is_complete,
            period: None,
        }
    }

    /// Checks that a copy finds a place in flight.
    ///
    /// # Errors
    /// The copies in flight are at their limit.
    pub const fn has_place(&self) -> Result<(), Dropped> {
        if self.in_flight >= self.max_in_flight {
            return Err(Dropped::InFlight);
        }
        Ok(())
    }

    /// Gives a copy that was collected its [place](Self::has_place) in flight.
    pub const fn launch(&mut self, permit: &mut Permit, period: Period) {
        if permit.period.is_none() {
            self.collecting = self.collecting.saturating_sub(1);
            self.in_flight += 1;
        }
        permit.period = Some(period);
    }

    /// Charges a copy for more bytes.
    ///
    /// # Errors
    /// The bytes would be over their limit. Then nothing is charged.
    pub const fn charge(&mut self, permit: &mut Permit, bytes: u64) -> Result<(), Dropped> {
        if let Err(reason) = self.has_bytes(bytes, permit.is_complete) {
            return Err(reason);
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
        let count = if permit.period.is_some() {
            &mut self.in_flight
        } else {
            &mut self.collecting
        };
        *count = count.saturating_sub(1);
        self.bytes = self.bytes.saturating_sub(permit.bytes);
    }

    /// The number of copies that are collected or await an answer.
    pub const fn copies(&self) -> u64 {
        self.collecting + self.in_flight
    }

    /// The header and body bytes of these copies.
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }
}
