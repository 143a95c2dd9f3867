//! The versions of Istio: which are taken, and what each does with a filter. docs/istio-versions.md is written from the
//! table by `UPDATE_DOCS=1`.

use std::fs;
use std::path::{Path, PathBuf};

use mirrorctl::istio::{self, Effect, IstioVersion, PLACES, RESOURCES};

use crate::common::run;

const MODULE: &str =
    "oci://registry.example.com/traffic-mirror@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

#[test]
fn a_version_is_read_as_istio_writes_it() {
    for (text, shown) in [
        ("1.31", "1.31"),
        ("1.30.2", "1.30.2"),
        ("v1.30.2", "1.30.2"),
        ("1.31.0-rc.1", "1.31.0"),
        ("1.30.3-distroless", "1.30.3"),
        ("1.31-alpha.0123456789abcdef", "1.31"),
        ("1.20.0", "1.20.0"),
    ] {
        let read: IstioVersion = text.parse().expect(text);
        assert_eq!(read.to_string(), shown);
    }
}

#[test]
fn what_is_no_version_or_not_supported_is_refused() {
    let no_version = "is not a version of Istio such as 1.31, 1.30.3 or 1.31.0-rc.1";
    let supported = "1.20 to 1.31 are supported";
    let newer = format!("does not exist; {supported}, and newer ones up to 1.99 are read by the rules of 1.31");
    for (text, why) in [
        ("1", no_version.to_owned()),
        ("one", no_version.to_owned()),
        ("1.x", no_version.to_owned()),
        ("1.31.", no_version.to_owned()),
        ("1.31.0.1", no_version.to_owned()),
        ("1.031", no_version.to_owned()),
        ("1.31-", no_version.to_owned()),
        ("1.31 ", no_version.to_owned()),
        ("+1.31", no_version.to_owned()),
        ("1.99999999", no_version.to_owned()),
        ("1.2", format!("is too old; {supported}")),
        ("1.19.10", format!("is too old; {supported}")),
        ("0.8", format!("is too old; {supported}")),
        ("1.310", newer.clone()),
        ("2.0", newer.clone()),
        ("1.32.99", "does not exist; 1.32 has no such patch level".to_owned()),
        ("1.30.99", "does not exist; 1.30 has no such patch level".to_owned()),
    ] {
        assert_eq!(text.parse::<IstioVersion>(), Err(why.clone()), "{text}");
        let version = format!("--istio-version={text}");
        let ran = run(&folder("sidecar"), &["generate", "-f", "job.yaml", &version], b"");
        assert_eq!((ran.exit, ran.stdout.as_str()), (2, ""), "{text}");
        assert!(ran.stderr.contains(&why), "{text}: {}", ran.stderr);
    }
}

#[test]
fn a_newer_version_has_the_rules_of_the_newest_and_a_note() {
    let folder = folder("waypoint_elsewhere");
    let base = [
        "generate",
        "-f",
        "job.yaml",
        "--objects",
        "objects.yaml",
        "--module",
        MODULE,
    ];
    let run = |args: &[&str], version: &str, stdin: &str| {
        run(
            &folder,
            &[args, &["--istio-version", version]].concat(),
            stdin.as_bytes(),
        )
    };
    let newest = run(&base, "1.31", "");
    for version in ["1.32", "v1.32.1", "1.40.0-beta.1"] {
        let shown: IstioVersion = version.parse().expect(version);
        let note = format!(
            "note: Istio {shown} is newer than 1.31, the newest that is known here, whose rules are taken for it; look what has changed since\n"
        );
        let newer = run(&base, version, "");
        assert_eq!((newer.exit, &newer.stdout), (0, &newest.stdout), "{}", newer.stderr);
        assert_eq!(newer.stderr, format!("{note}{}", newest.stderr));
        let plan = [&["plan"], &base[1..]].concat();
        assert!(run(&plan, version, "").stderr.starts_with(&note));
        let validate = ["validate", "-", "--objects", "objects.yaml", "--fail-on", "never"];
        let found = run(&validate, version, &newest.stdout);
        let expected = run(&validate, "1.31", &newest.stdout);
        assert_eq!(
            (&found.stdout, found.stderr),
            (&expected.stdout, format!("{note}{}", expected.stderr))
        );
    }
}

/// A waypoint of another namespace than its Service: what is refused, and what `validate` says of what was generated.
#[test]
fn a_waypoint_of_another_namespace_needs_a_version_that_is_right() {
    let folder = folder("waypoint_elsewhere");
    let harms = "names the filter of a Service in the listener of a waypoint of another namespace and refuses to hand it out, so new pods of the waypoint never become ready";
    let right = "1.30.3 and later are right";
    let generate = |more: &[&str]| {
        let args = [
            "generate",
            "-f",
            "job.yaml",
            "--objects",
            "objects.yaml",
            "--module",
            MODULE,
        ];
        run(&folder, &[&args[..], more].concat(), b"")
    };
    // In every version there is a WasmPlugin.
    let plugin = generate(&["--extension-api", "wasm-plugin"]);
    assert_eq!(plugin.exit, 0, "{}", plugin.stderr);
    for (version, why) in [
        ("1.23", "is older than 1.24, which made ambient mode and its waypoints generally available; 1.24 and later are right".to_owned()),
        ("1.24", format!("never attaches a filter of a Service to a waypoint of another namespace; {right}")),
        ("1.24.6", format!("never attaches a filter of a Service to a waypoint of another namespace; {right}")),
        ("1.25", format!("{harms}; {right}")),
        ("1.29", format!("{harms}; {right}")),
        ("1.29.6", format!("{harms}; {right}")),
        ("1.30", format!("{harms}; patch levels before 1.30.3 do; if yours is newer, say it: --istio-version 1.30.PATCH")),
        ("1.30.0", format!("{harms}; {right}")),
        ("1.30.2", format!("{harms}; {right}")),
        ("1.30.3", String::new()),
        ("1.31", String::new()),
        ("v1.31.0-rc.1", String::new()),
    ] {
        let generated = generate(&["--istio-version", version]);
        let args = [
            "validate",
            "-",
            "--objects",
            "objects.yaml",
            "-o",
            "json",
            "--istio-version",
            version,
        ];
        let checked = run(&folder, &args, plugin.stdout.as_bytes());
        let has_code = checked.stdout.contains("TM075");
        if why.is_empty() {
            assert_eq!(generated.exit, 0, "{version}: {}", generated.stderr);
            assert!(!has_code, "{version}: {}", checked.stdout);
        } else {
            assert_eq!((generated.exit, generated.stdout.as_str()), (2, ""), "{version}");
            assert!(generated.stderr.contains(&why), "{version}: {}", generated.stderr);
            assert_eq!(checked.exit, 3, "{version}: {}", checked.stdout);
            assert!(has_code, "{version}: {}", checked.stdout);
        }
    }
}

#[test]
fn a_waypoint_must_take_the_services_of_the_namespace() {
    let folder = folder("waypoint_elsewhere");
    let objects = fs::read_to_string(folder.join("objects.yaml")).expect("objects.yaml");
    let allowed = ", allowedRoutes: {namespaces: {from: All}}";
    assert!(objects.contains(allowed));
    let selector = ", allowedRoutes: {namespaces: {from: Selector, selector: {matchLabels: {istio.io/dataplane-mode: ";
    for (written, exit) in [
        (String::new(), 2),
        (", allowedRoutes: {namespaces: {from: Same}}".to_owned(), 2),
        (format!("{selector}none}}}}}}}}"), 2),
        (format!("{selector}ambient}}}}}}}}"), 0),
    ] {
        let objects = objects.replace(allowed, &written);
        let args = ["generate", "-f", "job.yaml", "--objects", "-", "--module", MODULE];
        let ran = run(&folder, &args, objects.as_bytes());
        assert_eq!(ran.exit, exit, "{written}: {}", ran.stderr);
        if exit == 2 {
            assert_eq!(
                ran.stderr,
                "error: spec.dataPlane: the Gateway waypoint of namespace edge takes no Services of namespace shop, so requests do not pass it; allow the namespace by `allowedRoutes` of its listener on 15008\n"
            );
        }
    }
}

#[test]
fn the_table_is_documented() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/istio-versions.md");
    let marks = [
        "<!-- generated from the table -->\n",
        "<!-- end of what is generated -->",
    ];
    let held = fs::read_to_string(&file).expect("docs/istio-versions.md");
    let (before, rest) = held.split_once(marks[0]).expect("the begin mark");
    let (_, after) = rest.split_once(marks[1]).expect("the end mark");
    let mut text = format!(
        "\nSupported: 1.{} to 1.{}.\n\n| attached to | by | from Istio | what it does |\n|---|---|---|---|\n",
        istio::OLDEST,
        istio::NEWEST
    );
    for place in PLACES {
        for resource in RESOURCES {
            for (from, verdict) in istio::verdicts(*resource, *place) {
                let does = match verdict.effect {
                    Effect::Works => "runs".to_owned(),
                    Effect::Missing => verdict.why.to_owned(),
                    Effect::Harms => format!("**{}**", verdict.why),
                };
                text += &format!("| {place} | {resource} | {from} | {does} |\n");
            }
        }
    }
    let expected = format!("{before}{}{text}\n{}{after}", marks[0], marks[1]);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&file, &expected).expect("written");
    } else {
        assert!(
            held == expected,
            "docs/istio-versions.md is out of date: run `make docs`"
        );
    }
}
