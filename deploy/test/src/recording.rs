//! Series as they were scraped: one line each, its name and labels, then one value a scrape, `_` where a scrape failed.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context as _, Result};

/// Seconds between two scrapes. `envoy-test record` reads after each batch of requests, and the tests take that as one
/// scrape.
pub const INTERVAL: u64 = 15;
/// When the first scrape was, in Unix seconds: 2026-11-22T18:00:00Z.
pub const START: u64 = 1_795_370_400;

/// Labels by name.
pub type Labels = BTreeMap<String, String>;

/// Series of one target, or of several.
#[derive(Clone, Debug, Default)]
pub struct Recording {
    /// In the order of the file.
    pub series: Vec<Series>,
}

/// One series.
#[derive(Clone, Debug)]
pub struct Series {
    /// Of the statistic.
    pub name: String,
    /// Its own, and those of the target.
    pub labels: Labels,
    /// One for each scrape; none where it failed.
    pub values: Vec<Option<f64>>,
}

// === impl Recording ===

impl Recording {
    /// Reads a recorded file, and adds these labels of the target to every series.
    pub fn read(path: &Path, target: &[(&str, &str)]) -> Result<Self> {
        let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        let mut recording = Self::default();
        for line in text.lines() {
            let mut series = Series::parse(line).with_context(|| format!("in {}: {line}", path.display()))?;
            let own = target
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
            series.labels.extend(own);
            recording.series.push(series);
        }
        // What Prometheus itself says of the target.
        let scrapes = recording.scrapes();
        let failed = |scrape: usize| recording.series.iter().all(|one| one.at(scrape).is_none());
        let values = (0..scrapes).map(|scrape| Some(if failed(scrape) { 0.0 } else { 1.0 }));
        let up = Series {
            name: "up".to_owned(),
            labels: target
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            values: values.collect(),
        };
        recording.series.push(up);
        Ok(recording)
    }

    /// How many scrapes there were.
    pub fn scrapes(&self) -> usize {
        self.series.iter().map(|series| series.values.len()).max().unwrap_or(0)
    }

    /// When the last scrape was, in Unix seconds.
    pub fn end(&self) -> u64 {
        START + INTERVAL * (self.scrapes().saturating_sub(1) as u64)
    }

    /// The series of this name with all of these labels.
    pub fn select(&self, name: &str, labels: &[(&str, &str)]) -> Vec<&Series> {
        let has = |series: &Series, key: &str, value: &str| series.labels.get(key).map(String::as_str) == Some(value);
        let wanted =
            |series: &&Series| series.name == name && labels.iter().all(|(key, value)| has(series, key, value));
        self.series.iter().filter(wanted).collect()
    }

    /// What Prometheus stores, in OpenMetrics' text format, for `promtool tsdb create-blocks-from openmetrics`.
    pub fn openmetrics(&self) -> String {
        let mut text = String::new();
        for series in &self.series {
            for (scrape, value) in series.values.iter().enumerate() {
                if let Some(value) = value {
                    let time = START + INTERVAL * (scrape as u64);
                    let _ = writeln!(text, "{series} {value} {time}");
                }
            }
        }
        text
    }

    /// The same as promtool's unit tests take it: `series` and `values`.
    pub fn inputs(&self) -> Vec<(String, String)> {
        let values = |series: &Series| {
            let text = |value: &Option<f64>| value.map_or_else(|| "_".to_owned(), |value| value.to_string());
            series.values.iter().map(text).collect::<Vec<_>>().join(" ")
        };
        self.series
            .iter()
            .map(|series| (series.to_string(), values(series)))
            .collect()
    }
}

// === impl Series ===

impl Series {
    fn parse(line: &str) -> Result<Self> {
        let (name, rest) = line.split_once('{').context("no labels")?;
        let (labels, values) = rest.rsplit_once('}').context("the labels have no end")?;
        let mut series = Self {
            name: name.to_owned(),
            labels: Labels::new(),
            values: Vec::new(),
        };
        for pair in labels.split(',').filter(|pair| !pair.is_empty()) {
            let (key, value) = pair.split_once('=').context("a label without a value")?;
            series.labels.insert(key.to_owned(), value.trim_matches('"').to_owned());
        }
        for value in values.split_whitespace() {
            series.values.push(match value {
                "_" => None,
                value => Some(value.parse().with_context(|| format!("`{value}` is no number"))?),
            });
        }
        Ok(series)
    }

    /// The value of this scrape.
    pub fn at(&self, scrape: usize) -> Option<f64> {
        self.values.get(scrape).copied().flatten()
    }

    /// The latest value.
    pub fn last(&self) -> Option<f64> {
        self.values.iter().rev().find_map(|value| *value)
    }

    /// By how much a counter grew over its last scrapes, so many of them. Where it fell, it had begun anew from zero.
    pub fn increase(&self, scrapes: usize) -> f64 {
        let from = self.values.len().saturating_sub(scrapes);
        let known: Vec<f64> = self.values.iter().skip(from).filter_map(|value| *value).collect();
        known
            .windows(2)
            .map(|pair| match pair {
                [before, after] if after >= before => after - before,
                [_, after] => *after,
                _ => 0.0,
            })
            .sum()
    }
}

impl std::fmt::Display for Series {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let labels = self.labels.iter().map(|(name, value)| format!("{name}=\"{value}\""));
        write!(formatter, "{}{{{}}}", self.name, labels.collect::<Vec<_>>().join(","))
    }
}
