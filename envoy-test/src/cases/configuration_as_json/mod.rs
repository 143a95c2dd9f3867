//! Istio sends JSON, `filter.yaml` a protobuf Struct; every other case uses the latter, this one the former, also as an
//! update.

use anyhow::{Result, ensure};

use crate::client::Ask;
use crate::envoy::{Shape, Update};
use crate::lab::{Lab, Setup};

pub(super) fn setup() -> Setup {
    Setup::new(include_str!("filter.yaml")).shape(Shape::Json)
}

pub(super) async fn run(lab: &Lab) -> Result<()> {
    let mut connection = lab.connect().await?;
    let answer = connection.send(Ask::post("/", "json")).await?;
    answer.expect_ok()?;
    lab.pair(&answer).await?;
    lab.settled().await?.mirror("copy")?.expect(&[
        ("matched", 1),
        ("sent", 1),
        ("responses.2xx", 1),
        ("primary.2xx", 1),
    ])?;
    ensure!(
        lab.update("mirrors: [{name: copy, cluster: shadow, percentage: 0}]")
            .await?
            == Update::Accepted,
        "refused"
    );
    connection.get("/").await?.expect_ok()?;
    let expected = [
        ("matched", 2),
        ("sent", 1),
        ("skipped.not_sampled", 1),
        ("responses.2xx", 1),
        ("primary.2xx", 1),
    ];
    lab.settled().await?.mirror("copy")?.expect(&expected)
}
