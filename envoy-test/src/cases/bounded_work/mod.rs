//! What hostile clients send costs no more than its limit: a copy that would cost more is dropped and counted, the
//! others leave, and the primary answers all the same.

use anyhow::{Result, ensure};

use crate::client::Ask;
use crate::lab::{Lab, Setup};

/// The largest body that is copied by default.
const LARGE: usize = 1 << 20;

pub(super) fn setup() -> Setup {
    Setup::new(include_str!("filter.yaml"))
}

pub(super) async fn run(lab: &Lab) -> Result<()> {
    let mut connection = lab.connect().await?;
    let zeros = format!("[{}0]", "0,".repeat(LARGE / 2 - 2));
    let nests = format!(
        "[{}0]",
        format!("{}{},", "[".repeat(120), "]".repeat(120)).repeat(LARGE / 241 - 1)
    );
    let keys = format!(r#"{{"items":[{}0]}}"#, r#"{"\u0073ecret1":0},"#.repeat(LARGE / 20 - 2));
    for body in [zeros, nests, keys] {
        let ask = Ask::post("/json", body).header("content-type", "application/json");
        connection.send(ask).await?.expect_ok()?;
    }
    let cookies = Ask::get("/cookies").header("cookie", "a=;".repeat(56 * 1024 / 3));
    connection.send(cookies).await?.expect_ok()?;
    let text = "ab".repeat(4 * 1024);
    connection
        .send(Ask::get("/text").header("x-text", &text))
        .await?
        .expect_ok()?;
    connection
        .send(Ask::get("/text").header("x-text", "aaab!"))
        .await?
        .expect_ok()?;

    for _ in 0..20 {
        let ask =
            Ask::post("/many", format!("[{}0]", "0,".repeat(LARGE / 2 - 2))).header("content-type", "application/json");
        connection.send(ask).await?.expect_ok()?;
    }

    let statistics = lab.settled().await?;
    for mirror in ["listed-0", "listed-1", "listed-2", "listed-3"] {
        let expected = [("matched", 3), ("sent", 3), ("responses.2xx", 3), ("primary.2xx", 3)];
        statistics.mirror(mirror)?.expect(&expected)?;
    }
    for (mirror, matched) in [("low", 3), ("cookies", 1)] {
        let expected = [("matched", matched), ("dropped.too_costly", matched)];
        statistics.mirror(mirror)?.expect(&expected)?;
    }
    let many = statistics.mirror("many")?;
    let late = many.dropped("examined_rate");
    ensure!(
        many.matched == 20 && many.sent + late == 20 && late >= 15,
        "of many costly copies, {} left and {late} were over the rate",
        many.sent
    );
    statistics.mirror("expression")?.expect(&[
        ("matched", 2),
        ("dropped.too_costly", 1),
        ("sent", 1),
        ("responses.2xx", 1),
        ("primary.2xx", 1),
    ])?;
    ensure!(
        lab.primary.journal().len() == 26,
        "the primary received {} of 26 requests",
        lab.primary.journal().len()
    );
    Ok(())
}
