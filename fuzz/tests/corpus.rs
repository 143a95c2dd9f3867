//! Replays what the search has found: the corpus, and under `regressions/` every input that ever broke a promise, each
//! named after the bug. The configurations of this repository, and the tests' own requests, are where the search
//! begins. `UPDATE_CORPUS=1` writes those seeds anew.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use mirror_fuzz::{TARGETS, input, replay, struct_bytes};
use mirror_model::decisions::Decisions as _;
use mirror_policy::Plan;
use mirror_policy::sample::Dice;
use serde::Deserialize as _;
use serde_json::{Value, json};

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Checks inputs, and names those that break a promise.
#[track_caller]
fn assert_kept(target: &str, inputs: &[(String, Vec<u8>)]) {
    let (_, check) = TARGETS.iter().find(|(name, _)| *name == target).expect("a target");
    let broken: Vec<&str> = inputs
        .iter()
        .filter(|(_, bytes)| catch_unwind(AssertUnwindSafe(|| check(bytes))).is_err())
        .map(|(name, _)| name.as_str())
        .collect();
    assert!(
        broken.is_empty(),
        "{target}: see above for what these break: {broken:?}"
    );
}

#[test]
fn no_input_of_the_corpus_breaks_a_promise() {
    for (target, _) in TARGETS {
        let inputs = replay::files(&folder().join("corpus").join(target)).unwrap();
        assert!(inputs.len() >= 3, "{target} has no corpus");
        assert_kept(target, &inputs);
    }
}

#[test]
fn no_bug_that_was_found_comes_back() {
    for (target, _) in TARGETS {
        assert_kept(
            target,
            &replay::files(&folder().join("regressions").join(target)).unwrap(),
        );
    }
}

#[test]
fn no_seed_breaks_a_promise() {
    for (target, inputs) in seeds() {
        assert_kept(target, &inputs);
        if std::env::var_os("UPDATE_CORPUS").is_some() {
            let corpus = folder().join("corpus").join(target);
            fs::create_dir_all(&corpus).unwrap();
            for (name, bytes) in inputs {
                fs::write(corpus.join(name), bytes).unwrap();
            }
        }
    }
}

#[test]
fn each_target_is_a_program_and_has_seeds() {
    let names: BTreeSet<String> = TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
    let programs = replay::files(&folder().join("targets")).unwrap();
    let programs: BTreeSet<String> = programs
        .iter()
        .map(|(name, _)| name.trim_end_matches(".rs").to_owned())
        .collect();
    assert_eq!(names, programs);
    let seeded: BTreeSet<String> = seeds().keys().map(|name| (*name).to_owned()).collect();
    assert_eq!(names, seeded);
    for below in ["corpus", "regressions"] {
        for entry in fs::read_dir(folder().join(below)).unwrap() {
            let name = entry.unwrap().file_name().to_string_lossy().into_owned();
            assert!(names.contains(&name), "{below}/{name} belongs to no target");
        }
    }
}

/// Where the search begins, by target: name and bytes.
fn seeds() -> BTreeMap<&'static str, Vec<(String, Vec<u8>)>> {
    let mut seeds: BTreeMap<&'static str, Vec<(String, Vec<u8>)>> = BTreeMap::new();
    let mut add = |target, name: String, bytes: Vec<u8>| seeds.entry(target).or_default().push((name, bytes));
    let configurations = configurations();
    assert!(
        configurations.len() >= 30,
        "only {} configurations",
        configurations.len()
    );
    for (index, config) in configurations.iter().enumerate() {
        add(
            "configuration",
            format!("seed-{index:03}"),
            config.to_string().into_bytes(),
        );
        add("struct_bytes", format!("seed-{index:03}"), struct_bytes::encode(config));
        // One is accepted as a Struct exactly if it is as JSON; the targets check it.
        let _ = Plan::parse(config.to_string().as_bytes());
    }
    for (index, text) in TEXTS.iter().enumerate() {
        add("json_text", format!("seed-{index:03}"), text.as_bytes().to_vec());
    }
    for (index, body) in BODIES.iter().enumerate() {
        for how in [[0, 0, 0], [1, 1, 0], [2, 0, 1], [3, 1, 0], [2, 1, 2]] {
            add(
                "json_body",
                format!("seed-{index:03}-{}", how[0]),
                [&how, body.as_bytes()].concat(),
            );
        }
    }
    for (index, request) in REQUESTS.iter().enumerate() {
        let name = format!("seed-{index:03}");
        let pairs = input::Input::new(request.as_bytes()).pairs();
        add("header_map", name.clone(), input::headers(&pairs).as_bytes().to_vec());
        add("selection", name.clone(), request.as_bytes().to_vec());
        for mode in 0..2 {
            add(
                "redaction",
                format!("{name}-{mode}"),
                [&[mode], SECRETS.as_bytes(), request.as_bytes()].concat(),
            );
        }
        for mirror in 0..4 {
            let chosen = [mirror, index as u8];
            add(
                "copying",
                format!("{name}-{mirror}"),
                [&chosen, request.as_bytes()].concat(),
            );
        }
    }
    for (index, answer) in ANSWERS.iter().enumerate() {
        for order in [0, 7, 10] {
            add(
                "answers",
                format!("seed-{index:03}-{order}"),
                [&[order], answer.as_bytes()].concat(),
            );
        }
    }
    for seed in 0..3 {
        let mut dice = Dice::new(seed);
        let decisions = (0..1_000).map(|_| dice.below(256) as u8);
        add("events", format!("seed-{seed:03}"), decisions.collect());
    }
    seeds
}

const TEXTS: &[&str] = &[
    r#"{"a": [1, -2, 3.5e-2, true, false, null], "b": {"c": "\u00e9\ud83d\ude00\n\\\"\/é"}}"#,
    "[18446744073709551615, -9223372036854775808, 1e308, -0, 0.1, 123456789012345678901234567890, 1E+2]",
    r#"{"a": 1, "a": 2}"#,
    "[[[[[[[[]]]]]]]]",
    r#"["\ud800", "\udc00", "\u12", "tab	"]"#,
];

const SECRETS: &str =
    "x-secret: s3\nreferer: https://a/?e+mail=x&Token=1&b#c\ncookie: a=1; SID=2; b\n:path: /?%74oken=1&x\n";

const BODIES: &[&str] = &[
    r#"{"user": {"email": "a@b", "name": "n"}, "email": 1}"#,
    r#"[{"email": [1, {"x": null}]}, 2, "3"]"#,
    r#"{"items": [{"card": 1, "b": 2}, {"card": 1}], "a": {"b": {"c": 1, "d": 2}}, "": "\u0061"}"#,
    r#"{"a/b": {"~": -1.5e3, "x": "\ud83d\ude00"}, "0": true}"#,
    r#"{"a": 1, "a": 2, "user": {"email": "\ud800"}"#,
    "no JSON",
];

const REQUESTS: &[&str] = &[
    ":authority: reviews:9080\n:path: /a?b#c\n:method: GET\n:scheme: http",
    ":authority: [::1]:80\n:path: /A/x?q=1&q=2\n:method: GET\nx-a: v1\nx-a: v2\nx-b: 1",
    ":authority: shop\n:path: /?%==&=&q\n:method: POST\ncookie: a=1; sid=7;\ncookie: sid=8\ncontent-length: 17",
    ":authority: shop\n:path: *\n:method: OPTIONS\nx-request-id: 7b\nx-mirrored-by: v2\nte: trailers\nauthorization: Basic YTpi",
    ":authority: ::1\n:path: /a\n:method: CONNECT\nconnection: Upgrade\nupgrade: websocket\nx-envoy-retry-on: 5xx\nkeep-alive: 1",
    ":path: /\n:method: GET\nhost: a\nx-a: abc,12\nx-c: \ntransfer-encoding: chunked\ncontent-length: 0",
    "\n",
];

const ANSWERS: &[&str] = &[
    ":status: 200\nx-envoy-upstream-service-time: 12",
    ":status: 503\ncontent-type: text/plain\n\n\n\nupstream connect error or disconnect/reset before headers. reset reason: remote connection failure",
    ":status: 504\n\n\n\nupstream request timeout",
    ":status: 200\ncontent-type: application/grpc\ngrpc-status: 14\ngrpc-message: upstream connect error. reset reason: connection termination",
    ":status: 200\ncontent-type: application/grpc+proto\nx-envoy-upstream-service-time: 0\n\ngrpc-status: 0",
    ":status: 999\nx-envoy-upstream-service-time: x\n\n\n\nprotocol error",
    "",
];

/// Every configuration in the YAML and Markdown files of this repository, each once.
fn configurations() -> Vec<Value> {
    let mut found = Vec::new();
    for text in files(&folder().join("..").canonicalize().unwrap()) {
        for document in serde_yaml_ng::Deserializer::from_str(&text) {
            let Ok(document) = Value::deserialize(document) else {
                break;
            };
            plugin_configurations(&document, &mut found);
        }
    }
    let mut unique = Vec::new();
    for config in found {
        if !unique.contains(&config) {
            unique.push(config);
        }
    }
    unique
}

/// The YAML files, and the YAML and JSON in Markdown files, in order of their paths.
fn files(folder: &Path) -> Vec<String> {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    let mut texts = Vec::new();
    for path in paths {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            if !name.starts_with('.') && !["target", "dist", "node_modules"].contains(&name.as_str()) {
                texts.extend(files(&path));
            }
        } else if name.ends_with(".yaml") {
            texts.push(fs::read_to_string(&path).unwrap());
        } else if name.ends_with(".md") {
            let text = fs::read_to_string(&path).unwrap();
            let blocks = text.split("\n```").skip(1).step_by(2);
            let blocks = blocks.filter_map(|block| block.split_once('\n'));
            let blocks = blocks.filter(|(language, _)| ["yaml", "json"].contains(&language.trim()));
            texts.extend(blocks.map(|(_, block)| block.to_owned()));
        }
    }
    texts
}

/// What has `mirrors`, and what is a part of one mirror.
fn plugin_configurations(value: &Value, found: &mut Vec<Value>) {
    match value {
        Value::Object(fields) if fields.contains_key("mirrors") => found.push(value.clone()),
        Value::Object(fields) => {
            let keys = [
                "sample",
                "match",
                "redact",
                "circuitBreaker",
                "limits",
                "body",
                "headers",
                "path",
                "authority",
            ];
            if keys.iter().any(|key| fields.contains_key(*key)) && !fields.contains_key("apiVersion") {
                let mut mirror = json!({"name": "example", "cluster": "shadow"});
                mirror.as_object_mut().unwrap().extend(fields.clone());
                found.push(json!({ "mirrors": [mirror] }));
            }
            fields.values().for_each(|value| plugin_configurations(value, found));
        }
        Value::Array(values) => values.iter().for_each(|value| plugin_configurations(value, found)),
        _ => {}
    }
}
