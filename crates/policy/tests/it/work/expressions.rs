//! The work for `match`: regular expressions, long queries and repeated headers.

use mirror_model::bench::Bench;
use mirror_model::decisions::Decisions as _;
use mirror_model::plans::{mirror, plan};
use mirror_model::requests::get;
use mirror_policy::headers::Headers;
use mirror_policy::matching::RequestHead;
use mirror_policy::matching::text::MAX_REGEX_TEXT_BYTES;
use mirror_policy::matching::weight::{MAX_WEIGHT, weight};
use mirror_policy::plan::Plan;
use mirror_policy::reasons::Dropped;
use mirror_policy::sample::Dice;
use mirror_policy::statistics::Statistic;
use mirror_policy::work::Work;
use regex_lite::RegexBuilder;
use wasm_bindgen_test::wasm_bindgen_test;

/// The expression that took 200 milliseconds over 8 KiB.
const COSTLY: &str = "((.{1,100}a){1,5}b?)*!";

/// What a mirror decides on a path: a request that meets `match`, or the work in examined bytes.
fn matched(plan: &Plan, headers: &Headers) -> (Result<bool, Dropped>, u64) {
    let work = Work::new(0);
    let is_met = plan.mirrors[0].matches(&RequestHead::new(headers, None), &work);
    (is_met, work.examined())
}

#[wasm_bindgen_test(unsupported = test)]
fn an_expression_that_is_too_much_work_for_a_text_is_not_tried() {
    let plan = mirror(&format!(
        r#""match": [{{"headers": {{"x": {{"regex": "{COSTLY}"}}}}}}]"#
    ));
    let long = "ab".repeat(MAX_REGEX_TEXT_BYTES / 2);
    assert_eq!(matched(&plan, &get("/", &[("x", &long)])), (Err(Dropped::TooCostly), 0));
    assert_eq!(matched(&plan, &get("/", &[("x", "aaab!")])).0, Ok(true));
    assert_eq!(matched(&plan, &get("/", &[("x", "aaab")])).0, Ok(false));

    let mut bench = Bench::new(plan);
    assert_eq!(bench.begin(get("/", &[("x", &long)]), 0), None);
    assert_eq!(bench.count(Statistic::Matched), 1);
    assert_eq!(bench.count(Statistic::Dropped(Dropped::TooCostly)), 1);
    bench.assert_at_rest();
}

#[wasm_bindgen_test(unsupported = test)]
fn an_entry_that_is_met_counts_whatever_another_would_cost() {
    let costly = format!(r#"{{"headers": {{"x": {{"regex": "{COSTLY}"}}}}}}"#);
    let long = "ab".repeat(MAX_REGEX_TEXT_BYTES / 2);
    let request = get("/a", &[("x", &long)]);
    for (entries, expected) in [
        (format!(r#"{costly}, {{"uri": {{"prefix": "/a"}}}}"#), Ok(true)),
        (format!(r#"{{"uri": {{"prefix": "/a"}}}}, {costly}"#), Ok(true)),
        (
            format!(r#"{costly}, {{"uri": {{"prefix": "/b"}}}}"#),
            Err(Dropped::TooCostly),
        ),
        (
            format!(r#"{{"uri": {{"exact": "/b"}}, "headers": {{"x": {{"regex": "{COSTLY}"}}}}}}"#),
            Ok(false),
        ),
        (
            format!(r#"{{"withoutHeaders": {{"x": {{"regex": "{COSTLY}"}}}}}}"#),
            Err(Dropped::TooCostly),
        ),
    ] {
        let plan = mirror(&format!(r#""match": [{entries}]"#));
        assert_eq!(matched(&plan, &request).0, expected, "{entries}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn the_expressions_of_all_mirrors_share_one_sum() {
    let mirror = |name: &str, limit: u64| {
        format!(
            r#"{{"name": "{name}", "cluster": "c", "limits": {{"maxExaminedBytes": {limit}}}, "match": [{{"uri": {{"regex": "{COSTLY}"}}}}]}}"#
        )
    };
    let mirrors: Vec<String> = (0..16).map(|index| mirror(&format!("m{index}"), 1 << 20)).collect();
    let plan = plan(&format!(
        r#"{{"mirrors": [{}, {}]}}"#,
        mirrors[..15].join(","),
        mirror("more", 1 << 24)
    ));
    let headers = get(&format!("/{}", "ab".repeat(30)), &[]);
    let (head, work) = (RequestHead::new(&headers, None), Work::new(0));
    let met: Vec<_> = plan.mirrors.iter().map(|mirror| mirror.matches(&head, &work)).collect();
    assert_eq!(met[0], Ok(false), "the first is within the limit");
    assert_eq!(
        met[14],
        Err(Dropped::TooCostly),
        "the sum is over the limit of the last but one"
    );
    assert_eq!(met[15], Ok(false), "a mirror with a higher limit goes on");
    assert!(work.examined() <= 1 << 24);
}

#[wasm_bindgen_test(unsupported = test)]
fn long_queries_and_repeated_headers_are_charged_for_each_condition() {
    let names: Vec<String> = (0..100).map(|index| format!(r#""p{index}": {{}}"#)).collect();
    let entries = |key: &str| mirror(&format!(r#""match": [{{"{key}": {{{}}}}}]"#, names.join(",")));
    let query: String = (0..100).map(|index| format!("&p{index}=1")).collect();
    let headers = get(&format!("/?{query}{}", "a&".repeat(25_000)), &[]);
    assert_eq!(matched(&entries("queryParams"), &headers).0, Err(Dropped::TooCostly));
    let repeated: Vec<(String, String)> = (0..200)
        .map(|index| (format!("p{}", index % 100), "x".repeat(300)))
        .collect();
    let repeated: Vec<(&str, &str)> = repeated
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    assert_eq!(
        matched(&entries("headers"), &get("/", &repeated)).0,
        Err(Dropped::TooCostly)
    );
}

/// A random expression.
fn expression(dice: &mut Dice, depth: usize) -> String {
    let parts = 1 + dice.index(3);
    let part = |_| {
        let atom = match dice.index(if depth == 0 { 4 } else { 6 }) {
            0 => "ab".to_owned(),
            1 => ".".to_owned(),
            2 => (*dice.pick(&["[a-z0-9_]", "[^]a]", "[[:alpha:]-]", "[a\\]b]", "[-a]", "[{}()]"])).to_owned(),
            3 => (*dice.pick(&["\\d", "\\.", "\\w", "\\{", "\\x41"])).to_owned(),
            4 => format!("({})", expression(dice, depth - 1)),
            _ => format!("(?:{}|{})", expression(dice, depth - 1), expression(dice, depth - 1)),
        };
        let repetition = *dice.pick(&[
            "", "", "", "*", "+", "?", "{2}", "{0,9}", "{3,}", "{12,40}", "*?", "{1,2}?",
        ]);
        atom + repetition
    };
    (0..parts).map(part).collect()
}

#[wasm_bindgen_test(unsupported = test)]
fn the_work_for_an_expression_grows_with_its_program() {
    // No state of a program takes more bytes, with what hangs on it.
    const STATE: u64 = 96;
    let mut dice = Dice::new(3);
    let mut compiled = 0;
    for _ in 0..3_000 {
        let pattern = expression(&mut dice, 3);
        let config =
            serde_json::json!({"mirrors": [{"name": "a", "cluster": "c", "match": [{"uri": {"regex": pattern}}]}]});
        if Plan::parse(config.to_string().as_bytes()).is_err() {
            continue;
        }
        let weight = weight(&pattern);
        let limit = usize::try_from(STATE * (weight + 8)).unwrap();
        let program = RegexBuilder::new(&format!("^(?:{pattern})$")).size_limit(limit).build();
        assert!(
            program.is_ok() || weight == MAX_WEIGHT,
            "{pattern} weighs {weight}, and its program is larger"
        );
        compiled += 1;
    }
    assert!(compiled > 1_000, "only {compiled} expressions compile");
}

#[wasm_bindgen_test(unsupported = test)]
fn an_expression_whose_text_hides_its_repetitions_weighs_the_most() {
    for (pattern, least, most) in [
        ("/reviews/[0-9]+", 10, 40),
        ("/another/12/[a-z]+(/.*)?", 20, 60),
        (COSTLY, 1_000, MAX_WEIGHT),
        ("([a]{9}){9}", 81, 1_000),
        ("([]{9}]{9}){9}", 81, 2_000),
    ] {
        let weight = weight(pattern);
        assert!((least..=most).contains(&weight), "{pattern} weighs {weight}");
    }
}
