//! The redaction of random JSON against a model of its own. The model redacts the value from which the text was
//! written; the filter edits the text.

use std::rc::Rc;

use mirror_model::plans::mirror;
use mirror_policy::headers::Headers;
use mirror_policy::plan::Mirror;
use mirror_policy::reasons::Dropped;
use mirror_policy::sample::Dice;
use mirror_policy::work::Work;
use serde_json::value::RawValue;
use wasm_bindgen_test::wasm_bindgen_test;

use mirror_model::decisions::Decisions as _;

const KEYS: [&str; 8] = ["a", "b", "c", "0", "1", "~/", "é", ""];

#[derive(Clone)]
enum Json {
    /// As it is written.
    Atom(String),
    Text(String),
    List(Vec<Json>),
    /// Keys may stand twice.
    Object(Vec<(String, Json)>),
}

struct Random(Dice);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0.index(bound)
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        *self.0.pick(from)
    }

    fn json(&mut self, depth: usize, secrets: &mut usize) -> Json {
        match self.below(if depth == 0 { 3 } else { 8 }) {
            0 => Json::Atom(
                self.pick(&["true", "false", "null", "0", "-1.50e+9", "123456789012345678901"])
                    .to_owned(),
            ),
            1 | 2 => {
                *secrets += 1;
                Json::Text(format!(
                    "secret{secrets}{}",
                    self.pick(&["", "\"", "\\", "\n", "é", "😀", "/"])
                ))
            }
            3 | 4 => {
                let count = self.below(4);
                Json::List((0..count).map(|_| self.json(depth - 1, secrets)).collect())
            }
            _ => {
                let count = self.below(5);
                let member = |_| (self.pick(&KEYS).to_owned(), self.json(depth - 1, secrets));
                Json::Object((0..count).map(member).collect())
            }
        }
    }

    fn space(&mut self) -> &'static str {
        self.pick(&["", "", "", " ", "\n\t", "\r\n  "])
    }

    /// A string, its characters escaped in any of the allowed ways.
    fn text(&mut self, text: &str) -> String {
        let mut written = String::from("\"");
        for character in text.chars() {
            let must = matches!(character, '"' | '\\' | '\n');
            if self.below(6) == 0 || (must && character == '\n') {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    written += &if self.below(2) == 0 {
                        format!("\\u{unit:04x}")
                    } else {
                        format!("\\u{unit:04X}")
                    };
                }
            } else if must || character == '/' && self.below(2) == 0 {
                written.extend(['\\', character]);
            } else {
                written.push(character);
            }
        }
        written + "\""
    }

    fn write(&mut self, json: &Json) -> String {
        let (open, parts, close) = match json {
            Json::Atom(text) => return text.clone(),
            Json::Text(text) => return self.text(text),
            Json::List(values) => (
                '[',
                values.iter().map(|value| self.write(value)).collect::<Vec<_>>(),
                ']',
            ),
            Json::Object(members) => {
                let member = |(key, value): &(String, Json)| {
                    format!(
                        "{}{}:{}{}",
                        self.text(key),
                        self.space(),
                        self.space(),
                        self.write(value)
                    )
                };
                ('{', members.iter().map(member).collect(), '}')
            }
        };
        let mut written = format!("{open}{}", self.space());
        for (index, part) in parts.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            written += &format!("{comma}{}{part}{}", self.space(), self.space());
        }
        written.push(close);
        written
    }

    fn pointer(&mut self) -> Vec<String> {
        let length = 1 + self.below(3);
        (0..length)
            .map(|_| if self.below(3) == 0 { "*" } else { self.pick(&KEYS) }.to_owned())
            .collect()
    }
}

/// The model. Removes what is below `path`, and counts it.
fn redacted(json: &Json, path: &mut Vec<String>, pointers: &[Vec<String>], count: &mut usize) -> Json {
    let mut below = |key: String, value: &Json| {
        path.push(key);
        let is_named = pointers.iter().any(|pointer| {
            pointer.len() == path.len() && pointer.iter().zip(&*path).all(|(name, key)| name == "*" || name == key)
        });
        *count += usize::from(is_named);
        let left = (!is_named).then(|| redacted(value, path, pointers, count));
        path.pop();
        left
    };
    match json {
        Json::Object(members) => {
            let left = members
                .iter()
                .map(|(key, value)| (key.clone(), below(key.clone(), value)));
            Json::Object(left.filter_map(|(key, value)| Some((key, value?))).collect())
        }
        Json::List(values) => {
            let left = values
                .iter()
                .enumerate()
                .map(|(index, value)| below(index.to_string(), value));
            Json::List(
                left.map(|value| value.unwrap_or(Json::Atom("null".to_owned())))
                    .collect(),
            )
        }
        other => other.clone(),
    }
}

/// A value in the one way that leaves nothing to choose.
fn plain(json: &Json) -> String {
    match json {
        Json::Atom(text) => text.clone(),
        Json::Text(text) => serde_json::to_string(text).unwrap(),
        Json::List(values) => format!("[{}]", values.iter().map(plain).collect::<Vec<_>>().join(",")),
        Json::Object(members) => {
            let member =
                |(key, value): &(String, Json)| format!("{}:{}", serde_json::to_string(key).unwrap(), plain(value));
            format!("{{{}}}", members.iter().map(member).collect::<Vec<_>>().join(","))
        }
    }
}

/// A text in the same way: without space, strings in their plain spelling.
fn normal(text: &str) -> String {
    let mut normal = String::new();
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        let mut end = next.len_utf8();
        if next == '"' {
            let mut is_escaped = false;
            let is_end = |c: char| {
                let was_escaped = is_escaped;
                is_escaped = !was_escaped && c == '\\';
                !was_escaped && c == '"'
            };
            end = 2 + rest[1..].find(is_end).unwrap();
            let string: String = serde_json::from_str(&rest[..end]).unwrap();
            normal += &serde_json::to_string(&string).unwrap();
        } else if !next.is_ascii_whitespace() {
            normal.push(next);
        }
        rest = &rest[end..];
    }
    normal
}

/// A mirror that redacts these pointers.
fn rules(pointers: &[Vec<String>], more: &str) -> Rc<Mirror> {
    let written = pointers.iter().map(|pointer| {
        let escape = |name: &String| format!("/{}", name.replace('~', "~0").replace('/', "~1"));
        pointer.iter().map(escape).collect::<String>()
    });
    let pointers = serde_json::to_string(&written.collect::<Vec<_>>()).unwrap();
    let mut plan = mirror(&format!(r#""redact": {{"json": {pointers}{more}}}"#));
    plan.mirrors.remove(0)
}

fn redact(rules: &Mirror, text: &[u8]) -> Result<Option<Vec<u8>>, Dropped> {
    rules
        .redaction
        .as_ref()
        .expect("a redaction")
        .body(&Headers::default(), text, 1 << 20, &Work::new(u64::MAX))
}

/// Reads any JSON, however large its numbers, and nothing else.
fn is_json(text: &[u8]) -> bool {
    serde_json::from_slice::<&RawValue>(text).is_ok()
}

#[wasm_bindgen_test(unsupported = test)]
fn any_text_is_edited_as_the_model_says_and_otherwise_left_alone() {
    let mut random = Random(Dice::new(5));
    let mut edited = 0;
    for round in 0..20_000 {
        let json = random.json(4, &mut 0);
        let text = format!("{}{}{}", random.space(), random.write(&json), random.space());
        let pointers: Vec<Vec<String>> = (0..1 + random.below(4)).map(|_| random.pointer()).collect();
        let mut count = 0;
        let expected = redacted(&json, &mut Vec::new(), &pointers, &mut count);
        let body = redact(&rules(&pointers, ""), text.as_bytes()).expect(&text);
        assert_eq!(body.is_some(), count > 0, "round {round}: {pointers:?} in {text}");
        let Some(body) = body else { continue };
        let body = String::from_utf8(body).unwrap();
        assert_eq!(normal(&body), plain(&expected), "round {round}: {pointers:?} in {text}");
        assert!(is_json(body.as_bytes()), "round {round}: {body}");
        assert!(
            is_subsequence(&body.replace("null", ""), &text),
            "round {round}: {body} of {text}"
        );
        edited += 1;
    }
    assert!(edited > 4_000, "only {edited} texts had something to redact");
}

#[wasm_bindgen_test(unsupported = test)]
fn tokens_depend_on_the_value_alone_and_no_secret_stays() {
    let mut random = Random(Dice::new(6));
    let hash = r#", "mode": "hash", "hashKey": "8899aabbccddeeff0011223344556677""#;
    let everything = rules(&[vec!["*".to_owned()]], hash);
    for round in 0..5_000 {
        let json = Json::Object(vec![
            ("x".to_owned(), random.json(2, &mut 0)),
            ("y".to_owned(), Json::Text("secret\"\u{e9}".to_owned())),
        ]);
        let [one, two] = [random.write(&json), random.write(&json)];
        let [one, two] = [one, two].map(|text| redact(&everything, text.as_bytes()).unwrap().unwrap());
        let read = |body: &[u8]| serde_json::from_slice::<serde_json::Value>(body).unwrap();
        assert_eq!(read(&one)["y"], read(&two)["y"], "round {round}");
        for body in [&one, &two] {
            let (value, text) = (read(body), String::from_utf8_lossy(body));
            assert!(!text.contains("secret"), "round {round}: {text}");
            for name in ["x", "y"] {
                let token = value[name].as_str().unwrap();
                let is_token = token.len() == 32 && token.bytes().all(|byte| byte.is_ascii_hexdigit());
                assert!(is_token, "round {round}: {token}");
            }
        }
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_damaged_text_is_refused_exactly_if_it_is_no_json() {
    let mut random = Random(Dice::new(7));
    let (mut valid, mut invalid) = (0, 0);
    let rules = rules(&[vec!["a".to_owned()], vec!["*".to_owned(), "b".to_owned()]], "");
    for round in 0..40_000 {
        let json = random.json(3, &mut 0);
        let mut text = random.write(&json).into_bytes();
        for _ in 0..1 + random.below(2) {
            let at = random.below(text.len() + 1);
            let byte = random.pick(b"{}[]\",:\\u0129-+.eEtfnl \x00\x1f\x7f\xc3\xff");
            match random.below(3) {
                0 => text.insert(at, byte),
                1 if at < text.len() => drop(text.remove(at)),
                _ if at < text.len() => text[at] = byte,
                _ => {}
            }
        }
        if text.is_empty() {
            continue;
        }
        let expected = is_json(&text);
        let body = redact(&rules, &text);
        assert_eq!(
            body.is_ok(),
            expected,
            "round {round}: {}",
            String::from_utf8_lossy(&text)
        );
        if let Ok(Some(body)) = body {
            assert!(is_json(&body), "round {round}: {}", String::from_utf8_lossy(&text));
        }
        *if expected { &mut valid } else { &mut invalid } += 1;
    }
    assert!(valid > 4_000 && invalid > 4_000, "{valid} valid, {invalid} invalid");
}

fn is_subsequence(short: &str, long: &str) -> bool {
    let mut long = long.bytes();
    short.bytes().all(|byte| long.any(|candidate| candidate == byte))
}
