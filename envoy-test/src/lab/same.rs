//! Whether the shadow got the primary's request.

use anyhow::{Result, ensure};

use crate::backend::Received;

/// Both must be the same message: what the shadow got differs only in what the filter promises to change.
pub fn assert_same(primary: &Received, shadow: &Received) -> Result<()> {
    ensure!(
        primary.method == shadow.method && primary.path == shadow.path,
        "{} {} became {} {}",
        primary.method,
        primary.path,
        shadow.method,
        shadow.path
    );
    ensure!(
        (primary.body_length, primary.body_hash) == (shadow.body_length, shadow.body_hash),
        "the body of {} bytes became one of {}, or other bytes",
        primary.body_length,
        shadow.body_length
    );
    ensure!(
        shadow.authority.contains("-shadow"),
        "the shadow's authority is {}",
        shadow.authority
    );
    // What Envoy adds to one of them, what framing needs, and the filter's own marker.
    const DIFFERENT: [&str; 6] = [
        "host",
        "x-envoy-internal",
        "x-envoy-expected-rq-timeout-ms",
        "content-length",
        "transfer-encoding",
        "x-mirrored-by",
    ];
    let own = |received: &Received| {
        received
            .headers
            .iter()
            .filter(|(name, _)| !DIFFERENT.contains(&name.as_str()))
            .cloned()
            .collect::<Vec<_>>()
    };
    ensure!(
        own(primary) == own(shadow),
        "headers differ:\n  primary {:?}\n  shadow  {:?}",
        own(primary),
        own(shadow)
    );
    Ok(())
}
