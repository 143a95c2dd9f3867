//! What the tests of the policy share: short ways to write plans and requests, and a model that adds up effects.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use mirror_policy::Plan;
use mirror_policy::account::AccountId;
use mirror_policy::breaker::Transition;
use mirror_policy::effects::Effects;
use mirror_policy::exchange::{Binding, Outgoing};
use mirror_policy::headers::Headers;
use mirror_policy::ledger::{Arrival, ExchangeId, Ledger};
use mirror_policy::matching::{self, RequestHead};
use mirror_policy::sample::Dice;
use mirror_policy::stats::{Kind, Statistic};

/// A plan of one mirror, of which only the keys behind its shadow are given: `"percentage": 10`.
pub fn mirror(keys: &str) -> Plan {
    parse(&with_mirror(keys)).unwrap()
}

/// The configuration of [`mirror`].
pub fn with_mirror(keys: &str) -> String {
    let comma = if keys.is_empty() { "" } else { ", " };
    format!(r#"{{"mirrors": [{{"name": "v2", "cluster": "shadow"{comma}{keys}}}]}}"#)
}

pub fn parse(config: &str) -> Result<Plan, String> {
    Plan::parse(config.as_bytes()).map_err(|error| error.to_string())
}

pub fn headers(pairs: &[(&str, &str)]) -> Headers {
    Headers::encode(pairs.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes())))
}

/// A GET of a path, with more headers.
pub fn get(path: &str, more: &[(&str, &str)]) -> Headers {
    let mut pairs = vec![
        (":authority", "reviews:9080"),
        (":path", path),
        (":method", "GET"),
        (":scheme", "http"),
    ];
    pairs.extend_from_slice(more);
    headers(&pairs)
}

/// A POST, with more headers.
pub fn post(more: &[(&str, &str)]) -> Headers {
    let mut pairs = vec![
        (":authority", "reviews"),
        (":path", "/"),
        (":method", "POST"),
        (":scheme", "http"),
    ];
    pairs.extend_from_slice(more);
    headers(&pairs)
}

pub fn at(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// The statistics as a host would hold them.
#[derive(Default)]
pub struct Totals {
    by_statistic: BTreeMap<(usize, usize), i64>,
    by_family: BTreeMap<(usize, &'static str), i64>,
    /// What circuit breakers did, with their account.
    pub transitions: Vec<(usize, Transition)>,
}

impl Totals {
    pub fn apply(&mut self, effects: &mut Effects) {
        let transitions = effects.take_transitions().into_iter();
        self.transitions
            .extend(transitions.map(|(account, transition)| (account.0, transition)));
        for effect in effects.drain() {
            let key = (effect.account.0, effect.statistic.index());
            match effect.statistic.kind() {
                Kind::Counter => assert!(effect.amount > 0, "{effect:?}: a counter only grows"),
                Kind::Setting => panic!("{effect:?}: a setting is no effect"),
                Kind::Gauge | Kind::Histogram => {}
            }
            *self.by_statistic.entry(key).or_default() += effect.amount;
            *self.by_family.entry((key.0, effect.statistic.name())).or_default() += effect.amount;
        }
    }

    pub fn of(&self, account: usize, statistic: Statistic) -> i64 {
        self.by_statistic
            .get(&(account, statistic.index()))
            .copied()
            .unwrap_or(0)
    }

    /// The sum over all results of a family.
    pub fn sum(&self, account: usize, family: &'static str) -> i64 {
        self.by_family.get(&(account, family)).copied().unwrap_or(0)
    }

    pub fn is_empty(&self) -> bool {
        self.by_statistic.is_empty()
    }

    /// Both balances, for an account.
    #[track_caller]
    pub fn assert_balanced(&self, account: usize) {
        let [
            matched,
            sent,
            skipped,
            dropped,
            collecting,
            responses,
            failures,
            in_flight,
        ] = [
            "traffic_mirror_matched_total",
            "traffic_mirror_sent_total",
            "traffic_mirror_skipped_total",
            "traffic_mirror_dropped_total",
            "traffic_mirror_collecting",
            "traffic_mirror_responses_total",
            "traffic_mirror_failures_total",
            "traffic_mirror_in_flight",
        ]
        .map(|family| self.sum(account, family));
        assert_eq!(
            matched,
            sent + skipped + dropped + collecting,
            "matched = sent + skipped + dropped + collecting"
        );
        assert_eq!(
            sent,
            responses + failures + in_flight,
            "sent = responses + failures + in flight"
        );
        assert!(collecting >= 0 && in_flight >= 0, "no gauge is below zero");
    }
}

/// A ledger with one plan, its statistics, and the dice.
pub struct Bench {
    pub ledger: Ledger,
    pub binding: Binding,
    pub totals: Totals,
    pub dice: Dice,
    /// The time of day.
    pub wall: Option<Duration>,
}

impl Bench {
    pub fn new(plan: Plan) -> Self {
        let mut ledger = Ledger::default();
        let accounts = ledger.adopt("plugin", &plan);
        let binding = Binding {
            plan: Rc::new(plan),
            accounts: accounts.into(),
        };
        Self {
            ledger,
            binding,
            totals: Totals::default(),
            dice: Dice::new(1),
            wall: None,
        }
    }

    /// A configuration update.
    pub fn update(&mut self, plan: Plan) {
        let accounts = self.ledger.adopt("plugin", &plan);
        self.binding = Binding {
            plan: Rc::new(plan),
            accounts: accounts.into(),
        };
    }

    pub fn begin(&mut self, headers: Headers, now: u64) -> Option<ExchangeId> {
        self.begin_routed(headers, true, now)
    }

    pub fn begin_routed(&mut self, headers: Headers, is_routed: bool, now: u64) -> Option<ExchangeId> {
        let arrival = Arrival {
            is_routed,
            ..self.arrival(headers, now)
        };
        let mut effects = Effects::default();
        let id = self.ledger.begin(arrival, &mut self.dice, &mut effects);
        self.totals.apply(&mut effects);
        id
    }

    /// A request as it comes in: the first attempt, with an upstream to answer it.
    pub fn arrival(&self, headers: Headers, now: u64) -> Arrival {
        let mirrors = matching::select(
            &self.binding.plan,
            &RequestHead {
                headers: &headers,
                port: None,
            },
        );
        let binding = self.binding.clone();
        Arrival {
            binding,
            mirrors,
            headers,
            is_routed: true,
            is_retry: false,
            now: at(now),
            wall: self.wall,
        }
    }

    pub fn body(&mut self, id: ExchangeId, chunk: &[u8], now: u64) -> bool {
        let mut effects = Effects::default();
        let given = self.ledger.takes(id, chunk.len()).then_some(chunk);
        let goes_on = self.ledger.body(id, chunk.len(), given, at(now), &mut effects);
        self.totals.apply(&mut effects);
        goes_on
    }

    pub fn complete(&mut self, id: ExchangeId, now: u64) -> Vec<Outgoing> {
        let mut effects = Effects::default();
        let copies = self.ledger.complete(id, at(now), &mut effects);
        self.totals.apply(&mut effects);
        copies
    }

    /// One step of the ledger, its effects applied.
    pub fn step<T>(&mut self, step: impl FnOnce(&mut Ledger, &mut Effects) -> T) -> T {
        let mut effects = Effects::default();
        let result = step(&mut self.ledger, &mut effects);
        self.totals.apply(&mut effects);
        result
    }

    /// What the first account counts.
    pub fn count(&self, statistic: Statistic) -> i64 {
        self.totals.of(0, statistic)
    }

    /// That nothing is held any more.
    #[track_caller]
    pub fn assert_at_rest(&self) {
        for &AccountId(index) in self.binding.accounts.iter() {
            self.totals.assert_balanced(index);
            assert_eq!(self.ledger.accounts().held(AccountId(index)), (0, 0));
            for gauge in [Statistic::Collecting, Statistic::InFlight, Statistic::BufferedBytes] {
                assert_eq!(self.totals.of(index, gauge), 0, "{gauge:?}");
            }
        }
    }
}
