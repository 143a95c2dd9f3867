//! `plan` agrees with `generate`: for every golden call of `generate`, the same objects in the same order, and the same
//! notes.

use crate::common::{goldens, run};
use serde_json::Value;

/// Step, kind, namespace and name of each object that is planned with the arguments of `generate`.
fn planned(folder: &std::path::Path, args: &[String], step: Option<&str>) -> Option<(Vec<String>, Vec<String>)> {
    let mut planned = vec!["plan"];
    let mut rest = args.iter().skip(1).map(String::as_str);
    while let Some(arg) = rest.next() {
        match arg {
            "--step" | "-o" | "--output" => {
                rest.next();
            }
            arg => planned.push(arg),
        }
    }
    planned.extend(["-o", "json"]);
    let ran = run(folder, &planned, b"");
    if ran.exit != 0 {
        return None;
    }
    let plan: Value = serde_json::from_str(&ran.stdout).expect("JSON");
    let of_step = |object: &&Value| step.is_none_or(|step| object["step"] == step);
    let objects = plan["objects"].as_array().expect("objects").iter().filter(of_step);
    // Resources of Envoy have no namespace, and are no objects of a cluster.
    let objects = objects.filter(|object| object["namespace"] != "");
    let objects = objects.map(|object| {
        let text = |key: &str| object[key].as_str().expect("a text").to_owned();
        [text("kind"), text("namespace"), text("name")].join("/")
    });
    let notes = plan["notes"].as_array().expect("notes").iter();
    let notes = notes.map(|note| format!("note: {}", note.as_str().expect("a note")));
    Some((objects.collect(), notes.collect()))
}

#[test]
fn plan_names_what_generate_prints() {
    let mut compared = 0;
    for golden in goldens().iter().filter(|golden| golden.args[0] == "generate") {
        let held = golden.held();
        let step = golden.args.iter().position(|arg| arg == "--step");
        let step = step.map(|at| golden.args[at + 1].as_str());
        let planned = planned(&golden.folder, &golden.args, step);
        if held.exit != 0 {
            // What only a later step would do wrong is no reason not to plan.
            assert!(
                planned.is_none() || golden.name == "refused_native_clone_early",
                "{}",
                golden.name
            );
            continue;
        }
        let (objects, notes) = planned.unwrap_or_else(|| panic!("{}: plan refuses it", golden.name));
        let generated: Vec<String> = golden
            .objects()
            .iter()
            .map(|object| {
                let text = |value: &Value| value.as_str().expect("a text").to_owned();
                let metadata = &object["metadata"];
                [
                    text(&object["kind"]),
                    text(&metadata["namespace"]),
                    text(&metadata["name"]),
                ]
                .join("/")
            })
            .collect();
        assert_eq!(objects, generated, "{}", golden.name);
        for note in held.stderr.lines() {
            assert!(notes.iter().any(|other| other == note), "{}: {note}", golden.name);
        }
        compared += 1;
    }
    assert!(compared > 10, "{compared}");
}
