//! No message shows a secret, wherever in a configuration somebody put it.

use mirror_model::plans::{mirror, parse};
use mirror_policy::Plan;
use serde_json::{Value, json};
use wasm_bindgen_test::wasm_bindgen_test;

/// Texts that people keep secret. None is a part of a message for another reason.
const SECRETS: &[&str] = &[
    "5f0c3a1e9b7d42688ac1e4d20f97b356",
    "Bearer eyJhbGciOi.J9.Zm9v\n",
    "hunter2 hunter2",
    ":4711471147114711",
    "4711471147114711",
];

/// A configuration with every key that `headers` and `redact` have.
fn full() -> Value {
    json!({"mirrors": [{
        "name": "v2",
        "cluster": "shadow",
        "headers": {"set": {"authorization": "a"}, "add": {"x-a": "b"}, "remove": ["x-b"]},
        "redact": {
            "preset": "credentials",
            "headers": ["x-c"],
            "cookies": ["d"],
            "queryParams": ["e"],
            "json": ["/f"],
            "keep": {"headers": ["x-g"], "cookies": ["h"], "queryParams": ["i"], "json": ["/j"]},
            "require": true,
            "mode": "hash",
            "hashKey": "000102030405060708090a0b0c0d0e0f",
        },
    }]})
}

/// The places of a document from which `depth` more keys or indexes lead to its leaves, and all above.
fn places(value: &Value, place: &str, found: &mut Vec<String>) {
    found.push(place.to_owned());
    match value {
        Value::Object(fields) => fields
            .iter()
            .for_each(|(key, value)| places(value, &format!("{place}/{key}"), found)),
        Value::Array(values) => values
            .iter()
            .enumerate()
            .for_each(|(index, value)| places(value, &format!("{place}/{index}"), found)),
        _ => {}
    }
}

/// The same secret as a value of each type.
fn wrongs(secret: &str) -> Vec<Value> {
    let mut wrongs = vec![
        json!(secret),
        json!([secret]),
        json!([[secret], secret]),
        json!({"a": secret}),
        json!({secret: "a"}),
        json!({secret: null, "set": secret}),
        json!({"set": {secret: secret}}),
        json!({"keep": {secret: secret}}),
        json!({"hashKey": secret, "headers": secret}),
        json!([{"hashkey": secret}]),
    ];
    if let Ok(number) = secret.trim_start_matches(':').parse::<u64>() {
        wrongs.extend([json!(number), json!([number]), json!(-0.5 - number as f64)]);
    }
    wrongs
}

fn holds(message: &str, secret: &str) -> bool {
    let core = secret.trim().trim_start_matches(':');
    message.contains(core) || message.contains("4711") || message.contains(core.split(' ').next_back().unwrap())
}

#[wasm_bindgen_test(unsupported = test)]
fn a_secret_below_headers_and_redact_is_never_shown() {
    let full = full();
    Plan::parse(full.to_string().as_bytes()).expect("a good configuration");
    let mut found = Vec::new();
    for key in ["headers", "redact"] {
        let place = format!("/mirrors/0/{key}");
        places(full.pointer(&place).unwrap(), &place, &mut found);
    }
    let mut refused = 0;
    for place in &found {
        for secret in SECRETS {
            for wrong in wrongs(secret) {
                let mut config = full.clone();
                *config.pointer_mut(place).unwrap() = wrong;
                refused += usize::from(assert_hidden(&config, secret, place));
            }
        }
    }
    assert!(refused > 500, "only {refused} configurations were refused");
}

#[wasm_bindgen_test(unsupported = test)]
fn a_hash_key_in_a_wrong_place_is_never_shown() {
    let full = full();
    let mut found = Vec::new();
    places(&full, "", &mut found);
    for place in &found {
        let Some(Value::Object(_)) = full.pointer(place) else {
            continue;
        };
        for secret in SECRETS {
            for key in ["hashKey", "hashkey", "hash_key", "headers", "redact", "set", secret] {
                for wrong in wrongs(secret) {
                    // Beside the right keys, as a key of its own.
                    let mut config = full.clone();
                    let fields = config.pointer_mut(place).unwrap().as_object_mut().unwrap();
                    if place.is_empty() && key == *secret {
                        continue;
                    }
                    fields.insert(key.to_owned(), wrong);
                    if key != *secret || place.contains("headers") || place.contains("redact") {
                        assert_hidden(&config, secret, place);
                    }
                }
            }
        }
    }
    // In place of another value: no text as long as a key is shown.
    for place in &found {
        let mut config = full.clone();
        *config.pointer_mut(place).unwrap() = json!(SECRETS[0]);
        if !["/mirrors/0/name", "/mirrors/0/cluster"].contains(&place.as_str()) {
            assert_hidden(&config, SECRETS[0], place);
        }
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_text_that_is_cut_or_has_a_key_twice_shows_no_secret() {
    for secret in &SECRETS[..3] {
        let text = full().to_string();
        let key = json!(secret).to_string();
        let broken = [
            text.replace("\"000102030405060708090a0b0c0d0e0f\"", &format!("{key} {key}")),
            text.replace("\"hashKey\":", &format!("{key}:1,{key}:")),
            text.replace("\"hashKey\":", &format!("{key} ")),
            secret.to_string(),
            key,
        ];
        for text in broken {
            let error = Plan::parse(text.as_bytes()).expect_err(&text).to_string();
            assert!(!holds(&error, secret), "{error}");
        }
        for end in 1..text.len() {
            let cut = text[..end].replace("000102030405060708090a0b0c0d0e0f", SECRETS[0]);
            let error = Plan::parse(cut.as_bytes()).expect_err(&cut).to_string();
            assert!(!holds(&error, SECRETS[0]), "{error}");
        }
    }
}

/// Asserts that the message of a refusal, or else the plan as developers see it, does not have the secret. Whether the
/// configuration is refused.
#[track_caller]
fn assert_hidden(config: &Value, secret: &str, place: &str) -> bool {
    match parse(&config.to_string()) {
        Err(message) => {
            assert!(!holds(&message, secret), "{place}: {message}");
            assert!(!message.contains('\n'), "{place}: {message}");
            true
        }
        Ok(_) => false,
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_plan_in_a_log_shows_neither_values_of_headers_nor_the_hash_key() {
    let keys = r#""headers": {"set": {"authorization": "s3cret"}, "add": {"x-a": "s3cret"}}, "redact": {"headers": ["x-b"],
        "mode": "hash", "hashKey": "00112233445566778899aabbccddeeff"}"#;
    let plan = mirror(keys);
    let shown = format!("{plan:?} {plan:#?} {:?}", plan.config());
    assert!(shown.contains("authorization"));
    for secret in ["s3cret", "0011", "17, 34"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}
