//! The order of documents, hosts, gateways and parents says nothing to Istio, so no finding depends on it.

use serde::Deserialize;
use serde_json::Value;

use super::cases::{cases, near};
use super::{changed, validate};

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
