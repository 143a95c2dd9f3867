//! The targets of this crate, without an engine.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test says by a panic that something is wrong"
)]

mod archive;

mod configurations;

mod corpus;

mod seeds;

use std::path::PathBuf;

/// The folder of this crate.
fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}
