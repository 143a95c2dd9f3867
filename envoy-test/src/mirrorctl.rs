//! `mirrorctl` as a user has it: the built binary, run beside an Envoy. Whatever is started here ends with its value.

use std::ffi::OsStr;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::net::TcpListener;
use tokio::process::{Child, ChildStderr, ChildStdout, Command};

/// Where people look for the dashboard.
const USUAL: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8088);

/// For whatever it does at once.
const PATIENCE: Duration = Duration::from_secs(20);

/// The built binary.
#[derive(Clone, Debug)]
pub struct Mirrorctl {
    path: PathBuf,
}

/// Where a dashboard can be served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    pub address: SocketAddr,
    /// Whether it is where people look for it.
    pub is_usual: bool,
}

/// `mirrorctl` at work: it looks, until it is told to stop or has seen enough.
pub struct Looking {
    child: Child,
}

/// A running `mirrorctl dashboard`.
pub struct Dashboard {
    looking: Looking,
    url: String,
    errors: Lines<BufReader<ChildStderr>>,
}

// === impl Mirrorctl ===

impl Mirrorctl {
    /// Finds it at `path`, and says how to build it if it is not there.
    pub fn find(path: &Path) -> Result<Self> {
        ensure!(
            path.is_file(),
            "no mirrorctl at {}: `make mirrorctl` builds it",
            path.display()
        );
        let path = path.canonicalize()?;
        Ok(Self { path })
    }

    /// A command for a person to type.
    pub fn typed(&self, command: &str, sources: &[String]) -> String {
        let here = std::env::current_dir().unwrap_or_default();
        let path = self.path.strip_prefix(here).unwrap_or(&self.path);
        format!("{} {command} {}", path.display(), sources.join(" "))
    }

    /// A command as the words of its line.
    pub fn words(&self, command: &str, sources: &[String]) -> Vec<String> {
        let own = [self.path.to_string_lossy().into_owned(), command.to_owned()];
        [&own, sources].concat()
    }

    /// Runs it to its end.
    pub async fn run(&self, arguments: &[impl AsRef<OsStr>]) -> Result<Output> {
        let output = tokio::time::timeout(PATIENCE, self.command(arguments).output()).await;
        Ok(output.context("mirrorctl does not end")??)
    }

    /// Starts it, and returns what it prints line by line; what it says on standard error is told when it ends badly.
    pub fn look(&self, arguments: &[impl AsRef<OsStr>]) -> Result<(Looking, Lines<BufReader<ChildStdout>>)> {
        let mut child = self.command(arguments).spawn()?;
        let stdout = child.stdout.take().context("mirrorctl has no standard output")?;
        Ok((Looking { child }, BufReader::new(stdout).lines()))
    }

    /// Starts the dashboard at this address (port 0: any free one), with these arguments, and waits until it serves.
    pub async fn dashboard(&self, listen: SocketAddr, sources: &[String]) -> Result<Dashboard> {
        let mut arguments = vec!["dashboard".to_owned(), format!("--listen={listen}")];
        arguments.extend_from_slice(sources);
        let mut child = self.command(&arguments).stdout(Stdio::null()).spawn()?;
        let stderr = child.stderr.take().context("mirrorctl has no standard error")?;
        let mut errors = BufReader::new(stderr).lines();
        let looking = Looking { child };
        let mut said = Vec::new();
        while let Some(line) = tokio::time::timeout(PATIENCE, errors.next_line())
            .await
            .context("the dashboard does not say where it is")??
        {
            if let Some(url) = line.strip_prefix("dashboard: ") {
                let url = url.trim().to_owned();
                return Ok(Dashboard { looking, url, errors });
            }
            said.push(line);
        }
        bail!("the dashboard did not start: {}", said.join("; "))
    }

    fn command(&self, arguments: &[impl AsRef<OsStr>]) -> Command {
        let mut command = Command::new(&self.path);
        command
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        command
    }
}

/// The arguments that name these admin interfaces.
pub fn of_envoys(envoys: &[SocketAddr]) -> Vec<String> {
    envoys.iter().map(|envoy| format!("--envoy=http://{envoy}")).collect()
}

// === impl Place ===

impl Place {
    /// The usual one, or another if that is in use.
    pub async fn free() -> Result<Self> {
        let is_usual = TcpListener::bind(USUAL).await.is_ok();
        let address = match is_usual {
            true => USUAL,
            false => TcpListener::bind((USUAL.ip(), 0)).await?.local_addr()?,
        };
        Ok(Self { address, is_usual })
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "http://{}", self.address)?;
        match self.is_usual {
            true => Ok(()),
            false => write!(f, " (port {} is in use)", USUAL.port()),
        }
    }
}

// === impl Looking ===

impl Looking {
    /// Tells it that its user has seen enough, as Ctrl-C does.
    pub fn interrupt(&self) -> Result<()> {
        let id = self.child.id().and_then(|id| i32::try_from(id).ok());
        let id = id
            .and_then(rustix::process::Pid::from_raw)
            .context("mirrorctl has ended")?;
        Ok(rustix::process::kill_process(id, rustix::process::Signal::INT)?)
    }

    /// Waits for its end, which must be in peace.
    pub async fn end(self) -> Result<()> {
        let ended = tokio::time::timeout(PATIENCE, self.child.wait_with_output()).await;
        let ended = ended.context("mirrorctl does not end")??;
        let errors = String::from_utf8_lossy(&ended.stderr);
        ensure!(
            ended.status.success(),
            "mirrorctl ended with {}: {errors}",
            ended.status
        );
        Ok(())
    }
}

// === impl Dashboard ===

impl Dashboard {
    /// Where it is, as it says.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The same as an address.
    pub fn address(&self) -> Result<SocketAddr> {
        let address = self
            .url
            .strip_prefix("http://")
            .context("the dashboard is not at a URL")?;
        Ok(address.trim_end_matches('/').parse()?)
    }

    /// Waits until it ends by itself, which it never should, and says why.
    pub async fn ended(&mut self) -> Result<String> {
        let mut last = String::new();
        while let Some(line) = self.errors.next_line().await? {
            last = line;
        }
        Ok(format!("{}: {last}", self.looking.child.wait().await?))
    }

    /// Ends it as Ctrl-C does.
    pub async fn stop(self) -> Result<()> {
        self.looking.interrupt()?;
        self.looking.end().await
    }
}
