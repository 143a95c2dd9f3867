//! Where the dashboard is asked: a Prometheus for each recording, with what the recording itself says of the same.

use anyhow::{Context as _, Result, bail};

use crate::dashboard::{Choice, Dashboard, Target};
use crate::prometheus::{Sample, Server, Tools};
use crate::recording::{Recording, Series};
use crate::{deploy, istio};

type Pairs = &'static [(&'static str, &'static str)];
/// The two recordings, with how they name the result, and the labels of their target.
const RECORDED: [(&str, &str, Pairs); 2] = [
    (
        "istio.series",
        "tag",
        &[
            ("job", "kubernetes-pods"),
            ("instance", "10.0.0.1:15020"),
            ("namespace", "demo"),
            ("pod", "reviews-v1-7d8f9c6b54-x2x7k"),
        ],
    ),
    (
        "envoy.series",
        "result",
        &[("job", "envoy"), ("instance", "10.0.0.9:9901")],
    ),
];
/// Everything.
pub const ALL: Choice<'_> = Choice {
    mirror: ".*",
    namespace: ".*",
    range: "10m",
    rate_interval: "5m",
};
/// The mirror to which all happens.
pub const ONE: Choice<'_> = Choice {
    mirror: "reviews-v2",
    ..ALL
};
/// Scrapes in the range of a rate: Envoy restarted just before.
pub const RATE_SCRAPES: usize = 20;
/// Scrapes in `$__range`: the restart is among them.
pub const RANGE_SCRAPES: usize = 41;

/// The dashboard of this repository.
pub fn dashboard() -> Result<Dashboard> {
    Dashboard::read(&deploy().join("grafana/traffic-mirror.json"))
}

/// A recording, with its native neighbours.
pub struct Stage {
    /// Holds the recording and Istio's metrics.
    pub server: Server,
    /// What was recorded.
    pub recording: Recording,
    /// The label of the result.
    pub result: &'static str,
    /// When the last scrape was.
    pub end: u64,
}

/// Both recordings, with the name of the label that has the result.
pub fn recordings() -> Result<Vec<(&'static str, Recording)>> {
    let read = |file: &str, target| Recording::read(&deploy().join("test/recorded").join(file), target);
    let recorded = RECORDED.iter();
    recorded
        .map(|(file, result, target)| Ok((*result, read(file, target)?)))
        .collect()
}

/// A Prometheus for each.
pub fn stages() -> Result<Vec<Stage>> {
    let tools = Tools::find()?;
    let mut stages = Vec::new();
    for (result, recording) in recordings()? {
        let native = istio::standard_metrics(recording.scrapes());
        stages.push(Stage {
            server: Server::start(tools, &[&recording, &native])?,
            end: recording.end(),
            recording,
            result,
        });
    }
    Ok(stages)
}

// === impl Stage ===

impl Stage {
    /// What a panel's query answers for the mirror [`ONE`].
    pub fn ask(&self, dashboard: &Dashboard, title: &str, reference: &str) -> Result<Vec<Sample>> {
        let target = target(dashboard, "", title, reference)?;
        self.server.query(&ONE.put_into(&target.expr), self.end)
    }

    /// The same, where it is one number.
    pub fn one(&self, dashboard: &Dashboard, title: &str, reference: &str) -> Result<f64> {
        let answer = self.ask(dashboard, title, reference)?;
        match answer.as_slice() {
            [sample] => Ok(sample.value),
            _ => bail!("{title} {reference}: {answer:?}"),
        }
    }

    /// The mirror's series of this name.
    pub fn of_mirror(&self, name: &str) -> Vec<&Series> {
        let label = if self.result == "tag" { "wasm_filter" } else { "mirror" };
        self.recording.select(name, &[(label, "reviews-v2")])
    }

    /// By how much a counter of the mirror grew, over all of its results or over these.
    pub fn grown(&self, name: &str, results: &[&str], scrapes: usize) -> f64 {
        self.of_mirror(name)
            .into_iter()
            .filter(|series| {
                let result = series.labels.get(self.result).map_or("", String::as_str);
                results.is_empty() || results.contains(&result)
            })
            .map(|series| series.increase(scrapes))
            .sum()
    }

    /// A gauge at the last scrape; 0 where there is none.
    pub fn gauge(&self, name: &str) -> f64 {
        let found = self.of_mirror(name).first().and_then(|series| series.last());
        found.unwrap_or_default()
    }
}

/// A query, by the row, the panel and its name there.
pub fn target<'a>(dashboard: &'a Dashboard, row: &str, title: &str, reference: &str) -> Result<&'a Target> {
    let panels = dashboard.panels();
    let panel = panels
        .into_iter()
        .find(|(its_row, panel)| its_row.contains(row) && panel.title == title);
    let (_, panel) = panel.with_context(|| format!("no panel {title}"))?;
    let found = panel.targets.iter().find(|target| target.ref_id == reference);
    found.with_context(|| format!("{title} has no query {reference}"))
}

/// Asserts that a number is the recorded one, but for this share of it.
#[track_caller]
pub fn assert_close(what: &str, actual: f64, expected: f64, tolerance: f64) {
    // Prometheus extrapolates to the ends of a range, and a counter that is younger than the range not below zero.
    let off = (actual - expected).abs();
    assert!(
        off <= tolerance * expected.abs() + 1e-9,
        "{what}: {actual}, recorded {expected}"
    );
}
