//! The differential test: each request goes through three listeners of one Envoy, with the filter, with Envoy's own
//! mirror, and with neither. The shadows must receive the same but for the stated [`exceptions`]; primaries and clients
//! must not notice anything.

pub mod exceptions;
pub mod requests;

use std::collections::BTreeSet;
use std::net::SocketAddr;

use anyhow::{Context as _, Result, anyhow, ensure};

use crate::envoy::side_by_side::{NATIVE, PLAIN};
use crate::lab::{Lab, PATIENCE, Recorders};
use crate::wire::{DATE, Message, Outgoing, Protocol, send};
use requests::{Request, all};

/// The three listeners and the backends behind them.
struct Comparison<'a> {
    ours: SocketAddr,
    native: SocketAddr,
    plain: SocketAddr,
    recorders: &'a Recorders,
    is_traced: bool,
}

/// What came of all requests.
#[derive(Debug, Default)]
struct Tally {
    matched: u64,
    sent: u64,
    /// The exceptions without which the shadows' requests would differ.
    needed: BTreeSet<&'static str>,
}

/// Sends every request over both protocols; `expected` are the exceptions that must turn out to be needed.
pub async fn prove(lab: &Lab, expected: &[&str]) -> Result<()> {
    let comparison = Comparison {
        ours: lab.envoy.listener(),
        native: lab.envoy.admin().listener(NATIVE).await?,
        plain: lab.envoy.admin().listener(PLAIN).await?,
        recorders: lab.recorders()?,
        is_traced: expected.contains(&"tracing"),
    };
    let (mut tally, mut differences) = (Tally::default(), Vec::new());
    for protocol in [Protocol::Http1, Protocol::Http2] {
        for request in all().iter().filter(|request| request.is_for(protocol)) {
            if let Err(error) = comparison.request(request, protocol, &mut tally).await {
                differences.push(format!("{} over {protocol:?}: {error:#}", request.name));
            }
        }
    }
    ensure!(differences.is_empty(), "{}", differences.join("\n"));
    ensure!(
        tally.needed == expected.iter().copied().collect(),
        "needed were the exceptions {:?}",
        tally.needed
    );
    let statistics = lab.settled().await?;
    let copies = statistics.mirror("copy")?;
    ensure!(
        (copies.matched, copies.sent) == (tally.matched, tally.sent),
        "expected {tally:?}, counted {copies:?}"
    );
    comparison.nothing_else_came()
}

// === impl Comparison ===

impl Comparison<'_> {
    async fn request(&self, request: &Request, protocol: Protocol, tally: &mut Tally) -> Result<()> {
        let (id, outgoing) = request.identified(protocol);
        let answer = answered(self.ours, protocol, &outgoing).await?;
        let plain = answered(self.plain, protocol, &outgoing).await?;
        ensure!(
            answer == plain,
            "the client notices the filter\n  with:{}\n  without:{}",
            answer.show(),
            plain.show()
        );
        let native = answered(self.native, protocol, &outgoing).await?;
        let is_refused = answer.values("date") != [DATE.as_bytes()];
        ensure!(
            is_refused == request.is_refused && native.head.first() == answer.head.first(),
            "the client got{}\n  native{}",
            answer.show(),
            native.show()
        );
        if is_refused {
            return Ok(());
        }
        let mut primary = self
            .recorders
            .primary
            .wait_for(&id, PATIENCE)
            .await
            .context("the primary")?;
        let mut plain = self
            .recorders
            .plain_primary
            .wait_for(&id, PATIENCE)
            .await
            .context("the plain primary")?;
        if self.is_traced {
            // Each request is a span of its own, so its number is never the same.
            let spans = (primary.remove("traceparent"), plain.remove("traceparent"));
            ensure!(spans == (1, 1), "no spans: {spans:?}");
        }
        ensure!(
            primary == plain,
            "the primary notices the filter\n  with:{}\n  without:{}",
            primary.show(),
            plain.show()
        );
        let native = self
            .recorders
            .native_shadow
            .wait_for(&id, PATIENCE)
            .await
            .context("the native shadow")?;
        tally.matched += 1;
        if request.native_only.is_some() {
            return Ok(());
        }
        tally.sent += 1;
        let ours = self
            .recorders
            .shadow
            .wait_for(&id, PATIENCE)
            .await
            .context("our shadow")?;
        let needed = exceptions::compare(native, ours).map_err(|difference| anyhow!("{difference}"))?;
        tally.needed.extend(needed);
        Ok(())
    }

    /// Each request came once to each backend; the ones that native alone mirrors did not come to our shadow.
    fn nothing_else_came(&self) -> Result<()> {
        let mut expected = [BTreeSet::new(), BTreeSet::new()];
        for protocol in [Protocol::Http1, Protocol::Http2] {
            for request in all() {
                if request.is_for(protocol) && !request.is_refused {
                    let (id, _) = request.identified(protocol);
                    if request.native_only.is_none() {
                        expected[0].insert(id.clone());
                    }
                    expected[1].insert(id);
                }
            }
        }
        let [ours, all] = expected;
        for (name, recorder, expected) in [
            ("our shadow", &self.recorders.shadow, ours),
            ("the native shadow", &self.recorders.native_shadow, all.clone()),
            ("our primary", &self.recorders.primary, all.clone()),
            ("the plain primary", &self.recorders.plain_primary, all),
        ] {
            let mut ids = recorder.ids();
            ids.sort();
            ensure!(
                ids == expected.into_iter().collect::<Vec<_>>(),
                "{name} received {ids:?}"
            );
        }
        Ok(())
    }
}

/// The answer, without what depends on the clock: how long the upstream took and, where Envoy itself answers, the date.
async fn answered(address: SocketAddr, protocol: Protocol, outgoing: &Outgoing) -> Result<Message> {
    let mut answer = send(address, protocol, outgoing).await?;
    for line in &mut answer.head {
        let is_late = line.starts_with(b"date: ") && !line.ends_with(DATE.as_bytes());
        if is_late || line.starts_with(b"x-envoy-upstream-service-time: ") {
            let end = line.iter().position(|byte| *byte == b':').map_or(0, |at| at + 2);
            line.truncate(end);
        }
    }
    Ok(answer)
}
