//! The shadows, from the best to the worst, and the ways in which their copies end.

use anyhow::{Result, ensure};

use crate::backend::Fault;
use crate::envoy::Update;
use crate::lab::Lab;

/// One of them.
pub(super) struct Shadow {
    /// What it does.
    pub name: &'static str,
    cluster: &'static str,
    timeout: &'static str,
    manner: Manner,
    /// In each of these ways some of its copies end, and in no other.
    pub ends: &'static [&'static str],
}

/// How it changes while the scripts are played.
enum Manner {
    Always(Fault),
    /// Answers each script's copies when the script is over.
    Slow,
    /// There with every other script.
    Flapping,
    /// Its cluster loses its endpoint after half of the scripts.
    Leaving,
}

const fn always(fault: Fault, name: &'static str, ends: &'static [&'static str]) -> Shadow {
    Shadow {
        name,
        cluster: "shadow",
        timeout: "60s",
        manner: Manner::Always(fault),
        ends,
    }
}

const OK: &str = "responses.2xx";
const NO_CAPACITY: &str = "dropped.no_capacity";
const RESET: &str = "failures.reset";
const TIMEOUT: &str = "failures.timeout";
const PROTOCOL: &str = "failures.protocol";

pub(super) const ALL: &[Shadow] = &[
    always(Fault::None, "answers", &[OK]),
    Shadow {
        manner: Manner::Slow,
        ..always(Fault::None, "answers when all is over", &[OK])
    },
    always(Fault::Unavailable, "answers 503", &["responses.5xx"]),
    always(Fault::Huge, "answers 40 MiB", &[RESET]),
    Shadow {
        timeout: "300ms",
        ..always(Fault::Deaf, "reads nothing", &[TIMEOUT])
    },
    Shadow {
        timeout: "300ms",
        ..always(Fault::Slow, "never answers", &[TIMEOUT])
    },
    always(Fault::Resets, "resets before its answer", &[RESET]),
    always(Fault::CutsShort, "resets in its answer", &[RESET]),
    always(Fault::Nonsense, "speaks no HTTP", &[PROTOCOL]),
    always(Fault::Down, "refuses connections", &["failures.connect"]),
    Shadow {
        manner: Manner::Flapping,
        ..always(Fault::None, "comes and goes", &[OK, "failures.connect"])
    },
    Shadow {
        cluster: "leaving",
        manner: Manner::Leaving,
        ..always(Fault::None, "loses its endpoint", &[OK, NO_CAPACITY])
    },
    Shadow {
        cluster: "narrow",
        timeout: "300ms",
        ..always(Fault::Deaf, "has a circuit breaker at 1", &[TIMEOUT, NO_CAPACITY])
    },
    Shadow {
        cluster: "nowhere",
        ..always(Fault::None, "has no cluster", &["dropped.cluster_missing"])
    },
];

// === impl Shadow ===

impl Shadow {
    /// The name of its mirror.
    pub(super) fn mirror(&self) -> String {
        self.name.replace(' ', "-").to_lowercase()
    }

    /// Whether it has read the copies that end in this way.
    pub(super) fn has_read(&self, end: &str) -> bool {
        match end {
            TIMEOUT => matches!(self.manner, Manner::Always(Fault::Slow)),
            other => [OK, "responses.5xx", RESET, PROTOCOL].contains(&other),
        }
    }

    /// It becomes the only shadow.
    pub(super) async fn enter(&self, lab: &Lab) -> Result<()> {
        let (name, cluster, timeout) = (self.mirror(), self.cluster, self.timeout);
        let plugin = format!("mirrors: [{{name: {name}, cluster: {cluster}, timeout: {timeout}}}]");
        ensure!(lab.update(&plugin).await? == Update::Accepted, "refused: {plugin}");
        let [shadow, _] = lab.hostile()?;
        match self.manner {
            Manner::Always(fault) => shadow.tell(fault).await,
            Manner::Leaving => lab.endpoints(self.cluster, &[shadow.address()]).await,
            Manner::Slow | Manner::Flapping => Ok(()),
        }
    }

    /// Before the script of this number, of so many.
    pub(super) async fn before(&self, lab: &Lab, number: usize, count: usize) -> Result<()> {
        let [shadow, _] = lab.hostile()?;
        match self.manner {
            Manner::Slow => shadow.tell(Fault::Slow).await,
            Manner::Flapping if number.is_multiple_of(2) => shadow.tell(Fault::None).await,
            Manner::Flapping => {
                shadow.tell(Fault::Down).await?;
                // Envoy has noticed.
                lab.wait_for_envoy("cluster.shadow.upstream_cx_active", 0).await
            }
            Manner::Leaving if number == count / 2 => lab.endpoints(self.cluster, &[]).await,
            Manner::Always(_) | Manner::Leaving => Ok(()),
        }
    }

    /// After a script.
    pub(super) async fn after(&self, lab: &Lab) -> Result<()> {
        if let Manner::Slow = self.manner {
            lab.hostile()?[0].tell(Fault::None).await?;
        }
        if !matches!(self.manner, Manner::Always(_)) {
            lab.settled().await?;
        }
        Ok(())
    }

    /// It goes, with whatever it has not read, and behaves again.
    pub(super) async fn leave(&self, lab: &Lab) -> Result<()> {
        let [shadow, _] = lab.hostile()?;
        shadow.tell(Fault::Down).await?;
        for cluster in ["shadow", "leaving", "narrow"] {
            // Envoy has noticed.
            lab.wait_for_envoy(&format!("cluster.{cluster}.upstream_cx_active"), 0)
                .await?;
        }
        shadow.tell(Fault::None).await
    }
}
