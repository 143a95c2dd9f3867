//! The reader of JSON against `serde_json`: what one of them takes, the other takes as the same document, and what one
//! refuses, the other refuses at the same place, mostly in the same words.
use std::fmt;

use mirror_policy::json_text;
use mirror_policy::sample::Dice;
use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use wasm_bindgen_test::wasm_bindgen_test;

/// A value in which no object has a key twice; `serde_json` alone would keep the last one.
struct Strict(Value);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StrictVisitor).map(Strict)
    }
}

struct StrictVisitor;

impl<'de> Visitor<'de> for StrictVisitor {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(Strict(value)) = access.next_element()? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut fields = Map::new();
        while let Some(key) = access.next_key::<String>()? {
            if fields.contains_key(&key) {
                return Err(de::Error::custom(format_args!("the key `{key}` stands twice")));
            }
            let Strict(value) = access.next_value()?;
            fields.insert(key, value);
        }
        Ok(Value::Object(fields))
    }
}

fn reference(text: &[u8]) -> Result<Value, String> {
    let read: Result<Strict, _> = serde_json::from_slice(text);
    read.map(|Strict(value)| value).map_err(|error| error.to_string())
}

/// Whether two documents are the same; doubles may differ by rounding.
fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) if one.is_f64() && other.is_f64() => {
            let (one, other) = (one.as_f64().unwrap(), other.as_f64().unwrap());
            (one - other).abs() <= one.abs() * 1e-14
        }
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            let mut pairs = one.iter().zip(other);
            one.len() == other.len()
                && pairs.all(|((key, one), (other_key, other))| key == other_key && same(one, other))
        }
        _ => one == other,
    }
}

/// Returns whether the text was taken.
#[track_caller]
fn compare(text: &[u8]) -> bool {
    let shown = String::from_utf8_lossy(text);
    match (json_text::read(text), reference(text)) {
        (Ok(read), Ok(reference)) => {
            assert!(same(&read, &reference), "{shown}: {read:?}, not {reference:?}");
            true
        }
        (Err(_), Err(_)) => false,
        (read, reference) => panic!("{shown}: {read:?}, not {reference:?}"),
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn every_value_is_read_as_serde_json_reads_it() {
    for text in [
        "null",
        " true\t",
        "\r\nfalse",
        "0",
        "-0",
        "12.5",
        "0.1",
        "1e3",
        "1E+3",
        "1.5e-3",
        "-0.0001",
        "4503599627370497.5",
        "18446744073709551615",
        "18446744073709551616",
        "-9223372036854775808",
        "-9223372036854775809",
        "123456789012345678901234567890",
        "0.000000000000000000000000000001",
        "1e308",
        "1e-400",
        "0e99999999999999",
        "1e-99999999999999",
        "33.3333",
        "\"\"",
        "\"a\\\"\\\\\\/\\b\\f\\n\\r\\t\"",
        "\"\\u00e9\\uD83D\\uDE00\"",
        "\"é😀\u{7f}\"",
        "[]",
        "[ ]",
        "[1,[2],{}]",
        "{}",
        "{ }",
        "{\"b\":1,\"a\":{\"\":[null]}}",
        " { \"a\" : 1 , \"b\" : 2 } ",
    ] {
        assert!(compare(text.as_bytes()), "{text} is refused");
    }
    let nested = |depth: usize| ["[".repeat(depth), "]".repeat(depth)].concat();
    let deepest = (1..300).take_while(|depth| compare(nested(*depth).as_bytes())).count();
    assert_eq!(deepest, 127);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_refusal_names_the_problem_and_its_place_as_serde_json_does() {
    for text in [
        "",
        "[",
        "[1",
        "[1,",
        "[1 2]",
        "[1,]",
        "{",
        "{\"a\"",
        "{\"a\":",
        "{\"a\":1",
        "{\"a\":1,",
        "{\"a\" 1}",
        "{\"a\":1 \"b\"}",
        "{\"a\":1,}",
        "{1:2}",
        "{\"a\":1,\"b\":2,\"a\":3}",
        "\"a",
        "\"\\",
        "\"\\x\"",
        "\"a\nb\"",
        "True",
        "+1",
        "01",
        "1e400",
        ".5",
        "1 2",
        "[\n1,\n\n x]",
        "{\"a\":\n\"\\q\"}",
    ] {
        let (read, reference) = (json_text::read(text.as_bytes()), reference(text.as_bytes()));
        assert_eq!(read.unwrap_err(), reference.unwrap_err(), "{text}");
    }
    for text in [
        "nul",
        "-",
        "1.",
        "1.e1",
        "1e",
        "\"\\ud800\"",
        "\"\\udc00\"",
        "\"\\ud800\\ud800\"",
        "\"\\ud800\\u0041\"",
        "\"\\u12g4\"",
        "\"\\u12",
    ] {
        assert!(!compare(text.as_bytes()), "{text} is taken");
    }
    assert!(!compare(b"\"\xff\""));
    assert!(!compare(b"\xef\xbb\xbf{}"), "a byte order mark");
}

#[wasm_bindgen_test(unsupported = test)]
fn whatever_the_bytes_both_take_the_same_and_refuse_the_same() {
    let mut dice = Dice::new(11);
    let (mut taken, mut refused) = (0, 0);
    for round in 0..20_000u32 {
        let value = random_value(&mut dice, 4);
        let mut text = match round % 2 {
            0 => serde_json::to_vec(&value).unwrap(),
            _ => serde_json::to_vec_pretty(&value).unwrap(),
        };
        for _ in 0..round % 3 {
            let at = dice.roll() as usize % text.len();
            let common = b"{}[]\",:\\u0123456789-+.eE \n\x00\x7f\xc3\xa9\xffnulltrue";
            let byte = common[dice.roll() as usize % common.len()];
            match dice.roll() % 3 {
                0 => text[at] = byte,
                1 => text.insert(at, byte),
                _ => text.truncate(at.max(1)),
            }
        }
        if compare(&text) {
            taken += 1;
        } else {
            refused += 1;
        }
    }
    assert!(taken > 6_000 && refused > 6_000, "{taken} taken, {refused} refused");
}

fn random_value(dice: &mut Dice, depth: u32) -> Value {
    let text = |dice: &mut Dice| -> String {
        let letters = ['a', 'b', '"', '\\', '\n', '\u{1}', 'é', '😀', '/', ' '];
        (0..dice.roll() % 5)
            .map(|_| letters[dice.roll() as usize % letters.len()])
            .collect()
    };
    match dice.roll() % if depth == 0 { 6 } else { 8 } {
        0 => Value::Null,
        1 => dice.roll().is_multiple_of(2).into(),
        2 => (dice.roll() as i64).into(),
        3 => (dice.roll() as f64 / (1u64 << (dice.roll() % 60)) as f64).into(),
        4 => (dice.roll() % 100_000).into(),
        5 => text(dice).into(),
        6 => (0..dice.roll() % 4).map(|_| random_value(dice, depth - 1)).collect(),
        _ => {
            let fields = (0..dice.roll() % 4).map(|_| (text(dice), random_value(dice, depth - 1)));
            Value::Object(fields.collect())
        }
    }
}
