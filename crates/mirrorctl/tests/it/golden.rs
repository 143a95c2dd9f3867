//! What the command prints, byte for byte: every folder of `tests/golden` runs as a user would run it.
//! `UPDATE_GOLDEN=1` writes what is printed now; read the difference before committing it.

use crate::common::goldens;
use crate::common::schema::Schemas;
use mirror_policy::Plan;
use mirrorctl::marks::{JOB_LABEL, MANAGED_BY};

#[test]
fn every_golden_folder_prints_what_it_holds() {
    let mut differing = Vec::new();
    for golden in goldens() {
        let (ran, held) = (golden.run(), golden.held());
        if ran != held {
            differing.push(format!(
                "=== {}\nexit {} (held: {})\n--- printed\n{}--- held\n{}--- standard error\n{}--- held\n{}",
                golden.name, ran.exit, held.exit, ran.stdout, held.stdout, ran.stderr, held.stderr
            ));
        }
    }
    assert!(
        differing.is_empty(),
        "{}\nUPDATE_GOLDEN=1 writes them anew",
        differing.join("\n")
    );
}

#[test]
fn what_is_printed_twice_is_printed_alike() {
    for golden in goldens() {
        assert_eq!(golden.run(), golden.run(), "{}", golden.name);
    }
}

#[test]
fn every_generated_object_passes_the_official_schemas() {
    let Some(folder) = Schemas::folder() else {
        println!("skipped: no official CRDs; SCHEMAS_DIR names their folder");
        return;
    };
    let schemas = Schemas::read(&folder);
    let mut checked = 0;
    for golden in goldens() {
        for object in golden.objects() {
            // The API server's own kinds have no CRD, and a job is no object.
            let version = object["apiVersion"].as_str().expect("an apiVersion");
            let own = ["v1", "apps/v1", "rbac.authorization.k8s.io/v1"];
            if own.contains(&version) || version == mirrorctl::job::API_VERSION {
                continue;
            }
            assert_eq!(
                schemas.problems(&object),
                Vec::<String>::new(),
                "{}: {object:#}",
                golden.name
            );
            checked += 1;
        }
    }
    assert!(checked > 0, "no object was checked");
}

#[test]
fn every_generated_plugin_configuration_passes_the_filters_parser() {
    let mut tried = 0;
    for golden in goldens() {
        for object in golden.documents() {
            let filter = &object["resources"][0]["typed_config"]["config"];
            let config = match object["kind"].as_str() {
                Some("TrafficExtension") => &object["spec"]["wasm"]["pluginConfig"],
                Some("WasmPlugin") => &object["spec"]["pluginConfig"],
                // A file of an Envoy without Istio.
                None if filter.is_object() => &filter["configuration"]["value"],
                _ => continue,
            };
            let plan = Plan::parse(config.to_string().as_bytes());
            assert!(plan.is_ok(), "{}: {:?}", golden.name, plan.err());
            tried += 1;
        }
    }
    assert!(tried > 0, "no configuration was tried");
}

/// What holds of every filter that we attach, whatever the job.
#[test]
fn every_generated_filter_fails_open_runs_last_and_is_ours() {
    for golden in goldens() {
        for object in golden.objects() {
            let spec = &object["spec"];
            let plugin = match object["kind"].as_str() {
                Some("TrafficExtension") => &spec["wasm"],
                Some("WasmPlugin") => spec,
                _ => continue,
            };
            let name = &golden.name;
            assert_eq!(plugin["failStrategy"], "FAIL_OPEN", "{name}");
            assert!(spec.get("phase").is_none() && spec.get("priority").is_none(), "{name}");
            assert!(
                spec.get("match").is_some() || spec.get("targetRefs").is_some(),
                "{name}: sees both directions"
            );
            let url = plugin["url"].as_str().expect("a url");
            assert!(
                url.contains("@sha256:") || plugin.get("sha256").is_some() || url.starts_with("file://"),
                "{name}: {url}"
            );
            let labels = &object["metadata"]["labels"];
            assert_eq!(labels[MANAGED_BY.0], MANAGED_BY.1, "{name}");
            assert!(labels[JOB_LABEL].is_string(), "{name}");
        }
    }
}
