//! What a case works in: an Envoy of its own, a primary, two shadows, and the filter with the case's configuration.

mod recorders;
mod refusals;
mod same;
mod setup;

pub use recorders::Recorders;
pub use refusals::PLUGIN;
pub use same::assert_same;
pub use setup::{Setup, Shadow};

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use tokio::time::Instant;

use crate::backend::{Behaviour, Echo, Hostile, Journal, RawBackend, Received, Refusing};
use crate::client::{Answer, Connection};
use crate::envoy::{self, Binaries, Bootstrap, Envoy, Update};
use crate::ledger::{self, Statistics};
use crate::mirrorctl::{Mirrorctl, of_envoys};
use crate::onlooker::Pane;
use crate::prometheus::Prometheus;

/// For whatever should happen at once, on the busiest machine.
pub const PATIENCE: Duration = Duration::from_secs(20);
const TICK: Duration = Duration::from_millis(20);

/// The filter writes its statistics in ticks, at most a quarter of a second apart. Envoy does not show a tick. So
/// statistics that have not moved for two ticks have everything that was counted before.
const STILL: Duration = Duration::from_millis(500);

/// One Envoy with all that surrounds it.
pub struct Lab {
    pub primary: Echo,
    pub shadow: Echo,
    pub shadow_b: Echo,
    /// Behind the cluster `shadow` instead of the echo, with [`Shadow::Raw`].
    pub raw_shadow: RawBackend,
    pub envoy: Envoy,
    recorders: Option<Recorders>,
    setup: Setup,
    module: PathBuf,
    binaries: Binaries,
    options: envoy::Options,
    _refusing: Refusing,
}

// === impl Lab ===

impl Lab {
    /// Starts everything, and waits until it serves.
    pub async fn start(binaries: &Binaries, setup: Setup) -> Result<Self> {
        let echo = async |name, behaviour| {
            Echo::start(
                name,
                SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
                behaviour,
                Journal::unlimited(),
            )
            .await
        };
        let primary = echo("primary", Behaviour::default()).await?;
        let shadow = echo("shadow", setup.shadow_default.clone()).await?;
        let shadow_b = echo("shadow-b", Behaviour::default()).await?;
        let (raw_shadow, refusing) = (RawBackend::start().await?, Refusing::start()?);
        let behind_shadow = match setup.shadow {
            Shadow::Echo => Some(shadow.address()),
            Shadow::Raw => Some(raw_shadow.address()),
            Shadow::Refusing => Some(refusing.address()?),
            Shadow::Nobody => None,
        };
        let recorders = match setup.side_by_side {
            Some(manager) => Some(Recorders::start(manager, setup.conversations, setup.hostile_shadows).await?),
            None => None,
        };
        let module = module(binaries, setup.traps)?;
        let behind = |name, address| recorders.as_ref().map_or(address, |all| all.behind(name, address));
        let options = envoy::Options {
            bootstrap: Bootstrap {
                clusters: vec![
                    ("primary", behind("primary", Some(primary.address()))),
                    ("shadow", behind("shadow", behind_shadow)),
                    ("shadow-b", Some(shadow_b.address())),
                ],
                more_clusters: setup.clusters,
                routes: setup.routes,
                filters: setup
                    .filters
                    .map(|filters| filters.replace(envoy::filter_file::MODULE, &module.to_string_lossy())),
                second_listener: setup.second_listener,
                http2_tunnels: setup.http2_tunnels,
                http2_upstreams: setup.http2_upstreams,
                behind_the_router: setup.behind_the_router,
                side_by_side: recorders.as_ref().map(Recorders::addresses),
                statistics: setup.statistics,
                discovered_listeners: setup.discovered_listeners,
                ..Bootstrap::default()
            },
            filter: envoy::filter_file::filter(&module, &setup.plugin()?, setup.shape)?,
            workers: setup.workers,
        };
        let envoy = Envoy::start(binaries, &options).await?;
        let lab = Self {
            primary,
            shadow,
            shadow_b,
            raw_shadow,
            envoy,
            recorders,
            setup,
            module,
            binaries: binaries.clone(),
            options,
            _refusing: refusing,
        };
        lab.assert_started_as_expected().await?;
        Ok(lab)
    }

    /// Checks that Envoy accepted the first configuration, and waits until the filter refuses it if the case expects
    /// that.
    async fn assert_started_as_expected(&self) -> Result<()> {
        let log = || self.envoy.log().tail(4).join("\n");
        ensure!(
            self.envoy.admin().discovery().await?.refused == 0,
            "Envoy refused the configuration at the start: {}",
            log()
        );
        if self.setup.refused {
            self.wait_for_refusals(&[PLUGIN], 1).await?;
        }
        Ok(())
    }

    /// Starts another Envoy like the lab's own, before the same backends.
    pub async fn another_envoy(&self) -> Result<Envoy> {
        Envoy::start(&self.binaries, &self.options).await
    }

    /// The command line tool, as `make build` leaves it.
    pub fn mirrorctl(&self) -> Result<Mirrorctl> {
        Mirrorctl::find(&self.binaries.mirrorctl)
    }

    /// Opens a terminal in which `mirrorctl watch` looks at this mirror by this admin interface, before the first
    /// request.
    pub async fn pane(&self, mirror: &str, envoy: SocketAddr) -> Result<Pane> {
        let what = [vec![mirror.to_owned()], of_envoys(&[envoy])].concat();
        let command = self.mirrorctl()?.words("watch", &what);
        Pane::open(&self.binaries.tmux, &command).await
    }

    /// Starts a Prometheus that scrapes these.
    pub async fn prometheus(&self, envoys: &[&Envoy]) -> Result<Prometheus> {
        let program = self.binaries.prometheus.as_ref();
        let program = program
            .context("no Prometheus: set PROMETHEUS_PATH or pass --prometheus (`make test-envoy` fetches one)")?;
        let envoys: Vec<_> = envoys.iter().map(|envoy| envoy.admin().address).collect();
        Prometheus::start(program, &envoys).await
    }

    /// The backends of [`Setup::side_by_side`].
    pub fn recorders(&self) -> Result<&Recorders> {
        self.recorders.as_ref().context("the case asked for no recorders")
    }

    /// A new HTTP/1 connection to Envoy.
    pub async fn connect(&self) -> Result<Connection> {
        Connection::http1(self.envoy.listener()).await
    }

    /// A new HTTP/1 connection to Envoy's second listener.
    pub async fn connect_to_second(&self) -> Result<Connection> {
        Connection::http1(self.envoy.admin().listener(envoy::bootstrap::SECOND).await?).await
    }

    /// A new HTTP/2 connection to Envoy.
    pub async fn connect_http2(&self) -> Result<Connection> {
        Connection::http2(self.envoy.listener()).await
    }

    /// Gives the filter a new plugin configuration while Envoy runs.
    pub async fn update(&self, plugin_yaml: &str) -> Result<Update> {
        self.envoy
            .update(&envoy::filter_file::filter(
                &self.module,
                &setup::parse(plugin_yaml)?,
                self.setup.shape,
            )?)
            .await
    }

    /// The same with another module, so that Envoy replaces the VM: the filter's own, with a note at its end that
    /// nobody reads.
    pub async fn update_with_new_module(&self, plugin_yaml: &str, note: &str) -> Result<Update> {
        let mut module = std::fs::read(&self.module)?;
        // A custom section: its number, the length of what follows, the length of its name, its name.
        let length = u8::try_from(note.len())?;
        module.extend([0, length + 1, length]);
        module.extend(note.as_bytes());
        let path = self.envoy.folder().join(format!("{note}.wasm"));
        std::fs::write(&path, module)?;
        self.envoy
            .update(&envoy::filter_file::filter(
                &path,
                &setup::parse(plugin_yaml)?,
                self.setup.shape,
            )?)
            .await
    }

    /// The same in a VM of its own, with what else the plugin's `failure` mapping says, as YAML; none is what is
    /// shipped.
    pub async fn update_with_new_vm(&self, plugin_yaml: &str, vm: &str, failure: Option<&str>) -> Result<Update> {
        let filter = envoy::filter_file::filter(&self.module, &setup::parse(plugin_yaml)?, self.setup.shape)?;
        self.envoy
            .update(&envoy::filter_file::with_vm(&filter, vm, failure)?)
            .await
    }

    /// The shadows of [`Setup::hostile_shadows`]: the filter's, and that of Envoy's own mirror.
    pub fn hostile(&self) -> Result<&[Hostile; 2]> {
        let hostile = self.recorders()?.hostile.as_ref();
        hostile.context("the case asked for no hostile shadows")
    }

    /// Gives the cluster of this name, whose endpoints are discovered, these endpoints. One cluster at a time can be
    /// discovered.
    pub async fn endpoints(&self, cluster: &str, endpoints: &[SocketAddr]) -> Result<()> {
        self.envoy.discover(&envoy::clusters::endpoints(cluster, endpoints))?;
        let count = endpoints.len() as u64;
        self.wait_for_envoy(&format!("cluster.{cluster}.membership_total"), count)
            .await
    }

    /// Waits until a statistic of Envoy itself, by its whole name, has this value.
    pub async fn wait_for_envoy(&self, name: &str, value: u64) -> Result<()> {
        let what = format!("{name} to be {value}");
        self.wait_for_statistics(&what, name, |values| values == [value]).await
    }

    /// Waits until Envoy holds up who sends to this cluster, because the cluster does not take what there is already.
    pub async fn wait_for_backpressure(&self, cluster: &str) -> Result<()> {
        // In the order of their names: backed up, drained.
        let names = format!("cluster.{cluster}.upstream_flow_control_(backed_up|drained)_total");
        let is_held = |values: &[u64]| matches!(values, [backed_up, drained] if backed_up > drained);
        let what = format!("{cluster} to be too slow");
        self.wait_for_statistics(&what, &names, is_held).await
    }

    async fn wait_for_statistics(&self, what: &str, names: &str, condition: impl Fn(&[u64]) -> bool) -> Result<()> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let text = self.envoy.admin().get(&format!("/stats?filter=^{names}$")).await?;
            let values = text.lines().filter_map(|line| line.rsplit_once(": ")?.1.parse().ok());
            if condition(&values.collect::<Vec<_>>()) {
                return Ok(());
            }
            ensure!(Instant::now() < deadline, "waited {PATIENCE:?} for {what}: {text}");
            tokio::time::sleep(TICK).await;
        }
    }

    /// What Envoy shows now. The filter may have counted more and not written it yet.
    pub async fn statistics_shown(&self) -> Result<Statistics> {
        statistics(&self.envoy).await
    }

    /// What the filter has counted up to now, once nothing moves any more.
    pub async fn statistics(&self) -> Result<Statistics> {
        still(&self.envoy, "nothing is counted any more", |_| true).await
    }

    /// What it has counted once no copy is under way any more.
    pub async fn settled(&self) -> Result<Statistics> {
        settled(&self.envoy).await
    }

    /// What it has counted once `condition` holds; `what` says it in an error.
    pub async fn statistics_when(&self, what: &str, condition: impl Fn(&Statistics) -> bool) -> Result<Statistics> {
        statistics_when(&self.envoy, what, condition).await
    }

    /// What the primary and the shadow received of the request that got this answer.
    pub async fn pair(&self, answer: &Answer) -> Result<(Received, Received)> {
        let primary = self
            .primary
            .journal()
            .wait_for_id(&answer.id, PATIENCE)
            .await
            .context("the primary")?;
        let shadow = self
            .shadow
            .journal()
            .wait_for_id(&answer.id, PATIENCE)
            .await
            .context("the shadow")?;
        Ok((primary, shadow))
    }

    /// What must hold after every case: nothing under way or held, both balances of every configured mirror, nothing
    /// broken in the log.
    pub async fn check(&self) -> Result<()> {
        self.shadow.release();
        if self.setup.traps {
            return Ok(());
        }
        let statistics = self.settled().await?;
        if !self.setup.refused {
            for name in setup::mirror_names(&self.setup.plugin()?) {
                statistics.mirror(&name)?;
            }
        }
        statistics.assert_balanced()?;
        for ledger in statistics.mirrors() {
            let held = ledger.gauge("buffered_bytes");
            ensure!(held == 0, "mirror {} still holds {held} bytes", ledger.mirror);
        }
        for trouble in ["[critical]", "panicked", "Function: proxy_"] {
            let mut lines = self.envoy.log().lines_with(trouble);
            // This is how Envoy puts it when a filter refuses its configuration.
            lines.retain(|line| !line.contains("failed to load"));
            ensure!(lines.is_empty(), "Envoy's log has trouble: {}", lines.join("\n"));
        }
        Ok(())
    }

    /// Stops Envoy, which must end in peace.
    pub async fn stop(self) -> Result<()> {
        let status = self.envoy.stop().await?;
        ensure!(status.success(), "Envoy ended with {status}");
        Ok(())
    }
}

/// What the filter of this Envoy has counted once no copy is under way any more.
pub async fn settled(envoy: &Envoy) -> Result<Statistics> {
    still(envoy, "no copy is under way", Statistics::is_settled).await
}

/// What the filter of this Envoy has counted once `condition` holds and nothing has moved for [`STILL`].
async fn still(envoy: &Envoy, what: &str, condition: impl Fn(&Statistics) -> bool) -> Result<Statistics> {
    let deadline = Instant::now() + PATIENCE;
    let (mut last, mut since) = (statistics(envoy).await?, Instant::now());
    while since.elapsed() < STILL || !condition(&last) {
        ensure!(Instant::now() < deadline, "waited {PATIENCE:?} until {what}: {last:#?}");
        tokio::time::sleep(TICK).await;
        let now = statistics(envoy).await?;
        if now != last {
            (last, since) = (now, Instant::now());
        }
    }
    Ok(last)
}

async fn statistics(envoy: &Envoy) -> Result<Statistics> {
    Statistics::parse(&envoy.admin().statistics(ledger::FILTER).await?)
}

async fn statistics_when(envoy: &Envoy, what: &str, condition: impl Fn(&Statistics) -> bool) -> Result<Statistics> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let statistics = statistics(envoy).await?;
        if condition(&statistics) {
            return Ok(statistics);
        }
        ensure!(
            Instant::now() < deadline,
            "waited {PATIENCE:?} until {what}: {statistics:#?}"
        );
        tokio::time::sleep(TICK).await;
    }
}

/// The filter of the case: the one that traps on demand, or the one that is shipped.
fn module(binaries: &Binaries, traps: bool) -> Result<PathBuf> {
    if !traps {
        return Ok(binaries.module.clone());
    }
    binaries
        .trapping
        .canonicalize()
        .context("no filter that traps on demand: `make trap` builds it")
}
