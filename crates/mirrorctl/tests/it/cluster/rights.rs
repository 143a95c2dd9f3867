//! The roles of `mirrorctl rbac`, against what is listed and what is generated.

use std::collections::BTreeSet;
use std::fs;

use mirrorctl::input::{Stdin, documents};
use mirrorctl::objects::kinds;
use serde_json::Value;

use super::{folder, token, with};
use crate::common::api_server::{ApiServer, Known};
use crate::common::{goldens, run};

/// The resources that a role gives these verbs on, as `GROUP/RESOURCE`.
fn granted(purpose: &str, verb: &str) -> BTreeSet<String> {
    let ran = run(&folder("rights"), &["rbac", purpose, "-o", "json"], b"");
    let list: Value = serde_json::from_str(&ran.stdout).expect("JSON");
    let mut found = BTreeSet::new();
    let roles = list["items"].as_array().expect("items").iter();
    for rule in roles.flat_map(|role| role["rules"].as_array().expect("rules")) {
        if rule["verbs"]
            .as_array()
            .expect("verbs")
            .iter()
            .any(|known| known == verb)
        {
            let group = rule["apiGroups"][0].as_str().expect("a group");
            let resources = rule["resources"].as_array().expect("resources").iter();
            found.extend(resources.map(|resource| format!("{group}/{}", resource.as_str().expect("a name"))));
        }
    }
    found
}

#[test]
fn the_role_for_reading_is_for_what_is_listed_and_for_nothing_else() {
    let folder = folder("read");
    let server = ApiServer::start(Known::default());
    server.kubeconfig(&folder, &token());
    // It looks at everything.
    fs::write(
        folder.join("job.yaml"),
        "{apiVersion: v1, kind: Service, metadata: {name: a}}",
    )
    .expect("written");
    assert_eq!(with(&folder, &["validate", "job.yaml"]).exit, 0);
    let of_path = |asked: &String| {
        let path = asked.split('?').next().expect("a path");
        let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
        match parts.as_slice() {
            ["api", _, .., resource] => Some(format!("/{resource}")),
            ["apis", group, _, .., resource] => Some(format!("{group}/{resource}")),
            _ => None,
        }
    };
    let listed: BTreeSet<String> = server.asked().iter().filter_map(of_path).collect();
    assert_eq!(granted("read", "list"), listed);
}

#[test]
fn the_role_for_creating_is_for_what_is_generated_and_for_nothing_else() {
    let mut generated = BTreeSet::new();
    for golden in goldens() {
        let held = golden.held();
        let generates = golden.args.first().is_some_and(|verb| verb == "generate");
        if !generates || held.exit != 0 || held.stdout.is_empty() {
            continue;
        }
        for document in documents_of(&held.stdout) {
            let api_version = document["apiVersion"].as_str().unwrap_or_default();
            let group = api_version.split_once('/').map_or("", |(group, _)| group);
            let kind = kinds::ALL
                .iter()
                .find(|kind| kind.group == group && document["kind"] == kind.kind);
            generated.extend(kind.map(|kind| format!("{group}/{}", kind.plural())));
        }
    }
    for (purpose, verb) in [
        ("create", "create"),
        ("create", "patch"),
        ("offline", "patch"),
        ("offline", "delete"),
    ] {
        assert_eq!(granted(purpose, verb), generated, "{purpose} {verb}");
    }
}

fn documents_of(text: &str) -> Vec<Value> {
    let mut bytes = text.as_bytes();
    let documents = documents("-", &mut Stdin::new(&mut bytes)).expect("documents");
    documents.into_iter().map(|document| document.value).collect()
}
