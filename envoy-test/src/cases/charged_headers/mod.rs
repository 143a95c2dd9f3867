//! A cookie of small values becomes many times as long when each value is hashed. What is charged is what leaves, so
//! copies never hold more than `maxBufferedBytes`.

use anyhow::{Result, ensure};

use crate::client::Ask;
use crate::lab::{Lab, PATIENCE, Setup};

pub(super) fn setup() -> Setup {
    Setup::new(include_str!("filter.yaml"))
}

pub(super) async fn run(lab: &Lab) -> Result<()> {
    lab.shadow.hold();
    let mut connection = lab.connect().await?;
    let cookie = "a=1; ".repeat(1_500);
    for _ in 0..30 {
        let ask = Ask::get("/hashed").header("cookie", &cookie);
        connection.send(ask).await?.expect_ok()?;
    }
    let ledger = lab.statistics().await?.mirror("copy")?.clone();
    let held = ledger.gauge("buffered_bytes");
    ensure!(held <= 1_000_000, "{held} bytes are held");
    let received = lab
        .shadow
        .journal()
        .wait_for(usize::try_from(ledger.sent)?, PATIENCE)
        .await?;
    let longest = received
        .iter()
        .flat_map(|one| &one.headers)
        .map(|(_, value)| value.len())
        .max();
    ensure!(
        longest.is_some_and(|longest| longest > 40_000),
        "the longest header: {longest:?}"
    );
    ensure!(
        held >= ledger.sent * 40_000 && ledger.dropped("bytes") > 0 && ledger.sent + ledger.dropped("bytes") == 30,
        "{held} bytes are charged: {ledger:?}"
    );
    lab.shadow.release();
    let settled = lab.settled().await?;
    ensure!(settled.mirror("copy")?.gauge("buffered_bytes") == 0, "bytes are left");
    Ok(())
}
