//! The configurations of the storm: chosen as plain values that the model obeys, and written as the text that a user writes.

use std::time::Duration;

use mirror_policy::Plan;
use mirror_policy::sample::Dice;

use crate::common::parse;

/// The names of the mirrors; an account has the index of its mirror's name.
pub const NAMES: [&str; 3] = ["a", "b", "c"];

/// When the storms begin, by the wall clock: 2026-01-01T00:00:00Z.
pub const BEGIN: Duration = Duration::from_secs(1_767_225_600);

/// One configuration: a rule for each mirror that is in it.
#[derive(Debug)]
pub struct Rules {
    pub is_enabled: bool,
    pub mirrors: Vec<Rule>,
}

/// What one mirror is told.
#[derive(Debug, Clone)]
pub struct Rule {
    pub account: usize,
    pub is_enabled: bool,
    pub only_posts: bool,
    pub ppm: u32,
    pub max_body: u64,
    pub is_headers_only: bool,
    pub max_wait: u64,
    pub max_copies: u64,
    pub max_bytes: u64,
    /// In thousandths per second.
    pub rate: Option<u64>,
    pub breaker: Option<Breaker>,
    /// Seconds after [`BEGIN`].
    pub end: Option<u64>,
}

/// Times are milliseconds.
#[derive(Debug, Clone, Copy)]
pub struct Breaker {
    pub ppm: u64,
    pub min_requests: u64,
    pub window: u64,
    pub open_for: u64,
}

// === impl Rules ===

impl Rules {
    /// Some configuration; the first one of a storm names every mirror.
    pub fn random(dice: &mut Dice, is_first: bool, wall: Duration) -> Self {
        let mut mirrors = Vec::new();
        for account in 0..NAMES.len() {
            let is_left_out = dice.roll().is_multiple_of(8) && !is_first;
            let is_last_resort = account + 1 == NAMES.len() && mirrors.is_empty();
            if !is_left_out || is_last_resort {
                mirrors.push(Rule::random(dice, account, wall));
            }
        }
        Self {
            is_enabled: !dice.roll().is_multiple_of(20),
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
        parse(&config).unwrap_or_else(|error| panic!("{error}\n{config}"))
    }
}

// === impl Rule ===

impl Rule {
    fn random(dice: &mut Dice, account: usize, wall: Duration) -> Self {
        let breaker = Breaker {
            ppm: pick(dice, &[1, 300_000, 500_000, 1_000_000]),
            min_requests: pick(dice, &[1, 2, 5, 20]),
            window: pick(dice, &[1, 7, 50, 1_000, 60_000]),
            open_for: pick(dice, &[1, 20, 300]),
        };
        let (max_copies, max_bytes) = pick(dice, &[(3, 2_000), (40, 900), (1, 100_000), (30, 50_000)]);
        let (max_body, is_headers_only) = pick(dice, &[(300, false), (300, false), (10, true), (0, true)]);
        let rate = pick(dice, &[1, 500, 2_500, 100_000, 1_000_000_000]);
        let end = (wall.saturating_sub(BEGIN).as_secs() + dice.roll() % 8).saturating_sub(2);
        Self {
            account,
            is_enabled: !dice.roll().is_multiple_of(6),
            only_posts: dice.roll().is_multiple_of(3),
            ppm: pick(dice, &[0, 300_000, 1_000_000, 1_000_000, 1_000_000]),
            max_body,
            is_headers_only,
            max_wait: pick(dice, &[10, 50, 2_000]),
            max_copies,
            max_bytes,
            rate: dice.roll().is_multiple_of(2).then_some(rate),
            breaker: (!dice.roll().is_multiple_of(3)).then_some(breaker),
            end: dice.roll().is_multiple_of(3).then_some(end),
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
        let when_larger = if self.is_headers_only { "headersOnly" } else { "drop" };
        format!(
            r#"{{"name": "{}", "cluster": "c", "enabled": {}, "percentage": {}, "match": [{matches}],
                "body": {{"maxBytes": {}, "whenLarger": "{when_larger}", "maxWait": "{}ms"}},
                "limits": {{"maxInFlight": {}, "maxBufferedBytes": {}{rate}}}{breaker}{end}}}"#,
            NAMES[self.account],
            self.is_enabled,
            self.ppm / 10_000,
            self.max_body,
            self.max_wait,
            self.max_copies,
            self.max_bytes,
        )
    }

    /// Whether it has expired by this time.
    pub fn is_over(&self, wall: Duration) -> bool {
        self.end.is_some_and(|end| wall >= BEGIN + Duration::from_secs(end))
    }
}

fn pick<T: Copy>(dice: &mut Dice, choices: &[T]) -> T {
    choices[dice.roll() as usize % choices.len()]
}
