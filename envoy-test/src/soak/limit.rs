//! How much memory a mirroring Envoy may take: the formula of docs/limits.md, term by term.

use std::fmt;

/// Bytes.
pub const MIB: u64 = 1 << 20;
/// `http.async_response_buffer_limit` of envoy.yaml.
pub const RESPONSE_BUFFER: u64 = MIB;
/// A module's heap only ever grows, and a body that is being collected may take twice its length in it. So what was
/// once collected is there beside what Envoy holds later.
pub const HEAP_PERCENT: u64 = 100;
/// For what belongs to no copy: connections to the shadows, statistics, the allocator's pages.
pub const SLACK: u64 = 16 * MIB;

/// What resident memory is held against, in bytes.
#[derive(Clone, Copy, Debug)]
pub struct Limit {
    /// The same load without mirroring.
    pub baseline: u64,
    pub workers: u64,
    pub mirrors: u64,
    /// `limits.maxBufferedBytes`.
    pub budget: u64,
    /// What Envoy may buffer of the shadow's answers, for one mirror and worker.
    pub answers: u64,
    /// The allowance that grows with the budget.
    pub heap_percent: u64,
    /// The allowance that does not.
    pub slack: u64,
}

// === impl Limit ===

impl Limit {
    /// All terms together.
    pub fn total(&self) -> u64 {
        self.baseline + self.copies() + self.heap() + self.slack
    }

    /// The names of the columns; `configured` is the most that may be charged.
    pub fn heading(&self, configured: u64) -> String {
        format!(
            "  time  requests      sent   dropped  in flight   charged  resident   highest\n{:57}of {:>6} {:>19}",
            "",
            mib(configured),
            format!("of {}", mib(self.total())),
        )
    }

    fn copies(&self) -> u64 {
        self.workers * self.mirrors * (self.budget + self.answers)
    }

    fn heap(&self) -> u64 {
        self.workers * self.mirrors * self.budget * self.heap_percent / 100
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "baseline   {:>8} MiB, the most in the warm-up", mib(self.baseline))?;
        writeln!(
            f,
            "copies     {:>8} MiB = {} workers × {} mirrors × ({} budget + {} answers)",
            mib(self.copies()),
            self.workers,
            self.mirrors,
            mib(self.budget),
            mib(self.answers)
        )?;
        writeln!(
            f,
            "heap       {:>8} MiB = {} % of the budgets, which the modules' heaps keep",
            mib(self.heap()),
            self.heap_percent
        )?;
        writeln!(f, "allowance  {:>8} MiB, whatever the budget", mib(self.slack))?;
        write!(f, "limit      {:>8} MiB resident", mib(self.total()))
    }
}

/// Bytes as MiB, to one decimal.
pub fn mib(bytes: u64) -> String {
    format!("{:.1}", bytes as f64 / MIB as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_the_sum_of_its_terms() {
        let limit = Limit {
            baseline: 100 * MIB,
            workers: 2,
            mirrors: 3,
            budget: 16 * MIB,
            answers: 4 * MIB,
            heap_percent: 50,
            slack: 10 * MIB,
        };
        assert_eq!(limit.total(), (100 + 2 * 3 * (16 + 4) + 2 * 3 * 8 + 10) * MIB);
        assert!(
            limit.to_string().ends_with("limit         278.0 MiB resident"),
            "{limit}"
        );
    }

    #[test]
    fn the_response_buffer_is_that_of_envoy_yaml() {
        let line = format!("async_response_buffer_limit: {RESPONSE_BUFFER}");
        assert!(crate::envoy::bootstrap::BOOTSTRAP.contains(&line), "{line}");
    }
}
