//! What is wanted of the filter, and whether this run shows it.

use serde::Serialize;

use super::arms::NATIVE;
use super::results::Run;
use super::statistics::Estimate;
use super::{Cell, Request, Shadow};

/// The largest module that is wanted.
const MODULE_LIMIT: u64 = 300 * 1024;
const GET: Cell = Cell {
    request: Request::Get,
    shadow: Shadow::Healthy,
};
const LARGE: Cell = Cell {
    request: Request::Post64k,
    shadow: Shadow::Healthy,
};
const SILENT: Cell = Cell {
    request: Request::Get,
    shadow: Shadow::Silent,
};

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
    /// The run has not measured it, or what it is to be compared with cannot be told from nothing.
    Unknown,
}

/// All wishes, for each build of the filter.
pub fn all(run: &Run) -> Vec<Target> {
    let labels: Vec<_> = run.header.builds.iter().map(|build| build.label.as_str()).collect();
    labels.into_iter().flat_map(|label| of_build(run, label)).collect()
}

fn of_build(run: &Run, label: &str) -> Vec<Target> {
    let arm = |kind: &str| {
        if label.is_empty() {
            kind.to_owned()
        } else {
            format!("{label}:{kind}")
        }
    };
    let all = arm("filter-100");
    let cpu =
        |kind: &str, other: &str, cell| Estimate::ratio(&run.added_cpu(&arm(kind), cell), &run.added_cpu(other, cell));
    let later = |cell, at: usize| {
        Estimate::of(&run.differences(&all, NATIVE, cell, |ours, native| ours.latency[at] - native.latency[at]))
    };
    let ratio = |what: &str, limit: f64, found| Target::new(format!("{what}: at most {limit} ×"), limit, found, "×");
    let mut targets = vec![
        ratio(
            "GET, all copied: added CPU against Envoy's own mirror",
            1.25,
            cpu("filter-100", NATIVE, GET),
        ),
        ratio(
            "POST 64 KiB, all copied: added CPU against Envoy's own mirror",
            1.2,
            cpu("filter-100", NATIVE, LARGE),
        ),
        ratio(
            "GET, none matches: added CPU against an empty filter",
            0.5,
            cpu("filter-nomatch", "empty", GET),
        ),
        ratio(
            "GET, 1 % copied: added CPU against an empty filter",
            0.6,
            cpu("filter-1", "empty", GET),
        ),
    ];
    for (name, at) in [("median", 0), ("p99", 2)] {
        let what = format!("GET, all copied: {name} latency above that of Envoy's own mirror: none");
        targets.push(Target::new(what, 0.0, later(GET, at), "µs"));
        let what = format!("GET, all copied, shadow silent: {name} latency above that without a mirror: none");
        let found = Estimate::of(&run.added_latency(&all, SILENT, at));
        targets.push(Target::new(what, 0.0, found, "µs"));
    }
    targets.extend(uploads(run, &all));
    targets.extend(module(run, label));
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

fn module(run: &Run, label: &str) -> Option<Target> {
    let build = run.header.builds.iter().find(|build| build.label == label)?;
    Some(Target {
        what: "the module: at most 300 KiB".to_owned(),
        found: format!("{} KiB", build.bytes.div_ceil(1024)),
        verdict: if build.bytes <= MODULE_LIMIT {
            Verdict::Met
        } else {
            Verdict::Missed
        },
    })
}

// === impl Target ===

impl Target {
    fn new(what: String, limit: f64, found: Option<Estimate>, unit: &str) -> Self {
        Self {
            what,
            found: found.map_or_else(|| "–".to_owned(), |found| format!("{found} {unit}")),
            verdict: Verdict::of(found, limit),
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
            (estimate(0.9, 1.0, 1.2), Verdict::Met),
            (estimate(1.0, 1.1, 1.4), Verdict::Noise),
            (estimate(1.1, 1.3, 1.4), Verdict::Noise),
            (estimate(1.3, 1.4, 1.5), Verdict::Missed),
            (None, Verdict::Unknown),
        ] {
            assert_eq!(Verdict::of(found, 1.25), expected, "{found:?}");
        }
    }
}
