//! Thousands of random sequences: requests in pieces and in no particular order, answers early, late and odd, updates,
//! clusters that come and go, a host that fails and lies. The filter may never trap, both balances hold after every
//! step, and the gauges show exactly what the host holds for each mirror.
//!
//! A failure prints its seed. `TRAFFIC_MIRROR_SEED=<seed> cargo test --test filter simulation` runs that sequence
//! alone, `TRAFFIC_MIRROR_SEQUENCES=<number>` runs more of them.

use std::collections::BTreeMap;

use self::sequence::Sequence;

// What the sequences are made of.
mod arbitrary;

// How they go.
mod sequence;

/// What may happen in a sequence.
#[derive(Clone, Copy)]
struct Weather {
    /// Phases of a stream come in any order and any number of times.
    disorder: bool,
    /// These functions fail or lie now and then.
    lies: &'static [&'static str],
    /// Whether the statistics can be trusted, and so audited.
    audited: bool,
}

/// How often each result was counted, over all mirrors.
type Results = BTreeMap<String, u64>;

const FAIR: Weather = Weather {
    disorder: false,
    lies: &[],
    audited: true,
};

/// What a filter asks.
const QUESTIONS: &[&str] = &[
    "proxy_get_header_map_pairs",
    "proxy_get_header_map_value",
    "proxy_get_buffer_bytes",
    "proxy_get_property",
    "proxy_get_log_level",
    "proxy_get_current_time_nanoseconds",
    "proxy_set_tick_period_milliseconds",
    "proxy_log",
    "proxy_http_call",
];

/// And what it says besides.
const EVERYTHING: &[&str] = &[
    "proxy_get_header_map_pairs",
    "proxy_get_header_map_value",
    "proxy_get_buffer_bytes",
    "proxy_get_property",
    "proxy_get_log_level",
    "proxy_get_current_time_nanoseconds",
    "proxy_set_tick_period_milliseconds",
    "proxy_log",
    "proxy_http_call",
    "proxy_done",
    "proxy_define_metric",
    "proxy_get_metric",
    "proxy_increment_metric",
    "proxy_record_metric",
];

#[test]
fn any_traffic_balances() {
    run(0, FAIR);
}

#[test]
fn any_order_of_callbacks_balances() {
    let results = run(1, Weather { disorder: true, ..FAIR });
    // The headers of a copy are never that large here; every other result that there is must have come up.
    // Nor is the memory ever used up.
    let exempt = |name: &str| {
        let never = ["headers_too_large;", "body_unreadable;", "memory;"];
        never.iter().any(|result| name.starts_with(result))
    };
    let missed: Vec<_> = results
        .iter()
        .filter(|(name, times)| **times == 0 && !exempt(name))
        .collect();
    assert!(missed.is_empty() || results.is_empty(), "never came up: {missed:?}");
}

#[test]
fn a_host_that_fails_and_lies_when_it_is_asked_balances() {
    run(
        2,
        Weather {
            disorder: true,
            lies: QUESTIONS,
            ..FAIR
        },
    );
}

#[test]
fn a_host_that_fails_and_lies_in_everything_is_survived() {
    run(
        3,
        Weather {
            disorder: true,
            lies: EVERYTHING,
            audited: false,
        },
    );
}

/// Runs the sequences of this kind, or the one that was asked for. The upper half of a seed is its kind.
fn run(kind: u64, weather: Weather) -> Results {
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse().expect("a number"));
    let sequences = number("TRAFFIC_MIRROR_SEQUENCES").unwrap_or(1500);
    let seeds = match number("TRAFFIC_MIRROR_SEED") {
        Some(seed) if seed >> 32 == kind => seed..seed + 1,
        Some(_) => return Results::new(),
        None => (kind << 32)..(kind << 32) + sequences,
    };
    let mut results = Results::new();
    let is_sample = seeds.end - seeds.start < 1000;
    for seed in seeds {
        let _report = Report(seed);
        for (name, times) in Sequence::new(seed, weather).run() {
            *results.entry(name).or_default() += times;
        }
    }
    if is_sample { Results::new() } else { results }
}

/// Says how to run the sequence again, if it failed.
struct Report(u64);

impl Drop for Report {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("run it again with TRAFFIC_MIRROR_SEED={}", self.0);
        }
    }
}
