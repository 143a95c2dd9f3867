//! Any bytes as JSON text, read by the policy's own reader and by `serde_json`: both accept the same texts and read the
//! same values from them, but for a key that stands twice, which only ours refuses, and for a double's last digits.

use mirror_policy::json_text;
use serde_json::{Number, Value};

/// Checks one input.
pub fn check(bytes: &[u8]) {
    let theirs = serde_json::from_slice::<Value>(bytes);
    match (json_text::read(bytes), theirs) {
        (Ok(ours), Ok(theirs)) => {
            assert!(is_same(&ours, &theirs), "read as {ours}, by serde_json as {theirs}");
            let again = json_text::read(ours.to_string().as_bytes()).expect("what was printed is JSON");
            assert!(is_same(&again, &ours), "{ours}, printed and read again {again}");
        }
        (Ok(ours), Err(error)) => panic!("only serde_json refuses {ours}: {error}"),
        (Err(error), theirs) => {
            assert!(
                !error.contains(char::is_control),
                "a refusal of several lines: {error:?}"
            );
            let may_differ = error.contains("stands twice") || error.contains("out of range");
            assert!(may_differ || theirs.is_err(), "only ours refuses it: {error}");
            if error.contains("out of range")
                && let Ok(theirs) = theirs
            {
                assert!(has_huge_number(&theirs), "out of no range: {theirs}");
            }
        }
    }
}

fn is_same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => is_same_number(one, other),
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| is_same(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            let same_field =
                |(key, value): (&String, &Value)| other.get(key).is_some_and(|other| is_same(value, other));
            one.len() == other.len() && one.iter().all(same_field)
        }
        (one, other) => one == other,
    }
}

/// Whole numbers exactly, doubles to fourteen digits.
fn is_same_number(one: &Number, other: &Number) -> bool {
    if one == other {
        return true;
    }
    if !one.is_f64() || !other.is_f64() {
        return false;
    }
    let (one, other) = (double(one), double(other));
    (one - other).abs() <= one.abs().max(other.abs()) * 1e-14 + f64::MIN_POSITIVE
}

/// At the edge of what a double can hold the last digits decide.
fn has_huge_number(value: &Value) -> bool {
    match value {
        Value::Number(number) => double(number).abs() > 1e308,
        Value::Array(values) => values.iter().any(has_huge_number),
        Value::Object(fields) => fields.values().any(has_huge_number),
        _ => false,
    }
}

fn double(number: &Number) -> f64 {
    number.as_f64().expect("every number is a double")
}
