//! Any entry of `match` will do, and all of an entry must hold. What does not match is not even counted.

use anyhow::{Result, ensure};
use hyper::Method;

use crate::client::Ask;
use crate::lab::{Lab, PATIENCE, Setup};

pub(super) fn setup() -> Setup {
    Setup::new(include_str!("filter.yaml"))
}

pub(super) async fn run(lab: &Lab) -> Result<()> {
    let asks = [
        (true, Ask::get("/reviews/1").header("x-canary", "yes")),
        (false, Ask::get("/reviews/1").header("x-canary", "no")),
        (false, Ask::get("/reviews/1")),
        (false, Ask::get("/details").header("x-canary", "yes")),
        (true, Ask::new(Method::DELETE, "/details")),
        (true, Ask::get("/items/42?v=2")),
        (true, Ask::get("/items/42?u=1&v=2")),
        (false, Ask::get("/items/42?v=20")),
        (false, Ask::get("/items/42/parts?v=2")),
        (true, Ask::get("/").host("beta.example")),
        (false, Ask::get("/").host("beta.example").header("x-private", "1")),
        (false, Ask::get("/").host("alpha.example")),
    ];
    let mut connection = lab.connect().await?;
    let mut expected = Vec::new();
    for (matches, ask) in asks {
        let answer = connection.send(ask).await?;
        answer.expect_ok()?;
        expected.extend(matches.then_some(answer.id));
    }
    let copies = lab.shadow.journal().wait_for(expected.len(), PATIENCE).await?;
    let statistics = lab.settled().await?;
    ensure!(
        lab.shadow.journal().len() == copies.len(),
        "more than {} copies",
        copies.len()
    );
    let mut copied: Vec<_> = copies.iter().filter_map(|copy| copy.id().map(str::to_owned)).collect();
    copied.sort();
    expected.sort();
    ensure!(copied == expected, "copied {copied:?} instead of {expected:?}");
    let count = expected.len() as u64;
    statistics.mirror("copy")?.expect(&[
        ("matched", count),
        ("sent", count),
        ("responses.2xx", count),
        ("primary.2xx", count),
    ])
}
