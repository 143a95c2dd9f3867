//! The requests of `parity::requests` where Envoy traces: native's copies have spans of their own, ours the client's,
//! if any.

use anyhow::Result;

use crate::lab::{Lab, Setup};
use crate::parity;

/// Without these the shadows' requests would differ.
const EXCEPTIONS: [&str; 8] = [
    "marker",
    "forwarded-for",
    "expected-timeout",
    "chunked",
    "trailers",
    "attempt-count",
    "original",
    "tracing",
];

pub(super) fn setup() -> Setup {
    Setup::new(include_str!("filter.yaml"))
        .routes(include_str!("routes.yaml"))
        .side_by_side(include_str!("manager.yaml"))
}

pub(super) async fn run(lab: &Lab) -> Result<()> {
    parity::prove(lab, &EXCEPTIONS).await
}
