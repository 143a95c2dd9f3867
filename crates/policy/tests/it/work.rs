//! The work for one request: what counts, that nothing is done over the limit, and that the steps that are really done
//! stay within what is charged.

use std::fmt::Write as _;

use mirror_model::bench::Bench;
use mirror_model::plans::{mirror, plan};
use mirror_model::requests::{get, post};
use mirror_policy::copy::redacted_request;
use mirror_policy::headers::Headers;
use mirror_policy::plan::Plan;
use mirror_policy::reasons::Dropped;
use mirror_policy::statistics::Statistic;
use mirror_policy::work::{TOKEN, Work};
use wasm_bindgen_test::wasm_bindgen_test;

pub mod expressions;
pub mod rate;

const KEY: &str = r#""mode": "hash", "hashKey": "000102030405060708090a0b0c0d0e0f""#;

/// Bodies that are as much work as their length allows.
fn hostile_bodies(length: usize) -> Vec<(&'static str, String)> {
    let list = |element: &str| {
        format!(
            "[{}{element}]",
            format!("{element},").repeat(length / (element.len() + 1))
        )
    };
    let mut members = String::from("{");
    for index in 0..length / 8 {
        let _ = write!(members, r#""{index:x}":0,"#);
    }
    members.push_str(r#""a":0}"#);
    let nest = format!("{}{}", "[".repeat(120), "]".repeat(120));
    vec![
        ("numbers", list("0")),
        ("empty objects", list("{}")),
        ("empty texts", list(r#""""#)),
        ("escapes", list(r#""\n\n\n\u0041\n\n""#)),
        ("escaped keys", list(r#"{"\u0061\u0062":0}"#)),
        ("named members", list(r#"{"a":0}"#)),
        (
            "one key many times",
            format!(r#"{{{}"b":0}}"#, r#""a":0,"#.repeat(length / 6)),
        ),
        ("many keys", members),
        ("nests", list(&nest)),
        ("space", format!("[{}0]", " ".repeat(length))),
        ("one long text", format!(r#""{}""#, "a".repeat(length))),
        ("one long key", format!(r#"{{"{}":0}}"#, "a".repeat(length))),
        ("one long number", "1".repeat(length)),
    ]
}

/// Lists of pointers of which each makes another part of the reader work.
fn hostile_lists() -> Vec<Vec<String>> {
    let numbered = |form: &dyn Fn(usize) -> String| (0..64).map(form).collect::<Vec<_>>();
    vec![
        vec!["/a".to_owned()],
        vec!["/*".to_owned()],
        numbered(&|index| format!("/{index}")),
        numbered(&|index| format!("/*/{index:x}")),
        numbered(&|index| format!("/*/*/{index}/*/a{index}")),
        numbered(&|index| "/*".repeat(index + 1)),
        numbered(&|index| format!("{}/{index}", "/*".repeat(index))),
        numbered(&|index| format!("/{}{index}", "a".repeat(200))),
    ]
}

fn redacting(pointers: &[String], more: &str) -> Plan {
    let pointers = serde_json::to_string(pointers).unwrap();
    mirror(&format!(r#""redact": {{"json": {pointers}{more}}}"#))
}

fn redact(plan: &Plan, body: &[u8], max_bytes: u64, work: &Work) -> Result<Option<Vec<u8>>, Dropped> {
    let redaction = plan.mirrors[0].redaction.as_ref().unwrap();
    redaction.body(&Headers::default(), body, max_bytes, work)
}

#[wasm_bindgen_test(unsupported = test)]
fn a_json_body_costs_its_length_whatever_its_shape_and_whatever_the_list() {
    for (shape, body) in hostile_bodies(4096) {
        for pointers in hostile_lists() {
            let work = Work::new(u64::MAX);
            let _ = redact(&redacting(&pointers, ""), body.as_bytes(), u64::MAX, &work);
            assert_eq!(work.examined(), body.len() as u64, "{shape}, {}", pointers[0]);
            let steps = work.steps();
            assert!(
                steps <= 4 * work.examined() + 16,
                "{shape}, {} and {} more: {steps} steps for {} bytes",
                pointers[0],
                pointers.len() - 1,
                work.examined()
            );
        }
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_token_costs_its_value_and_a_part_of_its_own() {
    let plan = redacting(&["/a".to_owned(), "/b/*".to_owned()], &format!(", {KEY}"));
    let body = br#"{"a": "12345", "b": [1, 22], "c": "1234"}"#;
    let work = Work::new(u64::MAX);
    redact(&plan, body, u64::MAX, &work).unwrap().unwrap();
    assert_eq!(work.examined(), body.len() as u64 + 3 * TOKEN + 5 + 1 + 2);
    for (shape, body) in hostile_bodies(4096) {
        let work = Work::new(1 << 20);
        let everything = redacting(&["/*".to_owned(), "/*/*".to_owned()], &format!(", {KEY}"));
        let _ = redact(&everything, body.as_bytes(), u64::MAX, &work);
        assert!(work.examined() <= 1 << 20);
        assert!(
            work.steps() <= 4 * work.examined() + 16,
            "{shape}: {} steps",
            work.steps()
        );
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn work_over_the_limit_is_not_begun() {
    let plan = redacting(&["/a".to_owned()], "");
    let body = br#"{"a": 1}"#;
    let enough = Work::new(body.len() as u64);
    assert!(redact(&plan, body, u64::MAX, &enough).unwrap().is_some());
    let less = Work::new(body.len() as u64 - 1);
    assert_eq!(redact(&plan, body, u64::MAX, &less), Err(Dropped::TooCostly));
    assert_eq!((less.examined(), less.steps()), (0, 0));
    assert!(less.is_over());
    assert_eq!(less.charge(0), Err(Dropped::TooCostly), "work that is over stays over");
    less.go_on(u64::MAX);
    assert_eq!(less.charge(1), Ok(()));
}

#[wasm_bindgen_test(unsupported = test)]
fn headers_cost_their_bytes_once_for_a_list_and_each_token_more() {
    let headers = get("/?a=1&token=2", &[("cookie", "sid=3; b=4"), ("x-a", "5")]);
    let examined = |redact: &str| {
        let plan = mirror(&format!(r#""redact": {{{redact}}}"#));
        let work = Work::new(u64::MAX);
        redacted_request::head(plan.mirrors[0].redaction.as_ref().unwrap(), &headers, &work).unwrap();
        work.examined()
    };
    let bytes = headers.bytes();
    assert_eq!(examined(r#""headers": ["x-b"]"#), bytes);
    assert_eq!(examined(r#""preset": "credentials", "headers": ["x-b"]"#), bytes);
    assert_eq!(
        examined(&format!(r#""cookies": ["sid"], "queryParams": ["token"], {KEY}"#)),
        bytes + 2 * (TOKEN + 1)
    );
}

/// Sends one request with a body through the mirrors of a plan. Returns the copies' bodies by their mirror's place, and
/// the place of each body in memory.
fn copies(plan: Plan, headers: &Headers, body: &[u8]) -> (Bench, Vec<(usize, Vec<u8>, usize)>) {
    let mut bench = Bench::new(plan);
    let id = bench.begin(headers.clone(), 0).expect("a copy is collected");
    assert!(bench.body(id, body, 0));
    let ready = bench.complete(id, 0);
    let seen = ready
        .iter()
        .map(|copy| (copy.account(), copy.body().to_vec(), copy.body_address()))
        .collect();
    for copy in ready {
        bench.refuse(copy, Dropped::NoCapacity);
    }
    bench.assert_at_rest();
    (bench, seen)
}

#[wasm_bindgen_test(unsupported = test)]
fn a_copy_over_its_limit_is_dropped_and_counted_and_the_others_leave() {
    let mirror = |name: &str, limit: u64, redact: &str| {
        format!(
            r#"{{"name": "{name}", "cluster": "c", "limits": {{"maxExaminedBytes": {limit}}}, "body": {{"maxBytes": 200000}} {redact}}}"#
        )
    };
    let list = r#", "redact": {"json": ["/a"]}"#;
    let config = [
        mirror("low", 65_536, list),
        mirror("high", 1_000_000, list),
        mirror("plain", 65_536, ""),
        mirror("other", 65_536, r#", "redact": {"json": ["/b"]}"#),
    ];
    let body = format!(r#"{{"a": 1, "b": "{}"}}"#, "x".repeat(100_000));
    let (bench, seen) = copies(
        plan(&format!(r#"{{"mirrors": [{}]}}"#, config.join(","))),
        &post(&[]),
        body.as_bytes(),
    );
    let left: Vec<usize> = seen.iter().map(|(account, ..)| *account).collect();
    assert_eq!(left, [1, 2]);
    let count = |account, statistic| bench.totals.of(account, statistic);
    for account in [0, 3] {
        assert_eq!(count(account, Statistic::Dropped(Dropped::TooCostly)), 1);
        assert_eq!(count(account, Statistic::Matched), 1);
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn mirrors_with_equal_lists_share_one_redacted_body() {
    let mirrors: Vec<String> = (0..16)
        .map(|index| {
            let list = if index % 2 == 0 { r#"["/a"]"# } else { r#"["/a", "/b"]"# };
            format!(r#"{{"name": "m{index}", "cluster": "c", "redact": {{"json": {list}}}}}"#)
        })
        .collect();
    let plan = plan(&format!(r#"{{"mirrors": [{}]}}"#, mirrors.join(",")));
    let (_, seen) = copies(plan, &post(&[]), br#"{"a": 1, "b": 2, "c": 3}"#);
    assert_eq!(seen.len(), 16);
    for (account, body, place) in &seen {
        let expected: &[u8] = if account % 2 == 0 {
            br#"{"b": 2, "c": 3}"#
        } else {
            br#"{"c": 3}"#
        };
        assert_eq!(body, expected);
        assert_eq!(*place, seen[account % 2].2, "the same memory");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn mirrors_that_share_a_list_have_their_own_caps() {
    let mirror = |name: &str, cap: u64| {
        format!(
            r#"{{"name": "{name}", "cluster": "c", "body": {{"maxBytes": {cap}, "whenLarger": "headersOnly"}}, "redact": {{"json": ["/a"], {KEY}}}}}"#
        )
    };
    let config = format!(
        r#"{{"mirrors": [{}, {}, {}]}}"#,
        mirror("none", 5),
        mirror("small", 20),
        mirror("large", 100)
    );
    let (bench, seen) = copies(plan(&config), &post(&[]), br#"{"a": 1}"#);
    let lengths: Vec<(usize, usize)> = seen.iter().map(|(account, body, _)| (*account, body.len())).collect();
    assert_eq!(lengths, [(0, 0), (2, 41)]);
    assert_eq!(bench.totals.of(1, Statistic::Dropped(Dropped::RedactFailed)), 1);
}
