//! Any order of the ledger's events, over several mirrors, requests and configurations. After each event both balances hold,
//! what is held is what the gauges show and what a model says, and nobody was let in over a budget.

// The ledger, with its statistics added up, as the tests of the policy use it.
#[path = "../../crates/policy/tests/it/common.rs"]
#[allow(missing_docs, dead_code, reason = "it is made for tests")]
mod common;

use std::sync::LazyLock;
use std::time::Duration;

use mirror_policy::account::AccountId;
use mirror_policy::headers::Headers;
use mirror_policy::ledger::ExchangeId;
use mirror_policy::reason::{Class, Dropped, Failure, Outcome};
use mirror_policy::stats::Statistic;

use crate::input::Input;
use common::{Bench, at, get, parse, post};

/// Three mirrors of the same names, so that every configuration adopts what the one before holds.
const KEYS: &[[&str; 3]] = &[
    [
        r#""limits": {"maxInFlight": 3, "maxBufferedBytes": 2000}, "body": {"maxBytes": 300, "maxWait": "50ms"}"#,
        r#""limits": {"maxInFlight": 40, "maxBufferedBytes": 900}, "body": {"maxBytes": 10, "whenLarger": "headersOnly"}"#,
        r#""limits": {"maxInFlight": 1, "maxBufferedBytes": 100000}, "body": {"maxBytes": 0, "whenLarger": "headersOnly", "maxWait": "10ms"}"#,
    ],
    [
        r#""limits": {"maxInFlight": 1, "maxBufferedBytes": 400}, "body": {"maxBytes": 300}, "match": [{"method": {"exact": "POST"}}]"#,
        r#""percentage": 50, "sample": {"by": "header", "name": "x-key"}"#,
        r#""enabled": false"#,
    ],
    [
        r#""percentage": 30, "expiresAt": "2026-12-01T18:00:00Z""#,
        r#""circuitBreaker": {"failurePercentage": 50, "minRequests": 2, "window": "1s", "openFor": "100ms"}"#,
        r#""marker": "x-a", "limits": {"maxRequestsPerSecond": 3}"#,
    ],
    [
        r#""circuitBreaker": {"failurePercentage": 1, "minRequests": 1, "window": "10ms", "openFor": "1ms"}, "limits": {"maxRequestsPerSecond": 0.001}"#,
        r#""circuitBreaker": {"failurePercentage": 100, "minRequests": 1, "window": "1h", "openFor": "200ms"}, "body": {"maxBytes": 10}"#,
        r#""percentage": 0"#,
    ],
];

/// An input is read up to here; longer ones only repeat themselves.
const MOST_EVENTS: usize = 400;

static CONFIGURATIONS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let mirror = |(name, keys): (&str, &&str)| format!(r#"{{"name": "{name}", "cluster": "c", {keys}}}"#);
    let config = |keys: &[&str; 3]| {
        let mirrors: Vec<String> = ["a", "b", "c"].into_iter().zip(keys).map(mirror).collect();
        format!(r#"{{"mirrors": [{}]}}"#, mirrors.join(","))
    };
    KEYS.iter().map(config).collect()
});

/// What goes on, as a host would know it.
struct World {
    bench: Bench,
    now: u64,
    collecting: Vec<ExchangeId>,
    in_flight: Vec<u32>,
    next_token: u32,
    /// Bytes that each account held before the event.
    held: [u64; 3],
}

/// Checks one input: the events.
pub fn check(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let mut world = World {
        bench: Bench::new(plan(&mut input)),
        now: 0,
        collecting: Vec::new(),
        in_flight: Vec::new(),
        next_token: 1,
        held: [0; 3],
    };
    for _ in 0..MOST_EVENTS {
        if input.is_empty() {
            break;
        }
        world.event(&mut input);
        world.check();
    }
    world.bench.step(|ledger, effects| ledger.cancel(effects));
    world.bench.assert_at_rest();
}

fn plan(input: &mut Input<'_>) -> mirror_policy::Plan {
    let config: &String = input.pick(&CONFIGURATIONS);
    parse(config).expect("a good plan")
}

// === impl World ===

impl World {
    fn event(&mut self, input: &mut Input<'_>) {
        match input.byte() % 12 {
            0 | 1 => {
                let (head, is_routed) = request(input);
                self.collecting
                    .extend(self.bench.begin_routed(head, is_routed, self.now));
            }
            2 => {
                let size = input.number() % 2_000;
                if let Some(id) = chosen(input, &self.collecting) {
                    self.bench.body(id, &vec![b'x'; size], self.now);
                }
            }
            // The host does not hand a chunk over.
            3 => {
                let size = input.number();
                if let Some(id) = chosen(input, &self.collecting) {
                    let now = at(self.now);
                    self.bench
                        .step(|ledger, effects| ledger.body(id, size, None, now, effects));
                }
            }
            4 | 5 => self.complete(input),
            6 => {
                if let Some(id) = taken(input, &mut self.collecting) {
                    self.bench.step(|ledger, effects| ledger.reset(id, effects));
                }
            }
            7 | 8 => {
                let outcome = outcome(input);
                // An answer to a call that is settled, or was never made, changes nothing.
                let token = taken(input, &mut self.in_flight).unwrap_or(self.next_token);
                let now = at(self.now);
                self.bench.step(|ledger, effects| {
                    // The host asks for the time only if it is needed.
                    let now = ledger.is_timed(token).then_some(now);
                    ledger.settle(token, outcome, now, effects);
                });
            }
            9 => self.now += u64::from(input.byte()),
            10 => {
                let now = at(self.now);
                self.bench.step(|ledger, effects| ledger.sweep(now, effects));
            }
            _ => match input.byte() % 8 {
                0 => {
                    self.bench.step(|ledger, effects| ledger.cancel(effects));
                    self.in_flight.clear();
                }
                // Before the expiry, after it, and without a clock.
                1 => self.bench.wall = *input.pick(&[None, Some(Duration::from_secs(1)), Some(Duration::MAX)]),
                _ => self.bench.update(plan(input)),
            },
        }
    }

    /// A request is complete; the input says which of its copies Envoy takes.
    fn complete(&mut self, input: &mut Input<'_>) {
        let Some(id) = taken(input, &mut self.collecting) else {
            return;
        };
        for copy in self.bench.complete(id, self.now) {
            let length = copy.body().len() as u64;
            let cap = copy.mirror().map_or(0, |mirror| mirror.config.body.max_bytes.get());
            assert!(length <= cap, "a body over its cap leaves");
            match input.byte() % 4 {
                0 => self
                    .bench
                    .step(|ledger, effects| ledger.refused(copy, Dropped::NoCapacity, effects)),
                _ => {
                    let token = self.next_token;
                    self.next_token += 1;
                    self.bench
                        .step(|ledger, effects| ledger.sent(copy, token, token % 3, effects));
                    self.in_flight.push(token);
                }
            }
        }
    }

    fn check(&mut self) {
        let mut shown = 0;
        for index in 0..3 {
            self.bench.totals.assert_balanced(index);
            let [collecting, in_flight, bytes] = [Statistic::Collecting, Statistic::InFlight, Statistic::BufferedBytes]
                .map(|gauge| self.bench.totals.of(index, gauge));
            shown += in_flight;
            let open = self.bench.totals.of(index, Statistic::BreakerOpen);
            assert!((0..=1).contains(&open), "a breaker is open or it is not: {open}");
            let (copies, held) = self.bench.ledger.accounts().held(AccountId(index));
            assert_eq!(
                (copies as i64, held as i64),
                (collecting + in_flight, bytes),
                "what is held is what is shown"
            );
            let limits = &self.bench.binding.plan.mirrors[index].config.limits;
            let before = std::mem::replace(&mut self.held[index], held);
            assert!(
                held <= limits.max_buffered_bytes.get().max(before),
                "mirror {index} holds {held} bytes and held {before}"
            );
        }
        assert_eq!(
            shown,
            self.in_flight.len() as i64,
            "every copy in flight is one that was sent"
        );
        let by_owner: usize = (0..3).map(|owner| self.bench.ledger.in_flight_of(owner)).sum();
        assert_eq!(by_owner, self.in_flight.len(), "every copy has its owner");
    }
}

fn request(input: &mut Input<'_>) -> (Headers, bool) {
    let (kind, value) = (input.byte(), input.number());
    let value_text = value.to_string();
    let head = match kind % 6 {
        0 => get("/", &[("x-key", &value_text)]),
        1 => get("/", &[("x-mirrored-by", "a")]),
        2 => get("/", &[("connection", "Upgrade"), ("upgrade", "websocket")]),
        3 => post(&[("content-length", &value_text), ("x-key", "k")]),
        4 => post(&[("x-large", &"v".repeat(value))]),
        _ => post(&[]),
    };
    (head, kind < 0xf0)
}

fn outcome(input: &mut Input<'_>) -> Outcome {
    let (kind, milliseconds) = (input.byte(), input.byte());
    match kind % 4 {
        0 => Outcome::Failed(*input.pick(Failure::ALL)),
        kind => Outcome::Answered {
            class: *input.pick(Class::ALL),
            is_error: kind == 1,
            milliseconds: (milliseconds > 0).then_some(milliseconds.into()),
        },
    }
}

/// One of those that go on; it may have ended meanwhile.
fn chosen<T: Copy>(input: &mut Input<'_>, from: &[T]) -> Option<T> {
    if from.is_empty() { None } else { Some(*input.pick(from)) }
}

fn taken<T>(input: &mut Input<'_>, from: &mut Vec<T>) -> Option<T> {
    if from.is_empty() {
        return None;
    }
    let at = usize::from(input.byte()) % from.len();
    Some(from.swap_remove(at))
}
