//! The rate of work: bytes that are examined in a second, for all requests of a plugin.

use mirror_model::bench::Bench;
use mirror_model::decisions::Decisions as _;
use mirror_model::plans::{mirror, plan};
use mirror_model::requests::{get, post};
use mirror_policy::headers::Headers;
use mirror_policy::plan::Plan;
use mirror_policy::reasons::Dropped;
use mirror_policy::sample::Dice;
use mirror_policy::statistics::Statistic;
use wasm_bindgen_test::wasm_bindgen_test;

const RATE: Statistic = Statistic::Dropped(Dropped::ExaminedRate);

/// Sends one request with a body. Returns the number of copies that leave.
fn upload(bench: &mut Bench, body: &[u8], now: u64) -> usize {
    let id = bench.begin(post(&[]), now).expect("a copy is collected");
    assert!(bench.body(id, body, now));
    let ready = bench.complete(id, now);
    let left = ready.len();
    for copy in ready {
        bench.refuse(copy, Dropped::NoCapacity);
    }
    left
}

/// A body of JSON of so many bytes.
fn body(bytes: usize) -> Vec<u8> {
    format!(r#"{{"a": "{}"}}"#, "x".repeat(bytes - 9)).into_bytes()
}

/// A mirror that may examine 1,000,000 bytes in a second.
fn one_million() -> Plan {
    mirror(r#""redact": {"json": ["/a"]}, "limits": {"maxExaminedBytesPerSecond": 1000000}"#)
}

#[wasm_bindgen_test(unsupported = test)]
fn redaction_examines_one_burst_and_then_what_each_second_brings() {
    let mut bench = Bench::new(one_million());
    let body = body(250_000 - usize::try_from(post(&[]).bytes()).unwrap());
    let mut left = |now| (0..8).filter(|_| upload(&mut bench, &body, now) == 1).count();
    assert_eq!(left(5_000), 5, "a burst of one second, and the request that exceeds it");
    assert_eq!(left(5_249), 0);
    assert_eq!(left(5_250), 1);
    assert_eq!(left(5_500), 1);
    assert_eq!(left(86_400_000), 5, "a quiet day is no more than a burst");
    assert_eq!(bench.count(RATE), 8 * 5 - 12);
    bench.assert_at_rest();
}

#[wasm_bindgen_test(unsupported = test)]
fn no_schedule_of_requests_examines_more_than_the_rate() {
    let mut dice = Dice::new(7);
    for _ in 0..20 {
        let mut bench = Bench::new(one_million());
        let mut examined: Vec<(u64, u64)> = Vec::new();
        let mut now = 10_000;
        for _ in 0..60 {
            now += [0, 1, 50, 400][dice.below(4) as usize];
            let body = body(1_000 + dice.below(400_000) as usize);
            if upload(&mut bench, &body, now) == 1 {
                examined.push((now, body.len() as u64 + post(&[]).bytes()));
            }
        }
        for (index, (start, _)) in examined.iter().enumerate() {
            let mut sum = 0;
            for (end, bytes) in &examined[index..] {
                let most = (end - start + 1_000) * 1_000;
                assert!(sum <= most, "{sum} bytes before another request, of {most} allowed");
                sum += bytes;
            }
        }
        bench.assert_balanced();
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn mirrors_of_one_plugin_share_the_rate_and_equal_lists_are_charged_once() {
    let of = |lists: [&str; 2]| {
        let mirrors = [("one", lists[0]), ("two", lists[1])].map(|(name, list)| {
            format!(
                r#"{{"name": "{name}", "cluster": "c", "redact": {{"json": ["{list}"]}},
                    "limits": {{"maxExaminedBytesPerSecond": 1000000}}}}"#
            )
        });
        Bench::new(plan(&format!(r#"{{"mirrors": [{}]}}"#, mirrors.join(","))))
    };
    let copies = |mut bench: Bench| (0..8).map(|_| upload(&mut bench, &body(250_000), 5_000)).sum::<usize>();
    assert_eq!(copies(of(["/a", "/b"])), 4);
    assert_eq!(copies(of(["/a", "/a"])), 8);
}

#[wasm_bindgen_test(unsupported = test)]
fn costly_comparisons_wait_for_the_rate_and_cheap_ones_do_not() {
    let mut bench = Bench::new(mirror(
        r#""match": [{"headers": {"x": {"regex": "(.{1,100}a){1,5}!"}}}],
           "limits": {"maxExaminedBytesPerSecond": 65536}"#,
    ));
    let costly = get("/", &[("x", &"b".repeat(200))]);
    let cheap = get("/", &[("x", "ba!")]);
    let ask = |bench: &mut Bench, headers: &Headers, now| {
        bench.sweep(now);
        let before = (bench.count(RATE), bench.count(Statistic::Matched));
        if let Some(id) = bench.begin(headers.clone(), now) {
            for copy in bench.complete(id, now) {
                bench.refuse(copy, Dropped::NoCapacity);
            }
        }
        (bench.count(RATE) - before.0, bench.count(Statistic::Matched) - before.1)
    };
    assert_eq!(ask(&mut bench, &costly, 5_000), (0, 0), "the expression is tried");
    assert_eq!(ask(&mut bench, &costly, 5_000), (1, 1), "the expression is not tried");
    assert_eq!(ask(&mut bench, &cheap, 5_000), (0, 1), "three bytes cost little");
    assert_eq!(ask(&mut bench, &costly, 3_600_000), (0, 0), "the time is over");
    bench.assert_at_rest();
}
