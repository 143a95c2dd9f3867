//! Which requests belong to a mirror, in the words of Istio with the meaning of Envoy.

use mirror_model::bench::{Bench, Ready};
use mirror_model::plans::mirror;
use mirror_model::requests::{get, headers, post};
use mirror_policy::headers::Headers;
use mirror_policy::matching::RequestHead;
use mirror_policy::statistics::Statistic;
use mirror_policy::work::Work;
use wasm_bindgen_test::wasm_bindgen_test;

use mirror_model::plans;

fn matches(entries: &str, headers: &Headers) -> bool {
    matches_on(entries, headers, None)
}

fn matches_on(entries: &str, headers: &Headers, port: Option<u16>) -> bool {
    let plan = mirror(&format!(r#""match": {entries}"#));
    plan.mirrors[0]
        .matches(&RequestHead::new(headers, port), &Work::new(0))
        .unwrap()
}

#[wasm_bindgen_test(unsupported = test)]
fn without_entries_every_request_matches() {
    assert!(matches("[]", &get("/", &[])));
    assert!(matches("[{}]", &get("/", &[])));
    assert!(matches("[]", &Headers::default()));
}

#[wasm_bindgen_test(unsupported = test)]
fn any_entry_is_enough_and_all_of_its_conditions_must_hold() {
    let entries = r#"[{"method": {"exact": "GET"}, "uri": {"prefix": "/a"}}, {"headers": {"x-b": {"exact": "1"}}}]"#;
    assert!(matches(entries, &get("/abc", &[])));
    assert!(!matches(entries, &get("/b", &[])));
    assert!(matches(entries, &get("/b", &[("x-b", "1")])));
    assert!(!matches(entries, &post(&[])));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_uri_is_compared_without_query_and_fragment() {
    for (entry, path, expected) in [
        (r#"{"exact": "/a"}"#, "/a?x=1", true),
        (r#"{"exact": "/a"}"#, "/a#top", true),
        (r#"{"exact": "/a"}"#, "/a/", false),
        (r#"{"exact": "/a"}"#, "/A", false),
        (r#"{"exact": ""}"#, "?x", true),
        (r#"{"prefix": "/a/b"}"#, "/a/bc", true),
        (r#"{"prefix": "/a?x"}"#, "/a?x", false),
        (r#"{"prefix": ""}"#, "*", true),
        (r#"{"regex": "/a/[0-9]+"}"#, "/a/17?b", true),
        (r#"{"regex": "/a/[0-9]+"}"#, "/a/17/b", false),
        (r#"{"regex": "/a|/b"}"#, "/b", true),
        (r#"{"regex": "/a|/b"}"#, "/bc", false),
        (r#"{"regex": ".*"}"#, "/%ff/é", true),
        // The beginning of an expression that a text must have is shorter than its leading letters here.
        (r#"{"regex": "/items/*"}"#, "/items", true),
        (r#"{"regex": "/items/?"}"#, "/items", true),
        (r#"{"regex": "/items/{0,1}"}"#, "/items", true),
        (r#"{"regex": "/items/+"}"#, "/items", false),
        (r#"{"regex": "/v1#(a|/v2)"}"#, "/v1#a", false),
        (r#"{"regex": "/a[(]|/b[)]"}"#, "/b)", true),
        (r#"{"regex": "/a\\(|/b"}"#, "/b", true),
        (r#"{"regex": "^/a(b|c)d"}"#, "/acd", true),
        (r#"{"regex": "(?i)/a"}"#, "/A", true),
    ] {
        assert_eq!(
            matches(&format!(r#"[{{"uri": {entry}}}]"#), &get(path, &[])),
            expected,
            "{entry} {path}"
        );
    }
    let ignoring = |entry: &str, path: &str| {
        matches(
            &format!(r#"[{{"uri": {entry}, "ignoreUriCase": true}}]"#),
            &get(path, &[]),
        )
    };
    assert!(ignoring(r#"{"exact": "/Ab"}"#, "/aB"));
    assert!(ignoring(r#"{"prefix": "/AB"}"#, "/abc"));
    assert!(!ignoring(r#"{"prefix": "/AB"}"#, "/a"));
}

#[wasm_bindgen_test(unsupported = test)]
fn method_authority_and_scheme_have_keys_of_their_own() {
    assert!(matches(r#"[{"method": {"regex": "GET|HEAD"}}]"#, &get("/", &[])));
    assert!(!matches(r#"[{"method": {"exact": "get"}}]"#, &get("/", &[])));
    assert!(matches(r#"[{"authority": {"exact": "reviews:9080"}}]"#, &get("/", &[])));
    assert!(!matches(r#"[{"authority": {"exact": "reviews"}}]"#, &get("/", &[])));
    assert!(matches(r#"[{"scheme": {"exact": "http"}}]"#, &get("/", &[])));
    assert!(
        !matches(r#"[{"scheme": {"prefix": ""}}]"#, &headers(&[(":path", "/")])),
        "a request without a scheme"
    );
}

#[wasm_bindgen_test(unsupported = test)]
fn header_names_ignore_case_and_values_are_joined() {
    let twice = get("/", &[("x-a", "1"), ("x-a", "2")]);
    assert!(matches(r#"[{"headers": {"X-A": {"exact": "1,2"}}}]"#, &twice));
    assert!(!matches(r#"[{"headers": {"x-a": {"exact": "1"}}}]"#, &twice));
    assert!(matches(r#"[{"headers": {"x-a": {}}}]"#, &twice));
    assert!(!matches(r#"[{"headers": {"x-b": {}}}]"#, &twice));
    assert!(
        !matches(r#"[{"headers": {"x-b": {"prefix": ""}}}]"#, &twice),
        "an absent header matches nothing"
    );
    assert!(
        matches(r#"[{"headers": {"x-a": {}}}]"#, &get("/", &[("x-a", "")])),
        "an empty value is there"
    );
}

#[wasm_bindgen_test(unsupported = test)]
fn without_headers_takes_a_missing_header_for_empty() {
    assert!(matches(r#"[{"withoutHeaders": {"x-a": {}}}]"#, &get("/", &[])));
    assert!(!matches(
        r#"[{"withoutHeaders": {"x-a": {}}}]"#,
        &get("/", &[("x-a", "")])
    ));
    assert!(matches(
        r#"[{"withoutHeaders": {"x-a": {"exact": "1"}}}]"#,
        &get("/", &[])
    ));
    assert!(!matches(
        r#"[{"withoutHeaders": {"x-a": {"exact": "1"}}}]"#,
        &get("/", &[("x-a", "1")])
    ));
    assert!(matches(
        r#"[{"withoutHeaders": {"x-a": {"exact": "1"}}}]"#,
        &get("/", &[("x-a", "2")])
    ));
    assert!(!matches(
        r#"[{"withoutHeaders": {"x-a": {"exact": ""}}}]"#,
        &get("/", &[])
    ));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_condition_on_host_asks_for_the_authority_as_in_envoy() {
    let to = |authority: &str| Headers::encode([(&b":authority"[..], authority.as_bytes()), (b":path", b"/")]);
    let api = to("api.example");
    assert!(matches(r#"[{"headers": {"Host": {"exact": "api.example"}}}]"#, &api));
    assert!(!matches(r#"[{"headers": {"host": {"exact": "api"}}}]"#, &api));
    assert!(matches(r#"[{"headers": {"host": {}}}]"#, &api));
    assert!(!matches(
        r#"[{"withoutHeaders": {"host": {"exact": "api.example"}}}]"#,
        &api
    ));
    assert!(matches(
        r#"[{"withoutHeaders": {"host": {"exact": "admin.example"}}}]"#,
        &api
    ));
    assert!(!matches(r#"[{"withoutHeaders": {"host": {}}}]"#, &api));
}

#[wasm_bindgen_test(unsupported = test)]
fn query_parameters_are_compared_as_they_stand_in_the_path() {
    for (entry, path, expected) in [
        (r#"{"q": {"exact": "a%20b"}}"#, "/?q=a%20b", true),
        (r#"{"q": {"exact": "a b"}}"#, "/?q=a%20b", false),
        (r#"{"q": {"exact": "1"}}"#, "/?p=0&q=1&q=2", true),
        (r#"{"q": {"exact": "2"}}"#, "/?p=0&q=1&q=2", false),
        (r#"{"q": {}}"#, "/?q", true),
        (r#"{"q": {"exact": ""}}"#, "/?q", true),
        (r#"{"q": {}}"#, "/?qq=1", false),
        (r#"{"q": {}}"#, "/q", false),
        (r#"{"q": {"regex": "[0-9]+"}}"#, "/?q=17#q=x", true),
        (r#"{"q": {}}"#, "/#?q=1", false),
    ] {
        assert_eq!(
            matches(&format!(r#"[{{"queryParams": {entry}}}]"#), &get(path, &[])),
            expected,
            "{entry} {path}"
        );
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_port_is_the_one_on_which_the_proxy_accepted() {
    assert!(matches_on(r#"[{"port": 8080}]"#, &get("/", &[]), Some(8080)));
    assert!(!matches_on(r#"[{"port": 8080}]"#, &get("/", &[]), Some(80)));
    assert!(!matches_on(r#"[{"port": 8080}]"#, &get("/", &[]), None));
    assert!(mirror(r#""match": [{"port": 8080}]"#).mirrors[0].needs_port());
}

#[wasm_bindgen_test(unsupported = test)]
fn a_regex_compares_bytes_as_in_envoy() {
    let text = |value: &'static [u8]| Headers::encode([(&b"x-a"[..], value)]);
    for (regex, value, expected) in [
        (".*", &b"caf\xe9"[..], true),
        ("caf.", b"caf\xe9", true),
        (r"caf\\xe9", b"caf\xe9", true),
        (r"caf\\W", b"caf\xe9", true),
        ("caf.", "café".as_bytes(), false),
        ("caf..", "café".as_bytes(), true),
        ("café", "café".as_bytes(), true),
        ("caf[é]", "café".as_bytes(), false),
        ("caf[é]{2}", "café".as_bytes(), true),
    ] {
        let entry = format!(r#"[{{"headers": {{"x-a": {{"regex": "{regex}"}}}}}}]"#);
        assert_eq!(matches(&entry, &text(value)), expected, "{regex}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_regex_never_matches_what_is_too_long() {
    let long = |length: usize| get(&format!("/{}", "a".repeat(length)), &[]);
    assert!(matches(r#"[{"uri": {"regex": ".*"}}]"#, &long(8191)));
    assert!(!matches(r#"[{"uri": {"regex": ".*"}}]"#, &long(8192)));
}

#[wasm_bindgen_test(unsupported = test)]
fn mirrors_that_are_off_match_nothing() {
    let plan = |first: bool, second: bool, all: bool| {
        plans::plan(&format!(
            r#"{{"enabled": {all}, "mirrors": [
                {{"name": "a", "cluster": "c", "enabled": {first}}}, {{"name": "b", "cluster": "c", "enabled": {second}}}]}}"#
        ))
    };
    let matched = |plan| {
        let mut bench = Bench::new(plan);
        bench.begin(get("/", &[]), 0);
        [0, 1].map(|account| bench.totals.of(account, Statistic::Matched))
    };
    assert_eq!(matched(plan(true, true, true)), [1, 1]);
    assert_eq!(matched(plan(false, true, true)), [0, 1]);
    assert_eq!(matched(plan(true, true, false)), [0, 0]);
    let is_idle = |plan| Bench::new(plan).active_plan().mirrors.is_empty();
    assert!(is_idle(plan(true, true, false)) && is_idle(plan(false, false, true)) && !is_idle(plan(true, false, true)));
}

#[wasm_bindgen_test(unsupported = test)]
fn sixteen_mirrors_can_match_at_once() {
    let mirrors: Vec<String> = (0..16)
        .map(|index| format!(r#"{{"name": "m{index}", "cluster": "c"}}"#))
        .collect();
    let mut bench = Bench::new(plans::plan(&format!(r#"{{"mirrors": [{}]}}"#, mirrors.join(","))));
    let request = bench.begin(get("/", &[]), 0).expect("collected");
    let accounts: Vec<usize> = bench.complete(request, 0).iter().map(Ready::account).collect();
    assert_eq!(accounts, (0..16).collect::<Vec<_>>());
}
