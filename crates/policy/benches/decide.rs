//! What the policy costs by itself, natively: deciding, and building the copy. What it costs inside a proxy is measured by
//! `make bench`.

#![allow(missing_docs, reason = "the macros of criterion define undocumented items")]
#![allow(clippy::unwrap_used, reason = "a benchmark")]

use std::hint::black_box;
use std::rc::Rc;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use mirror_policy::Plan;
use mirror_policy::effects::Effects;
use mirror_policy::exchange::Binding;
use mirror_policy::headers::Headers;
use mirror_policy::ledger::{Arrival, Ledger};
use mirror_policy::matching::{self, RequestHead};
use mirror_policy::reason::{Class, Outcome};
use mirror_policy::sample::Dice;

fn plan(keys: &str) -> Plan {
    Plan::parse(format!(r#"{{"mirrors": [{{"name": "v2", "cluster": "shadow"{keys}}}]}}"#).as_bytes()).unwrap()
}

/// A request with this many ordinary headers.
fn request(headers: usize) -> Headers {
    let named: Vec<(String, String)> = (0..headers)
        .map(|index| (format!("x-header-{index}"), format!("value of header {index}")))
        .collect();
    let pseudo = [
        (":authority", "reviews.example.com:9080"),
        (":path", "/reviews/17?v=2"),
        (":method", "GET"),
        (":scheme", "http"),
    ];
    let named = named.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    Headers::encode(
        pseudo
            .into_iter()
            .chain(named)
            .map(|(name, value)| (name.as_bytes(), value.as_bytes())),
    )
}

fn select(criterion: &mut Criterion) {
    let headers = request(12);
    for (name, keys) in [
        (
            "no match",
            r#", "match": [{"uri": {"prefix": "/other"}}, {"headers": {"x-beta": {}}}]"#,
        ),
        ("regex match", r#", "match": [{"uri": {"regex": "/reviews/[0-9]+"}}]"#),
        ("match without conditions", ""),
    ] {
        let plan = plan(keys);
        criterion.bench_function(name, |bencher| {
            bencher.iter(|| {
                matching::select(
                    &plan,
                    &RequestHead {
                        headers: black_box(&headers),
                        port: None,
                    },
                )
            });
        });
    }
}

fn sample(criterion: &mut Criterion) {
    let headers = request(12);
    for (name, keys) in [
        ("sample by chance", r#", "percentage": 10"#),
        (
            "sample by key",
            r#", "percentage": 10, "sample": {"by": "header", "name": "x-header-11"}"#,
        ),
    ] {
        let plan = plan(keys);
        let mirror = plan.mirrors.first().unwrap();
        let mut dice = Dice::new(1);
        criterion.bench_function(name, |bencher| {
            bencher.iter(|| {
                mirror
                    .sampling
                    .decide(mirror.config.percentage, black_box(&headers), &mut dice)
            });
        });
    }
}

/// From the request's headers to the settled answer, with everything between but the host.
fn mirror(criterion: &mut Criterion) {
    let chunk = vec![b'x'; 16 << 10];
    for (name, headers, chunks) in [
        ("mirror 12 headers", 12, 0),
        ("mirror 30 headers", 30, 0),
        ("mirror 12 headers and 64 KiB", 12, 4),
    ] {
        let (plan, headers) = (plan(""), request(headers));
        let mut ledger = Ledger::default();
        let accounts = ledger.adopt("plugin", &plan).into();
        let binding = Binding {
            plan: Rc::new(plan),
            accounts,
        };
        let mut dice = Dice::new(1);
        criterion.bench_function(name, |bencher| {
            bencher.iter(|| {
                let mut effects = Effects::default();
                let headers = black_box(&headers).clone();
                let mirrors = matching::select(
                    &binding.plan,
                    &RequestHead {
                        headers: &headers,
                        port: None,
                    },
                );
                let now = Duration::ZERO;
                let arrival = Arrival {
                    binding: binding.clone(),
                    mirrors,
                    headers,
                    is_routed: true,
                    is_retry: false,
                    now,
                    wall: None,
                };
                let id = ledger.begin(arrival, &mut dice, &mut effects).unwrap();
                for _ in 0..chunks {
                    ledger.body(id, chunk.len(), Some(&chunk), now, &mut effects);
                }
                for copy in ledger.complete(id, now, &mut effects) {
                    black_box(copy.headers().unwrap());
                    ledger.sent(copy, 1, 1, &mut effects);
                }
                let answered = Outcome::Answered {
                    class: Class::Success,
                    is_error: false,
                    milliseconds: Some(1),
                };
                ledger.settle(1, answered, None, &mut effects);
                effects.drain().count()
            });
        });
    }
}

criterion_group!(benches, select, sample, mirror);
criterion_main!(benches);
