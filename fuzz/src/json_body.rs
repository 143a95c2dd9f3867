//! Redaction of any JSON body. It is the value that a plain walk over the parsed text gives; a second time it changes
//! nothing; it never grows over the body's cap; what is not JSON is not sent; and the work is within its bound.

use std::collections::BTreeSet;
use std::rc::Rc;

use mirror_policy::headers::Headers;
use mirror_policy::plan::Mirror;
use mirror_policy::reasons::Dropped;
use mirror_policy::redaction::Redaction;
use mirror_policy::work::Work;
use serde_json::Value;

use crate::input::Input;
use crate::redaction::{is_token, mirror, redaction_of};

/// What is named, and what is kept. Without a kept pointer, everything that is not named is kept.
const POINTERS: &[(&[&str], &[&str])] = &[
    (&["/user/email"], &[]),
    (&["/*/email", "/0", "/a~1b/~0"], &[]),
    (&["/items/*/card", "/items/1", "/a/b/c", "/a/b", "/"], &[]),
    (&["/*"], &[]),
    (&[], &["/user/email", "/items/*", "/a"]),
    (&["/items/*/card", "/a/b", "/*/email"], &["/items", "/a/*", "/0/email"]),
];
const HASH: &str = r#", "mode": "hash", "hashKey": "000102030405060708090a0b0c0d0e0f""#;
const CAPS: &[u64] = &[1 << 20, 100, 0];

thread_local! {
    /// For each list of pointers, a mirror that removes and a mirror that hashes, and the same that require.
    static MIRRORS: Vec<[Rc<Mirror>; 4]> = POINTERS.iter().map(|(named, kept)| mirrors(named, kept)).collect();
}

fn mirrors(named: &[&str], kept: &[&str]) -> [Rc<Mirror>; 4] {
    let list = |pointers: &[&str]| serde_json::to_string(pointers).expect("a list of texts");
    let require = if named.is_empty() { "" } else { r#", "require": true"# };
    [("", ""), (HASH, ""), ("", require), (HASH, require)].map(|(mode, require)| {
        let (named, kept) = (list(named), list(kept));
        let keep = if kept == "[]" {
            String::new()
        } else {
            format!(r#", "keep": {{"json": {kept}}}"#)
        };
        mirror(&format!(r#""json": {named}{keep}{mode}{require}"#))
    })
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
    let work = Work::new(u64::MAX);
    let result = redaction.body(&Headers::default(), body, cap, &work);
    the_work_is_bounded(redaction, body, cap, &work, result.clone());
    let pointers = |list: &[&'static str]| -> Vec<Vec<&'static str>> {
        list.iter()
            .map(|pointer| pointer.split('/').skip(1).collect())
            .collect()
    };
    let (named, kept) = POINTERS[which];
    let rules = Rules {
        named: pointers(named),
        kept: pointers(kept),
        keeps_all: kept.is_empty(),
    };
    let mut expected = value.clone();
    let mut met = BTreeSet::new();
    let is_named = expected
        .as_mut()
        .is_some_and(|value| rules.redact(value, is_hash, &mut met));
    let is_unmet = mirror.config.redact.as_ref().is_some_and(|redact| redact.require) && met.len() < named.len();
    let edited = match result {
        Err(Dropped::RedactUnmet) => {
            assert!(expected.is_none() || is_unmet, "each pointer names something");
            return;
        }
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
            match redaction.body(&Headers::default(), &edited, u64::MAX, &Work::new(u64::MAX)) {
                Ok(again) if !is_hash => assert_eq!(again.as_ref().unwrap_or(&edited), &edited, "edited once more"),
                Ok(_) => {}
                Err(reason) => assert_eq!(reason, Dropped::RedactUnmet, "what was edited is JSON"),
            }
            Some(edited)
        }
    };
    if body.is_empty() {
        return assert_eq!(edited, None);
    }
    let Some(expected) = expected else { return };
    assert!(!is_unmet, "a pointer names nothing");
    assert_eq!(edited.is_some(), is_named, "edited exactly if something is named");
    if let Some(edited) = edited {
        let read = read(&edited).expect("what was edited is JSON");
        assert!(is_same(&read, &expected), "edited {read}, expected {expected}");
    }
}

/// The steps of a redaction are at most four for each byte that is charged, and a limit below the charge stops the
/// redaction.
fn the_work_is_bounded(redaction: &Redaction, body: &[u8], cap: u64, work: &Work, result: Outcome) {
    let (steps, examined) = (work.steps(), work.examined());
    assert!(steps <= 4 * examined + 16, "{steps} steps for {examined} bytes");
    if examined == 0 {
        return;
    }
    let exact = Work::new(examined);
    assert_eq!(
        redaction.body(&Headers::default(), body, cap, &exact),
        result,
        "the same within the bound"
    );
    let less = Work::new(examined - 1);
    assert_eq!(
        redaction.body(&Headers::default(), body, cap, &less),
        Err(Dropped::TooCostly)
    );
    assert!(less.examined() < examined, "a charge over the limit");
    assert!(less.steps() <= 4 * less.examined() + 16, "work over the limit");
}

type Outcome = Result<Option<Vec<u8>>, Dropped>;

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

/// The lists of one redaction, by their segments.
struct Rules {
    named: Vec<Vec<&'static str>>,
    kept: Vec<Vec<&'static str>>,
    keeps_all: bool,
}

impl Rules {
    /// Takes out what is not to be seen; whether there was anything. Each pointer that names something is added to
    /// `met`.
    fn redact(&self, root: &mut Value, is_hash: bool, met: &mut BTreeSet<usize>) -> bool {
        if self.stays(root, &[]) {
            return self.walk(root, &mut Vec::new(), is_hash, met);
        }
        met.extend(0..self.named.len());
        *root = Value::Null;
        true
    }

    /// Whether a value at a path stays, as a whole or in parts.
    fn stays(&self, value: &Value, path: &[String]) -> bool {
        let is_inside = self.keeps_all || self.kept.iter().any(|pointer| leads(pointer, path) >= pointer.len());
        let leads_on = self.kept.iter().any(|pointer| leads(pointer, path) == path.len());
        is_inside || (leads_on && (value.is_object() || value.is_array()))
    }

    fn is_named(&self, path: &[String]) -> bool {
        let mut named = self.named.iter();
        named.any(|pointer| pointer.len() == path.len() && leads(pointer, path) == path.len())
    }

    fn walk(&self, value: &mut Value, path: &mut Vec<String>, is_hash: bool, met: &mut BTreeSet<usize>) -> bool {
        let keys: Vec<String> = match value {
            Value::Object(fields) => fields.keys().cloned().collect(),
            Value::Array(values) => (0..values.len()).map(|index| index.to_string()).collect(),
            _ => return false,
        };
        let mut is_edited = false;
        for key in keys {
            path.push(key.clone());
            let part = match value {
                Value::Object(fields) => &mut fields[&key],
                Value::Array(values) => &mut values[key.parse::<usize>().expect("an index")],
                _ => return is_edited,
            };
            if self.stays(part, path) && !self.is_named(path) {
                is_edited |= self.walk(part, path, is_hash, met);
            } else {
                is_edited = true;
                let below = self.named.iter().enumerate();
                met.extend(
                    below
                        .filter(|(_, pointer)| leads(pointer, path) == path.len())
                        .map(|(index, _)| index),
                );
                // What is not kept is removed, also where tokens replace what is named.
                let is_token = is_hash && self.is_named(path);
                *part = if is_token { TOKEN.into() } else { Value::Null };
                if let (false, Value::Object(fields)) = (is_token, &mut *value) {
                    fields.remove(&key);
                }
            }
            path.pop();
        }
        is_edited
    }
}

/// How many segments of a pointer fit a path, from the root on.
fn leads(pointer: &[&str], path: &[String]) -> usize {
    let fits =
        |(segment, key): &(&&str, &String)| **segment == "*" || segment.replace("~1", "/").replace("~0", "~") == **key;
    pointer.iter().zip(path).take_while(fits).count()
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
