//! `envoy-test demo`: a few hundred varied requests through a real Envoy, what the primary and the shadow got of them,
//! what the filter counted, and a share that changes while Envoy runs. Everything it claims it checks, and its exit
//! code says whether all held.

mod checks;
mod offer;
mod show;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU8, Ordering};

use anyhow::{Context as _, Result, ensure};

use crate::backend::{Behaviour, Echo, Journal};
use crate::client::Connection;
use crate::envoy::{self, Binaries, Bootstrap, Envoy, Update, filter_file};
use crate::lab;
use crate::ledger::{Ledger, Statistics};
use crate::terminal::Paint;
use crate::traffic::{self, Sent};
use checks::Checks;
use show::Show;

/// The mirror of `filter.yaml`.
const MIRROR: &str = "reviews-v2";
/// The share of the second half, in percent.
const SHARE: u64 = 25;
const REQUESTS_AT_SHARE: u64 = 400;

/// What the demo plays with.
struct Stage {
    envoy: Envoy,
    primary: Echo,
    shadow: Echo,
    show: Show,
    checks: Checks,
}

/// Plays the demo; true if everything held. `ending` is the exit code of an interruption: once everything was shown, it
/// is no failure.
pub async fn run(binaries: &Binaries, ending: &AtomicU8) -> Result<bool> {
    let mut stage = Stage::set(binaries).await?;
    let mut connection = Connection::http1(stage.envoy.listener()).await?;
    let everything = stage.mirror_everything(&mut connection).await?;
    stage.mirror_a_share(&mut connection, &everything, binaries).await?;
    stage.show.verdict(&stage.checks);
    let held = stage.checks.all_held();
    ending.store(u8::from(!held), Ordering::Relaxed);
    drop(connection);
    offer::make(&stage.envoy, binaries).await?;
    stage.envoy.stop().await?;
    Ok(held)
}

// === impl Stage ===

impl Stage {
    async fn set(binaries: &Binaries) -> Result<Self> {
        let show = Show::new(Paint::stdout());
        let backend = async |name| {
            Echo::start(
                name,
                SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
                Behaviour::default(),
                Journal::unlimited(),
            )
            .await
        };
        let (primary, shadow) = (backend("primary").await?, backend("shadow").await?);
        let options = envoy::Options {
            bootstrap: Bootstrap {
                clusters: vec![
                    ("primary", Some(primary.address())),
                    ("shadow", Some(shadow.address())),
                    ("shadow-b", Some(shadow.address())),
                ],
                ..Bootstrap::default()
            },
            filter: filter_file::filter_to_edit(&binaries.module),
            workers: 2,
        };
        let envoy = Envoy::start(binaries, &options).await?;
        let refused = envoy.admin().discovery().await?.refused;
        ensure!(
            refused == 0,
            "the filter refused its configuration:\n{}",
            envoy.log().tail(5).join("\n")
        );
        show.opening(envoy.listener(), primary.address(), shadow.address());
        Ok(Self {
            envoy,
            primary,
            shadow,
            show,
            checks: Checks::default(),
        })
    }

    /// Act one: varied requests, all of them mirrored.
    async fn mirror_everything(&mut self, connection: &mut Connection) -> Result<Statistics> {
        let sent = traffic::varied(self.envoy.listener(), connection).await?;
        let statistics = lab::settled(&self.envoy).await?;
        let ledger = statistics.mirror(MIRROR)?;
        self.show
            .heading(&format!("{} requests, percentage: 100", sent.answers.len()));
        self.show.kinds(&sent);

        for (title, id) in &sent.worth_showing {
            let of = |journal: &Journal| journal.by_id(id).with_context(|| format!("nobody received `{title}`"));
            self.show
                .pair(title, &of(self.primary.journal())?, &of(self.shadow.journal())?);
        }
        self.same_messages(&sent);
        self.show.ledger(ledger);
        let answered = sent.answers.iter().filter(|answer| answer.status == 200).count();
        self.checks.check(
            &format!(
                "the clients got all their answers: {answered} of {}",
                sent.answers.len()
            ),
            answered == sent.answers.len(),
        );
        self.checks.equal(
            "requests that the filter matched",
            ledger.matched,
            sent.answers.len() as u64,
        );
        self.balances(ledger);
        self.show.checks(&self.checks);
        Ok(statistics)
    }

    /// Act two: the share changes while Envoy runs.
    async fn mirror_a_share(
        &mut self,
        connection: &mut Connection,
        before: &Statistics,
        binaries: &Binaries,
    ) -> Result<()> {
        let file =
            filter_file::filter_to_edit(&binaries.module).replace("percentage: 100", &format!("percentage: {SHARE}"));
        let update = self.envoy.update(&file).await?;
        ensure!(
            update == Update::Accepted,
            "the new percentage was refused:\n{}",
            self.envoy.log().tail(5).join("\n")
        );
        for number in 0..REQUESTS_AT_SHARE {
            connection.get(&format!("/reviews/{number}")).await?.expect_ok()?;
        }
        let after = lab::settled(&self.envoy).await?;
        let (ledger, earlier) = (after.mirror(MIRROR)?, before.mirror(MIRROR)?);
        let sent = ledger.sent - earlier.sent;

        let from = self.checks.len();
        self.show.heading(&format!(
            "{REQUESTS_AT_SHARE} more, percentage: {SHARE}, changed in filter.yaml while Envoy runs"
        ));
        self.show.share(sent, REQUESTS_AT_SHARE, SHARE);
        self.show.ledger(ledger);
        // Six standard deviations: a right filter fails once in a billion demos.
        let (mean, deviation) = (
            REQUESTS_AT_SHARE * SHARE / 100,
            (REQUESTS_AT_SHARE as f64 * 0.25 * 0.75).sqrt(),
        );
        let is_share = (sent.abs_diff(mean) as f64) < 6.0 * deviation;
        self.checks.check(
            &format!("about {SHARE} % were mirrored: {sent} of {REQUESTS_AT_SHARE}"),
            is_share,
        );
        self.checks
            .check("the client's connection stayed open", connection.is_open());
        self.checks
            .check("no counter went back", after.assert_not_behind(before).is_ok());
        self.balances(ledger);
        self.show.checks_from(&self.checks, from);
        Ok(())
    }

    /// What the shadow received is what the primary received, request by request.
    fn same_messages(&mut self, sent: &Sent) {
        let mut same = 0;
        for answer in &sent.answers {
            let (Some(primary), Some(shadow)) = (
                self.primary.journal().by_id(&answer.id),
                self.shadow.journal().by_id(&answer.id),
            ) else {
                continue;
            };
            same += u64::from(lab::assert_same(&primary, &shadow).is_ok());
        }
        let received = self.shadow.journal().complete_ones().len() as u64;
        self.checks.equal(
            "copies that equal their original but for authority and marker",
            same,
            received,
        );
    }

    fn balances(&mut self, ledger: &Ledger) {
        for balance in ledger.balances() {
            self.checks.check(&balance.to_string(), balance.holds());
        }
        let received = self.shadow.journal().complete_ones().len() as u64;
        self.checks
            .equal("copies that the shadow received, against `sent`", received, ledger.sent);
    }
}
