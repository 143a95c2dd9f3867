//! What is over the rate is dropped at once; an update brings no new tokens, but its rate holds from then on.

use anyhow::{Result, ensure};

use crate::envoy::Update;
use crate::lab::{Lab, Setup};

pub(super) fn setup() -> Setup {
    Setup::new(include_str!("filter.yaml"))
}

pub(super) async fn run(lab: &Lab) -> Result<()> {
    let mut connection = lab.connect().await?;
    for _ in 0..10 {
        connection.get("/").await?.expect_ok()?;
    }
    lab.settled().await?.mirror("copy")?.expect(&[
        ("matched", 10),
        ("sent", 1),
        ("dropped.rate", 9),
        ("responses.2xx", 1),
        ("primary.2xx", 1),
    ])?;

    // One token takes 1000 seconds.
    update(lab, "0.001, maxInFlight: 100").await?;
    connection.get("/").await?.expect_ok()?;
    let used_up = lab.settled().await?.mirror("copy")?.dropped("rate");
    ensure!(used_up == 10, "an update brought tokens: {used_up} copies were dropped");

    update(lab, "1000000").await?;
    for _ in 0..20 {
        connection.get("/fast").await?.expect_ok()?;
    }
    let received = lab.shadow.journal().wait_for(21, crate::lab::PATIENCE).await?;
    let fast = received.iter().filter(|one| one.path == "/fast").count();
    ensure!(fast == 20, "{fast} of 20 copies came");
    lab.settled().await?.mirror("copy")?.expect(&[
        ("matched", 31),
        ("sent", 21),
        ("dropped.rate", 10),
        ("responses.2xx", 21),
        ("primary.2xx", 21),
    ])
}

async fn update(lab: &Lab, rate: &str) -> Result<()> {
    let config = format!("mirrors: [{{name: copy, cluster: shadow, limits: {{maxRequestsPerSecond: {rate}}}}}]");
    ensure!(
        lab.update(&config).await? == Update::Accepted,
        "the new rate was refused"
    );
    Ok(())
}
