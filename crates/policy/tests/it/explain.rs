//! The explanation says what the filter does. For random configurations and requests its decision and its copy are
//! those of one VM that decides for all mirrors at once, and the step that ends it is the reason that is counted.

use mirror_model::bench::{Bench, Incoming, Ready};
use mirror_model::plans::{mirror, plan};
use mirror_model::requests::get;
use mirror_policy::explain::{BodyFate, Cause, Check, Decision, Explanation, Holds, WholeRequest, explain};
use mirror_policy::headers::Headers;
use mirror_policy::reasons::{Dropped, Skipped};
use mirror_policy::sample::Dice;
use mirror_policy::statistics::Statistic;
use wasm_bindgen_test::wasm_bindgen_test;

use self::arbitrary::{configuration, request};

mod arbitrary;

const ROUNDS: u64 = if cfg!(target_arch = "wasm32") { 2_000 } else { 20_000 };

/// What was counted and sent for one mirror.
#[derive(Debug, PartialEq)]
struct Decided {
    decision: Decision,
    copy: Option<(Pairs, Vec<u8>)>,
}

type Pairs = Vec<(Vec<u8>, Vec<u8>)>;

/// The filter's own way: one VM decides for all mirrors.
fn decide(config: &str, request: &WholeRequest, seed: u64) -> Vec<Decided> {
    let mut bench = Bench::seeded(plan(config), seed);
    bench.wall = request.wall;
    let incoming = Incoming {
        port: request.port,
        is_routed: request.is_routed,
        is_complete: request.body.is_empty(),
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
        let decision = match (loss(&bench, account), &headers) {
            _ if !bench.plan().enabled || !mirror.config.enabled => Decision::Off,
            _ if bench.totals.of(account, Statistic::Matched) == 0 => Decision::NoMatch,
            (Some(loss), _) => loss,
            (None, Some(Err(reason))) => Decision::Dropped(*reason),
            (None, _) => Decision::Copied,
        };
        let headers = headers.and_then(Result::ok).map(|headers| {
            let owned = headers.iter().map(|(name, value)| (name.to_vec(), value.to_vec()));
            owned.collect::<Vec<_>>()
        });
        Decided {
            decision,
            copy: headers.map(|headers| (headers, copy.expect("a copy").body().to_vec())),
        }
    });
    decided.collect()
}

/// The reason that was counted instead of a copy, if one was.
fn loss(bench: &Bench, account: usize) -> Option<Decision> {
    let counted = |statistic: &Statistic| bench.totals.of(account, *statistic) > 0;
    Statistic::all()
        .into_iter()
        .filter(counted)
        .find_map(|statistic| match statistic {
            Statistic::Skipped(reason) => Some(Decision::Skipped(reason)),
            Statistic::Dropped(reason) => Some(Decision::Dropped(reason)),
            _ => None,
        })
}

/// The decision that the steps alone say.
fn decision_of_steps(explanation: &Explanation) -> Decision {
    let end = explanation.steps.last().expect("a step");
    assert!(
        explanation
            .steps
            .iter()
            .rev()
            .skip(1)
            .all(|step| step.holds != Holds::No),
        "only the last step can fail: {explanation:?}"
    );
    for entry in &explanation.entries {
        let all = entry.conditions.iter().all(|condition| condition.holds == Holds::Yes);
        assert_eq!(entry.holds, all, "{entry:?}");
    }
    if end.holds != Holds::No {
        let any = explanation.entries.is_empty() || explanation.entries.iter().any(|entry| entry.holds);
        return if any { Decision::Copied } else { Decision::NoMatch };
    }
    match end.what.as_str() {
        "enabled" | "mirror.enabled" => Decision::Off,
        "loop" => Decision::Skipped(Skipped::Loop),
        "upgrade" => Decision::Skipped(Skipped::Upgrade),
        "route" => Decision::Skipped(Skipped::NoRoute),
        "expiresAt" => Decision::Skipped(Skipped::Expired),
        "sample" => Decision::Skipped(Skipped::NoSampleKey),
        "percentage" => Decision::Skipped(Skipped::NotSampled),
        "head" => match explanation.decision {
            decision @ Decision::Dropped(Dropped::HeadersTooLarge | Dropped::BodyTooLarge) => decision,
            other => panic!("{other:?} is no reason of the head"),
        },
        "limits" => Decision::Dropped(Dropped::Bytes),
        // What shows only when the request is complete.
        "copy" => match explanation.decision {
            decision @ Decision::Dropped(
                Dropped::BodyTooLarge | Dropped::Bytes | Dropped::HeadersMissing | Dropped::RedactFailed,
            ) => decision,
            other => panic!("{other:?} has no step of its own"),
        },
        other => panic!("{other} cannot fail"),
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn the_explanation_ends_in_what_the_filter_decides() {
    let mut seen = std::collections::BTreeSet::new();
    for seed in 0..ROUNDS {
        let mut source = Dice::new(seed);
        let (config, request) = (configuration(&mut source), request(&mut source));
        let rolls = seed ^ 0xabcd;
        let decided = decide(&config, &request, rolls);
        let plan = plan(&config);
        let explanations = explain(&plan, &request, Some(&mut Dice::new(rolls)));
        assert_eq!(explanations.len(), decided.len());
        for (explanation, decided) in explanations.iter().zip(&decided) {
            let copy = explanation.copy.clone().map(|copy| (copy.headers, copy.body));
            let shown = Decided {
                decision: explanation.decision,
                copy,
            };
            assert_eq!(shown, *decided, "seed {seed}: {config}: {request:?}");
            assert_eq!(
                decision_of_steps(explanation),
                explanation.decision,
                "seed {seed}: {config}: {request:?}: {explanation:#?}"
            );
            assert_eq!(explanation.chance, None, "seed {seed}");
            seen.insert(format!("{:?}", explanation.decision));
        }
        // What is left open is what other dice would decide otherwise.
        for (explanation, rolled) in explain(&plan, &request, None).iter().zip(&explanations) {
            let not_sampled = Decision::Skipped(Skipped::NotSampled);
            match explanation.chance {
                Some(_) => assert!(
                    rolled.decision == explanation.decision || rolled.decision == not_sampled,
                    "seed {seed}: {explanation:?}"
                ),
                None => assert_eq!(explanation.decision, rolled.decision, "seed {seed}"),
            }
        }
    }
    assert_eq!(seen.len(), 13, "every end was met: {seen:?}");
}

fn only(config: &str, request: &WholeRequest) -> Explanation {
    let plan = mirror(config);
    explain(&plan, request, None).remove(0)
}

fn of(headers: Headers) -> WholeRequest {
    WholeRequest {
        headers,
        is_routed: true,
        ..WholeRequest::default()
    }
}

fn check<'a>(explanation: &'a Explanation, what: &str) -> &'a Check {
    let conditions = explanation.entries.iter().flat_map(|entry| &entry.conditions);
    let found = conditions.chain(&explanation.steps).find(|check| check.what == what);
    found.unwrap_or_else(|| panic!("{what}: {explanation:#?}"))
}

#[wasm_bindgen_test(unsupported = test)]
fn a_condition_says_what_it_wants_and_what_it_finds() {
    let config = r#""match": [{"uri": {"prefix": "/B"}, "ignoreUriCase": true, "port": 80, "headers": {"X-User": {"regex": "[0-9]+|admin"}, "x-gone": {}}, "withoutHeaders": {"x-user": {"exact": "7"}}, "queryParams": {"q": {"exact": "1"}}}]"#;
    let long = "7".repeat(9000);
    let explanation = only(config, &of(get("/a?q=2&q=1", &[("x-user", &long), ("x-user", "8")])));
    assert_eq!(explanation.decision, Decision::NoMatch);
    let decision_of_steps = |what: &str| {
        let check = check(&explanation, &format!("mirrors[0].match[0].{what}"));
        (check.wanted.clone(), check.found.clone(), check.holds)
    };
    let no = |wanted: &str, found: &str| (wanted.to_owned(), found.to_owned(), Holds::No);
    assert_eq!(decision_of_steps("uri"), no("prefix \"/B\", in any case", "\"/a\""));
    assert_eq!(decision_of_steps("port"), no("80", "the port is not known"));
    assert_eq!(decision_of_steps("queryParams.q"), no("exact \"1\"", "\"2\""));
    assert_eq!(decision_of_steps("headers.x-gone"), no("present", "absent"));
    let (wanted, found, holds) = decision_of_steps("headers.x-user");
    assert_eq!((wanted.as_str(), holds), ("regex \"[0-9]+|admin\"", Holds::No));
    assert!(found.ends_with(",8\" (more than 8 KiB never match a regex)"), "{found}");
    let (wanted, _, holds) = decision_of_steps("withoutHeaders.x-user");
    assert_eq!((wanted.as_str(), holds), ("not exact \"7\"", Holds::Yes));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_sample_by_key_shows_its_bucket_and_one_by_chance_its_share() {
    let keyed = r#""percentage": 10, "sample": {"by": "header", "name": "x-user", "salt": "s"}"#;
    let explanation = only(keyed, &of(get("/", &[("x-user", "7")])));
    let bucket = mirror_policy::sample::key_bucket(b"s", b"7");
    assert_eq!(
        check(&explanation, "percentage").found,
        format!("bucket {bucket} of header x-user \"7\", salt \"s\"")
    );
    assert_eq!(explanation.chance, None);
    for (percentage, decision, is_open) in [
        ("0", Decision::Skipped(Skipped::NotSampled), false),
        ("0.0001", Decision::Copied, true),
        ("99.9999", Decision::Copied, true),
        ("100", Decision::Copied, false),
    ] {
        let explanation = only(&format!(r#""percentage": {percentage}"#), &of(get("/", &[])));
        assert_eq!(
            (explanation.decision, explanation.chance.is_some()),
            (decision, is_open),
            "{percentage}"
        );
        assert_eq!(explanation.copy.is_some(), decision == Decision::Copied, "{percentage}");
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
