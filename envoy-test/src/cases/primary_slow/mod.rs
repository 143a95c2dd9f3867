//! A copy leaves when its request is complete and never waits for the primary's answer: the shadow has it, and has
//! answered, while the primary still thinks. The primary's answer is counted when it comes.

use anyhow::{Result, ensure};

use crate::client::Ask;
use crate::lab::{Lab, PATIENCE, Setup};

pub(super) fn setup() -> Setup {
    Setup::new(include_str!("filter.yaml"))
}

pub(super) async fn run(lab: &Lab) -> Result<()> {
    lab.primary.hold();
    let mut connection = lab.connect().await?;
    let meanwhile = async {
        lab.shadow.journal().wait_for(1, PATIENCE).await?;
        let early = lab.settled().await?;
        early
            .mirror("copy")?
            .expect(&[("matched", 1), ("sent", 1), ("responses.2xx", 1)])?;
        lab.primary.release();
        anyhow::Ok(())
    };
    let (answer, seen) = tokio::join!(connection.send(Ask::post("/", "hurry")), meanwhile);
    seen?;
    answer?.expect_ok()?;
    ensure!(lab.shadow.journal().len() == 1, "more than one copy");
    lab.settled().await?.mirror("copy")?.expect(&[
        ("matched", 1),
        ("sent", 1),
        ("responses.2xx", 1),
        ("primary.2xx", 1),
    ])
}
