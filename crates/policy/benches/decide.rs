//! What the policy costs by itself, natively: deciding, and building the copy. What it costs inside a proxy is measured
//! by `make bench`.

#![allow(missing_docs, reason = "the macros of criterion define undocumented items")]
#![allow(clippy::unwrap_used, reason = "a benchmark")]

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use mirror_policy::Plan;
use mirror_policy::gates::Arrival;
use mirror_policy::headers::Headers;
use mirror_policy::matching::RequestHead;
use mirror_policy::outcome::Outcome;
use mirror_policy::reasons::Class;
use mirror_policy::sample::Dice;
use mirror_policy::statistics::MetricId;
use mirror_policy::vm_state::VmState;
use mirror_policy::work::Work;

const ROOT: u32 = 1;

const STREAM: u32 = 2;

const TOKEN: u32 = 3;

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

fn matches(criterion: &mut Criterion) {
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
        let mirror = plan.mirrors.first().unwrap();
        criterion.bench_function(name, |bencher| {
            bencher.iter(|| mirror.matches(&RequestHead::new(black_box(&headers), None), &Work::new(0)));
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
        let mut vm = VmState::new(1);
        let plan = vm
            .configure(ROOT, "plugin", Ok(&plan), |_, _| Some(MetricId(0)))
            .plan
            .unwrap();
        criterion.bench_function(name, |bencher| {
            bencher.iter(|| {
                let headers = black_box(&headers).clone();
                let now = Duration::ZERO;
                let sampled = vm.sample(&plan, &RequestHead::new(&headers, None), None);
                let arrival = Arrival {
                    is_routed: true,
                    is_complete: chunks == 0,
                    now,
                };
                vm.begin(STREAM, &plan, sampled, headers, arrival);
                for _ in 0..chunks {
                    vm.body(STREAM, chunk.len(), Some(chunk.clone()), now);
                }
                for mut copy in vm.complete(STREAM, now) {
                    black_box(copy.leave().unwrap());
                    vm.sent(STREAM, ROOT, copy, TOKEN);
                }
                vm.all_sent(STREAM);
                vm.end_stream(STREAM);
                let answered = Outcome::Answered {
                    class: Class::Success,
                    is_error: false,
                    milliseconds: None,
                };
                vm.settle(TOKEN, answered, None);
            });
        });
    }
}

criterion_group!(benches, matches, sample, mirror);
criterion_main!(benches);
