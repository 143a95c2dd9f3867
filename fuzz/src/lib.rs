//! What the policy promises of any bytes that come from outside. Each module is one target: its `check` takes bytes as
//! a fuzzing engine makes them up, and panics if a promise is broken. `make fuzz` lets libFuzzer search; `cargo test`
//! replays the corpus and every input that ever broke a promise, on the stable toolchain and without an engine.

#![forbid(unsafe_code)]
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a broken promise is a panic"
)]

// How bytes become what a target needs.
pub mod input;

// How a file becomes the bytes of a target, and many files one.
pub mod replay;

pub mod archive;

// 1 parse.
pub mod configuration;

pub mod struct_bytes;

// 2 match, 3 sample.
pub mod header_map;

pub mod selection;

// 4 admit to 7 account.
pub mod events;

pub mod copying;

pub mod redaction_model;

pub mod redaction;

pub mod query;

pub mod cookies;

pub mod forms;

pub mod json_body;

pub mod answers;

/// A target's name, and what checks its bytes.
pub type Target = (&'static str, fn(&[u8]));

/// All of them; each is a program of this name too.
pub const TARGETS: &[Target] = &[
    ("configuration", configuration::check),
    ("struct_bytes", struct_bytes::check),
    ("header_map", header_map::check),
    ("selection", selection::check),
    ("events", events::check),
    ("copying", copying::check),
    ("redaction", redaction::check),
    ("query", query::check),
    ("cookies", cookies::check),
    ("forms", forms::check),
    ("json_body", json_body::check),
    ("answers", answers::check),
];

/// The program of a target: the search, or without an engine a replay of the files that are named on its command line.
#[macro_export]
macro_rules! target {
    ($name:ident) => {
        #[cfg(fuzzing)]
        libfuzzer_sys::fuzz_target!(|bytes: &[u8]| $crate::$name::check(bytes));

        #[cfg(not(fuzzing))]
        fn main() -> std::io::Result<()> {
            $crate::replay::arguments($crate::$name::check)
        }
    };
}
