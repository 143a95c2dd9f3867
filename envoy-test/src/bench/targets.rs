//! What is wanted of the filter, and whether this run shows it.

use serde::Serialize;

use super::arms::COPIED;
use super::cells::{GET, SILENT};
use super::results::Run;
use super::statistics::Estimate;
use crate::measure::arm::NATIVE;

/// One wish.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Target {
    pub what: String,
    pub found: String,
    pub verdict: Verdict,
}

/// Whether it is fulfilled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    Met,
    Missed,
    /// The limit lies within the interval: more rounds or a quieter machine could tell.
    Noise,
    /// The run has not measured what is needed.
    Unknown,
}

/// All wishes, for each build of the filter.
pub fn all(run: &Run) -> Vec<Target> {
    let labels: Vec<_> = run.header.builds.iter().map(|build| build.label.as_str()).collect();
    labels.into_iter().flat_map(|label| of_build(run, label)).collect()
}

fn of_build(run: &Run, label: &str) -> Vec<Target> {
    let arm = if label.is_empty() {
        COPIED.to_owned()
    } else {
        format!("{label}:{COPIED}")
    };
    let mut targets = Vec::new();
    for (name, at) in [("median", 0), ("p99", 2)] {
        let what = format!("GET, all copied: {name} latency above that of Envoy's own mirror: none");
        let found = Estimate::of(&run.differences(&arm, NATIVE, GET, at));
        targets.push(Target::new(what, found));
        let what = format!("GET, all copied, shadow silent: {name} latency above that without a mirror: none");
        let found = Estimate::of(&run.added_latency(&arm, SILENT, at));
        targets.push(Target::new(what, found));
    }
    targets.extend(uploads(run, &arm));
    if !label.is_empty() {
        for target in &mut targets {
            target.what = format!("{label}: {}", target.what);
        }
    }
    targets
}

fn uploads(run: &Run, arm: &str) -> Option<Target> {
    let upload = run.uploads.iter().find(|upload| upload.arm == arm)?;
    let total = upload.answered.len() as u64 + upload.failed;
    Some(Target {
        what: "large uploads to a shadow that reads nothing: all answered".to_owned(),
        found: format!("{} of {total}", upload.answered.len()),
        verdict: if upload.failed == 0 {
            Verdict::Met
        } else {
            Verdict::Missed
        },
    })
}

// === impl Target ===

impl Target {
    /// The wish that microseconds are not above zero.
    fn new(what: String, found: Option<Estimate>) -> Self {
        Self {
            what,
            found: found.map_or_else(|| "–".to_owned(), |found| format!("{found} µs")),
            verdict: Verdict::of(found, 0.0),
        }
    }
}

// === impl Verdict ===

impl Verdict {
    /// Whether what was found is at most this, as far as its interval tells.
    fn of(found: Option<Estimate>, limit: f64) -> Self {
        match found {
            None => Self::Unknown,
            Some(found) if found.high <= limit => Self::Met,
            Some(found) if found.low > limit => Self::Missed,
            Some(_) => Self::Noise,
        }
    }
}

impl std::fmt::Display for Verdict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            Self::Met => "met",
            Self::Missed => "missed",
            Self::Noise => "within noise",
            Self::Unknown => "cannot be told",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn estimate(low: f64, median: f64, high: f64) -> Option<Estimate> {
        Some(Estimate { median, low, high })
    }

    #[test]
    fn an_interval_decides_and_not_its_middle() {
        for (found, expected) in [
            (estimate(-0.9, 0.0, 0.0), Verdict::Met),
            (estimate(-1.0, 1.1, 1.4), Verdict::Noise),
            (estimate(-1.1, -0.3, 1.4), Verdict::Noise),
            (estimate(0.3, 1.4, 1.5), Verdict::Missed),
            (None, Verdict::Unknown),
        ] {
            assert_eq!(Verdict::of(found, 0.0), expected, "{found:?}");
        }
    }
}
