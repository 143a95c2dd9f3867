//! What a backend received, in order of arrival, and a way to wait for it.
//!
//! A request is in the journal from its first header on, so a case can act while its body is still under way.

use std::collections::VecDeque;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use hyper::StatusCode;
use hyper::http::request::Parts;
use serde_json::Value;
use tokio::sync::watch;

use super::received::{Progress, Received};

/// All that one backend received.
#[derive(Clone)]
pub struct Journal {
    entries: watch::Sender<Entries>,
}

struct Entries {
    /// The number of the first one kept.
    first: u64,
    kept: VecDeque<Received>,
    capacity: usize,
}

// === impl Journal ===

impl Journal {
    /// Keeps everything.
    pub fn unlimited() -> Self {
        Self::latest(usize::MAX)
    }

    /// Keeps the latest `capacity` requests.
    pub fn latest(capacity: usize) -> Self {
        Self {
            entries: watch::Sender::new(Entries {
                first: 0,
                kept: VecDeque::new(),
                capacity,
            }),
        }
    }

    /// The requests received to their end, in order of arrival.
    pub fn complete_ones(&self) -> Vec<Received> {
        self.entries
            .borrow()
            .kept
            .iter()
            .filter(|one| one.is_complete())
            .cloned()
            .collect()
    }

    /// The number of requests of which at least the headers came.
    pub fn len(&self) -> usize {
        self.entries.borrow().kept.len()
    }

    /// Whether nothing came.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Forgets what came so far.
    pub fn clear(&self) {
        self.entries.send_modify(|entries| {
            entries.first += entries.kept.len() as u64;
            entries.kept.clear();
        });
    }

    /// The first request with this [`TEST_ID`](super::TEST_ID).
    pub fn by_id(&self, id: &str) -> Option<Received> {
        self.entries
            .borrow()
            .kept
            .iter()
            .find(|one| one.id() == Some(id))
            .cloned()
    }

    /// Waits until `count` requests have come to their end, and returns all.
    pub async fn wait_for(&self, count: usize, patience: Duration) -> Result<Vec<Received>> {
        let what = format!("{count} complete requests");
        self.wait_until(&what, patience, |all| {
            all.iter().filter(|one| one.is_complete()).count() >= count
        })
        .await?;
        Ok(self.complete_ones())
    }

    /// Waits for the first request with this [`TEST_ID`](super::TEST_ID) to come to its end.
    pub async fn wait_for_id(&self, id: &str, patience: Duration) -> Result<Received> {
        let is_it = |one: &Received| one.id() == Some(id) && one.is_complete();
        self.wait_until(&format!("request {id}"), patience, |all| all.iter().any(is_it))
            .await?;
        self.complete_ones()
            .into_iter()
            .find(is_it)
            .context("a request vanished from the journal")
    }

    /// Waits until `condition` holds for what has come; `what` says it in an error.
    pub async fn wait_until(
        &self,
        what: &str,
        patience: Duration,
        condition: impl Fn(&VecDeque<Received>) -> bool,
    ) -> Result<()> {
        let mut watching = self.entries.subscribe();
        if tokio::time::timeout(patience, watching.wait_for(|entries| condition(&entries.kept)))
            .await
            .is_ok()
        {
            return Ok(());
        }
        let entries = self.entries.borrow();
        let complete = entries.kept.iter().filter(|one| one.is_complete()).count();
        bail!(
            "waited {patience:?} for {what}; {} came, {complete} of them to their end",
            entries.kept.len()
        )
    }

    /// All of it, for a person.
    pub fn to_json(&self, backend: &str) -> Value {
        self.entries
            .borrow()
            .kept
            .iter()
            .map(|one| one.to_json(backend))
            .collect()
    }

    pub(super) fn arrived(&self, head: &Parts) -> u64 {
        let mut id = 0;
        self.entries.send_modify(|entries| {
            if entries.kept.len() >= entries.capacity {
                entries.kept.pop_front();
                entries.first += 1;
            }
            id = entries.first + entries.kept.len() as u64;
            entries.kept.push_back(Received::new(head));
        });
        id
    }

    pub(super) fn chunk(&self, id: u64, chunk: &[u8]) {
        self.change(id, |one| one.take(chunk));
    }

    pub(super) fn complete(&self, id: u64) -> Option<Received> {
        let mut complete = None;
        self.change(id, |one| {
            one.progress = Progress::Complete;
            complete = Some(one.clone());
        });
        complete
    }

    pub(super) fn broken(&self, id: u64) {
        self.change(id, |one| one.progress = Progress::Broken);
    }

    pub(super) fn answered(&self, id: u64, status: StatusCode) {
        self.change(id, |one| one.progress = Progress::Answered(status));
    }

    fn change(&self, id: u64, change: impl FnOnce(&mut Received)) {
        self.entries.send_if_modified(|entries| {
            let index = id
                .checked_sub(entries.first)
                .and_then(|index| usize::try_from(index).ok());
            let one = index.and_then(|index| entries.kept.get_mut(index));
            one.map(change).is_some()
        });
    }
}

#[cfg(test)]
mod tests {
    use super::super::received::{TEST_ID, hash};
    use super::*;

    fn head(id: &str) -> Parts {
        let request = hyper::Request::builder()
            .uri("http://shop.example:80/a?b=c")
            .header(TEST_ID, id)
            .header("x-raw", &b"caf\xe9"[..]);
        request.body(()).expect("a request").into_parts().0
    }

    #[test]
    fn a_request_is_there_from_its_first_header_on() {
        let journal = Journal::unlimited();
        let id = journal.arrived(&head("one"));
        assert_eq!(journal.by_id("one").expect("it").progress, Progress::Receiving);
        journal.chunk(id, b"ab");
        journal.chunk(id, b"c");
        let received = journal.complete(id).expect("it");
        assert_eq!(
            (received.body_length, received.body_hash, received.body.as_slice()),
            (3, hash(b"abc"), &b"abc"[..])
        );
        assert_eq!(
            (received.path.as_str(), received.authority.as_str()),
            ("/a?b=c", "shop.example:80")
        );
        assert_eq!(received.text("x-raw").as_deref(), Some("caf\\xE9"));
    }

    #[test]
    fn the_oldest_give_way() {
        let journal = Journal::latest(2);
        for id in ["one", "two", "three"] {
            journal.arrived(&head(id));
        }
        assert_eq!(journal.len(), 2);
        assert!(journal.by_id("one").is_none() && journal.by_id("three").is_some());
        assert!(journal.complete(0).is_none());
        assert_eq!(journal.complete(2).expect("the third").id(), Some("three"));
    }

    #[tokio::test]
    async fn waiting_ends_with_what_is_missing() {
        let journal = Journal::unlimited();
        journal.arrived(&head("one"));
        let error = journal
            .wait_for(1, Duration::from_millis(1))
            .await
            .expect_err("it is not complete");
        assert_eq!(
            error.to_string(),
            "waited 1ms for 1 complete requests; 1 came, 0 of them to their end"
        );
    }
}
