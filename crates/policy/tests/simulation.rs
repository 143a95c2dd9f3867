//! A seeded storm of events over many requests, mirrors and configurations. After every step both balances hold, what the
//! accounts hold is what the gauges show, and at the end nothing is held. A failure names the seed and the step; replay it
//! with `SIMULATION_SEED`.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests"
)]

mod common;

use common::{Bench, get, parse, post};
use mirror_policy::Plan;
use mirror_policy::account::AccountId;
use mirror_policy::ledger::ExchangeId;
use mirror_policy::reason::{Class, Dropped, Failure, Outcome};
use mirror_policy::sample::Dice;
use mirror_policy::stats::Statistic;
use wasm_bindgen_test::wasm_bindgen_test;

const STEPS: u64 = if cfg!(target_arch = "wasm32") { 20_000 } else { 100_000 };

fn plan(dice: &mut Dice) -> Plan {
    let mut pick = |choices: &[&'static str]| choices[dice.roll() as usize % choices.len()];
    let mirrors: Vec<String> = ["a", "b", "c"]
        .iter()
        .map(|name| {
            let limits = pick(&[
                r#"{"maxInFlight": 3, "maxBufferedBytes": 2000}"#,
                r#"{"maxInFlight": 40, "maxBufferedBytes": 900}"#,
                r#"{"maxInFlight": 1, "maxBufferedBytes": 100000}"#,
            ]);
            let body = pick(&[
                r#"{"maxBytes": 300, "maxWait": "50ms"}"#,
                r#"{"maxBytes": 10, "whenLarger": "headersOnly"}"#,
                r#"{"maxBytes": 0, "whenLarger": "headersOnly", "maxWait": "10ms"}"#,
            ]);
            let percentage = pick(&["0", "30", "100"]);
            let matches = pick(&["[]", r#"[{"method": {"exact": "POST"}}]"#]);
            let enabled = pick(&["true", "true", "false"]);
            format!(
                r#"{{"name": "{name}", "cluster": "c", "enabled": {enabled}, "percentage": {percentage}, "limits": {limits}, "body": {body}, "match": {matches}}}"#
            )
        })
        .collect();
    parse(&format!(r#"{{"mirrors": [{}]}}"#, mirrors.join(","))).unwrap()
}

#[wasm_bindgen_test(unsupported = test)]
fn no_storm_of_events_breaks_the_balances() {
    let seeds = match option_env_seed() {
        Some(seed) => seed..seed + 1,
        None => 1..4,
    };
    for seed in seeds {
        storm(seed);
    }
}

fn option_env_seed() -> Option<u64> {
    std::env::var("SIMULATION_SEED").ok()?.parse().ok()
}

fn storm(seed: u64) {
    let mut dice = Dice::new(seed);
    let mut bench = Bench::new(plan(&mut dice));
    let mut collecting: Vec<ExchangeId> = Vec::new();
    let mut in_flight: Vec<u32> = Vec::new();
    let (mut now, mut token) = (0, 0);
    for step in 0..STEPS {
        now += dice.roll() % 3;
        match dice.roll() % 100 {
            0..30 => {
                let length = (dice.roll() % 400).to_string();
                let head = match dice.roll() % 5 {
                    0 => get("/", &[]),
                    1 => get("/", &[("x-mirrored-by", "a")]),
                    2 => post(&[("content-length", &length)]),
                    _ => post(&[]),
                };
                let is_routed = !dice.roll().is_multiple_of(10);
                collecting.extend(bench.begin_routed(head, is_routed, now));
            }
            30..60 if !collecting.is_empty() => {
                let id = collecting[dice.roll() as usize % collecting.len()];
                let chunk = vec![b'x'; dice.roll() as usize % 200];
                bench.body(id, &chunk, now);
            }
            60..80 if !collecting.is_empty() => {
                let id = collecting.swap_remove(dice.roll() as usize % collecting.len());
                for copy in bench.complete(id, now) {
                    if dice.roll().is_multiple_of(4) {
                        bench.step(|ledger, effects| ledger.refused(copy, Dropped::NoCapacity, effects));
                    } else {
                        token += 4;
                        bench.step(|ledger, effects| ledger.sent(copy, token, token % 3, effects));
                        in_flight.push(token);
                    }
                }
            }
            80..83 if !collecting.is_empty() => {
                let id = collecting.swap_remove(dice.roll() as usize % collecting.len());
                bench.step(|ledger, effects| ledger.reset(id, effects));
            }
            83..97 if !in_flight.is_empty() => {
                let token = in_flight.swap_remove(dice.roll() as usize % in_flight.len());
                let outcome = match dice.roll() % 3 {
                    0 => Outcome::Failed(Failure::Timeout),
                    _ => Outcome::Answered {
                        class: Class::GrpcOk,
                        is_error: false,
                        milliseconds: Some(1),
                    },
                };
                bench.step(|ledger, effects| ledger.settle(token, outcome, None, effects));
            }
            97 => bench.step(|ledger, effects| ledger.sweep(common::at(now), effects)),
            98 => bench.update(plan(&mut dice)),
            99 if dice.roll().is_multiple_of(50) => {
                bench.step(|ledger, effects| ledger.cancel(effects));
                in_flight.clear();
            }
            // An answer to a call that is settled already, or to none.
            _ => bench.step(|ledger, effects| ledger.settle(3, Outcome::Failed(Failure::Reset), None, effects)),
        }
        let check = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| assert_consistent(&bench)));
        assert!(check.is_ok(), "seed {seed}, step {step}: see above");
    }
    bench.step(|ledger, effects| ledger.cancel(effects));
    bench.assert_at_rest();
    assert!(
        bench.totals.sum(0, "traffic_mirror_responses_total") > 0,
        "seed {seed} sent nothing"
    );
}

fn assert_consistent(bench: &Bench) {
    for account in 0..3 {
        bench.totals.assert_balanced(account);
        let [collecting, in_flight, bytes] = [Statistic::Collecting, Statistic::InFlight, Statistic::BufferedBytes]
            .map(|gauge| bench.totals.of(account, gauge));
        let (copies, held) = bench.ledger.accounts().held(AccountId(account));
        assert_eq!(
            (copies as i64, held as i64),
            (collecting + in_flight, bytes),
            "what is held is what is shown"
        );
    }
    let by_owner: usize = (0..3).map(|owner| bench.ledger.in_flight_of(owner)).sum();
    let shown: i64 = (0..3)
        .map(|account| bench.totals.of(account, Statistic::InFlight))
        .sum();
    assert_eq!(by_owner as i64, shown);
}
