//! Each of the requests of `parity::requests`, over HTTP/1 and HTTP/2, once with the filter, once with Envoy's own
//! mirror and once with neither: the shadows receive the same bytes but for the stated exceptions, primary and client
//! the very same. HTTP/1 to the backends.

use anyhow::Result;

use crate::lab::{Lab, Setup};
use crate::parity;

/// Without these the shadows' requests would differ.
const EXCEPTIONS: [&str; 7] = [
    "marker",
    "forwarded-for",
    "expected-timeout",
    "chunked",
    "trailers",
    "attempt-count",
    "original",
];

pub(super) fn setup() -> Setup {
    Setup::new(include_str!("filter.yaml"))
        .routes(include_str!("routes.yaml"))
        .side_by_side(include_str!("manager.yaml"))
}

pub(super) async fn run(lab: &Lab) -> Result<()> {
    parity::prove(lab, &EXCEPTIONS).await
}
