//! What the tests of the policy, of the filter and of the fuzz targets share: short ways to write a configuration and a
//! request, a bench that drives the policy, and a storm of random events with a model that says what has to come of
//! them. A storm takes its decisions from dice or from the bytes of a fuzzing engine; nothing else differs.

#![forbid(unsafe_code)]
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test says by a panic that something is wrong"
)]

// Where random choices come from.
pub mod decisions;

// How a test writes configurations and requests.
pub mod plans;

pub mod requests;

// What the statistics show, and what they have to add up to.
pub mod balance;

pub mod totals;

// The policy, driven by a test. No other file of this crate knows how the policy is called.
pub mod bench;

// Random events, with a model of what has to come of them.
pub mod storm;
