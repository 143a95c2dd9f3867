//! A primary that fails is no reason to mirror less, and mirroring makes it no worse: the client gets exactly the
//! failure, and both answers are counted, so that the shadow's success rate is compared with the primary's.

use anyhow::Result;

use crate::lab::{Lab, Setup};

pub(super) fn setup() -> Setup {
    Setup::new(include_str!("filter.yaml"))
}

pub(super) async fn run(lab: &Lab) -> Result<()> {
    let mut connection = lab.connect().await?;
    connection.get("/?primary.status=500").await?.expect(500)?;
    connection.get("/?primary.status=429").await?.expect(429)?;
    // Envoy answers for a primary that hangs up.
    connection.get("/?primary.reset").await?.expect(503)?;
    let expected = [
        ("matched", 3),
        ("sent", 3),
        ("responses.2xx", 3),
        ("primary.4xx", 1),
        ("primary.5xx", 2),
    ];
    lab.settled().await?.mirror("copy")?.expect(&expected)
}
