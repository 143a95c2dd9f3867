//! One running Envoy: started, awaited, fed with configuration, stopped.
//!
//! It lives in a temporary folder of its own on ports of its own, and it is gone with its folder when this value is
//! dropped, in whatever way that comes about.

mod admin;
pub mod bootstrap;
pub mod clusters;
pub mod filter_file;
mod log;
pub(crate) mod owner;
pub mod side_by_side;
mod upstream;
mod values;

pub use admin::{Admin, Discovery};
pub use bootstrap::Bootstrap;
pub use filter_file::Shape;
pub use log::Log;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use tempfile::TempDir;
use tokio::time::Instant;

/// Envoy compiles the module before it serves, which takes seconds on a busy machine.
const START: Duration = Duration::from_secs(60);
/// For all that Envoy does at once.
const PATIENCE: Duration = Duration::from_secs(20);
/// The admin interface tells no events, so it is asked this often.
const TICK: Duration = Duration::from_millis(10);
/// Where Envoy writes under which id it shares memory.
const BASE_ID: &str = "base-id";

/// What is run: the things from outside.
#[derive(Clone, Debug)]
pub struct Binaries {
    pub envoy: PathBuf,
    pub module: PathBuf,
    /// The filter that traps on demand: `make trap` builds it, and only some cases need it.
    pub trapping: PathBuf,
    /// `mirrorctl`: `make build` builds it, and only what shows numbers needs it.
    pub mirrorctl: PathBuf,
    /// Only what looks through it needs it.
    pub prometheus: Option<PathBuf>,
    /// The terminal of what looks at one.
    pub tmux: PathBuf,
    /// Keep the folders of what ran.
    pub keep: bool,
}

/// How to start one.
#[derive(Clone, Debug, Default)]
pub struct Options {
    pub bootstrap: Bootstrap,
    /// The whole content of the discovered file.
    pub filter: String,
    pub workers: u32,
}

/// A running Envoy.
pub struct Envoy {
    child: Child,
    log: Log,
    admin: Admin,
    listener: SocketAddr,
    folder: Option<TempDir>,
    path: PathBuf,
}

/// What became of a new configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Update {
    Accepted,
    Refused,
}

// === impl Binaries ===

impl Binaries {
    /// Finds Envoy (the argument, else `ENVOY_PATH`, else on the `PATH`) and the module, and says what is missing.
    pub fn find(envoy: Option<PathBuf>, module: Option<PathBuf>, keep: bool) -> Result<Self> {
        let on_path = || {
            std::env::split_paths(&std::env::var_os("PATH")?)
                .map(|folder| folder.join("envoy"))
                .find(|file| file.is_file())
        };
        let envoy = envoy
            .or_else(on_path)
            .context("no Envoy: set ENVOY_PATH or pass --envoy (`make demo` and `make test` fetch one)")?;
        ensure!(envoy.is_file(), "there is no Envoy at {}", envoy.display());
        let module =
            module.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../dist/traffic-mirror.wasm"));
        let module = module
            .canonicalize()
            .with_context(|| format!("no filter at {}: `make build` builds it", module.display()))?;
        let trapping = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/wasm32-wasip1/trap/traffic_mirror.wasm");
        let mirrorctl = Path::new(env!("CARGO_MANIFEST_DIR")).join("../dist/mirrorctl");
        Ok(Self {
            envoy,
            module,
            trapping,
            mirrorctl,
            prometheus: None,
            tmux: PathBuf::from("tmux"),
            keep,
        })
    }
}

// === impl Envoy ===

impl Envoy {
    /// Starts Envoy and waits until it serves and has read the filter's file.
    pub async fn start(binaries: &Binaries, options: &Options) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("envoy-test-").tempdir()?;
        let path = folder.path().to_path_buf();
        let watched = path.join("watched");
        std::fs::create_dir(&watched)?;
        std::fs::write(watched.join("filter.yaml"), &options.filter)?;
        std::fs::write(path.join(clusters::ENDPOINTS), "{\"resources\": []}")?;
        std::fs::write(path.join("envoy.yaml"), options.bootstrap.render(&watched)?)?;

        let mut command = Command::new(&binaries.envoy);
        command.arg("--config-path").arg(path.join("envoy.yaml"));
        command.arg("--admin-address-path").arg(path.join("admin"));
        command.args([
            "--concurrency",
            &options.workers.max(1).to_string(),
            "--log-level",
            "info",
        ]);
        owner::tie(&mut command, &path.join(BASE_ID));
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        let mut child = owner::spawn(command, None).await?;
        let stderr = child.stderr.take().context("Envoy has no log")?;
        let log = Log::follow(stderr, &path.join("envoy.log"))?;
        let nowhere = SocketAddr::from(([127, 0, 0, 1], 0));
        let folder = if binaries.keep {
            let _ = folder.keep();
            None
        } else {
            Some(folder)
        };
        let mut envoy = Self {
            child,
            log,
            admin: Admin { address: nowhere },
            listener: nowhere,
            folder,
            path,
        };
        envoy.become_ready().await.with_context(|| {
            format!(
                "Envoy did not start; its log ends with\n{}",
                envoy.log.tail(10).join("\n")
            )
        })?;
        Ok(envoy)
    }

    /// Where clients connect.
    pub fn listener(&self) -> SocketAddr {
        self.listener
    }

    /// Its admin interface.
    pub fn admin(&self) -> Admin {
        self.admin
    }

    /// Its log.
    pub fn log(&self) -> &Log {
        &self.log
    }

    /// Its resident memory in KiB.
    #[cfg(target_os = "linux")]
    pub fn memory(&self) -> Result<u64> {
        Ok(crate::measure::machine::memory(self.child.id())?.0)
    }

    /// The folder with all its files.
    pub fn folder(&self) -> &Path {
        &self.path
    }

    /// The file from which it discovers the filter; replace it by rename.
    pub fn filter_file(&self) -> PathBuf {
        self.path.join("watched/filter.yaml")
    }

    /// Replaces the discovered file, as an editor does, and waits for Envoy's verdict.
    pub async fn update(&self, filter: &str) -> Result<Update> {
        let before = self.admin.discovery().await?;
        let new = self.path.join("filter.yaml.new");
        std::fs::write(&new, filter)?;
        std::fs::rename(&new, self.filter_file())?;
        let deadline = Instant::now() + PATIENCE;
        loop {
            let now = self.admin.discovery().await?;
            if now.refused > before.refused {
                return Ok(Update::Refused);
            }
            if now.accepted > before.accepted {
                return Ok(Update::Accepted);
            }
            ensure!(
                Instant::now() < deadline,
                "Envoy took no notice of the new configuration in {PATIENCE:?}"
            );
            tokio::time::sleep(TICK).await;
        }
    }

    /// Replaces the file from which the endpoints of some clusters are discovered.
    pub fn discover(&self, endpoints: &str) -> Result<()> {
        let new = self.path.join("endpoints.new");
        std::fs::write(&new, endpoints)?;
        Ok(std::fs::rename(&new, self.path.join(clusters::ENDPOINTS))?)
    }

    /// Asks Envoy to end, and waits for it.
    pub async fn stop(mut self) -> Result<ExitStatus> {
        let id = i32::try_from(self.child.id())
            .ok()
            .and_then(rustix::process::Pid::from_raw)
            .context("Envoy has no process id")?;
        let _ = rustix::process::kill_process(id, rustix::process::Signal::TERM);
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait()? {
                return Ok(status);
            }
            ensure!(
                Instant::now() < deadline,
                "Envoy did not end {PATIENCE:?} after it was asked to"
            );
            tokio::time::sleep(TICK).await;
        }
    }

    /// Waits until Envoy ends by itself, which it never should.
    pub async fn ended(&mut self) -> Result<ExitStatus> {
        loop {
            if let Some(status) = self.child.try_wait()? {
                return Ok(status);
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    async fn become_ready(&mut self) -> Result<()> {
        let deadline = Instant::now() + START;
        let mut waiting_for = "its admin interface";
        loop {
            if let Some(status) = self.child.try_wait()? {
                bail!("it ended with {status}");
            }
            if let Some(address) = std::fs::read_to_string(self.path.join("admin"))
                .ok()
                .and_then(|text| text.trim().parse().ok())
            {
                self.admin = Admin { address };
                waiting_for = "its readiness";
                if self.admin.is_ready().await {
                    waiting_for = "the filter's configuration";
                    if self.admin.discovery().await? != Discovery::default() {
                        self.listener = self.admin.listener(bootstrap::LISTENER).await?;
                        return Ok(());
                    }
                }
            }
            ensure!(Instant::now() < deadline, "waited {START:?} for {waiting_for}");
            tokio::time::sleep(TICK).await;
        }
    }
}

impl Drop for Envoy {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        owner::tidy(&self.path.join(BASE_ID));
        if self.folder.is_none() {
            eprintln!("kept {}", self.path.display());
        }
    }
}
