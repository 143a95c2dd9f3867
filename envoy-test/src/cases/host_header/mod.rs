//! Envoy keeps the header `host` as `:authority`, and its route matcher finds the authority by both names. A condition
//! on `host` selects the same requests here, and a sample by `host` has a key in each request.

use anyhow::{Context as _, Result, ensure};

use crate::client::Ask;
use crate::lab::{Lab, PATIENCE, Setup};

/// Each authority, and the mirror and route that select its requests.
const HOSTS: [(&str, Option<&str>); 5] = [
    ("api.example", Some("exact")),
    ("v17.example", Some("regex")),
    ("api.example:80", Some("without")),
    ("other.example", Some("without")),
    ("admin.example", None),
];

pub(super) fn setup() -> Setup {
    Setup::new(include_str!("filter.yaml")).routes(include_str!("routes.yaml"))
}

pub(super) async fn run(lab: &Lab) -> Result<()> {
    let mut connection = lab.connect().await?;
    for (host, expected) in HOSTS {
        let answer = connection.send(Ask::get("/").host(host)).await?;
        answer.expect_ok()?;
        let request = lab.primary.journal().wait_for_id(&answer.id, PATIENCE).await?;
        let route = request.header("x-route").map(String::from_utf8_lossy);
        ensure!(route.as_deref() == expected, "{host}: Envoy's route is {route:?}");
    }
    let statistics = lab.settled().await?;
    for mirror in ["exact", "regex", "without", "sampled"] {
        let selected = HOSTS.iter().filter(|(_, route)| match mirror {
            "sampled" => true,
            // Routes are tried in order, and mirrors are not: all but one of the hosts are without `admin.`.
            "without" => route.is_some(),
            _ => *route == Some(mirror),
        });
        let count = u64::try_from(selected.count()).context("a count")?;
        let counted = statistics.mirror(mirror)?;
        ensure!(
            (counted.matched, counted.sent) == (count, count),
            "{mirror}: {count} requests expected, matched {}, sent {}",
            counted.matched,
            counted.sent
        );
    }
    Ok(())
}
