//! The documentation is executed: every configuration in the README, in `docs/` and in every YAML file of the
//! repository goes through the parser, and the parts that are generated from tables are up to date. `UPDATE_DOCS=1`
//! writes it anew.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use mirror_policy::Plan;
use mirror_policy::configuration::MAX_BUFFERED_BYTES;
use mirror_policy::gates::Gate;
use mirror_policy::plan::{MAX_MATCHES, MAX_MIRRORS};
use mirror_policy::plugin::REFUSED;
use mirror_policy::reasons::Reason;
use mirror_policy::redaction::MAX_ENTRIES;
use mirror_policy::redaction::credentials::{EXCEPTIONS, Place, RULES};
use mirror_policy::sample::key_bucket;
use mirror_policy::statistics::{FAMILIES, Statistic, StatisticKind};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::redaction::credentials;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .canonicalize()
        .unwrap()
}

/// The files of the repository with one of these endings, by their path from its root.
fn files(endings: &[&str]) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut folders = vec![root()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() && !name.starts_with('.') && !["target", "dist", "node_modules"].contains(&name.as_str()) {
                folders.push(path);
            } else if endings.iter().any(|ending| name.ends_with(ending)) {
                let shown = path.strip_prefix(root()).unwrap().to_string_lossy().into_owned();
                found.insert(shown, fs::read_to_string(&path).unwrap());
            }
        }
    }
    found
}

/// The JSON that a YAML text means; several documents if it has several.
fn yaml(text: &str, place: &str) -> Vec<Value> {
    serde_yaml_ng::Deserializer::from_str(text)
        .map(|document| Value::deserialize(document).unwrap_or_else(|error| panic!("{place}: {error}")))
        .collect()
}

/// The plugin configurations anywhere in a document. Istio's routes have `mirrors` too.
fn plugin_configs<'a>(value: &'a Value, found: &mut Vec<&'a Value>) {
    match value {
        Value::Object(fields) if fields.contains_key("mirrors") && !fields.contains_key("route") => found.push(value),
        Value::Object(fields) => fields.values().for_each(|value| plugin_configs(value, found)),
        Value::Array(values) => values.iter().for_each(|value| plugin_configs(value, found)),
        _ => {}
    }
}

#[track_caller]
fn accepted(config: &Value, place: &str) -> Plan {
    Plan::parse(config.to_string().as_bytes()).unwrap_or_else(|error| panic!("{place}: {error}\n{config:#}"))
}

#[test]
fn every_example_in_the_documentation_is_accepted_by_the_parser() {
    let mut tried = 0;
    for (file, text) in files(&[".md"]) {
        for (index, block) in text.split("\n```").enumerate().filter(|(index, _)| index % 2 == 1) {
            let (language, body) = block.split_once('\n').unwrap_or((block, ""));
            let place = format!(
                "{file}, block {}: {}",
                index / 2 + 1,
                body.lines().next().unwrap_or_default()
            );
            if !["yaml", "json"].contains(&language.trim()) {
                continue;
            }
            for document in yaml(body, &place) {
                let mut configs = Vec::new();
                plugin_configs(&document, &mut configs);
                if configs.is_empty() {
                    // Some keys of one mirror.
                    let mut mirror = json!({"name": "example"});
                    if document.get("destination").is_none() && document.get("cluster").is_none() {
                        mirror["cluster"] = json!("shadow");
                    }
                    let keys = document.as_object().unwrap_or_else(|| panic!("{place}: not an object"));
                    mirror.as_object_mut().unwrap().extend(keys.clone());
                    accepted(&json!({ "mirrors": [mirror] }), &place);
                }
                configs.iter().for_each(|config| drop(accepted(config, &place)));
                tried += 1;
            }
        }
    }
    assert!(tried >= 9, "only {tried} examples were found");
}

/// The inputs of the golden tests of `mirrorctl validate`: they have faults on purpose.
const FAULTY: &str = "/tests/golden/validate_";

#[test]
fn every_configuration_in_a_yaml_file_is_accepted_by_the_parser() {
    let mut tried = 0;
    for (file, text) in files(&[".yaml"]) {
        if file.contains(FAULTY) {
            continue;
        }
        for document in yaml(&text, &file) {
            let mut configs = Vec::new();
            plugin_configs(&document, &mut configs);
            for config in configs {
                tried += 1;
                if file.contains("/bad_configuration_at_start/") {
                    assert!(Plan::parse(config.to_string().as_bytes()).is_err(), "{file}");
                } else {
                    accepted(config, &file);
                }
            }
        }
    }
    assert!(tried >= 3, "only {tried} configurations were found");
}

/// What Istio leaves to whoever writes a WasmPlugin, and what hurts if it is forgotten.
#[test]
fn the_wasm_plugin_is_one_that_cannot_hurt() {
    let plugin = yaml(&files(&["wasm-plugin.yaml"])["wasm-plugin.yaml"], "wasm-plugin.yaml").remove(0);
    let spec = &plugin["spec"];
    assert_eq!(
        (&plugin["kind"], &plugin["apiVersion"]),
        (&json!("WasmPlugin"), &json!("extensions.istio.io/v1alpha1"))
    );
    assert_eq!(spec["failStrategy"], "FAIL_OPEN");
    assert_eq!(spec["match"], json!([{"mode": "SERVER", "ports": [{"number": 9080}]}]));
    assert_eq!(
        spec["selector"]["matchLabels"],
        json!({"app": "reviews", "version": "v1"})
    );
    assert!(spec["url"].as_str().unwrap().starts_with("oci://"));
    assert!(spec.get("phase").is_none() && spec.get("priority").is_none());
    let plan = accepted(&spec["pluginConfig"], "wasm-plugin.yaml");
    assert_eq!(
        plan.mirrors[0].cluster,
        "outbound|9080||reviews-v2.demo.svc.cluster.local"
    );
}

#[test]
fn the_documented_ranges_and_vectors_are_the_real_ones() {
    let text = &files(&["configuration.md"])["docs/configuration.md"];
    for (what, number) in [
        ("mirrors", MAX_MIRRORS),
        ("match entries", MAX_MATCHES),
        ("entries to redact", MAX_ENTRIES),
    ] {
        assert!(
            text.contains(&format!("1..{number}")) || text.contains(&format!("0..{number}")),
            "{what}: {number}"
        );
    }
    assert!(text.contains(&format!("..{MAX_BUFFERED_BYTES}")), "maxBufferedBytes");
    let vectors: Vec<Vec<&str>> = text
        .lines()
        .skip_while(|line| !line.starts_with("| salt | key | bucket |"))
        .skip(2)
        .take_while(|line| line.starts_with('|'))
        .map(|line| {
            line.trim_matches('|')
                .split('|')
                .map(|cell| cell.trim().trim_matches('`'))
                .collect()
        })
        .collect();
    assert!(vectors.len() >= 4);
    for row in vectors {
        let quoted = |cell: &str| cell.trim_matches('"').to_owned();
        let bucket = key_bucket(quoted(row[0]).as_bytes(), quoted(row[1]).as_bytes());
        assert_eq!(bucket.to_string(), row[2], "{row:?}");
    }
}

#[test]
fn the_statistics_are_documented_from_the_table() {
    assert_generated(
        "docs/statistics.md",
        "<!-- generated from the table -->\n",
        &statistics(),
    );
}

#[test]
fn the_order_of_decisions_is_documented_from_the_gates() {
    let mut text = String::from("\n| # | gate | the condition | otherwise | decided |\n|---|---|---|---|---|\n");
    for (index, gate) in Gate::ALL.iter().enumerate() {
        let reasons = gate.reasons().iter().map(|reason| match reason {
            Reason::Skipped(reason) => format!("`skipped{{{reason}}}`"),
            Reason::Dropped(reason) => format!("`dropped{{{reason}}}`"),
        });
        let reasons: Vec<String> = reasons.collect();
        let place = if gate.is_before_host() {
            "before the host is asked"
        } else {
            "after the host is asked"
        };
        text += &format!(
            "| {} | {gate:?} | {} | {} | {place} |\n",
            index + 1,
            gate.condition(),
            reasons.join(", ")
        );
    }
    assert_generated(
        "docs/life-of-a-request.md",
        "<!-- generated: the gates -->\n",
        &(text + "\n"),
    );
}

#[test]
fn the_preset_is_documented_from_its_rules() {
    let names = |names: &[&str]| {
        let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
        names.join(", ")
    };
    let mut text = String::from("\n| the normal form | parts |\n|---|---|\n");
    for (place, parts) in RULES {
        let place = match place {
            Place::Anywhere => "has anywhere",
            Place::End => "ends with",
            Place::Start => "begins with",
            Place::Whole => "is",
        };
        text += &format!("| {place} | {} |\n", names(parts));
    }
    text += &format!("| ends with none of, for `ends with` above | {} |\n", names(EXCEPTIONS));
    text += "\n| examples | names |\n|---|---|\n";
    for (what, examples) in [
        ("headers that are credentials", credentials::HEADERS),
        ("parameters that are credentials", credentials::PARAMETERS),
        ("not credentials", credentials::OTHERS),
    ] {
        text += &format!("| {what} | {} |\n", names(examples));
    }
    text.push('\n');
    assert_generated("docs/configuration.md", "<!-- generated: credentials -->\n", &text);
}

/// Asserts that a file has this text behind this mark. With `UPDATE_DOCS=1` the text is written there.
#[track_caller]
fn assert_generated(path: &str, mark: &str, generated: &str) {
    let file = root().join(path);
    let text = fs::read_to_string(&file).unwrap();
    let (before, rest) = text.split_once(mark).expect("the begin mark");
    let end = "<!-- end of what is generated -->";
    let (_, after) = rest.split_once(end).expect("the end mark");
    let expected = format!("{before}{mark}{generated}{end}{after}");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&file, &expected).unwrap();
    } else {
        assert!(text == expected, "{path} is out of date: run `make docs`");
    }
}

/// The tables of docs/statistics.md.
fn statistics() -> String {
    let mut text = String::from("\n| statistic | kind | result | meaning |\n|---|---|---|---|\n");
    for family in FAMILIES {
        let first = Statistic::all()
            .into_iter()
            .find(|statistic| statistic.name() == family.name)
            .unwrap();
        let kind = match first.kind() {
            StatisticKind::Counter => "counter",
            StatisticKind::Gauge => "gauge, summed over the workers",
            StatisticKind::Setting => "gauge, the configured value",
            StatisticKind::Histogram => "histogram",
        };
        let result = if first.result().is_some() { "see below" } else { "–" };
        text += &format!("| `{}` | {kind} | {result} | {} |\n", family.name, family.help);
    }
    text += &format!("| `{}` | gauge, of a plugin | – | {} |\n", REFUSED.name, REFUSED.help);
    for family in FAMILIES {
        let of_family = Statistic::all()
            .into_iter()
            .filter(|statistic| statistic.name() == family.name);
        let results: Vec<(&str, &str)> = of_family
            .filter_map(|statistic| statistic.result().zip(statistic.meaning()))
            .collect();
        if !results.is_empty() {
            text += &format!("\n### `{}`\n\n| result | meaning |\n|---|---|\n", family.name);
            results
                .iter()
                .for_each(|(result, meaning)| text += &format!("| `{result}` | {meaning} |\n"));
        }
    }
    text + "\n"
}
