//! The backends of a lab that compares: one for each cluster, and none of them parses more than it must.

use std::net::SocketAddr;

use anyhow::Result;

use crate::envoy::side_by_side::SideBySide;
use crate::wire::Recorder;

/// Five of them: behind the listener with the filter, the one with Envoy's own mirror, and the one with neither.
pub struct Recorders {
    pub primary: Recorder,
    pub shadow: Recorder,
    pub native_primary: Recorder,
    pub native_shadow: Recorder,
    pub plain_primary: Recorder,
    manager: &'static str,
}

// === impl Recorders ===

impl Recorders {
    pub(super) async fn start(manager: &'static str) -> Result<Self> {
        Ok(Self {
            primary: Recorder::start().await?,
            shadow: Recorder::start().await?,
            native_primary: Recorder::start().await?,
            native_shadow: Recorder::start().await?,
            plain_primary: Recorder::start().await?,
            manager,
        })
    }

    /// Where the cluster's recorder listens; `address` if the cluster has none.
    pub(super) fn behind(&self, cluster: &str, address: Option<SocketAddr>) -> Option<SocketAddr> {
        match cluster {
            "primary" => Some(self.primary.address()),
            "shadow" => Some(self.shadow.address()),
            _ => address,
        }
    }

    pub(super) fn addresses(&self) -> SideBySide {
        SideBySide {
            manager: self.manager,
            native_primary: self.native_primary.address(),
            native_shadow: self.native_shadow.address(),
            plain_primary: self.plain_primary.address(),
        }
    }
}
