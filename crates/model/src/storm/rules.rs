//! The configurations of a storm: chosen as plain values that the model obeys, and written as the text that a user
//! writes.

use std::time::Duration;

use mirror_policy::Plan;

use crate::decisions::Decisions;
use crate::plans;

/// The names of the mirrors; an account has the index of its mirror's name.
pub const NAMES: [&str; 3] = ["a", "b", "c"];

/// When the storms begin, by the wall clock: 2026-01-01T00:00:00Z.
pub const BEGIN: Duration = Duration::from_secs(1_767_225_600);

/// The header that has the key of a sample by key.
pub const KEY: &str = "x-key";

/// One configuration: a rule for each mirror that is in it.
#[derive(Debug)]
pub struct Rules {
    /// Whether any mirror is on.
    pub is_enabled: bool,
    /// The rules, in the order of the configuration.
    pub mirrors: Vec<Rule>,
}

/// What one mirror is told. Times are milliseconds.
#[derive(Debug, Clone)]
pub struct Rule {
    /// The index of its name in [`NAMES`].
    pub account: usize,
    /// Whether the mirror is on.
    pub is_enabled: bool,
    /// Whether only requests with the method POST match.
    pub only_posts: bool,
    /// The share of the requests, in millionths.
    pub ppm: u32,
    /// Whether the share goes by the header [`KEY`] and not by chance.
    pub is_keyed: bool,
    /// The largest body, in bytes.
    pub max_body: u64,
    /// Whether a larger body is left out and the headers are copied alone.
    pub is_headers_only: bool,
    /// The longest time in which a copy may be collected.
    pub max_wait: u64,
    /// The most copies in flight at a time.
    pub max_in_flight: u64,
    /// The most copies at a time whose request is not complete.
    pub max_collecting: u64,
    /// The most bytes at a time.
    pub max_bytes: u64,
    /// The most copies per second, in thousandths; `None` is any number.
    pub rate: Option<u64>,
    /// The circuit breaker, if there is one.
    pub breaker: Option<BreakerRule>,
    /// The expiry in seconds after [`BEGIN`], if there is one.
    pub end: Option<u64>,
}

/// What a circuit breaker is told. Times are milliseconds.
#[derive(Debug, Clone, Copy)]
pub struct BreakerRule {
    /// The share of failures that opens it, in millionths.
    pub ppm: u64,
    /// The fewest copies of which the share is taken.
    pub min_requests: u64,
    /// The time over which copies count.
    pub window: u64,
    /// The time after which a probe is let through.
    pub open_for: u64,
}

// === impl Rules ===

impl Rules {
    /// Some configuration; the first one of a storm names every mirror.
    pub fn random(decisions: &mut impl Decisions, is_first: bool, wall: Duration) -> Self {
        let mut mirrors = Vec::new();
        for account in 0..NAMES.len() {
            let is_left_out = decisions.one_in(8) && !is_first;
            let is_last_resort = account + 1 == NAMES.len() && mirrors.is_empty();
            if !is_left_out || is_last_resort {
                mirrors.push(Rule::random(decisions, account, wall));
            }
        }
        Self {
            is_enabled: !decisions.one_in(20),
            mirrors,
        }
    }

    /// The same as a user writes it.
    pub fn plan(&self) -> Plan {
        let mirrors: Vec<String> = self.mirrors.iter().map(Rule::json).collect();
        let config = format!(
            r#"{{"enabled": {}, "mirrors": [{}]}}"#,
            self.is_enabled,
            mirrors.join(",")
        );
        plans::plan(&config)
    }
}

// === impl Rule ===

impl Rule {
    fn random(decisions: &mut impl Decisions, account: usize, wall: Duration) -> Self {
        let breaker = BreakerRule {
            ppm: *decisions.pick(&[1, 300_000, 500_000, 1_000_000]),
            min_requests: *decisions.pick(&[1, 2, 5, 20]),
            window: *decisions.pick(&[1, 7, 50, 1_000, 60_000]),
            open_for: *decisions.pick(&[1, 20, 300]),
        };
        let (max_in_flight, max_bytes) = *decisions.pick(&[(3, 2_000), (40, 900), (1, 100_000), (30, 50_000)]);
        let (max_body, is_headers_only) = *decisions.pick(&[(300, false), (300, false), (10, true), (0, true)]);
        let rate = *decisions.pick(&[1, 500, 2_500, 100_000, 1_000_000_000]);
        let end = (wall.saturating_sub(BEGIN).as_secs() + decisions.below(8)).saturating_sub(2);
        Self {
            account,
            is_enabled: !decisions.one_in(6),
            only_posts: decisions.one_in(3),
            is_keyed: decisions.one_in(4),
            ppm: *decisions.pick(&[0, 300_000, 1_000_000, 1_000_000, 1_000_000]),
            max_body,
            is_headers_only,
            max_wait: *decisions.pick(&[10, 50, 2_000]),
            max_in_flight,
            max_collecting: *decisions.pick(&[2, 30]),
            max_bytes,
            rate: decisions.one_in(2).then_some(rate),
            breaker: (!decisions.one_in(3)).then_some(breaker),
            end: decisions.one_in(3).then_some(end),
        }
    }

    fn json(&self) -> String {
        let rate = self.rate.map_or(String::new(), |thousandths| {
            let (whole, fraction) = (thousandths / 1_000, thousandths % 1_000);
            format!(r#", "maxRequestsPerSecond": "{whole}.{fraction:03}""#)
        });
        let breaker = self.breaker.map_or(String::new(), |breaker| {
            format!(
                r#", "circuitBreaker": {{"failurePercentage": "{}.{:04}", "minRequests": {}, "window": "{}ms", "openFor": "{}ms"}}"#,
                breaker.ppm / 10_000,
                breaker.ppm % 10_000,
                breaker.min_requests,
                breaker.window,
                breaker.open_for
            )
        });
        let end = self.end.map_or(String::new(), |end| {
            let (hour, minute, second) = (end / 3_600, end / 60 % 60, end % 60);
            format!(r#", "expiresAt": "2026-01-01T{hour:02}:{minute:02}:{second:02}Z""#)
        });
        let matches = if self.only_posts {
            r#"{"method": {"exact": "POST"}}"#
        } else {
            ""
        };
        let sample = if self.is_keyed {
            format!(r#", "sample": {{"by": "header", "name": "{KEY}"}}"#)
        } else {
            String::new()
        };
        let when_larger = if self.is_headers_only { "headersOnly" } else { "drop" };
        format!(
            r#"{{"name": "{}", "cluster": "c", "enabled": {}, "percentage": {}{sample}, "match": [{matches}],
                "body": {{"maxBytes": {}, "whenLarger": "{when_larger}", "maxWait": "{}ms"}},
                "limits": {{"maxInFlight": {}, "maxCollecting": {}, "maxBufferedBytes": {}{rate}}}{breaker}{end}}}"#,
            NAMES[self.account],
            self.is_enabled,
            self.ppm / 10_000,
            self.max_body,
            self.max_wait,
            self.max_in_flight,
            self.max_collecting,
            self.max_bytes,
        )
    }

    /// Whether the mirror has expired by this time of day. Without a clock, a mirror that has an expiry has expired.
    pub fn is_expired(&self, wall: Option<Duration>) -> bool {
        let is_after = |end| wall.is_none_or(|wall| wall >= BEGIN + Duration::from_secs(end));
        self.end.is_some_and(is_after)
    }
}
