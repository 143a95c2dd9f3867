//! A host that does not do what it should: functions that are denied, as by Envoy's capability restrictions, and, for
//! the simulation, odd statuses and garbage at random.

use std::collections::BTreeMap;

use mirror_model::decisions::Decisions as _;
use mirror_policy::sample::Dice;

use super::abi::Status;

/// What goes wrong.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    /// These functions always return this.
    pub(crate) denied: BTreeMap<String, Status>,
    pub(crate) chaos: Option<Chaos>,
}

/// Some calls of some functions go wrong.
#[derive(Debug)]
pub(crate) struct Chaos {
    pub(crate) random: Dice,
    pub(crate) percent: u64,
    pub(crate) functions: &'static [&'static str],
}

const STATUSES: &[Status] = &[
    Status::NotFound,
    Status::BadArgument,
    Status::SerializationFailure,
    Status::ParseFailure,
    Status::Empty,
    Status::CasMismatch,
    Status::InternalFailure,
];

const CALLOUT_STATUSES: &[Status] = &[Status::BadArgument, Status::InternalFailure];

// === impl Faults ===

impl Faults {
    /// The status with which this call fails instead of being done.
    pub(crate) fn status(&mut self, function: &str) -> Option<Status> {
        if let Some(status) = self.denied.get(function) {
            return Some(*status);
        }
        let chaos = self.chaos.as_mut()?;
        if !chaos.functions.contains(&function) || !chaos.random.percent(chaos.percent) {
            return None;
        }
        // The SDK panics on any other failure of a callout, and Envoy has no other.
        let is_callout = function == "proxy_http_call";
        Some(*chaos.random.pick(if is_callout { CALLOUT_STATUSES } else { STATUSES }))
    }

    /// What is handed to the guest instead of these bytes.
    pub(crate) fn garble(&mut self, function: &str, bytes: Vec<u8>) -> Vec<u8> {
        let Some(chaos) = &mut self.chaos else { return bytes };
        if !chaos.functions.contains(&function) || !chaos.random.percent(chaos.percent) {
            return bytes;
        }
        chaos.garble(bytes)
    }
}

// === impl Chaos ===

impl Chaos {
    fn garble(&mut self, mut bytes: Vec<u8>) -> Vec<u8> {
        let length = bytes.len() as u64;
        match self.random.below(6) {
            0 => bytes.clear(),
            1 => bytes.truncate(self.random.below(length + 1) as usize),
            2 => bytes.extend(self.random.bytes(64)),
            3 => bytes = self.random.bytes(5000),
            // A flipped byte early on: counts and lengths of pairs.
            4 if length > 0 => bytes[self.random.below(length.min(64)) as usize] = self.random.roll() as u8,
            _ if length > 0 => bytes[self.random.below(length) as usize] ^= 1 << self.random.below(8),
            _ => {}
        }
        bytes
    }
}
