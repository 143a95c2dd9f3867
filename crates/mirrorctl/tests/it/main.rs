//! What mirrorctl does, seen from outside: by its library, and by the built command. One module a subject; what several
//! need is in `common`, what they read is in the folders beside this one.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "tests"
)]

mod common;

// What is read.
mod reading;

mod jobs;

mod objects;

mod overrides;

mod bad_input;

mod secrets;

mod refused;

mod schemas;

mod cluster;

// What is made of it.
mod clone;

mod clone_isolated;

mod golden;

mod planes;

mod traffic;

mod two_hands;

mod unreached;

// What is said of it.
mod commands;

mod explain;

mod external;

mod findings;

mod guides;

mod plan;

#[cfg(unix)]
mod walk;

// How mirrors do.
mod live;

mod status;

mod versions;

mod watch;

mod dashboard;

// What is brought to a registry.
mod module;
