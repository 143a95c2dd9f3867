//! Redaction of any JSON body. It is the value that a plain walk over the parsed text gives; a second time it changes
//! nothing; it never grows over the body's cap; and what is not JSON is not sent.

use std::rc::Rc;

use mirror_policy::headers::Headers;
use mirror_policy::plan::Mirror;
use mirror_policy::reasons::Dropped;
use serde_json::Value;

use crate::input::Input;
use crate::redaction::{is_token, mirror, redaction_of};

const POINTERS: &[&[&str]] = &[
    &["/user/email"],
    &["/*/email", "/0", "/a~1b/~0"],
    &["/items/*/card", "/items/1", "/a/b/c", "/a/b", "/"],
    &["/*"],
];
const HASH: &str = r#", "mode": "hash", "hashKey": "000102030405060708090a0b0c0d0e0f""#;
const CAPS: &[u64] = &[1 << 20, 100, 0];

thread_local! {
    /// For each list of pointers, a mirror that removes and a mirror that hashes.
    static MIRRORS: Vec<[Rc<Mirror>; 2]> = POINTERS.iter().map(|pointers| mirrors(pointers)).collect();
}

fn mirrors(pointers: &[&str]) -> [Rc<Mirror>; 2] {
    let pointers = serde_json::to_string(pointers).expect("a list of texts");
    ["", HASH].map(|mode| mirror(&format!(r#""json": {pointers}{mode}"#)))
}

/// Checks one input: which pointers, how, under which cap, and the body.
pub fn check(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let which = usize::from(input.byte()) % POINTERS.len();
    let mirror = MIRRORS.with(|mirrors| Rc::clone(input.pick(&mirrors[which])));
    let (redaction, is_hash) = redaction_of(&mirror);
    let cap = *input.pick(CAPS);
    let body = input.rest();
    // A key that stands twice is one thing to a reader and another to the next, so a plain walk over one reading says
    // nothing about the other. The redaction must not fail, all the same.
    let value = read(body).filter(|value| !has_key_twice(body, value));
    let edited = match redaction.body(&Headers::default(), body, cap) {
        Err(reason) => {
            assert_eq!(reason, Dropped::RedactFailed);
            // An element that is removed from a list becomes `null`, up to three bytes more than it was.
            let elements = 1 + body.iter().filter(|byte| **byte == b',').count();
            let longest = (body.len() + 3 * elements) as u64;
            assert!(
                value.is_none() || is_hash || longest > cap,
                "JSON that fits is not redacted"
            );
            return;
        }
        Ok(None) => None,
        Ok(Some(edited)) => {
            assert!(edited.len() as u64 <= cap, "over the cap");
            assert!(std::str::from_utf8(&edited).is_ok(), "no text any more");
            let again = redaction
                .body(&Headers::default(), &edited, u64::MAX)
                .expect("what was edited is JSON");
            if !is_hash {
                assert_eq!(again.as_ref().unwrap_or(&edited), &edited, "edited once more");
            }
            Some(edited)
        }
    };
    if body.is_empty() {
        return assert_eq!(edited, None);
    }
    let Some(value) = value else { return };
    let pointers: Vec<Vec<&str>> = POINTERS[which]
        .iter()
        .map(|pointer| pointer.split('/').skip(1).collect())
        .collect();
    let mut expected = value;
    let is_named = walk(&mut expected, &pointers, is_hash);
    assert_eq!(edited.is_some(), is_named, "edited exactly if something is named");
    if let Some(edited) = edited {
        let read = read(&edited).expect("what was edited is JSON");
        assert!(is_same(&read, &expected), "edited {read}, expected {expected}");
    }
}

fn read(text: &[u8]) -> Option<Value> {
    serde_json::from_slice(text).ok()
}

/// Whether an object of this text has two fields with the same key, of which `value` has only the latter. Outside of
/// strings each field has one colon.
fn has_key_twice(text: &[u8], value: &Value) -> bool {
    let (mut colons, mut in_string, mut is_escaped) = (0, false, false);
    for byte in text {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            b'"' => in_string = !in_string,
            b':' if !in_string => colons += 1,
            _ => {}
        }
    }
    colons != fields(value)
}

/// How many fields all objects in it have.
fn fields(value: &Value) -> usize {
    match value {
        Value::Array(values) => values.iter().map(fields).sum(),
        Value::Object(own) => own.len() + own.values().map(fields).sum::<usize>(),
        _ => 0,
    }
}

/// No text of JSON has it: here a token is expected.
const TOKEN: &str = "\u{0}token";

/// Takes out what the pointers name; whether there was anything.
fn walk(value: &mut Value, pointers: &[Vec<&str>], is_hash: bool) -> bool {
    let fits = |segment: &str, key: &str| segment == "*" || segment.replace("~1", "/").replace("~0", "~") == key;
    let below = |key: &str| -> Vec<Vec<&str>> {
        let fitting = pointers.iter().filter(|pointer| fits(pointer[0], key));
        fitting.map(|pointer| pointer[1..].to_vec()).collect()
    };
    let mut is_named = false;
    match value {
        Value::Object(fields) => {
            let keys: Vec<String> = fields.keys().cloned().collect();
            for key in keys {
                let below = below(&key);
                if below.iter().any(Vec::is_empty) {
                    is_named = true;
                    match is_hash {
                        true => drop(fields.insert(key, TOKEN.into())),
                        false => drop(fields.remove(&key)),
                    }
                } else if let Some(value) = fields.get_mut(&key) {
                    is_named |= walk(value, &below, is_hash);
                }
            }
        }
        Value::Array(values) => {
            for (index, value) in values.iter_mut().enumerate() {
                let below = below(&index.to_string());
                if below.iter().any(Vec::is_empty) {
                    is_named = true;
                    *value = if is_hash { TOKEN.into() } else { Value::Null };
                } else {
                    is_named |= walk(value, &below, is_hash);
                }
            }
        }
        _ => {}
    }
    is_named
}

fn is_same(edited: &Value, expected: &Value) -> bool {
    match (edited, expected) {
        (Value::String(edited), Value::String(expected)) if expected == TOKEN => is_token(edited.as_bytes()),
        (Value::Array(edited), Value::Array(expected)) => {
            edited.len() == expected.len() && edited.iter().zip(expected).all(|(one, other)| is_same(one, other))
        }
        (Value::Object(edited), Value::Object(expected)) => {
            let same = |(key, value): (&String, &Value)| expected.get(key).is_some_and(|other| is_same(value, other));
            edited.len() == expected.len() && edited.iter().all(same)
        }
        (edited, expected) => edited == expected,
    }
}

#[cfg(test)]
mod tests {
    use super::{has_key_twice, read};

    #[test]
    fn a_key_that_stands_twice_is_seen_at_any_depth() {
        let has = |text: &str| has_key_twice(text.as_bytes(), &read(text.as_bytes()).unwrap());
        for text in [
            r#"{"a": 1, "a": 2}"#,
            r#"[{"b": {"a": 1, "\u0061": 2}}]"#,
            r#"{"a": {"b": 1}, "a": 2}"#,
        ] {
            assert!(has(text), "{text}");
        }
        for text in [
            r#"{"a": {"a": "x:\":"}, "b:\\": [{"a": null}, {"a": ":"}]}"#,
            "[]",
            r#""a:b""#,
        ] {
            assert!(!has(text), "{text}");
        }
    }
}
