//! What `limits.maxRequestsPerSecond`, `circuitBreaker` and `expiresAt` accept, and what they refuse and where they say
//! so.

use std::time::Duration;

use mirror_model::plans::{mirror, parse, with_mirror};
use serde_json::Value;
use wasm_bindgen_test::wasm_bindgen_test;

/// Asserts that a mirror with these keys is refused, with the path below the mirror and the problem.
#[track_caller]
fn refused(keys: &str, error: &str) {
    let refusal = parse(&with_mirror(keys)).expect_err(keys);
    assert_eq!(refusal, format!("mirrors[0].{error}"), "{keys}");
}

fn thousandths(rate: &str) -> u32 {
    let plan = mirror(&format!(r#""limits": {{"maxRequestsPerSecond": {rate}}}"#));
    let limits = &plan.mirrors[0].config.limits;
    limits.max_requests_per_second.expect("given").thousandths()
}

#[wasm_bindgen_test(unsupported = test)]
fn a_rate_is_a_number_or_a_text_in_thousandths() {
    for (rate, expected) in [
        ("0.001", 1),
        ("\"0.001\"", 1),
        ("0.5", 500),
        ("\"0.5\"", 500),
        ("1", 1_000),
        ("10.0", 10_000),
        ("33.333", 33_333),
        ("\"999999.999\"", 999_999_999),
        ("999999.999", 999_999_999),
        ("1000000", 1_000_000_000),
        ("\"1000000\"", 1_000_000_000),
    ] {
        assert_eq!(thousandths(rate), expected, "{rate}");
    }
    let key = "limits.maxRequestsPerSecond";
    for (rate, problem) in [
        ("0", "0 is not between 0.001 and 1000000"),
        ("\"0\"", "\"0\" is not between 0.001 and 1000000"),
        ("0.0001", "0.0001 is not between 0.001 and 1000000"),
        ("-1", "-1 is not between 0.001 and 1000000"),
        ("1000000.001", "1000000.001 is not between 0.001 and 1000000"),
        ("\"1000001\"", "\"1000001\" is not between 0.001 and 1000000"),
        ("1.0005", "1.0005 is finer than steps of 0.001"),
        ("\"1.0005\"", "\"1.0005\" is finer than steps of 0.001"),
        ("\"10/s\"", "\"10/s\" is not a number from 0.001 to 1000000"),
        ("null", "null is not a number from 0.001 to 1000000"),
        ("true", "true is not a number from 0.001 to 1000000"),
    ] {
        let keys = format!(r#""limits": {{"maxRequestsPerSecond": {rate}}}"#);
        refused(&keys, &format!("{key}: {problem}"));
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_circuit_breaker_is_whole_and_not_contradictory() {
    let plan = mirror(
        r#""circuitBreaker": {"failurePercentage": "12.5", "minRequests": "20", "window": "10s", "openFor": "1.5s"}"#,
    );
    let breaker = plan.mirrors[0].config.circuit_breaker.as_ref().expect("given");
    assert_eq!(breaker.failure_percentage.ppm(), 125_000);
    assert_eq!(breaker.min_requests.get(), 20);
    assert_eq!(breaker.window.duration(), Duration::from_secs(10));
    assert_eq!(breaker.open_for.duration(), Duration::from_millis(1500));
    assert!(mirror("").mirrors[0].config.circuit_breaker.is_none());

    let whole = [
        ("failurePercentage", "50"),
        ("minRequests", "20"),
        ("window", "\"10s\""),
        ("openFor", "\"5s\""),
    ];
    let with = |changed: &str, value: Option<&str>| {
        let keys = whole.iter().filter_map(|(key, usual)| {
            let value = if *key == changed { value? } else { usual };
            Some(format!(r#""{key}": {value}"#))
        });
        format!(r#""circuitBreaker": {{{}}}"#, keys.collect::<Vec<_>>().join(", "))
    };
    for (key, _) in whole {
        refused(&with(key, None), &format!("circuitBreaker: `{key}` is missing"));
    }
    let duration = "is not between 1ms and 1h, in whole milliseconds";
    for (key, value, problem) in [
        (
            "failurePercentage",
            "0",
            "0 would open the breaker when nothing fails; give more, up to 100",
        ),
        ("failurePercentage", "100.1", "100.1 is not between 0 and 100"),
        ("failurePercentage", "-1", "-1 is not between 0 and 100"),
        ("minRequests", "0", "0 is not between 1 and 1000000"),
        ("minRequests", "1000001", "1000001 is not between 1 and 1000000"),
        ("minRequests", "1.5", "1.5 is not a whole number"),
        ("window", "\"0s\"", &format!("\"0s\" {duration}")),
        ("window", "\"61m\"", &format!("\"61m\" {duration}")),
        ("openFor", "\"0ms\"", &format!("\"0ms\" {duration}")),
        ("openFor", "\"2h\"", &format!("\"2h\" {duration}")),
        (
            "openFor",
            "\"-1s\"",
            "\"-1s\" is not a duration such as \"250ms\" or \"5s\"",
        ),
        ("openFor", "5", "5 is not a duration such as \"250ms\" or \"5s\""),
    ] {
        refused(&with(key, Some(value)), &format!("circuitBreaker.{key}: {problem}"));
    }
    refused(
        r#""circuitBreaker": "on""#,
        "circuitBreaker: this text is not an object",
    );
}

fn expiry(text: &str) -> Result<Duration, String> {
    let plan = parse(&with_mirror(&format!(r#""expiresAt": {}"#, Value::from(text))))?;
    let end = plan.mirrors[0].config.expires_at.as_ref().expect("given");
    assert_eq!(end.as_str(), text, "kept as written");
    Ok(end.unix())
}

#[wasm_bindgen_test(unsupported = test)]
fn an_expiry_is_a_time_of_rfc_3339() {
    for (text, seconds, nanos) in [
        ("2000-01-01T00:00:00Z", 946_684_800, 0),
        ("2000-02-29T23:59:59Z", 951_868_799, 0),
        ("2000-03-01T00:00:00Z", 951_868_800, 0),
        ("2001-09-09T01:46:40Z", 1_000_000_000, 0),
        ("2024-02-29T12:00:00Z", 1_709_208_000, 0),
        ("2026-12-01T18:00:00Z", 1_796_148_000, 0),
        ("2026-12-01t18:00:00z", 1_796_148_000, 0),
        ("2026-12-01T19:00:00+01:00", 1_796_148_000, 0),
        ("2026-12-01T23:30:00+05:30", 1_796_148_000, 0),
        ("2026-12-01T10:00:00-08:00", 1_796_148_000, 0),
        ("2026-12-02T13:59:00+19:59", 1_796_148_000, 0),
        ("2026-12-01T18:00:00-00:00", 1_796_148_000, 0),
        ("2026-12-01T18:00:00.5Z", 1_796_148_000, 500_000_000),
        ("2026-12-01T18:00:00.000000001Z", 1_796_148_000, 1),
        ("2026-12-01T18:00:00.120-00:00", 1_796_148_000, 120_000_000),
        ("2026-12-31T23:59:59.999999999Z", 1_798_761_599, 999_999_999),
        ("2000-01-01T00:00:00+23:59", 946_598_460, 0),
        ("2038-01-19T03:14:08Z", 2_147_483_648, 0),
        ("2100-02-28T00:00:00Z", 4_107_456_000, 0),
        ("2100-03-01T00:00:00Z", 4_107_542_400, 0),
        ("2400-02-29T00:00:00Z", 13_574_563_200, 0),
        ("9999-12-31T23:59:59Z", 253_402_300_799, 0),
    ] {
        assert_eq!(expiry(text), Ok(Duration::new(seconds, nanos)), "{text}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn the_days_of_four_centuries_follow_each_other() {
    let mut expected = 946_684_800;
    for year in 2000..2400 {
        let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        for (month, days) in [
            31,
            if is_leap { 29 } else { 28 },
            31,
            30,
            31,
            30,
            31,
            31,
            30,
            31,
            30,
            31,
        ]
        .into_iter()
        .enumerate()
        {
            for day in [1, days] {
                let text = format!("{year}-{:02}-{day:02}T00:00:00Z", month + 1);
                let end = expected + (day - 1) * 86_400;
                assert_eq!(expiry(&text), Ok(Duration::from_secs(end)), "{text}");
            }
            let after = format!("{year}-{:02}-{:02}T00:00:00Z", month + 1, days + 1);
            assert!(expiry(&after).is_err(), "{after}");
            expected += days * 86_400;
        }
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn an_expiry_that_is_no_time_is_refused() {
    for text in [
        "",
        "never",
        "2026",
        "2026-12-01",
        "2026-12-01T18:00Z",
        "2026-12-01T18:00:00",
        "2026-12-01 18:00:00Z",
        "2026-12-01T18:00:00 Z",
        " 2026-12-01T18:00:00Z",
        "2026-12-01T18:00:00Z ",
        "2026-12-01T18:00:00ZZ",
        "2026-12-01T18:00:00.Z",
        "2026-12-01T18:00:00,5Z",
        "2026-12-01T18:00:00.1234567890Z",
        "2026-12-01T18:00:00+1:00",
        "2026-12-01T18:00:00+0100",
        "2026-12-01T18:00:00+01",
        "2026-12-01T18:00:00+24:00",
        "2026-12-01T18:00:00+01:60",
        "2026-12-01T18:00:00\u{2212}01:00",
        "2026-12-01T18:00:00CET",
        "2026-12-01T18:00:60Z",
        "2016-12-31T23:59:60Z",
        "2026-12-01T18:60:00Z",
        "2026-12-01T24:00:00Z",
        "2026-13-01T18:00:00Z",
        "2026-00-01T18:00:00Z",
        "2026-12-00T18:00:00Z",
        "2026-12-32T18:00:00Z",
        "2026-11-31T18:00:00Z",
        "2026-02-29T18:00:00Z",
        "2100-02-29T18:00:00Z",
        "2026-1-01T18:00:00Z",
        "26-12-01T18:00:00Z",
        "12026-12-01T18:00:00Z",
        "+2026-12-01T18:00:00Z",
        "2026/12/01T18:00:00Z",
        "20261201T180000Z",
        "2026-12-01T18:0\u{661}:00Z",
        "1796148000",
    ] {
        let error = format!(
            "mirrors[0].expiresAt: {text:?} is not a time with its zone as in RFC 3339, such as \"2026-12-01T18:00:00Z\""
        );
        assert_eq!(expiry(text), Err(error));
    }
    for text in [
        "1999-12-31T23:59:59Z",
        "1970-01-01T00:00:00Z",
        "0001-01-01T00:00:00+23:59",
        "0000-01-01T00:00:00Z",
    ] {
        assert_eq!(
            expiry(text),
            Err(format!("mirrors[0].expiresAt: {text:?} is before the year 2000"))
        );
    }
    refused(
        r#""expiresAt": 1796148000"#,
        "expiresAt: 1796148000 is not a time such as \"2026-12-01T18:00:00Z\"",
    );
    refused(
        r#""expiresAt": null"#,
        "expiresAt: null is not a time such as \"2026-12-01T18:00:00Z\"",
    );
}
