//! What the clients send and how the shadow behaves: the combinations in which the arms are compared.

use std::net::SocketAddr;
use std::time::Duration;

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use crate::measure::Request;
use crate::measure::traffic::{Load, Manner, PATIENCE};

/// How long one part of a turn is, in seconds.
const PART: f64 = 0.25;
/// How long a load is followed, so that its copies are over before the next begins.
const SETTLE: Duration = Duration::from_millis(50);
/// A little more than the time after which Envoy gives a silent shadow up.
const GIVEN_UP: Duration = Duration::from_millis(1100);

/// A combination.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cell {
    pub request: Request,
    pub shadow: Shadow,
}

/// How the shadow behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Shadow {
    /// Answers at once.
    Healthy,
    /// Reads, and never answers.
    Silent,
}

/// A small request, a large one, and the small one while copies pile up.
pub const GET: Cell = Cell {
    request: Request::Get,
    shadow: Shadow::Healthy,
};
pub const LARGE: Cell = Cell {
    request: Request::Post64k,
    shadow: Shadow::Healthy,
};
pub const SILENT: Cell = Cell {
    request: Request::Get,
    shadow: Shadow::Silent,
};

// === impl Cell ===

impl Cell {
    /// The combinations of these requests and shadows, if any are named; else those that say most.
    pub fn select(requests: &[Request], shadows: &[Shadow]) -> Vec<Self> {
        if requests.is_empty() && shadows.is_empty() {
            return vec![GET, LARGE, SILENT];
        }
        let requests = if requests.is_empty() { &[Request::Get] } else { requests };
        let shadows = if shadows.is_empty() {
            &[Shadow::Healthy]
        } else {
            shadows
        };
        let of_shadow = |shadow: &Shadow| {
            let shadow = *shadow;
            requests.iter().map(move |request| Self {
                request: *request,
                shadow,
            })
        };
        shadows.iter().flat_map(of_shadow).collect()
    }

    /// Requests per second: what leaves a core about half idle without a filter, and less where copies pile up.
    pub fn rate(self) -> f64 {
        let healthy = match self.request {
            Request::Get | Request::Post1k => 2000.0,
            Request::Post64k => 600.0,
            Request::Json1m | Request::Zeros1m => 40.0,
        };
        match self.shadow {
            Shadow::Healthy => healthy,
            Shadow::Silent => healthy / 4.0,
        }
    }

    /// A turn is taken in so many parts, all arms in between: the shorter, the less the machine changes meanwhile.
    /// Where the copies outlive the load by far, waiting for them would take most of the time.
    pub fn parts(self, turn: Duration) -> u32 {
        match self.shadow {
            Shadow::Healthy => (turn.as_secs_f64() / PART).round().max(1.0) as u32,
            Shadow::Silent => 1,
        }
    }

    /// The load on this listener.
    pub fn load(self, target: SocketAddr, duration: Duration) -> Load {
        let (shadow, settle) = match self.shadow {
            Shadow::Healthy => (Manner::Prompt, SETTLE),
            Shadow::Silent => (Manner::Silent, GIVEN_UP),
        };
        Load {
            target,
            request: self.request.bytes(),
            rate: self.rate(),
            duration,
            settle,
            patience: PATIENCE,
            shadow,
        }
    }
}

impl std::fmt::Display for Cell {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let shadow = match self.shadow {
            Shadow::Healthy => "healthy",
            Shadow::Silent => "silent",
        };
        f.pad(&format!("{}, {} a second, shadow {shadow}", self.request, self.rate()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(cells: &[Cell]) -> Vec<String> {
        cells.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn all_combinations_of_what_is_named_are_measured() {
        let some = Cell::select(&[Request::Post64k, Request::Get], &[Shadow::Silent]);
        assert_eq!(
            names(&some),
            [
                "POST 64 KiB, 150 a second, shadow silent",
                "GET, 500 a second, shadow silent"
            ]
        );
        assert_eq!(
            names(&Cell::select(&[Request::Post1k], &[])),
            ["POST 1 KiB, 2000 a second, shadow healthy"]
        );
        assert_eq!(Cell::select(&[], &[]), [GET, LARGE, SILENT]);
    }

    #[test]
    fn a_turn_has_at_least_one_part() {
        assert_eq!(GET.parts(Duration::from_secs(3)), 12);
        assert_eq!(GET.parts(Duration::from_millis(50)), 1);
        assert_eq!(SILENT.parts(Duration::from_secs(3)), 1);
    }
}
