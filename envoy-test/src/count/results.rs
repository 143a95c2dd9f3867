//! What was counted, as it is written to the JSON file, and the ratios that it gives.

use serde::{Deserialize, Serialize};

use super::arms::{self, FOUR, ONE};
use crate::measure::arm::{BASELINE, NATIVE, Size};
use crate::measure::{Arm, Request};

/// The name of the line that is no arm: what each mirror after the first adds.
pub const FURTHER: &str = "each-further-mirror";

/// Everything that was counted.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Run {
    pub header: Header,
    pub counts: Vec<Count>,
}

/// What one must know to judge the numbers.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Header {
    pub processor: String,
    pub envoy: String,
    pub valgrind: String,
    pub builds: Vec<Size>,
    /// Requests of each arm before anything is counted.
    pub warm_up: u32,
    /// Requests of each arm in each round.
    pub requests: u32,
    pub rounds: u32,
    /// From the start of Envoy to the last count.
    pub seconds: f64,
}

/// What one arm took for one kind of request.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Count {
    pub request: Request,
    pub arm: String,
    /// The arm's name without the label of a build.
    pub kind: String,
    /// Instructions for a request, in each round.
    pub instructions: Vec<f64>,
}

/// What a count says, in instructions for a request.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Line {
    pub arm: String,
    pub kind: String,
    /// The least of the rounds; none for what is no arm.
    pub least: Option<f64>,
    /// The most of the rounds less the least.
    pub spread: f64,
    /// More than without a filter.
    pub added: f64,
    /// What is added, as a multiple of what Envoy's own mirror adds.
    pub ratio: Option<f64>,
}

// === impl Line ===

impl Line {
    /// Whether the line tells of the filter, and not of what the filter is compared with.
    pub fn is_of_the_filter(&self) -> bool {
        self.kind.starts_with(arms::FILTER) || self.kind == FURTHER
    }
}

// === impl Run ===

impl Run {
    /// The kinds of request that were counted, in their order.
    pub fn requests(&self) -> Vec<Request> {
        let mut requests: Vec<_> = self.counts.iter().map(|count| count.request).collect();
        requests.dedup();
        requests
    }

    /// A line for each arm, and for each further mirror of a build.
    pub fn lines(&self, request: Request) -> Vec<Line> {
        let counts: Vec<_> = self.counts.iter().filter(|count| count.request == request).collect();
        let least = |arm: &str| counts.iter().find(|count| count.arm == arm).map(|count| count.least());
        let none = least(BASELINE).unwrap_or(f64::NAN);
        let native = least(NATIVE).map(|native| native - none);
        let ratio = |added: f64| native.map(|native| added / native);
        let mut lines = Vec::new();
        for count in &counts {
            let added = count.least() - none;
            lines.push(Line {
                arm: count.arm.clone(),
                kind: count.kind.clone(),
                least: Some(count.least()),
                spread: count.most() - count.least(),
                added,
                ratio: ratio(added),
            });
            if count.kind == FOUR
                && let Some(one) = least(&count.arm.replace(FOUR, ONE))
            {
                let added = (count.least() - one) / 3.0;
                lines.push(Line {
                    arm: count.arm.replace(FOUR, FURTHER),
                    kind: FURTHER.to_owned(),
                    least: None,
                    spread: 0.0,
                    added,
                    ratio: ratio(added),
                });
            }
        }
        lines
    }
}

// === impl Count ===

impl Count {
    /// Nothing yet.
    pub fn new(arm: &Arm, request: Request) -> Self {
        Self {
            request,
            arm: arm.name.clone(),
            kind: arm.kind.to_owned(),
            instructions: Vec::new(),
        }
    }

    fn least(&self) -> f64 {
        self.instructions.iter().copied().fold(f64::INFINITY, f64::min)
    }

    fn most(&self) -> f64 {
        self.instructions.iter().copied().fold(0.0, f64::max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(arm: &str, kind: &str, instructions: &[f64]) -> Count {
        Count {
            request: Request::Get,
            arm: arm.to_owned(),
            kind: kind.to_owned(),
            instructions: instructions.to_vec(),
        }
    }

    #[test]
    fn ratios_are_of_what_is_added_in_the_same_run() {
        let run = Run {
            counts: vec![
                count(BASELINE, BASELINE, &[1010.0, 1000.0]),
                count(NATIVE, NATIVE, &[1100.0, 1120.0]),
                count("new:filter-100", ONE, &[1250.0, 1230.0]),
                count("new:filter-100-four", FOUR, &[1800.0, 1680.0]),
            ],
            ..Run::default()
        };
        let lines = run.lines(Request::Get);
        let shown: Vec<_> = lines
            .iter()
            .map(|line| (line.arm.as_str(), line.added, line.ratio))
            .collect();
        assert_eq!(
            shown,
            [
                ("none", 0.0, Some(0.0)),
                ("native-100", 100.0, Some(1.0)),
                ("new:filter-100", 230.0, Some(2.3)),
                ("new:filter-100-four", 680.0, Some(6.8)),
                ("new:each-further-mirror", 150.0, Some(1.5)),
            ]
        );
        assert_eq!((lines[3].least, lines[3].spread), (Some(1680.0), 120.0));
        assert_eq!(run.requests(), [Request::Get]);
    }

    #[test]
    fn without_the_native_arm_there_is_no_ratio() {
        let run = Run {
            counts: vec![count(BASELINE, BASELINE, &[1000.0])],
            ..Run::default()
        };
        assert_eq!(run.lines(Request::Get)[0].ratio, None);
    }
}
