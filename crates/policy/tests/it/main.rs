//! The tests of the policy. They run natively and, but for those that read files or count allocations, as WebAssembly
//! in Node. The modules are public because `wasm_bindgen_test` finds no test in a private one.

#![allow(
    clippy::disallowed_methods,
    reason = "a test reads its seed and its switches from the environment"
)]
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "a test says by a panic that something is wrong"
)]

// What a user writes.
pub mod config;

pub mod json;

// Which requests belong to a mirror.
pub mod headers;

pub mod matching;

pub mod work;

pub mod sampling;

// One request from its first header to the answer of its copy.
pub mod flow;

pub mod admission;

pub mod refusals;

pub mod copying;

pub mod redaction;

pub mod secrets;

pub mod answers;

pub mod primary;

pub mod statistics;

pub mod explain;

// Many requests at once, in any order.
pub mod simulation;

// These read files or count allocations, which WebAssembly in Node cannot.
#[cfg(not(target_arch = "wasm32"))]
pub mod allocations;

#[cfg(not(target_arch = "wasm32"))]
pub mod documents;
