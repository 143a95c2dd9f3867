//! An answer without an end holds nothing back: the copy has left, is answered and counted while the primary still
//! streams. Events reach the client one by one.

use anyhow::{Result, ensure};

use crate::client::Ask;
use crate::lab::{Lab, PATIENCE, Setup};

pub(super) fn setup() -> Setup {
    Setup::new(include_str!("filter.yaml"))
}

pub(super) async fn run(lab: &Lab) -> Result<()> {
    let mut connection = lab.connect().await?;
    let mut answer = connection
        .open(Ask::get("/events?primary.events").header("accept", "text/event-stream"))
        .await?;
    ensure!(
        answer.chunk().await? == "data: first\n\n",
        "the first event did not come"
    );
    lab.shadow.journal().wait_for(1, PATIENCE).await?;
    let all = [("matched", 1), ("sent", 1), ("responses.2xx", 1), ("primary.2xx", 1)];
    let during = lab.settled().await?;
    during.mirror("copy")?.expect(&all)?;
    let buffered = during.mirror("copy")?.gauge("buffered_bytes");
    ensure!(buffered == 0, "{buffered} bytes are held while the answer streams");

    lab.primary.end_streams();
    ensure!(
        answer.rest().await?.body == "data: last\n\n",
        "the last event did not come"
    );
    lab.settled().await?.mirror("copy")?.expect(&all)
}
