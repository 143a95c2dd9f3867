//! A user is mirrored always or never. Each of 400 users comes twice, over different connections to two workers; the
//! sets of the mirrors with the same salt are nested, the one with another salt is another set. Requests without the
//! key are skipped.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, ensure};

use crate::client::Ask;
use crate::lab::{Lab, Setup};

const USERS: usize = 400;

pub(super) fn setup() -> Setup {
    Setup::new(include_str!("filter.yaml")).workers(2)
}

pub(super) async fn run(lab: &Lab) -> Result<()> {
    for round in 0..2 {
        let mut connections = [lab.connect().await?, lab.connect().await?, lab.connect().await?];
        let among = connections.len();
        for user in 0..USERS {
            // In the second round each user comes over another connection.
            let ask = Ask::get("/").header("x-user", format!("user-{user}"));
            connections[(user + round) % among].send(ask).await?.expect_ok()?;
        }
        connections[0].get("/nobody").await?.expect_ok()?;
    }
    let statistics = lab.settled().await?;
    for ledger in statistics.mirrors() {
        ensure!(
            ledger.skipped("no_sample_key") == 2,
            "mirror {}: {:?}",
            ledger.mirror,
            ledger.skipped
        );
    }

    let mut mirrored: BTreeMap<String, BTreeMap<String, usize>> = BTreeMap::new();
    for copy in lab.shadow.journal().complete_ones() {
        let (mirror, user) = (
            copy.text("x-mirrored-by").unwrap_or_default(),
            copy.text("x-user").unwrap_or_default(),
        );
        *mirrored.entry(mirror).or_default().entry(user).or_default() += 1;
    }
    for (mirror, users) in &mirrored {
        let torn: Vec<_> = users.iter().filter(|(_, times)| **times != 2).collect();
        ensure!(torn.is_empty(), "mirror {mirror} decided differently for {torn:?}");
    }
    let users = |mirror: &str| {
        mirrored
            .get(mirror)
            .map(|users| users.keys().cloned().collect::<BTreeSet<_>>())
            .unwrap_or_default()
    };
    let (tenth, half) = (users("tenth"), users("half"));
    ensure!(
        (15..=75).contains(&tenth.len()) && (140..=260).contains(&half.len()),
        "{} and {} of {USERS} users",
        tenth.len(),
        half.len()
    );
    ensure!(tenth.is_subset(&half), "10 % is not within 50 %");
    ensure!(half == users("same-half"), "the same salt chose other users");
    ensure!(half != users("other-half"), "another salt chose the same users");
    Ok(())
}
