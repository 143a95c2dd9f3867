//! The order of documents, hosts, gateways and parents says nothing to Istio, so no finding depends on it.

use std::fs;
use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

use super::cases::{cases, near};
use super::{changed, validate};
use crate::common::{Golden, goldens};

/// The lists whose order says nothing.
const SETS: &[&str] = &["hosts", "hostnames", "gateways", "parentRefs", "targetRefs", "exportTo"];

/// The documents of a text.
fn documents(text: &str) -> Vec<Value> {
    serde_yaml_ng::Deserializer::from_str(text)
        .map(|document| Value::deserialize(document).expect("YAML"))
        .collect()
}

/// Reverses every list whose order says nothing.
fn reverse_sets(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                if let (true, Value::Array(elements)) = (SETS.contains(&key.as_str()), &mut *value) {
                    elements.reverse();
                }
                reverse_sets(value);
            }
        }
        Value::Array(elements) => elements.iter_mut().for_each(reverse_sets),
        _ => {}
    }
}

/// The findings in documents, without the places at which they stand. The words of a message have no order: Istio's own
/// name two hosts in the order in which they are written.
fn findings(documents: &[Value]) -> Vec<String> {
    let text: Vec<String> = documents.iter().map(Value::to_string).collect();
    let without_order = |finding: &Value| {
        let message = finding["message"].as_str().expect("a message");
        let mut words: Vec<&str> = message.split(' ').collect();
        words.sort_unstable();
        format!("{} {} {}", finding["code"], finding["object"], words.join(" "))
    };
    let found = validate(&text.join("\n---\n"));
    let mut findings: Vec<String> = found.iter().map(without_order).collect();
    findings.sort();
    findings
}

#[test]
fn no_finding_depends_on_an_order_that_says_nothing() {
    let mut tried = 0;
    for case in cases().chain(near()) {
        let text = changed(case);
        // A few cases are about text that is no YAML of Kubernetes.
        let documents = documents(&text);
        if documents.iter().any(|document| document.get("kind").is_none()) {
            continue;
        }
        let expected = findings(&documents);
        let mut reversed = documents.clone();
        reversed.reverse();
        assert_eq!(
            findings(&reversed),
            expected,
            "the documents reversed: {}",
            case.finding
        );
        let mut rotated = documents.clone();
        rotated.rotate_left(documents.len() / 2);
        rotated.iter_mut().for_each(reverse_sets);
        assert_eq!(findings(&rotated), expected, "the lists reversed: {}", case.finding);
        tried += 1;
    }
    assert!(tried > 100, "{tried} cases were tried");
}

/// What a golden folder that ends in `validate` finds if it runs in a folder, without the places.
fn of_golden(golden: &Golden, folder: &Path) -> (i32, Vec<String>) {
    let ran = golden.run_in(folder, &["-o", "json"]);
    let document: Value = serde_json::from_str(&ran.stdout).unwrap_or_default();
    let findings = document["findings"].as_array().into_iter().flatten();
    let mut findings: Vec<String> = findings
        .map(|finding| format!("{} {} {}", finding["code"], finding["object"], finding["message"]))
        .collect();
    findings.sort();
    (ran.exit, findings)
}

#[test]
fn no_finding_of_a_golden_folder_depends_on_an_order_that_says_nothing() {
    let root = std::env::temp_dir().join(format!("mirrorctl-order-{}", std::process::id()));
    let mut tried = 0;
    let is_tried = |golden: &Golden| {
        let mut words = golden.before.iter().flatten().chain(&golden.args);
        golden.args[0] == "validate" && !words.any(|word| word.starts_with("../"))
    };
    for golden in goldens().iter().filter(|golden| is_tried(golden)) {
        let folder = root.join(&golden.name);
        fs::create_dir_all(&folder).expect("a folder");
        for entry in fs::read_dir(&golden.folder).expect("the folder") {
            let file = entry.expect("a file").path();
            let text = fs::read_to_string(&file).expect("text");
            let name = file.file_name().expect("a name");
            // A template is no YAML.
            let is_input = name.to_string_lossy().ends_with(".yaml") && !text.contains("{{");
            let turned = if is_input {
                let mut documents = documents(&text);
                documents.reverse();
                documents.iter_mut().for_each(reverse_sets);
                documents
                    .iter()
                    .map(Value::to_string)
                    .collect::<Vec<_>>()
                    .join("\n---\n")
            } else {
                text
            };
            fs::write(folder.join(name), turned).expect("written");
        }
        assert_eq!(
            of_golden(golden, &folder),
            of_golden(golden, &golden.folder),
            "{}",
            golden.name
        );
        tried += 1;
    }
    fs::remove_dir_all(&root).expect("removed");
    assert!(tried > 15, "{tried} folders were tried");
}
