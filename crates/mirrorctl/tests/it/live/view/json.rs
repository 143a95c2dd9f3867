//! The JSON of a mirror, which programs and the page read.

use mirror_policy::reasons::{Class, Failure, Skipped};
use mirror_policy::statistics::Statistic;
use mirrorctl::live::feed::SourceEndpoint;
use mirrorctl::live::history::History;
use mirrorctl::live::source::SourceKind;
use mirrorctl::live::view::View;
use mirrorctl::live::window::Window;
use mirrorctl::live::wire;
use serde_json::{Value, json};

use super::{MATCHED, START, configured, reading};

/// What the page and programs get of ten seconds of one mirror.
fn as_json() -> Value {
    let mut then = configured();
    let mut now = configured();
    for counts in [&mut then, &mut now] {
        counts.add(Statistic::ExpiryTimestampSeconds, (START / 1000 + 3600) as f64);
    }
    for (statistic, value) in [
        MATCHED,
        (Statistic::Sent, 10.0),
        (Statistic::Skipped(Skipped::NotSampled), 90.0),
    ] {
        now.add(statistic, value);
    }
    for class in [
        Statistic::PrimaryResponses(Class::Success),
        Statistic::Responses(Class::ServerError),
    ] {
        now.add(class, 10.0);
    }
    let mut history = History::new(300);
    history.push(reading("a", 0, Some(then)));
    history.push(reading("a", 5000, Some(now)));
    let endpoint = SourceEndpoint {
        name: "http://a:15000".to_owned(),
        problem: Some("connection refused".to_owned()),
        since: Some(START),
    };
    wire::view(&View::of(&history, Window::of(10), &[]), SourceKind::Envoy, &[endpoint])
}

#[test]
fn the_json_says_what_was_asked_and_when() {
    let value = as_json();
    assert_eq!(value["at"], json!(START + 5000));
    assert_eq!(
        value["window"],
        json!({"seconds": 10, "from": START - 5000, "to": START + 5000, "step": 5000})
    );
    assert_eq!(
        value["source"],
        json!({"kind": "envoy", "proxies": 1, "refused": [], "endpoints": [
            {"name": "http://a:15000", "up": false, "problem": "connection refused", "since": START}]})
    );
}

#[test]
fn the_json_says_what_is_set_and_what_goes_on() {
    let mirror = &as_json()["mirrors"][0];
    assert_eq!(
        mirror["set"],
        json!({"enabled": true, "percentage": 10, "maxInFlight": 128, "maxCollecting": 64, "maxBufferedBytes": 16_777_216,
            "expiresAt": "2026-11-22T19:20:00Z", "uniform": true})
    );
    assert_eq!(
        (&mirror["state"], &mirror["engine"]),
        (&json!("Mirroring"), &json!("wasm"))
    );
    assert_eq!(mirror["proxies"], json!({"loaded": 1, "known": 1}));
    assert_eq!(
        mirror["now"],
        json!({"collecting": 0, "inFlight": 0, "bufferedBytes": 0, "breakersOpen": 0})
    );
}

#[test]
fn the_json_has_the_numbers_and_the_charts_of_the_window() {
    let mirror = &as_json()["mirrors"][0];
    let window = &mirror["window"];
    assert_eq!(
        window["perSecond"],
        json!({"matched": 20, "sent": 2, "skipped": 18, "dropped": 0})
    );
    assert_eq!(
        (&window["seconds"], &window["actualPercentage"]),
        (&json!(5), &json!(10))
    );
    assert_eq!(
        window["shadow"],
        json!({"responses": 10, "perSecond": 2, "successPercentage": 0, "errorPercentage": 100, "p50": null, "p95": null,
            "p99": null})
    );
    assert_eq!(
        mirror["series"]["primary"],
        json!({"rate": [null, 20], "success": [null, 100], "p50": [null, null], "p95": [null, null], "p99": [null, null]})
    );
    assert_eq!(mirror["series"]["t"], json!([START, START + 5000]));
    assert_eq!(
        (&mirror["series"]["skipped"], &mirror["series"]["dropped"]),
        (&json!([null, 18]), &json!([null, 0]))
    );
}

#[test]
fn the_json_counts_every_reason() {
    let mirror = &as_json()["mirrors"][0];
    let reasons = mirror["total"]["reasons"].as_array().unwrap();
    let find = |kind: &str, result: &str| -> &Value {
        let found = reasons
            .iter()
            .find(|reason| reason["kind"] == kind && reason["result"] == result);
        found.unwrap_or_else(|| panic!("{kind} {result}"))
    };
    assert_eq!(find("skipped", "not_sampled")["count"], 90);
    assert_eq!(find("responses", "5xx")["count"], 10);
    assert_eq!(find("primary_responses", "2xx")["count"], 10);
    assert_eq!(find("dropped", "bytes")["count"], 0);
    assert_eq!(find("failures", "reset")["meaning"], json!(Failure::Reset.meaning()));
    assert_eq!(mirror["window"]["ledger"]["unaccounted"], Value::Null);
    assert_eq!(mirror["total"]["unaccounted"], 0);
}
