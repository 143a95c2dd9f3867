//! Each bad update is refused with the path of its key in the log, and the old configuration keeps mirroring.

use anyhow::{Result, ensure};

use crate::envoy::Update;
use crate::lab::{Lab, PATIENCE, Setup};

pub(super) fn setup() -> Setup {
    Setup::new(include_str!("filter.yaml"))
}

pub(super) async fn run(lab: &Lab) -> Result<()> {
    let mut connection = lab.connect().await?;
    let bad = [
        (
            "mirrors: [{name: copy, cluster: shadow, percentage: 140}]",
            "mirrors[0].percentage",
        ),
        (
            "mirrors: [{name: copy, cluster: shadow, percent: 10}]",
            "mirrors[0].percent",
        ),
        (
            "mirrors: [{name: copy, cluster: shadow}, {name: copy, cluster: shadow-b}]",
            "mirrors[1].name",
        ),
        (
            "mirrors: [{name: copy, cluster: shadow, limits: {maxInFlight: many}}]",
            "mirrors[0].limits.maxInFlight",
        ),
        ("mirrors: []", "mirrors"),
    ];
    let updates = bad.len() as u64;
    for (configuration, path) in bad {
        ensure!(
            lab.update(configuration).await? == Update::Refused,
            "not refused: {configuration}"
        );
        lab.envoy.log().wait_for(&[path], PATIENCE).await?;
        let answer = connection.get("/").await?;
        answer.expect_ok()?;
        lab.pair(&answer).await?;
    }
    ensure!(connection.is_open(), "a refused update closed a connection");
    let expected = [
        ("matched", updates),
        ("sent", updates),
        ("responses.2xx", updates),
        ("primary.2xx", updates),
    ];
    lab.settled().await?.mirror("copy")?.expect(&expected)
}
