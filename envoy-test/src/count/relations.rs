//! What bounded work means in a count: the hostile request costs at most so many times the ordinary one.

use super::arms::{POINTER, POINTERS, POINTERS_FOUR};
use super::results::Run;
use crate::measure::Request;

/// What an arm may cost for the hostile request, as a multiple of what the arm with one pointer costs for the ordinary
/// request.
const LIMITS: [(&str, f64); 2] = [(POINTERS, 3.0), (POINTERS_FOUR, 6.0)];

/// An arm that costs too much for the hostile request.
#[derive(Clone, Debug, PartialEq)]
pub struct Breach {
    arm: &'static str,
    found: f64,
    limit: f64,
}

/// The arms of a run that cost too much for the hostile request. A run without these requests has none.
pub fn breaches(run: &Run) -> Vec<Breach> {
    let cost = |request, kind| {
        let lines = run.lines(request);
        lines
            .into_iter()
            .find(|line| line.kind == kind)
            .and_then(|line| line.least)
    };
    let Some(ordinary) = cost(Request::Json1m, POINTER) else {
        return Vec::new();
    };
    let breach = |(arm, limit): &(&'static str, f64)| {
        let found = cost(Request::Zeros1m, arm)? / ordinary;
        (found > *limit).then_some(Breach {
            arm,
            found,
            limit: *limit,
        })
    };
    LIMITS.iter().filter_map(breach).collect()
}

impl std::fmt::Display for Breach {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { arm, found, limit } = self;
        write!(
            f,
            "{arm}, {}: {found:.2} × {POINTER}, {}; at most {limit} × is allowed",
            Request::Zeros1m,
            Request::Json1m
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::count::results::Count;

    fn run(counts: &[(Request, &str, f64)]) -> Run {
        let count = |(request, arm, instructions): &(Request, &str, f64)| Count {
            request: *request,
            arm: (*arm).to_owned(),
            kind: (*arm).to_owned(),
            instructions: vec![*instructions],
        };
        Run {
            counts: counts.iter().map(count).collect(),
            ..Run::default()
        }
    }

    #[test]
    fn a_hostile_request_may_cost_three_times_the_ordinary_one_and_six_times_for_four_mirrors() {
        let counts = |one, four| {
            run(&[
                (Request::Json1m, POINTER, 100.0),
                (Request::Zeros1m, POINTERS, one),
                (Request::Zeros1m, POINTERS_FOUR, four),
            ])
        };
        assert_eq!(breaches(&counts(300.0, 600.0)), []);
        let shown: Vec<String> = breaches(&counts(301.0, 700.0)).iter().map(Breach::to_string).collect();
        assert_eq!(
            shown,
            [
                "filter-100-json-64, POST 1 MiB of zeros: 3.01 × filter-100-json-1, POST 1 MiB of orders; at most 3 × is allowed",
                "filter-100-json-64-four, POST 1 MiB of zeros: 7.00 × filter-100-json-1, POST 1 MiB of orders; at most 6 × is allowed",
            ]
        );
    }

    #[test]
    fn a_run_without_such_requests_breaks_nothing() {
        assert_eq!(breaches(&run(&[(Request::Get, POINTER, 100.0)])), []);
    }
}
