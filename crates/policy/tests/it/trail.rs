//! The trail says what the filter does. For random configurations and requests its verdict and its copy are those of one VM
//! that decides for all mirrors at once, and the step that ends it is the reason that is counted.

use std::rc::Rc;

use mirror_model::bench::{Bench, Incoming, Ready};
use mirror_model::plans::{mirror, plan};
use mirror_model::requests::get;
use mirror_policy::Plan;
use mirror_policy::headers::Headers;
use mirror_policy::reason::{Dropped, Skipped};
use mirror_policy::sample::Dice;
use mirror_policy::stats::Statistic;
use mirror_policy::trail::{BodyFate, Cause, Check, Holds, Request, Trail, Verdict, explain};
use wasm_bindgen_test::wasm_bindgen_test;

use self::arbitrary::{configuration, request};

mod arbitrary;

const ROUNDS: u64 = if cfg!(target_arch = "wasm32") { 2_000 } else { 20_000 };

/// What was counted and sent for one mirror.
#[derive(Debug, PartialEq)]
struct Decided {
    verdict: Verdict,
    copy: Option<(Pairs, Vec<u8>)>,
}

type Pairs = Vec<(Vec<u8>, Vec<u8>)>;

/// The filter's own way: one VM decides for all mirrors.
fn decide(config: &str, request: &Request, dice: &Dice) -> Vec<Decided> {
    let mut bench = Bench::new(plan(config));
    bench.dice = dice.clone();
    bench.wall = request.wall;
    let incoming = Incoming {
        port: request.port,
        is_routed: request.is_routed,
        ..Incoming::new(request.headers.clone())
    };
    let mut copies = Vec::new();
    if let Some(id) = bench.begin_as(incoming, 0) {
        bench.body(id, &request.body, 0);
        copies = bench.complete(id, 0);
    }
    let mirrors = bench.plan().mirrors.iter().zip(bench.accounts());
    let decided = mirrors.map(|(mirror, account)| {
        let copy = copies.iter().find(|copy| copy.account() == account);
        let headers = copy.map(Ready::headers);
        let verdict = match (loss(&bench, account), &headers) {
            _ if !bench.plan().enabled || !mirror.config.enabled => Verdict::Off,
            _ if bench.totals.of(account, Statistic::Matched) == 0 => Verdict::NoMatch,
            (Some(loss), _) => loss,
            (None, Some(Err(reason))) => Verdict::Dropped(*reason),
            (None, _) => Verdict::Copied,
        };
        let headers = headers.and_then(Result::ok).map(|headers| {
            let owned = headers.iter().map(|(name, value)| (name.to_vec(), value.to_vec()));
            owned.collect::<Vec<_>>()
        });
        Decided {
            verdict,
            copy: headers.map(|headers| (headers, copy.expect("a copy").body().to_vec())),
        }
    });
    decided.collect()
}

/// The reason that was counted instead of a copy, if one was.
fn loss(bench: &Bench, account: usize) -> Option<Verdict> {
    let counted = |statistic: &Statistic| bench.totals.of(account, *statistic) > 0;
    Statistic::all()
        .into_iter()
        .filter(counted)
        .find_map(|statistic| match statistic {
            Statistic::Skipped(reason) => Some(Verdict::Skipped(reason)),
            Statistic::Dropped(reason) => Some(Verdict::Dropped(reason)),
            _ => None,
        })
}

/// The verdict that the steps alone say.
fn verdict_of_steps(trail: &Trail) -> Verdict {
    let end = trail.steps.last().expect("a step");
    assert!(
        trail.steps.iter().rev().skip(1).all(|step| step.holds != Holds::No),
        "only the last step can fail: {trail:?}"
    );
    for entry in &trail.entries {
        let all = entry.conditions.iter().all(|condition| condition.holds == Holds::Yes);
        assert_eq!(entry.holds, all, "{entry:?}");
    }
    if end.holds != Holds::No {
        let any = trail.entries.is_empty() || trail.entries.iter().any(|entry| entry.holds);
        return if any { Verdict::Copied } else { Verdict::NoMatch };
    }
    match end.what.as_str() {
        "enabled" | "mirror.enabled" => Verdict::Off,
        "loop" => Verdict::Skipped(Skipped::Loop),
        "upgrade" => Verdict::Skipped(Skipped::Upgrade),
        "route" => Verdict::Skipped(Skipped::NoRoute),
        "expiresAt" => Verdict::Skipped(Skipped::Expired),
        "sample" => Verdict::Skipped(Skipped::NoSampleKey),
        "percentage" => Verdict::Skipped(Skipped::NotSampled),
        "headers" => Verdict::Dropped(Dropped::HeadersTooLarge),
        "body.maxBytes" => Verdict::Dropped(Dropped::BodyTooLarge),
        "limits.maxBufferedBytes" => Verdict::Dropped(Dropped::Bytes),
        // Only what shows when the copy is made.
        "copy" => match trail.verdict {
            verdict @ Verdict::Dropped(Dropped::HeadersMissing | Dropped::RedactFailed | Dropped::Bytes) => verdict,
            other => panic!("{other:?} has no step of its own"),
        },
        other => panic!("{other} cannot fail"),
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn the_trail_ends_in_what_the_filter_decides() {
    let mut seen = std::collections::BTreeSet::new();
    for seed in 0..ROUNDS {
        let mut source = Dice::new(seed);
        let (config, request) = (configuration(&mut source), request(&mut source));
        let rolls = Dice::new(seed ^ 0xabcd);
        let decided = decide(&config, &request, &rolls);
        let plan: Rc<Plan> = plan(&config).into();
        let trails = explain(&plan, &request, Some(&mut rolls.clone()));
        assert_eq!(trails.len(), decided.len());
        for (trail, decided) in trails.iter().zip(&decided) {
            let copy = trail.copy.clone().map(|copy| (copy.headers, copy.body));
            let shown = Decided {
                verdict: trail.verdict,
                copy,
            };
            assert_eq!(shown, *decided, "seed {seed}: {config}: {request:?}");
            assert_eq!(
                verdict_of_steps(trail),
                trail.verdict,
                "seed {seed}: {config}: {request:?}: {trail:#?}"
            );
            assert_eq!(trail.chance, None, "seed {seed}");
            seen.insert(format!("{:?}", trail.verdict));
        }
        // What is left open is what other dice would decide otherwise.
        for (trail, rolled) in explain(&plan, &request, None).iter().zip(&trails) {
            let not_sampled = Verdict::Skipped(Skipped::NotSampled);
            match trail.chance {
                Some(_) => assert!(
                    rolled.verdict == trail.verdict || rolled.verdict == not_sampled,
                    "seed {seed}: {trail:?}"
                ),
                None => assert_eq!(trail.verdict, rolled.verdict, "seed {seed}"),
            }
        }
    }
    assert_eq!(seen.len(), 13, "every end was met: {seen:?}");
}

fn only(config: &str, request: &Request) -> Trail {
    let plan: Rc<Plan> = mirror(config).into();
    explain(&plan, request, None).remove(0)
}

fn of(headers: Headers) -> Request {
    Request {
        headers,
        is_routed: true,
        ..Request::default()
    }
}

fn check<'a>(trail: &'a Trail, what: &str) -> &'a Check {
    let conditions = trail.entries.iter().flat_map(|entry| &entry.conditions);
    let found = conditions.chain(&trail.steps).find(|check| check.what == what);
    found.unwrap_or_else(|| panic!("{what}: {trail:#?}"))
}

#[wasm_bindgen_test(unsupported = test)]
fn a_condition_says_what_it_wants_and_what_it_finds() {
    let config = r#""match": [{"uri": {"prefix": "/B"}, "ignoreUriCase": true, "port": 80, "headers": {"X-User": {"regex": "[0-9]+|admin"}, "x-gone": {}}, "withoutHeaders": {"x-user": {"exact": "7"}}, "queryParams": {"q": {"exact": "1"}}}]"#;
    let long = "7".repeat(9000);
    let trail = only(config, &of(get("/a?q=2&q=1", &[("x-user", &long), ("x-user", "8")])));
    assert_eq!(trail.verdict, Verdict::NoMatch);
    let verdict_of_steps = |what: &str| {
        let check = check(&trail, &format!("mirrors[0].match[0].{what}"));
        (check.wanted.clone(), check.found.clone(), check.holds)
    };
    let no = |wanted: &str, found: &str| (wanted.to_owned(), found.to_owned(), Holds::No);
    assert_eq!(verdict_of_steps("uri"), no("prefix \"/B\", in any case", "\"/a\""));
    assert_eq!(verdict_of_steps("port"), no("80", "the port is not known"));
    assert_eq!(verdict_of_steps("queryParams.q"), no("exact \"1\"", "\"2\""));
    assert_eq!(verdict_of_steps("headers.x-gone"), no("present", "absent"));
    let (wanted, found, holds) = verdict_of_steps("headers.x-user");
    assert_eq!((wanted.as_str(), holds), ("regex \"[0-9]+|admin\"", Holds::No));
    assert!(found.ends_with(",8\" (more than 8 KiB never match a regex)"), "{found}");
    let (wanted, _, holds) = verdict_of_steps("withoutHeaders.x-user");
    assert_eq!((wanted.as_str(), holds), ("not exact \"7\"", Holds::Yes));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_sample_by_key_shows_its_bucket_and_one_by_chance_its_share() {
    let keyed = r#""percentage": 10, "sample": {"by": "header", "name": "x-user", "salt": "s"}"#;
    let trail = only(keyed, &of(get("/", &[("x-user", "7")])));
    let bucket = mirror_policy::sample::key_bucket(b"s", b"7");
    assert_eq!(
        check(&trail, "percentage").found,
        format!("bucket {bucket} of header x-user \"7\", salt \"s\"")
    );
    assert_eq!(trail.chance, None);
    for (percentage, verdict, is_open) in [
        ("0", Verdict::Skipped(Skipped::NotSampled), false),
        ("0.0001", Verdict::Copied, true),
        ("99.9999", Verdict::Copied, true),
        ("100", Verdict::Copied, false),
    ] {
        let trail = only(&format!(r#""percentage": {percentage}"#), &of(get("/", &[])));
        assert_eq!(
            (trail.verdict, trail.chance.is_some()),
            (verdict, is_open),
            "{percentage}"
        );
        assert_eq!(trail.copy.is_some(), verdict == Verdict::Copied, "{percentage}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn every_difference_of_a_copy_has_its_cause() {
    let config = r#""headers": {"set": {"x-set": "1"}, "add": {"x-add": "2"}, "remove": ["x-remove"]}, "path": {"prefixRewrite": {"from": "/a", "to": "/b"}}, "body": {"maxBytes": 2, "whenLarger": "headersOnly"}, "redact": {"preset": "credentials"}"#;
    let mut request = of(get(
        "/a",
        &[
            ("host", "h"),
            ("x-set", "0"),
            ("x-same", "0"),
            ("x-remove", "0"),
            ("connection", "close"),
            ("x-envoy-retry-on", "5xx"),
            ("content-length", "3"),
            ("x-api-key", "0"),
        ],
    ));
    request.body = b"abc".to_vec();
    let copy = only(config, &request).copy.expect("a copy");
    assert_eq!(copy.fate, BodyFate::LeftOut);
    let causes: Vec<(String, Cause)> = copy
        .changes
        .iter()
        .map(|change| (String::from_utf8_lossy(&change.name).into_owned(), change.cause))
        .collect();
    let expected = [
        (":authority", Cause::Authority),
        (":path", Cause::Path),
        ("host", Cause::Host),
        ("x-set", Cause::Set),
        ("x-remove", Cause::Removed),
        ("connection", Cause::HopByHop),
        ("x-envoy-retry-on", Cause::RouterControl),
        ("content-length", Cause::Length),
        ("x-api-key", Cause::Redacted),
        ("x-add", Cause::Added),
        ("x-mirrored-by", Cause::Marker),
    ];
    assert_eq!(causes, expected.map(|(name, cause)| (name.to_owned(), cause)));
}
