//! Percentages, durations and numbers: their spellings and their ranges.

use std::time::Duration;

use mirror_model::plans::mirror;
use wasm_bindgen_test::wasm_bindgen_test;

use super::refused;

#[wasm_bindgen_test(unsupported = test)]
fn a_percentage_out_of_its_range_is_refused() {
    refused(
        r#""percentage": 140"#,
        "mirrors[0].percentage: 140 is not between 0 and 100",
    );
    refused(
        r#""percentage": -0.1"#,
        "mirrors[0].percentage: -0.1 is not between 0 and 100",
    );
    refused(
        r#""percentage": 99.99999999"#,
        "mirrors[0].percentage: 99.99999999 is finer than steps of 0.0001",
    );
    refused(
        r#""percentage": 0.00005"#,
        "mirrors[0].percentage: 0.00005 is finer than steps of 0.0001",
    );
    refused(
        r#""percentage": "10%""#,
        "mirrors[0].percentage: \"10%\" is not a number from 0 to 100",
    );
    refused(
        r#""percentage": null"#,
        "mirrors[0].percentage: null is not a number from 0 to 100",
    );
}

#[wasm_bindgen_test(unsupported = test)]
fn a_duration_out_of_its_range_is_refused() {
    refused(
        r#""timeout": "0s""#,
        "mirrors[0].timeout: \"0s\" is not between 1ms and 1h, in whole milliseconds",
    );
    refused(
        r#""timeout": "61m""#,
        "mirrors[0].timeout: \"61m\" is not between 1ms and 1h, in whole milliseconds",
    );
    refused(
        r#""timeout": "1500us""#,
        "mirrors[0].timeout: \"1500us\" is not between 1ms and 1h, in whole milliseconds",
    );
    refused(
        r#""timeout": 5"#,
        "mirrors[0].timeout: 5 is not a duration such as \"250ms\" or \"5s\"",
    );
    for text in ["999999999999999h", "9999999h99999999h", "5124095h34m33.709551616s"] {
        let error = format!("mirrors[0].timeout: \"{text}\" is not between 1ms and 1h, in whole milliseconds");
        refused(&format!(r#""timeout": "{text}""#), &error);
    }
    for text in [
        "0.0000000001s",
        "1.0000000005s",
        "0.33333333333333h",
        "1234567890123456s",
    ] {
        let error = format!("mirrors[0].timeout: \"{text}\" is not a duration such as \"250ms\" or \"5s\"");
        refused(&format!(r#""timeout": "{text}""#), &error);
    }
    for text in ["", "5", "s", "5 s", "-5s", "5.s", ".5s", "1e3s", "5S", "٣s"] {
        let error = format!("mirrors[0].timeout: \"{text}\" is not a duration such as \"250ms\" or \"5s\"");
        refused(&format!(r#""timeout": "{text}""#), &error);
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_value_out_of_its_range_is_refused() {
    refused(
        r#""limits": {"maxInFlight": 0}"#,
        "mirrors[0].limits.maxInFlight: 0 is not between 1 and 65536",
    );
    refused(
        r#""limits": {"maxInFlight": 1.5}"#,
        "mirrors[0].limits.maxInFlight: 1.5 is not a whole number",
    );
    refused(
        r#""limits": {"maxCollecting": 65537}"#,
        "mirrors[0].limits.maxCollecting: 65537 is not between 1 and 65536",
    );
    refused(
        r#""limits": {"maxBufferedBytes": 268435457}"#,
        "mirrors[0].limits.maxBufferedBytes: 268435457 is not between 1 and 268435456",
    );
    refused(
        r#""body": {"maxBytes": 16777217}"#,
        "mirrors[0].body.maxBytes: 16777217 is more than has room in `limits.maxBufferedBytes` (16777216) beside headers and small requests: 15728640; lower one or raise the other",
    );
    refused(
        r#""body": {"whenLarger": "cut"}"#,
        "mirrors[0].body.whenLarger: \"cut\" is not one of `drop`, `headersOnly`",
    );
    refused(
        r#""match": [{"port": 0}]"#,
        "mirrors[0].match[0].port: 0 is not between 1 and 65535",
    );
    refused(r#""marker": null"#, "mirrors[0].marker: null is not a text");
}

/// Envoy's YAML gives a number with a fraction to a Struct as a text.
#[wasm_bindgen_test(unsupported = test)]
fn a_number_may_come_as_a_text() {
    for (text, ppm) in [
        ("0.5", 5_000),
        ("10.0", 100_000),
        ("100", 1_000_000),
        ("0.0001", 1),
        ("33.3333", 333_333),
    ] {
        assert_eq!(
            mirror(&format!(r#""percentage": "{text}""#)).mirrors[0]
                .config
                .percentage
                .ppm(),
            ppm,
            "{text}"
        );
    }
    let plan = mirror(r#""limits": {"maxInFlight": "10.0"}"#);
    assert_eq!(plan.mirrors[0].config.limits.max_in_flight.get(), 10);
    refused(
        r#""percentage": "100.1""#,
        "mirrors[0].percentage: \"100.1\" is not between 0 and 100",
    );
    refused(
        r#""percentage": "0.00005""#,
        "mirrors[0].percentage: \"0.00005\" is finer than steps of 0.0001",
    );
    refused(
        r#""limits": {"maxInFlight": "1.5"}"#,
        "mirrors[0].limits.maxInFlight: \"1.5\" is not a whole number",
    );
    refused(
        r#""limits": {"maxInFlight": "0"}"#,
        "mirrors[0].limits.maxInFlight: \"0\" is not between 1 and 65536",
    );
    for text in [
        "",
        ".5",
        "5.",
        "-1",
        "+1",
        "1e2",
        "0x1",
        "1.2.3",
        " 1",
        "NaN",
        "1234567890123456",
    ] {
        let error = format!("mirrors[0].percentage: \"{text}\" is not a number from 0 to 100");
        refused(&format!(r#""percentage": "{text}""#), &error);
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn durations_are_read_as_go_writes_them() {
    for (text, millis) in [
        ("1ms", 1),
        ("250ms", 250),
        ("5s", 5000),
        ("1.5s", 1500),
        ("0.1250000h", 450_000),
        ("1m30s", 90_000),
        ("0.5h", 1_800_000),
        ("1h", 3_600_000),
    ] {
        let plan = mirror(&format!(r#""timeout": "{text}""#));
        assert_eq!(
            plan.mirrors[0].config.timeout.duration(),
            Duration::from_millis(millis),
            "{text}"
        );
    }
}
