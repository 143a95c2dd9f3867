//! What can be typed to say which statistics are looked at: shared by every command that shows how mirrors do. The
//! flags and the job become an [`Asked`]: a source, a client that is let in, and the mirrors that are meant.

use std::path::PathBuf;

use mirror_policy::grammar;

use super::feed::Feed;
use super::fetch::{Access, Client};
use super::matchers;
use super::prometheus::Native;
use super::source::{Source, Url};
use super::view::View;
use super::window::Window;
use crate::error::{Error, Result};
use crate::input::{self, Stdin};
use crate::job::{self, Engine, Job};
use crate::time::{self, Time};

/// Who is asked if nobody is named: the admin interface of Istio's proxies, behind `kubectl port-forward POD 15000`.
pub const DEFAULT_ENVOY: &str = "http://127.0.0.1:15000";

const HEADING: &str = "Where the numbers come from";

/// The mirrors, and who is asked about them.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct SourceArgs {
    /// Only these mirrors
    #[arg(value_name = "NAME")]
    pub names: Vec<String>,
    /// Only the mirrors of this job, or - for standard input; engine native is known by its job or by --native
    #[arg(short, long, value_name = "FILE", help_heading = HEADING)]
    pub file: Option<String>,
    /// The admin interface of a proxy [default: http://127.0.0.1:15000]; can be repeated
    #[arg(long, value_name = "URL", help_heading = HEADING, conflicts_with = "prometheus")]
    pub envoy: Vec<Url>,
    /// A Prometheus server instead, which has the last minutes of all proxies
    #[arg(long, value_name = "URL", help_heading = HEADING)]
    pub prometheus: Option<Url>,
    /// Only proxies whose series have these labels: 'namespace="demo",pod=~"reviews-.*"'
    #[arg(long, value_name = "MATCHERS", help_heading = HEADING, requires = "prometheus", value_parser = matchers::parse)]
    pub selector: Option<String>,
    /// A mirror of engine native without a job: NAME=NAMESPACE/PRIMARY,SHADOW, by their workloads; can be repeated
    #[arg(long, value_name = "MIRROR", help_heading = HEADING, requires = "prometheus", value_parser = native)]
    pub native: Vec<Native>,
    /// Trust the certificates of this file (PEM) instead of the public ones
    #[arg(long, value_name = "FILE", help_heading = HEADING)]
    pub ca_file: Option<PathBuf>,
    /// Send the token of this file (authorization: Bearer)
    #[arg(long, value_name = "FILE", help_heading = HEADING)]
    pub bearer_token_file: Option<PathBuf>,
}

/// What was asked for.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Who is asked.
    pub source: Source,
    /// How.
    pub client: Client,
    /// The mirrors that are meant; empty: all of them.
    pub names: Vec<Name>,
}

/// A mirror that is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    /// Its name.
    pub name: String,
    /// Whether it may be one mirror for each port of its target, `NAME-PORT`: its job names no port.
    pub any_port: bool,
    /// Whether a job says that it should be there. It is shown then even if no proxy has it.
    pub of_job: bool,
}

/// Reads a span such as `90s`, `5m` or `1h30m`, in seconds.
///
/// # Errors
/// If it is none.
pub fn seconds(text: &str) -> std::result::Result<u32, String> {
    time::span(text).ok_or_else(|| "is not a span such as 30s, 5m or 1h30m".to_owned())
}

// === impl SourceArgs ===

impl SourceArgs {
    /// Reads the job and the files of credentials, and puts it all together. Nobody is asked yet.
    ///
    /// # Errors
    /// What reading refuses; a job of engine native whose numbers no one has been named for, or whose versions metrics
    /// do not tell apart; a name that is not of the job.
    pub fn resolve(&self, stdin: &mut Stdin<'_>) -> Result<Asked> {
        let job = match &self.file {
            Some(file) => Some(job::read(input::document(file, "one job", stdin)?)?),
            None => None,
        };
        let source = match &self.prometheus {
            None => {
                refuse_unseen(job.as_ref())?;
                let mut urls = Vec::new();
                for url in &self.envoy {
                    // One proxy is counted once.
                    if !urls.contains(url) {
                        urls.push(url.clone());
                    }
                }
                if urls.is_empty() {
                    urls.push(DEFAULT_ENVOY.parse().map_err(Error::Usage)?);
                }
                Source::Envoy(urls)
            }
            Some(url) => Source::Prometheus {
                url: url.clone(),
                selector: self.selector.clone().unwrap_or_default(),
                natives: self.natives(job.as_ref())?,
            },
        };
        let access = Access {
            ca_file: self.ca_file.as_deref(),
            bearer_token_file: self.bearer_token_file.as_deref(),
        };
        Ok(Asked {
            client: Client::new(&access)?,
            names: self.wanted(job.as_ref())?,
            source,
        })
    }

    /// Those that are named, and of the job those that nobody named.
    fn natives(&self, job: Option<&Job>) -> Result<Vec<Native>> {
        let mut natives = self.native.clone();
        for (index, native) in natives.iter().enumerate() {
            if natives.iter().take(index).any(|other| other.name == native.name) {
                return Err(Error::Usage(format!("--native: `{}` is given twice", native.name)));
            }
        }
        let Some(job) = job.filter(|job| job.engine == Engine::Native) else {
            return Ok(natives);
        };
        for (index, shadow) in job.shadows.iter().enumerate() {
            if !natives.iter().any(|native| native.name == shadow.name) {
                natives.push(matchers::of_job(job, index, shadow)?);
            }
        }
        Ok(natives)
    }

    fn wanted(&self, job: Option<&Job>) -> Result<Vec<Name>> {
        let Some(job) = job else {
            let named = self.names.iter().map(|name| Name {
                name: name.clone(),
                any_port: false,
                of_job: false,
            });
            return Ok(named.collect());
        };
        let mut wanted: Vec<Name> = job
            .shadows
            .iter()
            .map(|shadow| Name {
                name: shadow.name.clone(),
                any_port: job.engine == Engine::Wasm && job.target.port.is_none(),
                of_job: true,
            })
            .collect();
        if let Some(foreign) = self.names.iter().find(|name| !wanted.iter().any(|one| one.is(name))) {
            let known: Vec<&str> = wanted.iter().map(|one| one.name.as_str()).collect();
            return Err(Error::Usage(format!(
                "{foreign}: is no mirror of the job, which has {}",
                known.join(", ")
            )));
        }
        if !self.names.is_empty() {
            wanted = self
                .names
                .iter()
                .map(|name| Name {
                    name: name.clone(),
                    any_port: wanted.iter().any(|one| one.name == *name && one.any_port),
                    of_job: true,
                })
                .collect();
        }
        Ok(wanted)
    }
}

/// A proxy knows nothing of the mirrors of engine native.
fn refuse_unseen(job: Option<&Job>) -> Result<()> {
    match job {
        Some(job) if job.engine == Engine::Native => Err(Error::Usage(
            "--prometheus is missing: the job's engine is native, which is seen in Istio's standard metrics alone, and only a \
             Prometheus server has those of both versions"
                .to_owned(),
        )),
        _ => Ok(()),
    }
}

/// `NAME=NAMESPACE/PRIMARY,[NAMESPACE/]SHADOW`.
fn native(text: &str) -> std::result::Result<Native, String> {
    let form = "is not NAME=NAMESPACE/PRIMARY,SHADOW, such as reviews-v2=demo/reviews-v1,reviews-v2";
    let parts = || {
        let (name, workloads) = text.split_once('=')?;
        let (primary, shadow) = workloads.split_once(',')?;
        let (namespace, primary) = primary.split_once('/')?;
        let (of_shadow, shadow) = shadow.split_once('/').unwrap_or((namespace, shadow));
        let is_workload = |text: &str| text.len() <= 253 && text.split('.').all(grammar::is_dns_label);
        let labels = [name, namespace, of_shadow].into_iter().all(grammar::is_dns_label);
        (labels && is_workload(primary) && is_workload(shadow)).then(|| Native {
            name: name.to_owned(),
            primary: matchers::of_workload(namespace, primary),
            shadow: matchers::of_workload(of_shadow, shadow),
        })
    };
    let native = parts().ok_or_else(|| form.to_owned())?;
    match native.primary == native.shadow {
        true => Err("names the same workload twice".to_owned()),
        false => Ok(native),
    }
}

// === impl Name ===

impl Name {
    /// Whether this mirror is meant.
    pub fn is(&self, mirror: &str) -> bool {
        let port = || mirror.strip_prefix(&self.name)?.strip_prefix('-')?.parse::<u16>().ok();
        mirror == self.name || (self.any_port && port().is_some())
    }
}

// === impl Asked ===

impl Asked {
    /// Whether this mirror is meant.
    pub fn is_meant(&self, mirror: &str) -> bool {
        self.names.is_empty() || self.names.iter().any(|name| name.is(mirror))
    }

    /// What asks, and keeps so many seconds.
    pub fn feed(&self, keep: u32, now: Time) -> Feed {
        let unix = now.unix().saturating_mul(1000);
        Feed::new(self.client.clone(), self.source.clone(), keep, unix)
    }

    /// What is known of the mirrors that are meant, and of those that should be there and are not.
    pub fn view(&self, feed: &Feed, window: Window) -> View {
        let known = feed.names();
        let missing = self
            .names
            .iter()
            .filter(|name| !known.iter().any(|mirror| name.is(mirror)))
            .map(|name| name.name.clone());
        let wanted: Vec<String> = known.iter().cloned().chain(missing).collect();
        let mut view = feed.view(window, &wanted);
        view.mirrors.retain(|mirror| self.is_meant(&mirror.name));
        view
    }

    /// The same as JSON.
    pub fn json(&self, feed: &Feed, window: Window) -> serde_json::Value {
        super::wire::view(&self.view(feed, window), self.source.kind(), feed.endpoints())
    }
}
