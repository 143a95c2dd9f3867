//! The built filter on a fake proxy: the `.wasm` file as it is shipped, in an interpreter, with Envoy's rules around it
//! and no Envoy. `make build` makes the file; `cargo test --test filter` runs everything here.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "a test says by a panic that something is wrong"
)]

// The fake proxy, and how a test reads the statistics.
mod host;

mod books;

// The file itself.
mod artefact;

// What the primary is promised.
mod promise;

// One request: what is sent, what is not, how the answer counts, what all of it costs.
mod copies;

mod redaction;

mod losses;

mod protection;

mod answers;

mod cost;

// More than one configuration.
mod updates;

mod refusals;

// Everything at once, in any order.
mod simulation;
