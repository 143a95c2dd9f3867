//! One trap, and everybody who is under way when it happens.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use hyper::Method;
use hyper::body::Bytes;
use tokio::time::Instant;

use crate::backend::TRAP;
use crate::client::Ask;
use crate::lab::{Lab, PATIENCE};
use crate::ledger::Ledger;

/// Where the filter traps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    RequestHeaders,
    RequestBody,
    PrimaryAnswer,
    /// In the root context, when its request may be long over.
    ShadowAnswer,
}

/// What became of everybody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Seen {
    /// The status of the request in which it happened; none if it happened in no request.
    at_hand: Option<u16>,
    /// An upload that had no answer yet.
    asked: u16,
    /// An upload whose answer had begun: whether it came to its end.
    answered: bool,
    /// The request after the trap.
    next: u16,
    /// Whether there are copies again, without anybody's doing.
    comes_back: bool,
}

// === impl Place ===

impl Place {
    pub(super) const ALL: [Self; 4] = [
        Self::RequestHeaders,
        Self::RequestBody,
        Self::PrimaryAnswer,
        Self::ShadowAnswer,
    ];

    /// The callback, as Envoy's log names it after `proxy_on_`.
    pub(super) fn callback(self) -> &'static str {
        match self {
            Self::RequestHeaders => "request_headers",
            Self::RequestBody => "request_body",
            Self::PrimaryAnswer => "response_headers",
            Self::ShadowAnswer => "http_call_response",
        }
    }

    /// The request that leads to it. Its copy, if it was sent, is not answered before.
    fn ask(self) -> Ask {
        match self {
            Self::RequestHeaders => Ask::get("/").header(TRAP, "yes"),
            Self::RequestBody => Ask::post("/", "trap!"),
            Self::PrimaryAnswer => Ask::get("/?primary.trap&shadow.silent"),
            Self::ShadowAnswer => Ask::get("/?shadow.trap"),
        }
    }

    /// What the trapped VM has written stays on the gauges, and both balances hold with it. What the VM counted for the
    /// request at hand is written only if a tick came before the trap.
    fn assert_left(self, left: &Ledger) -> Result<()> {
        let at_hand = match self {
            Self::RequestHeaders => (0, 0),
            Self::RequestBody => (1, 0),
            Self::PrimaryAnswer | Self::ShadowAnswer => (0, 1),
        };
        let gauges = (left.gauge("collecting"), left.gauge("in_flight"));
        ensure!(
            [(2, 1), (2 + at_hand.0, 1 + at_hand.1)].contains(&gauges) && left.gauge("buffered_bytes") > 0,
            "{self:?} left {left:#?}"
        );
        left.assert_balanced()
    }
}

// === impl Seen ===

impl Seen {
    /// Both together, if they differ in nothing but that there was no request at hand.
    pub(super) fn and(self, other: &Self) -> Result<Self> {
        let mut both = self;
        both.at_hand = both.at_hand.or(other.at_hand);
        let same = Self {
            at_hand: other.at_hand.or(both.at_hand),
            ..other.clone()
        };
        ensure!(both == same, "elsewhere {both:?}, and here {other:?}");
        Ok(both)
    }

    /// One row of the document's table.
    pub(super) fn row(&self, policy: &str) -> String {
        let at_hand = self.at_hand.unwrap_or_default();
        let answered = if self.answered { "comes to its end" } else { "cut off" };
        let back = if self.comes_back { "comes back" } else { "stays away" };
        format!(
            "| {policy} | {at_hand} | {} | {answered} | {} | {back} |\n",
            self.asked, self.next
        )
    }
}

/// The plugin configuration with a mirror of this name.
pub(super) fn plugin(mirror: &str) -> String {
    format!("mirrors: [{{name: {mirror}, cluster: shadow, timeout: 60s}}]")
}

/// Has the filter, whose mirror has this name, trap there. Whether it reloads itself afterwards is told, so that this
/// is waited for.
pub(super) async fn trap(lab: &Lab, mirror: &str, place: Place, reloads: bool) -> Result<Seen> {
    ensure!(is_mirrored(lab, mirror).await?, "no copy before the trap");
    // Its answer is awaited until the trap, and never comes.
    let mut asking = lab.connect().await?;
    asking.get("/?shadow.silent").await?.expect_ok()?;
    let upload = |path: &str| {
        let ask = Ask::new(Method::POST, &format!("/{mirror}/{path}"));
        ask.header("content-length", "10").upload(1)
    };
    let (ask, mut asked) = upload("asked");
    let trapping = async {
        asked.send_data(Bytes::from_static(b"first")).await?;
        let (ask, mut answered) = upload("answered?primary.meanwhile");
        answered.send_data(Bytes::from_static(b"first")).await?;
        let answer = lab.connect().await?.open(ask).await?;
        lab.statistics_when("two copies are collected", |now| {
            now.mirror(mirror)
                .is_ok_and(|ledger| ledger.gauge("collecting") == 2 && ledger.gauge("in_flight") == 1)
        })
        .await?;

        let line = format!("Function: proxy_on_{} failed", place.callback());
        let before = lab.envoy.log().lines_with(&line).len();
        let at_hand = lab.connect().await?.send(place.ask()).await?.status.as_u16();
        let log = lab.envoy.log();
        log.wait_until(&line, PATIENCE, |lines| {
            lines.iter().filter(|one| one.contains(&line)).count() > before
        })
        .await?;
        let left = lab.statistics_shown().await?.mirror(mirror)?.clone();
        let next = lab.connect().await?.get("/next").await?.status.as_u16();
        for upload in [&mut asked, &mut answered] {
            // Whose request was ended has nobody to send it to.
            let _ = upload.send_data(Bytes::from_static(b", end")).await;
        }
        let answered = answer
            .rest()
            .await
            .is_ok_and(|answer| answer.body == "go on, thank you");
        anyhow::Ok((at_hand, left, next, answered))
    };
    let (asked, seen) = tokio::join!(asking.send(ask), trapping);
    let (at_hand, left, next, answered) = seen?;
    let asked = asked.context("the upload without an answer")?.status.as_u16();

    place.assert_left(&left)?;
    // Everybody has gone, and nothing more was counted. Histograms are merged a little later than counters.
    let mut after = lab.statistics_shown().await?.mirror(mirror)?.clone();
    after.recorded.clone_from(&left.recorded);
    ensure!(after == left, "the statistics moved: {left:#?}\n{after:#?}");
    if reloads {
        serves_again(lab).await?;
    }
    Ok(Seen {
        at_hand: (place != Place::ShadowAnswer).then_some(at_hand),
        asked,
        answered,
        next,
        comes_back: is_mirrored(lab, mirror).await?,
    })
}

/// Whether a request is copied now, and the shadow's answer counted.
pub(in super::super) async fn is_mirrored(lab: &Lab, mirror: &str) -> Result<bool> {
    let before = lab.statistics().await?.mirror(mirror)?.clone();
    let answer = lab.connect().await?.get("/").await?;
    if lab.statistics().await?.mirror(mirror)?.matched == before.matched {
        return Ok(false);
    }
    lab.shadow.journal().wait_for_id(&answer.id, PATIENCE).await?;
    // The answer to the copy of an earlier request may still have been on its way.
    let answered = |ledger: &Ledger| ledger.responses("2xx") > before.responses("2xx");
    lab.statistics_when("the copy is answered", |now| now.mirror(mirror).is_ok_and(answered))
        .await?;
    Ok(true)
}

/// Waits until a request is answered by the primary.
async fn serves_again(lab: &Lab) -> Result<()> {
    let deadline = Instant::now() + PATIENCE;
    while lab.connect().await?.get("/").await?.status != 200 {
        ensure!(Instant::now() < deadline, "Envoy does not load the filter again");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Ok(())
}
