//! A real Prometheus that scrapes Envoys, as `scripts/prometheus` finds it. It is gone with its folder when the value
//! is dropped.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::task::JoinSet;

/// For the busiest machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running Prometheus.
pub struct Prometheus {
    address: SocketAddr,
    _child: Child,
    _log: JoinSet<()>,
    _folder: TempDir,
}

// === impl Prometheus ===

impl Prometheus {
    /// Starts one that scrapes these admin interfaces every second, and waits until it answers.
    pub async fn start(program: &Path, envoys: &[SocketAddr]) -> Result<Self> {
        ensure!(program.is_file(), "there is no Prometheus at {}", program.display());
        let folder = tempfile::Builder::new().prefix("envoy-test-prometheus-").tempdir()?;
        let targets: Vec<String> = envoys.iter().map(ToString::to_string).collect();
        // JSON is YAML.
        let config = serde_json::json!({
            "global": {"scrape_interval": "1s", "scrape_timeout": "1s"},
            "scrape_configs": [
                {"job_name": "envoy", "metrics_path": "/stats/prometheus", "static_configs": [{"targets": targets}]}],
        });
        let file = folder.path().join("prometheus.yml");
        std::fs::write(&file, config.to_string())?;
        let mut child = Command::new(program)
            .arg(format!("--config.file={}", file.display()))
            .arg(format!("--storage.tsdb.path={}", folder.path().join("data").display()))
            .arg("--web.listen-address=127.0.0.1:0")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let mut lines = BufReader::new(child.stderr.take().context("Prometheus has no log")?).lines();
        let ready = async {
            let (mut address, mut is_ready, mut tail) = (None, false, String::new());
            while let Some(line) = lines.next_line().await? {
                let said = line.split_once("Listening on");
                let said = said.and_then(|(_, rest)| rest.split_once("address="));
                let said = said.and_then(|(_, rest)| rest.split_whitespace().next()?.parse().ok());
                address = said.or(address);
                is_ready |= line.contains("Server is ready to receive web requests");
                if let (Some(address), true) = (address, is_ready) {
                    return Ok(address);
                }
                tail = line;
            }
            bail!("Prometheus ended: {tail}")
        };
        let address = tokio::time::timeout(PATIENCE, ready)
            .await
            .context("Prometheus does not become ready")??;
        // A full pipe would stop it.
        let mut log = JoinSet::new();
        log.spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Ok(Self {
            address,
            _child: child,
            _log: log,
            _folder: folder,
        })
    }

    /// Where it answers.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}
