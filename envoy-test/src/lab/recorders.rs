//! The backends of a lab that compares: one for each cluster, and none of them parses more than it must.

use std::net::SocketAddr;

use anyhow::Result;

use crate::backend::{Fault, Hostile};
use crate::conversation::Stage;
use crate::envoy::side_by_side::SideBySide;
use crate::wire::Recorder;

/// Five of them: behind the listener with the filter, the one with Envoy's own mirror, and the one with neither.
pub struct Recorders {
    pub primary: Recorder,
    pub shadow: Recorder,
    pub native_primary: Recorder,
    pub native_shadow: Recorder,
    pub plain_primary: Recorder,
    /// With [`super::Setup::conversations`], these stand in the places of `primary` and `plain_primary`.
    pub stages: Option<[Stage; 2]>,
    /// With [`super::Setup::hostile_shadows`], these stand in the places of `shadow` and `native_shadow`.
    pub hostile: Option<[Hostile; 2]>,
    manager: &'static str,
}

// === impl Recorders ===

impl Recorders {
    pub(super) async fn start(manager: &'static str, conversations: bool, hostile: Option<Fault>) -> Result<Self> {
        let hostile = match hostile {
            Some(fault) => Some([Hostile::start(fault).await?, Hostile::start(fault).await?]),
            None => None,
        };
        let stages = match conversations {
            true => Some([Stage::open().await?, Stage::open().await?]),
            false => None,
        };
        Ok(Self {
            stages,
            hostile,
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
            "primary" => Some(self.primaries()[0]),
            "shadow" => Some(self.shadows()[0]),
            _ => address,
        }
    }

    pub(super) fn addresses(&self) -> SideBySide {
        SideBySide {
            manager: self.manager,
            native_primary: self.native_primary.address(),
            native_shadow: self.shadows()[1],
            plain_primary: self.primaries()[1],
        }
    }

    /// Where the shadows listen: of the filter, and of Envoy's own mirror.
    fn shadows(&self) -> [SocketAddr; 2] {
        match &self.hostile {
            Some(hostile) => hostile.each_ref().map(Hostile::address),
            None => [self.shadow.address(), self.native_shadow.address()],
        }
    }

    /// Where the primaries listen: behind the filter, and behind nothing.
    fn primaries(&self) -> [SocketAddr; 2] {
        match &self.stages {
            Some(stages) => stages.each_ref().map(Stage::address),
            None => [self.primary.address(), self.plain_primary.address()],
        }
    }
}
