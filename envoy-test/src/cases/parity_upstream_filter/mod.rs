//! The requests of `parity::requests` with the filter among the router's upstream filters: what the router rewrites and
//! adds is no exception any more.

use anyhow::Result;

use crate::lab::{Lab, Setup};
use crate::parity;

/// Without these the shadows' requests would differ.
const EXCEPTIONS: [&str; 5] = ["marker", "forwarded-for", "expected-timeout", "chunked", "trailers"];

pub(super) fn setup() -> Setup {
    Setup::new(include_str!("filter.yaml"))
        .routes(include_str!("routes.yaml"))
        .behind_the_router()
        .side_by_side(include_str!("manager.yaml"))
}

pub(super) async fn run(lab: &Lab) -> Result<()> {
    parity::prove(lab, &EXCEPTIONS).await
}
