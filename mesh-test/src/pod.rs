//! One pod, its proxy, and its echo backend, as one can ask them.

use std::collections::BTreeMap;
use std::fs;
use std::process::{Command, Output};

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use crate::command::{output, run};
use crate::sample::Sample;
use crate::wait::{self, Found, PATIENCE};

/// The port of the echo backend, which the sidecar captures.
const PORT: u16 = 9080;

/// Where the statistics of a sidecar can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scrape {
    /// Envoy's admin interface.
    Admin,
    /// Those of the proxy, of its agent and of the application, merged: what the pod's annotations name.
    Merged,
    /// The proxy alone, for a Prometheus outside of the pod.
    Proxy,
}

impl Scrape {
    pub const ALL: [Self; 3] = [Self::Admin, Self::Merged, Self::Proxy];

    fn path(self) -> &'static str {
        match self {
            Self::Admin => "15000/stats/prometheus",
            Self::Merged => "15020/stats/prometheus",
            Self::Proxy => "15090/stats/prometheus",
        }
    }
}

/// One running pod.
#[derive(Clone, Debug)]
pub struct Pod {
    pub name: String,
    pub namespace: String,
    pub address: String,
    /// Its network namespace.
    pub network: String,
}

impl Pod {
    /// Finds a pod that the kubelet has started.
    pub fn find(namespace: &str, name: &str) -> Result<Self> {
        let read = |file: &str| {
            let path = format!("/media/pods/{namespace}.{name}/{file}");
            fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))
        };
        Ok(Self {
            name: name.to_owned(),
            namespace: namespace.to_owned(),
            address: read("address")?,
            network: read("network")?,
        })
    }

    /// How curl writes the URLs of `/PATH/1` to `/PATH/COUNT` at the sidecar.
    pub fn url(&self, path: &str, count: usize) -> String {
        format!("http://{}:{PORT}/{path}/[1-{count}]", self.address)
    }

    /// Sends GETs for `/PATH/1` to `/PATH/COUNT` to the sidecar, as a caller without a proxy does, and returns how many
    /// were answered with which status, as in `50 of 200`.
    pub fn ask(&self, path: &str, count: usize) -> Result<String> {
        let url = self.url(path, count);
        let mut curl = Command::new("curl");
        curl.args([
            "-s",
            "--max-time",
            "20",
            "-o",
            "/dev/null",
            "-w",
            "%{http_code}\\n",
            &url,
        ]);
        let printed = String::from_utf8_lossy(&run(&mut curl, b"")?.stdout).into_owned();
        let mut statuses: Vec<_> = printed.lines().collect();
        statuses.sort_unstable();
        let groups = statuses.chunk_by(|a, b| a == b);
        let shown: Vec<_> = groups.map(|group| format!("{} of {}", group.len(), group[0])).collect();
        Ok(shown.join(", "))
    }

    /// Sends these GETs, and fails unless each is answered with 200.
    pub fn expect_unharmed(&self, path: &str, count: usize) -> Result<()> {
        let seen = self.ask(path, count)?;
        ensure!(
            seen == format!("{count} of 200"),
            "{} answers {count} requests for /{path} with: {seen}",
            self.name
        );
        Ok(())
    }

    /// Sends twenty GETs at a time until they are answered in this way, as in `20 of 200`.
    pub fn wait_for_answers(&self, path: &str, wanted: &str) -> Result<()> {
        let what = format!("{wanted} from {} for /{path}", self.name);
        wait::equal(&what, &wanted.to_owned(), || self.ask(path, 20))
    }

    /// Sends GETs to a Service at its address, as a container of this pod does: by its sidecar. Fails unless each is
    /// answered with 200.
    pub fn ask_service(&self, service: &str, address: &str, path: &str, count: usize) -> Result<()> {
        let url = format!("http://{address}:{PORT}/{path}/[1-{count}]");
        let host = format!("host: {service}.{}.svc.cluster.local:{PORT}", self.namespace);
        let wanted = "200\n".repeat(count);
        let seen = self.inside(&[
            "curl",
            "-s",
            "-o",
            "/dev/null",
            "-w",
            "%{http_code}\\n",
            "-H",
            &host,
            &url,
        ])?;
        ensure!(seen == wanted, "{} got from {service}: {seen}", self.name);
        Ok(())
    }

    /// How many requests whose path begins with `/PATH/` its backend has received.
    pub fn received(&self, path: &str) -> Result<usize> {
        let all = self.inside(&["curl", "-sf", &format!("http://127.0.0.1:{PORT}/_echo/requests")])?;
        let all: Vec<Value> = serde_json::from_str(&all)?;
        let start = format!("/{path}/");
        let is_one = |one: &&Value| one["path"].as_str().is_some_and(|path| path.starts_with(&start));
        Ok(all.iter().filter(is_one).count())
    }

    /// Waits until its backend has received so many.
    pub fn wait_for_received(&self, path: &str, count: usize) -> Result<()> {
        let what = format!("{count} requests for /{path} at {}", self.name);
        wait::equal(&what, &count, || self.received(path))
    }

    /// Tells its backend how to answer from now on, in the words of a query.
    pub fn behave(&self, query: &str) -> Result<()> {
        let url = format!("http://127.0.0.1:{PORT}/_echo/behaviour?{query}");
        self.inside(&["curl", "-sf", "-X", "POST", &url])?;
        Ok(())
    }

    /// The lines of statistics of the filter, as Prometheus would read them.
    pub fn statistics(&self, scrape: Scrape) -> Result<Vec<String>> {
        let text = self.inside(&["curl", "-sSf", &format!("http://127.0.0.1:{}", scrape.path())])?;
        let of_filter = text.lines().filter(|line| line.starts_with("traffic_mirror_"));
        Ok(of_filter.map(str::to_owned).collect())
    }

    /// Waits until a statistic has this value in all places where it can be read.
    pub fn wait_for_statistic(&self, sample: &Sample, wanted: u64) -> Result<()> {
        for scrape in Scrape::ALL {
            wait::until(
                &format!("{sample} {wanted} at {} ({scrape:?})", self.name),
                PATIENCE,
                || {
                    let lines = self.statistics(scrape)?;
                    Ok(match value(&lines, sample) == Some(wanted) {
                        true => Found::Yes(()),
                        false => Found::NotYet(similar(&lines, sample)),
                    })
                },
            )?;
        }
        Ok(())
    }

    /// What the proxy and its agent have written so far.
    pub fn log(&self) -> Result<String> {
        let path = format!("/media/logs/{}/{}.istio-proxy.log", self.namespace, self.name);
        Ok(String::from_utf8_lossy(&fs::read(&path)?).into_owned())
    }

    /// Waits until a line of the log has all these parts.
    pub fn wait_for_log(&self, parts: &[&str]) -> Result<()> {
        wait::until(
            &format!("a line with {parts:?} in the log of {}", self.name),
            PATIENCE,
            || {
                let log = self.log()?;
                let found = log.lines().any(|line| parts.iter().all(|part| line.contains(part)));
                let ours: Vec<_> = log.lines().filter(|line| line.contains("traffic-mirror")).collect();
                Ok(match found {
                    true => Found::Yes(()),
                    false => Found::NotYet(format!("{:?}", ours.last())),
                })
            },
        )
    }

    /// How many lines of the log have all these parts, by the thread that wrote them.
    pub fn lines_by_thread(&self, parts: &[&str]) -> Result<BTreeMap<String, usize>> {
        let mut lines = BTreeMap::new();
        for line in self
            .log()?
            .lines()
            .filter(|line| parts.iter().all(|part| line.contains(part)))
        {
            let thread = line.rsplit("thread=").next().unwrap_or_default();
            *lines.entry(thread.to_owned()).or_default() += 1;
        }
        Ok(lines)
    }

    /// Runs a command in the pod's network, whatever its end is.
    pub fn run(&self, words: &[&str]) -> Result<Output> {
        run(&mut self.command(words), b"")
    }

    pub fn inside(&self, words: &[&str]) -> Result<String> {
        output(&mut self.command(words), b"")
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new("nsenter");
        command.arg(format!("--net=/run/netns/{}", self.network)).args(words);
        command
    }
}

/// The value of a statistic among these lines.
fn value(lines: &[String], sample: &Sample) -> Option<u64> {
    let all = lines.iter().filter_map(|line| Sample::parse(line));
    all.into_iter()
        .find_map(|(seen, value)| (seen == *sample).then_some(value))
}

/// What these lines have instead of a statistic, as far as a person wants to read it.
fn similar(lines: &[String], sample: &Sample) -> String {
    let similar: Vec<_> = lines
        .iter()
        .filter(|line| sample.resembles(line))
        .take(8)
        .cloned()
        .collect();
    match similar.is_empty() {
        true => format!("no such among {} statistics", lines.len()),
        false => similar.join("; "),
    }
}
