//! The schemas that the tool was built with are the official ones. `UPDATE_SCHEMAS=1` writes them anew.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use mirrorctl::schema::{Fault, Schemas, distill};
use regex_lite::Regex;
use serde::Deserialize;
use serde_json::{Value, json};

fn folder() -> Option<PathBuf> {
    let default = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/schemas"));
    let folder = std::env::var_os("SCHEMAS_DIR").map_or(default, PathBuf::from);
    folder.is_dir().then_some(folder)
}

/// One kind a line, sorted.
fn official(folder: &Path) -> String {
    let mut kinds = BTreeMap::new();
    for file in ["istio-crds-1.31.yaml", "gateway-httproute-crds-1.6.1.yaml"] {
        let text = fs::read_to_string(folder.join(file)).expect(file);
        for document in serde_yaml_ng::Deserializer::from_str(&text) {
            let crd = Value::deserialize(document).expect(file);
            if crd["kind"] != "CustomResourceDefinition" {
                continue;
            }
            let names = (crd["spec"]["group"].clone(), crd["spec"]["names"]["kind"].clone());
            let versions = crd["spec"]["versions"].as_array().expect("versions");
            let schema = distill(&versions[0]["schema"]["openAPIV3Schema"]);
            for version in versions {
                assert_eq!(
                    distill(&version["schema"]["openAPIV3Schema"]),
                    schema,
                    "{names:?} differs by version"
                );
            }
            let mut served: Vec<&str> = versions
                .iter()
                .map(|version| version["name"].as_str().unwrap())
                .collect();
            served.sort_unstable();
            // The experimental channel stands behind the standard one, and knows more.
            let entry = json!({"group": names.0, "kind": names.1, "versions": served, "schema": schema});
            kinds.insert((names.0.to_string(), names.1.to_string()), entry.to_string());
        }
    }
    let lines: Vec<String> = kinds.into_values().collect();
    format!("[\n{}\n]\n", lines.join(",\n"))
}

#[test]
fn the_built_in_schemas_are_the_official_ones() {
    let Some(folder) = folder() else {
        println!("skipped: no official CRDs; SCHEMAS_DIR names their folder");
        return;
    };
    let official = official(&folder);
    if std::env::var_os("UPDATE_SCHEMAS").is_some() {
        fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/src/schema/crds.json"), &official).expect("written");
    } else {
        assert!(
            official == Schemas::TEXT,
            "src/schema/crds.json is out of date: UPDATE_SCHEMAS=1 writes it anew"
        );
    }
}

#[test]
fn every_pattern_of_the_schemas_compiles() {
    fn visit(value: &Value, tried: &mut usize) {
        match value {
            Value::Object(fields) => {
                if let Some(Value::String(pattern)) = fields.get("pattern") {
                    Regex::new(pattern).unwrap_or_else(|error| panic!("{pattern}: {error}"));
                    *tried += 1;
                }
                fields.values().for_each(|value| visit(value, tried));
            }
            Value::Array(values) => values.iter().for_each(|value| visit(value, tried)),
            _ => {}
        }
    }
    let mut tried = 0;
    visit(&serde_json::from_str(Schemas::TEXT).expect("JSON"), &mut tried);
    assert!(tried > 10);
}

#[test]
fn what_the_api_server_refuses_is_a_fault_with_its_path() {
    let schemas = Schemas::built_in();
    let faults = |spec: Value| {
        let object = json!({"apiVersion": "extensions.istio.io/v1alpha1", "kind": "TrafficExtension", "metadata": {"anything": 1}, "spec": spec});
        schemas.faults(&object).expect("a known kind")
    };
    let good = json!({"wasm": {"url": "oci://a", "pluginConfig": {"any": [1]}}, "match": [{"mode": "SERVER", "ports": [{"number": 80}]}]});
    assert_eq!(faults(good.clone()), []);
    for (key, value, path, unknown, problem) in [
        (
            "matches",
            json!([]),
            "spec.matches",
            true,
            "is not a field that is known here; known are `lua`, `match`, ",
        ),
        (
            "match",
            json!([{"mode": "INBOUND"}]),
            "spec.match[0].mode",
            false,
            "\"INBOUND\" is not one of \"UNDEFINED\", ",
        ),
        (
            "match",
            json!([{"ports": [{"number": 70000}]}]),
            "spec.match[0].ports[0].number",
            false,
            "70000 is not between 1 and 65535",
        ),
        (
            "wasm",
            json!({"failStrategy": "FAIL_OPEN"}),
            "spec.wasm",
            false,
            "`url` is missing",
        ),
        (
            "wasm",
            json!({"url": "a", "sha256": "A"}),
            "spec.wasm.sha256",
            false,
            "\"A\" does not match ",
        ),
        (
            "wasm",
            json!({"url": ""}),
            "spec.wasm.url",
            false,
            "0 characters are not 1 or more",
        ),
        (
            "priority",
            json!("1"),
            "spec.priority",
            false,
            "\"1\" is not of type integer",
        ),
        ("phase", Value::Null, "spec.phase", false, "is null"),
        (
            "lua",
            json!({"inlineCode": "x"}),
            "spec",
            false,
            "not exactly one of the forms that it may have",
        ),
    ] {
        let mut spec = good.clone();
        spec[key] = value;
        let found = faults(spec);
        let wanted =
            |fault: &Fault| fault.path == path && fault.unknown == unknown && fault.problem.starts_with(problem);
        assert!(found.iter().any(wanted), "{path}: {problem}: {found:?}");
    }
}

#[test]
fn only_known_kinds_and_versions_have_a_schema() {
    let schemas = Schemas::built_in();
    let kind =
        |version: &str, kind: &str| schemas.faults(&json!({"apiVersion": version, "kind": kind, "metadata": {}}));
    assert_eq!(kind("networking.istio.io/v1", "Nothing"), None);
    assert_eq!(kind("v1", "Service"), None);
    let old = kind("networking.istio.io/v1beta2", "VirtualService").expect("a known kind");
    assert_eq!(
        old[0].problem,
        "VirtualService has no version \"v1beta2\"; it has networking.istio.io/v1, networking.istio.io/v1alpha3, networking.istio.io/v1beta1"
    );
}
