//! The real Prometheus and its promtool, as `scripts/prometheus` finds them.
//!
//! [`Tools`] are the programs, [`Server`] is a Prometheus on a free port of loopback that holds a recording and answers
//! queries. It is gone with its folder when the value is dropped.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail, ensure};
use serde_json::Value;
use tempfile::TempDir;

use crate::recording::{Labels, Recording};

/// A query is answered in milliseconds; this is for the busiest machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// The two programs.
#[derive(Clone, Debug)]
pub struct Tools {
    prometheus: PathBuf,
    promtool: PathBuf,
}

/// A running Prometheus.
pub struct Server {
    child: Child,
    address: SocketAddr,
    _folder: TempDir,
}

/// One series of an instant query's answer.
#[derive(Clone, Debug)]
pub struct Sample {
    /// Those that the query kept.
    pub labels: Labels,
    /// At the moment of the query.
    pub value: f64,
}

// === impl Tools ===

impl Tools {
    /// The same for all tests of a process.
    pub fn find() -> Result<&'static Self> {
        static FOUND: OnceLock<Result<Tools>> = OnceLock::new();
        let found = FOUND.get_or_init(Self::ask).as_ref();
        found.map_err(|error| anyhow!("{error:#}"))
    }

    /// Asks `scripts/prometheus`, which fetches them if it has to.
    fn ask() -> Result<Self> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/prometheus");
        let found = Command::new(&script)
            .stderr(Stdio::inherit())
            .output()
            .with_context(|| format!("cannot run {}", script.display()))?;
        ensure!(found.status.success(), "there is no Prometheus to test with");
        let prometheus = PathBuf::from(String::from_utf8(found.stdout)?.trim());
        Ok(Self {
            promtool: prometheus.with_file_name("promtool"),
            prometheus,
        })
    }

    /// Runs promtool and returns what it printed; an error has that too.
    pub fn promtool(&self, arguments: &[&str]) -> Result<String> {
        let run = Command::new(&self.promtool).args(arguments).output()?;
        let said = format!(
            "{}{}",
            String::from_utf8_lossy(&run.stdout),
            String::from_utf8_lossy(&run.stderr)
        );
        ensure!(run.status.success(), "promtool {}:\n{said}", arguments.join(" "));
        Ok(said)
    }
}

// === impl Server ===

impl Server {
    /// Starts one that holds these recordings, and waits until it answers.
    pub fn start(tools: &Tools, recordings: &[&Recording]) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("deploy-test-").tempdir()?;
        let text: String = recordings.iter().map(|recording| recording.openmetrics()).collect();
        let (metrics, data) = (folder.path().join("metrics"), folder.path().join("data"));
        std::fs::write(&metrics, text + "# EOF\n")?;
        std::fs::write(folder.path().join("prometheus.yml"), "scrape_configs: []\n")?;
        let (metrics, storage) = (metrics.to_string_lossy(), data.to_string_lossy());
        tools.promtool(&["tsdb", "create-blocks-from", "openmetrics", &metrics, &storage])?;

        let mut child = Command::new(&tools.prometheus)
            .arg(format!(
                "--config.file={}",
                folder.path().join("prometheus.yml").display()
            ))
            .arg(format!("--storage.tsdb.path={storage}"))
            // What was recorded is as old as it is.
            .arg("--storage.tsdb.retention.time=100y")
            .arg("--web.listen-address=127.0.0.1:0")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()?;
        let log = BufReader::new(child.stderr.take().context("Prometheus has no log")?);
        let nowhere = SocketAddr::from(([127, 0, 0, 1], 0));
        let mut server = Self {
            child,
            address: nowhere,
            _folder: folder,
        };
        server.become_ready(log)?;
        Ok(server)
    }

    /// Reads the log until it has told the port and that it is ready, in either order; and then on, so that Prometheus
    /// is never stopped by a full pipe.
    fn become_ready(&mut self, log: BufReader<ChildStderr>) -> Result<()> {
        let mut lines = log.lines();
        let mut tail = Vec::new();
        let mut ready = false;
        for line in lines.by_ref() {
            let line = line?;
            let address = line
                .split_once("Listening on")
                .and_then(|(_, rest)| rest.split_once("address="))
                .and_then(|(_, rest)| rest.split_whitespace().next()?.parse().ok());
            self.address = address.unwrap_or(self.address);
            ready |= line.contains("Server is ready to receive web requests");
            if ready && self.address.port() != 0 {
                std::thread::spawn(move || lines.for_each(drop));
                return Ok(());
            }
            tail.push(line);
        }
        bail!("Prometheus ended:\n{}", tail.join("\n"))
    }

    /// The instant query's answer at this moment, in Unix seconds. A scalar has no labels.
    pub fn query(&self, promql: &str, time: u64) -> Result<Vec<Sample>> {
        let answer = self.get(&format!("/api/v1/query?query={}&time={time}", escaped(promql)))?;
        let data = answer.get("data").with_context(|| format!("{promql}\n{answer}"))?;
        if data["resultType"] == "scalar" {
            let value = number(&data["result"])?;
            return Ok(vec![Sample {
                labels: Labels::new(),
                value,
            }]);
        }
        let mut samples = Vec::new();
        for one in data["result"].as_array().context("no result")? {
            samples.push(Sample {
                labels: serde_json::from_value(one["metric"].clone())?,
                value: number(&one["value"])?,
            });
        }
        Ok(samples)
    }

    /// The values that a label has in the series of this selector.
    pub fn label_values(&self, label: &str, selector: &str) -> Result<Vec<String>> {
        let path = format!("/api/v1/label/{label}/values?match[]={}", escaped(selector));
        let answer = self.get(&path)?;
        let data = answer.get("data").with_context(|| format!("{selector}\n{answer}"))?;
        Ok(serde_json::from_value(data.clone())?)
    }

    fn get(&self, path: &str) -> Result<Value> {
        let mut stream = TcpStream::connect_timeout(&self.address, PATIENCE)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        // In HTTP/1.0 the end of the connection is the end of the answer.
        write!(stream, "GET {path} HTTP/1.0\r\nHost: {}\r\n\r\n", self.address)?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        let (_, body) = answer.split_once("\r\n\r\n").context("no answer")?;
        serde_json::from_str(body).with_context(|| answer.clone())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn number(pair: &Value) -> Result<f64> {
    let text = pair.get(1).and_then(Value::as_str);
    let text = text.with_context(|| format!("no value in {pair}"))?;
    text.trim_start_matches('+')
        .parse()
        .with_context(|| format!("`{text}` is no number"))
}

/// For the query of a URL.
fn escaped(text: &str) -> String {
    let keep = |byte: u8| byte.is_ascii_alphanumeric();
    text.bytes()
        .map(|byte| {
            if keep(byte) {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect()
}
