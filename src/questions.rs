//! Questions to the host about a request. The streams of a root context share what earlier answers have shown, so that
//! a question costs as little as it can.

use std::cell::Cell;
use std::rc::Rc;

use crate::host;

/// What the answers of a root context have shown.
#[derive(Clone, Default)]
pub struct Questions(Rc<Shown>);

#[derive(Default)]
struct Shown {
    are_unnumbered: Cell<bool>,
    has_metadata: Cell<bool>,
}

// === impl Questions ===

impl Questions {
    /// Whether requests of the root context may be further attempts, so the host must be asked.
    pub fn may_be_retry(&self) -> bool {
        !self.0.are_unnumbered.get()
    }

    /// Whether the request is a further attempt for a request that has been here before.
    ///
    /// Behind the router each request has a number from 1 on. Before the router the number is absent or 0. A root
    /// context has one place, so its first request answers for all. (Two places with one plugin's name and
    /// configuration would share a root context: docs/limits.md.)
    pub fn is_retry(&self) -> bool {
        if !self.may_be_retry() {
            return false;
        }
        let attempt = number(host::ATTEMPT).unwrap_or(0);
        self.0.are_unnumbered.set(attempt == 0);
        attempt > 1
    }

    /// Whether an upstream is to answer the request: its route has a cluster that the proxy knows.
    ///
    /// In Envoy 1.40, reading the cluster's metadata takes a third of the instructions of reading its name if the
    /// cluster has no metadata, and more than the name if the cluster has some. Istio gives each cluster metadata.
    pub fn is_routed(&self) -> bool {
        if self.0.has_metadata.get() {
            return host::property(host::CLUSTER_NAME).is_some_and(|name| !name.is_empty());
        }
        let metadata = host::property(host::CLUSTER_METADATA);
        self.0
            .has_metadata
            .set(metadata.as_ref().is_some_and(|metadata| !metadata.is_empty()));
        metadata.is_some()
    }

    /// The port on which the proxy accepted the request. Returns `None` if the host does not know the port.
    pub fn port(&self) -> Option<u16> {
        number(host::DESTINATION_PORT)
    }
}

/// The value of a property that is a small number. Returns `None` if the host does not have the property.
fn number(property: &str) -> Option<u16> {
    let bytes = host::property(property)?;
    u64::from_le_bytes(bytes.try_into().ok()?).try_into().ok()
}
