//! One Envoy with a listener for each arm, pinned to its core. The arms share the process, so that its heap, its code
//! and its upstream connections are the same for all; only one of them gets load at a time, so that what the process
//! uses meanwhile is that arm's.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::arm::Arm;
use super::machine;
use crate::envoy::{Admin, Log, owner};

const TICK: Duration = Duration::from_millis(1);
/// Where Envoy writes under which id it shares memory.
const BASE_ID: &str = "base-id";
/// Circuit breakers are out of the way: 503s are not what is measured.
const UNLIMITED: u32 = 1_000_000;

/// How to start one.
pub struct Setup<'a> {
    pub envoy: &'a Path,
    /// What runs Envoy, with its arguments; empty if nothing does.
    pub under: &'a [OsString],
    pub arms: &'a [Arm],
    /// The addresses of the primary and of the shadow.
    pub backends: [SocketAddr; 2],
    /// The core that Envoy has; none for all.
    pub core: Option<usize>,
    /// How long Envoy may take until it serves.
    pub patience: Duration,
    /// How long a request and a copy may take, in Envoy's spelling.
    pub timeout: &'a str,
}

/// A running Envoy. It ends when dropped.
pub struct Proxy {
    child: Child,
    log: Log,
    admin: Admin,
    listeners: BTreeMap<String, SocketAddr>,
    started_in: Duration,
    folder: TempDir,
}

// === impl Setup ===

impl Setup<'_> {
    fn command(&self) -> Command {
        match self.under {
            [] => Command::new(self.envoy),
            [program, arguments @ ..] => {
                let mut command = Command::new(program);
                command.args(arguments).arg(self.envoy);
                command
            }
        }
    }
}

// === impl Proxy ===

impl Proxy {
    /// Starts Envoy, and waits until it serves.
    ///
    /// # Errors
    /// Envoy cannot be started, ends at once or does not serve in time; the end of its log is in the error.
    pub async fn start(setup: &Setup<'_>) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("envoy-bench-").tempdir()?;
        let configuration = folder.path().join("envoy.yaml");
        std::fs::write(&configuration, bootstrap(setup).to_string())?;
        let admin_file = folder.path().join("admin");
        let mut command = setup.command();
        command.arg("--config-path").arg(&configuration);
        command.arg("--admin-address-path").arg(&admin_file);
        command.args(["--concurrency", "1", "--log-level", "warning"]);
        owner::tie(&mut command, &folder.path().join(BASE_ID));
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        let begin = Instant::now();
        let mut child = owner::spawn(command, setup.core.map(machine::only)).await?;
        let stderr = child.stderr.take().context("Envoy has no log")?;
        let mut proxy = Self {
            log: Log::follow(stderr, &folder.path().join("envoy.log"))?,
            child,
            admin: Admin {
                address: SocketAddr::from(([127, 0, 0, 1], 0)),
            },
            listeners: BTreeMap::new(),
            started_in: Duration::ZERO,
            folder,
        };
        let admin = proxy
            .become_ready(&admin_file, setup.patience)
            .await
            .with_context(|| format!("Envoy's log ends with\n{}", proxy.log.tail(10).join("\n")))?;
        proxy.started_in = begin.elapsed();
        proxy.listeners = listeners(&admin).await?;
        proxy.admin = admin;
        Ok(proxy)
    }

    /// Where this arm listens.
    pub fn listener(&self, arm: &Arm) -> Result<SocketAddr> {
        let address = self.listeners.get(&arm.name).copied();
        address.with_context(|| format!("Envoy has no listener {}", arm.name))
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Its admin interface.
    pub fn admin(&self) -> Admin {
        self.admin
    }

    /// From its start until it served.
    pub fn started_in(&self) -> Duration {
        self.started_in
    }

    /// Its resident memory in KiB, and the part of it that is its own.
    pub fn memory(&self) -> Result<(u64, u64)> {
        machine::memory(self.child.id())
    }

    /// What would make the numbers worthless.
    pub fn check(&self) -> Result<()> {
        for trouble in ["[critical]", "panicked", "Function: proxy_"] {
            let lines = self.log.lines_with(trouble);
            ensure!(lines.is_empty(), "Envoy's log has trouble: {}", lines.join("\n"));
        }
        Ok(())
    }

    async fn become_ready(&mut self, admin_file: &Path, patience: Duration) -> Result<Admin> {
        let deadline = Instant::now() + patience;
        loop {
            if let Some(status) = self.child.try_wait()? {
                bail!("it ended with {status}");
            }
            let address = std::fs::read_to_string(admin_file).ok();
            if let Some(address) = address.and_then(|text| text.trim().parse().ok()) {
                let admin = Admin { address };
                if admin.is_ready().await {
                    return Ok(admin);
                }
            }
            ensure!(Instant::now() < deadline, "it was not ready in {patience:?}");
            tokio::time::sleep(TICK).await;
        }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        owner::tidy(&self.folder.path().join(BASE_ID));
    }
}

/// The number of Envoy's version.
///
/// # Errors
/// Envoy does not run.
pub fn version(envoy: &Path) -> Result<String> {
    let output = Command::new(envoy).arg("--version").output();
    let output = output.with_context(|| format!("{} does not run", envoy.display()))?;
    let text = String::from_utf8_lossy(&output.stdout);
    Ok(version_number(&text).unwrap_or("of unknown version").to_owned())
}

/// From `…/envoy  version: COMMIT/1.40.0/Clean/RELEASE/BoringSSL`.
fn version_number(text: &str) -> Option<&str> {
    text.split_once("version: ")?.1.split('/').nth(1)
}

async fn listeners(admin: &Admin) -> Result<BTreeMap<String, SocketAddr>> {
    let all: Value = serde_json::from_str(&admin.get("/listeners?format=json").await?)?;
    let address = |listener: &Value| {
        let port = listener.pointer("/local_address/socket_address/port_value")?.as_u64()?;
        let name = listener["name"].as_str()?.to_owned();
        Some((name, SocketAddr::from(([127, 0, 0, 1], u16::try_from(port).ok()?))))
    };
    let statuses = all["listener_statuses"]
        .as_array()
        .context("Envoy shows no listeners")?;
    statuses
        .iter()
        .map(|listener| address(listener).with_context(|| format!("a listener without a port: {listener}")))
        .collect()
}

fn bootstrap(setup: &Setup<'_>) -> Value {
    let [primary, shadow] = setup.backends;
    let listeners: Vec<_> = setup.arms.iter().map(|arm| listener(arm, setup.timeout)).collect();
    json!({
        "admin": {"address": {"socket_address": {"address": "127.0.0.1", "port_value": 0}}},
        // Nothing happens by the clock while an arm is measured.
        "stats_flush_on_admin": true,
        "static_resources": {
            "listeners": listeners,
            "clusters": [cluster("primary", primary), cluster("shadow", shadow)],
        },
    })
}

fn listener(arm: &Arm, timeout: &str) -> Value {
    let router = json!({
        "name": "router",
        "typed_config": {"@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"},
    });
    let filters: Vec<_> = arm.http_filter().into_iter().chain([router]).collect();
    json!({
        "name": arm.name,
        "address": {"socket_address": {"address": "127.0.0.1", "port_value": 0}},
        "filter_chains": [{"filters": [{
            "name": "http_connection_manager",
            "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
                "stat_prefix": arm.name.replace(':', "_"),
                "http_filters": filters,
                "route_config": {"virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [{
                    "match": {"prefix": "/"},
                    "route": {
                        "cluster": "primary",
                        "timeout": timeout,
                        "request_mirror_policies": arm.mirror_policies(),
                    },
                }]}]},
            },
        }]}],
    })
}

fn cluster(name: &str, endpoint: SocketAddr) -> Value {
    let address = json!({"socket_address": {"address": endpoint.ip().to_string(), "port_value": endpoint.port()}});
    json!({
        "name": name,
        "type": "STATIC",
        "connect_timeout": "1s",
        "circuit_breakers": {"thresholds": [{
            "max_connections": UNLIMITED,
            "max_pending_requests": UNLIMITED,
            "max_requests": UNLIMITED,
            "max_retries": UNLIMITED,
        }]},
        "load_assignment": {
            "cluster_name": name,
            "endpoints": [{"lb_endpoints": [{"endpoint": {"address": address}}]}],
        },
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_version_is_found_behind_any_path() {
        let text = "/a/version/envoy  version: 6d9bb7d9/1.40.0/Clean/RELEASE/BoringSSL\n";
        assert_eq!(super::version_number(text), Some("1.40.0"));
        assert_eq!(super::version_number("no idea"), None);
    }
}
