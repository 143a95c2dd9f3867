//! HTTP callouts as Envoy makes them (`Context::httpCall`): what is refused at once, and what is sent and waits for its
//! reply. A callout belongs to the root context, so it outlives the stream, and dies with its root.

use std::collections::BTreeMap;

use super::abi::{Pairs, Status, first};

/// What the proxy knows of a cluster. One it knows nothing of is refused with `BadArgument`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cluster {
    Ready,
    /// No healthy endpoint, or a full circuit breaker: refused with `InternalFailure`.
    Full,
}

/// One call that the filter made and Envoy took.
#[derive(Debug, Clone)]
pub(crate) struct Callout {
    pub(crate) token: u32,
    /// The root context that the reply goes to.
    pub(crate) root: u32,
    /// The callback during which it was made, and the context that was current then.
    pub(crate) during: (&'static str, u32),
    pub(crate) cluster: String,
    /// As the filter handed them over.
    pub(crate) headers: Pairs,
    pub(crate) body: Vec<u8>,
    pub(crate) timeout_ms: u32,
}

/// All callouts of one VM.
#[derive(Debug, Default)]
pub(crate) struct Callouts {
    pub(crate) clusters: BTreeMap<String, Cluster>,
    /// Everything that was sent, in order.
    pub(crate) sent: Vec<Callout>,
    /// What waits for a reply: token and root.
    pub(crate) pending: BTreeMap<u32, u32>,
    /// What ended because its root was deleted.
    pub(crate) cancelled: Vec<u32>,
}

// === impl Callouts ===

impl Callouts {
    /// Sends, or says why not. The token is filled in.
    pub(crate) fn send(&mut self, mut call: Callout) -> Result<u32, Status> {
        if i32::try_from(call.timeout_ms).is_err() {
            return Err(Status::BadArgument);
        }
        let cluster = self.clusters.get(&call.cluster).ok_or(Status::BadArgument)?;
        let has = |name| first(&call.headers, name).is_some();
        if !has(":path") || !has(":method") || !(has(":authority") || has("host")) {
            return Err(Status::BadArgument);
        }
        if *cluster == Cluster::Full {
            return Err(Status::InternalFailure);
        }
        call.token = 4 * (self.sent.len() as u32 + 1);
        self.pending.insert(call.token, call.root);
        self.sent.push(call);
        Ok(self.sent.len() as u32 * 4)
    }

    /// Ends what a deleted root had pending.
    pub(crate) fn cancel(&mut self, root: u32) {
        let (gone, stay) = std::mem::take(&mut self.pending)
            .into_iter()
            .partition(|(_, owner)| *owner == root);
        self.pending = stay;
        let gone: BTreeMap<u32, u32> = gone;
        self.cancelled.extend(gone.into_keys());
    }
}

// === impl Callout ===

impl Callout {
    /// The first value of a header.
    pub(crate) fn header(&self, name: &str) -> Option<&[u8]> {
        first(&self.headers, name)
    }

    /// All values of a header.
    pub(crate) fn values(&self, name: &str) -> Vec<&[u8]> {
        let named = self
            .headers
            .iter()
            .filter(|(candidate, _)| candidate == name.as_bytes());
        named.map(|(_, value)| value.as_slice()).collect()
    }

    /// The names of the headers, in order.
    pub(crate) fn names(&self) -> Vec<String> {
        self.headers
            .iter()
            .map(|(name, _)| String::from_utf8_lossy(name).into_owned())
            .collect()
    }
}
