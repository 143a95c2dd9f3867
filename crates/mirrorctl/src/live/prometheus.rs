//! A Prometheus server as a source: raw samples with the times at which they were scraped, so that rates are worked out
//! as from a proxy itself. The filter's statistics come under either pair of labels; engine native has Istio's standard
//! metrics. Pure: questions and answers; nothing is fetched here.

use std::collections::{BTreeMap, BTreeSet};

use mirror_policy::plugin::REFUSED;
use mirror_policy::reasons::{Class, Failure};
use mirror_policy::statistics::{Statistic, StatisticKind};
use serde_json::Value;

use super::answer;
use super::distribution::Distribution;
use super::reading::{Counts, Reading};
use super::vocabulary::{self, LABEL_PAIRS};
use crate::job::Engine;

/// A mirror of engine native: whose requests are the primary's, and whose the shadow's, as matchers of labels without
/// braces: `destination_workload="reviews-v1",destination_workload_namespace="demo"`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Native {
    /// The mirror's name.
    pub name: String,
    /// The primary's requests.
    pub primary: String,
    /// The shadow's requests.
    pub shadow: String,
}

/// One question to `/api/v1/query`, whose answer is [read](Samples::take) as what was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// PromQL.
    pub query: String,
    subject: Subject,
}

/// The answers to all questions, put together by proxy and time.
#[derive(Debug, Default)]
pub struct Samples {
    proxies: BTreeMap<String, Proxy>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Subject {
    Filter,
    Native { mirror: String, side: Side },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Primary,
    Shadow,
}

#[derive(Debug, Default)]
struct Proxy {
    /// The job and the instance: of a pod that is scraped twice, one is taken.
    target: (String, String),
    /// By Unix milliseconds: one scrape each.
    scrapes: BTreeMap<i64, Scrape>,
}

#[derive(Debug, Default)]
struct Scrape {
    mirrors: BTreeMap<String, Counts>,
    /// The labels of the plugins whose newest configuration is refused.
    refused: BTreeSet<String>,
    /// By mirror and index of the statistic: the bounds and cumulative counts.
    buckets: BTreeMap<(String, usize), BTreeMap<u64, f64>>,
}

// === impl Question ===

impl Question {
    /// All questions for what the mirrors did in the last seconds. `selector` narrows the proxies, as matchers of
    /// labels without braces, or is empty.
    pub fn all(selector: &str, natives: &[Native], seconds: u32) -> Vec<Self> {
        let comma = if selector.is_empty() { "" } else { "," };
        let filter = Self {
            query: format!("{{__name__=~\"traffic_mirror_.+\"{comma}{selector}}}[{seconds}s]"),
            subject: Subject::Filter,
        };
        let native = |native: &Native, side: Side| {
            let matchers = match side {
                Side::Primary => &native.primary,
                Side::Shadow => &native.shadow,
            };
            let names = "istio_requests_total|istio_request_duration_milliseconds_bucket";
            Self {
                query: format!(
                    "{{__name__=~\"{names}\",reporter=~\"destination|waypoint\",{matchers}{comma}{selector}}}[{seconds}s]"
                ),
                subject: Subject::Native {
                    mirror: native.name.clone(),
                    side,
                },
            }
        };
        let sides = [Side::Primary, Side::Shadow];
        let natives = natives.iter().flat_map(|one| sides.map(|side| native(one, side)));
        std::iter::once(filter).chain(natives).collect()
    }
}

// === impl Samples ===

impl Samples {
    /// Takes the answer to a question.
    ///
    /// # Errors
    /// If it is an error of Prometheus, or not Prometheus' answer: what was found.
    pub fn take(&mut self, question: &Question, answer: &[u8]) -> Result<(), String> {
        for series in &result(answer)? {
            let labels = series.get("metric").unwrap_or(&Value::Null);
            for (seconds, value) in values(series) {
                let scrape = self.scrape(labels, (seconds * 1000.0).round() as i64);
                if let Some(scrape) = scrape {
                    match &question.subject {
                        Subject::Filter => scrape.filter(labels, value),
                        Subject::Native { mirror, side } => scrape.native(mirror, *side, labels, value),
                    }
                }
            }
        }
        Ok(())
    }

    /// What the proxies said, the earliest first.
    pub fn readings(self) -> Vec<Reading> {
        let of = |(name, proxy): (String, Proxy)| {
            proxy.scrapes.into_iter().map(move |(at, mut scrape)| Reading {
                proxy: name.clone(),
                at,
                uptime: None,
                refused: std::mem::take(&mut scrape.refused),
                mirrors: scrape.mirrors(),
            })
        };
        let mut readings: Vec<Reading> = self.proxies.into_iter().flat_map(of).collect();
        readings.sort_by_key(|reading| reading.at);
        readings
    }

    fn scrape(&mut self, labels: &Value, at: i64) -> Option<&mut Scrape> {
        let label = |name: &str| labels.get(name).and_then(Value::as_str).unwrap_or_default();
        let target = (label("job").to_owned(), label("instance").to_owned());
        let pod = label("pod");
        let name = match (label("namespace"), pod.is_empty()) {
            (_, true) => target.1.clone(),
            ("", false) => pod.to_owned(),
            (namespace, false) => format!("{namespace}/{pod}"),
        };
        let proxy = self.proxies.entry(name).or_insert_with(|| Proxy {
            target: target.clone(),
            ..Proxy::default()
        });
        if target < proxy.target {
            *proxy = Proxy {
                target: target.clone(),
                ..Proxy::default()
            };
        }
        (proxy.target == target).then(|| proxy.scrapes.entry(at).or_default())
    }
}

// === impl Scrape ===

impl Scrape {
    fn counts(&mut self, mirror: &str, engine: Engine) -> &mut Counts {
        let unknown = || Counts::unknown(engine);
        self.mirrors.entry(mirror.to_owned()).or_insert_with(unknown)
    }

    fn bucket(&mut self, mirror: &str, statistic: Statistic, labels: &Value, value: f64) {
        let bound = labels.get("le").and_then(Value::as_str).and_then(|le| le.parse().ok());
        if let Some(bound) = bound.filter(|bound: &f64| *bound >= 0.0)
            && value.is_finite()
        {
            let buckets = self.buckets.entry((mirror.to_owned(), statistic.index())).or_default();
            // The bits of positive floats are in the order of the numbers.
            *buckets.entry(bound.to_bits()).or_default() += value;
        }
    }

    fn filter(&mut self, labels: &Value, value: f64) {
        let label = |name: &str| labels.get(name).and_then(Value::as_str);
        let pair = LABEL_PAIRS
            .iter()
            .find_map(|(mirror, result)| Some((label(mirror)?, label(result))));
        let (Some((mirror, result)), Some(name)) = (pair, label("__name__")) else {
            return;
        };
        if name == REFUSED.name {
            if value > 0.0 {
                self.refused.insert(mirror.to_owned());
            }
            return;
        }
        if let Some(statistic) = name
            .strip_suffix("_bucket")
            .and_then(|name| vocabulary::statistic(name, None))
        {
            self.counts(mirror, Engine::Wasm);
            self.bucket(mirror, statistic, labels, value);
        } else if let Some(statistic) = vocabulary::statistic(name, result.filter(|result| !result.is_empty()))
            && statistic.kind() != StatisticKind::Histogram
        {
            self.counts(mirror, Engine::Wasm).add(statistic, value);
        }
    }

    fn native(&mut self, mirror: &str, side: Side, labels: &Value, value: f64) {
        let label = |name: &str| labels.get(name).and_then(Value::as_str).unwrap_or_default();
        if label("__name__").ends_with("_bucket") {
            let statistic = match side {
                Side::Primary => Statistic::PrimaryDuration,
                Side::Shadow => Statistic::ShadowDuration,
            };
            self.counts(mirror, Engine::Native);
            self.bucket(mirror, statistic, labels, value);
            return;
        }
        let counts = self.counts(mirror, Engine::Native);
        let class = class(label("response_code"), label("grpc_response_status"));
        match side {
            // A request that was not answered counts as an error (Kiali, KubeSphere).
            Side::Primary => counts.add(Statistic::PrimaryResponses(class.unwrap_or(Class::ServerError)), value),
            Side::Shadow => {
                counts.add(Statistic::Sent, value);
                counts.add(
                    class.map_or(Statistic::Failures(Failure::Reset), Statistic::Responses),
                    value,
                );
            }
        }
    }

    fn mirrors(mut self) -> BTreeMap<String, Counts> {
        for ((mirror, index), buckets) in std::mem::take(&mut self.buckets) {
            let statistic = vocabulary::all().get(index).copied();
            let cumulative = buckets.into_iter().map(|(bound, count)| (f64::from_bits(bound), count));
            if let (Some(statistic), Some(counts)) = (statistic, self.mirrors.get_mut(&mirror)) {
                counts.add_distribution(statistic, Distribution::from_cumulative(cumulative));
            }
        }
        self.mirrors
    }
}

// === reading ===

/// The server's clock, from the answer to the query `time()`, in Unix milliseconds.
///
/// # Errors
/// If it is not Prometheus' answer.
pub fn clock(answer: &[u8]) -> Result<i64, String> {
    let data = data(answer)?;
    let scalar = data.get("result").and_then(sample);
    let (seconds, _) = scalar.ok_or_else(|| "it does not tell its time: is it a Prometheus server?".to_owned())?;
    Ok((seconds * 1000.0).round() as i64)
}

fn result(answer: &[u8]) -> Result<Vec<Value>, String> {
    match data(answer)?.get_mut("result").map(Value::take) {
        Some(Value::Array(result)) => Ok(result),
        _ => Err("its answer is JSON, but not Prometheus': it has no list `data.result`".to_owned()),
    }
}

fn data(answer: &[u8]) -> Result<Value, String> {
    let mut answer: Value = answer::json(answer)?;
    match answer.get("status").and_then(Value::as_str) {
        Some("success") => Ok(answer.get_mut("data").map(Value::take).unwrap_or_default()),
        Some("error") => {
            let why = answer.get("error").and_then(Value::as_str).unwrap_or("no reason given");
            Err(format!("Prometheus refused the query: {why}"))
        }
        _ => Err("its answer is JSON, but not Prometheus': it has no `status`".to_owned()),
    }
}

/// The samples of a series, of a matrix or of a vector.
fn values(series: &Value) -> impl Iterator<Item = (f64, f64)> {
    let matrix = series.get("values").and_then(Value::as_array);
    matrix
        .into_iter()
        .flatten()
        .chain(series.get("value"))
        .filter_map(sample)
}

/// `[seconds, "value"]`; `NaN` and infinities are no values.
fn sample(sample: &Value) -> Option<(f64, f64)> {
    let seconds = sample.get(0)?.as_f64()?;
    let value: f64 = sample.get(1)?.as_str()?.parse().ok()?;
    value.is_finite().then_some((seconds, value))
}

/// The class of an answer by Istio's labels; `None`: there was none (`response_code` 0).
fn class(code: &str, grpc_status: &str) -> Option<Class> {
    let code: u16 = code.parse().unwrap_or_default();
    match grpc_status {
        "" => (code > 0).then(|| Class::of_status(code.into())),
        status => Some(Class::of_grpc_status(Some(status.as_bytes()))),
    }
}

/// What to say if the server has nothing of any mirror.
pub fn no_filter(url: &str) -> String {
    format!(
        "no traffic_mirror statistics at {url}: is the filter loaded, and are its proxies scraped? See: query \
         count by (__name__) ({{__name__=~\"traffic_mirror_.+\"}}) there, and docs/istio-prerequisites.md"
    )
}
