//! No command shows a secret of a job or of a configuration, where it belongs or where it does not. Only what
//! `generate` writes has the configuration itself.

use std::path::Path;

use crate::common::{Ran, run};

const MODULE: &str =
    "oci://registry.example.com/m@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

/// A job whose one shadow has these keys besides its backend.
fn job(keys: &str) -> String {
    format!(
        "apiVersion: traffic-mirror.dev/v1alpha1\nkind: TrafficMirror\nmetadata: {{name: reviews-v2, namespace: demo}}\nspec:\n  \
         targetRef: {{kind: Service, name: reviews, port: 9080}}\n  expiresAt: never\n  shadows:\n  - backendRef: {{name: reviews-v2, \
         port: 9080}}\n{keys}"
    )
}

/// Runs a command on standard input, in a folder with the objects of a mesh.
fn ran(command: &str, more: &[&str], stdin: &str) -> Ran {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/sidecar");
    let mut args = vec![command];
    args.extend(if command == "validate" {
        &["-"][..]
    } else {
        &["-f", "-"]
    });
    args.extend(more);
    run(&folder, &args, stdin.as_bytes())
}

#[track_caller]
fn assert_hidden(ran: &Ran, what: &str) {
    for secret in ["s3cret", "000102030405"] {
        assert!(!ran.stdout.contains(secret), "{what}: {}", ran.stdout);
        assert!(!ran.stderr.contains(secret), "{what}: {}", ran.stderr);
    }
}

#[test]
fn values_of_headers_and_keys_are_not_shown_where_they_belong() {
    let job = job(
        "    headers: {set: {authorization: Bearer s3cret}, add: {x-a: s3cret}}\n    redact: {preset: credentials, mode: hash, \
         hashKey: \"000102030405060708090a0b0c0d0e0f\"}\n",
    );
    for (command, more) in [
        ("validate", &["objects.yaml"][..]),
        ("validate", &["objects.yaml", "-o", "json"]),
        ("plan", &["--objects", "objects.yaml", "--module", MODULE]),
        ("plan", &["--objects", "objects.yaml", "--module", MODULE, "-o", "json"]),
        ("explain", &["--path", "/"]),
        ("explain", &["--path", "/", "-o", "json"]),
    ] {
        let ran = ran(command, more, &job);
        assert!(!ran.stdout.is_empty(), "{command} {more:?}: {}", ran.stderr);
        assert_hidden(&ran, &format!("{command} {more:?}"));
    }
}

#[test]
fn what_is_refused_is_not_shown() {
    for keys in [
        "    headers: {set: {authorization: \"Bearer s3cret\\n\"}}\n",
        "    headers: {set: {authorization:s3cret}}\n",
        "    headers: {set: s3cret}\n",
        "    headers: s3cret\n",
        "    headers: {add: [s3cret]}\n",
        "    headers: {remove: s3cret}\n",
        "    redact: s3cret\n",
        "    redact: {preset: s3cret}\n",
        "    redact: {headers: [a], mode: s3cret}\n",
        "    redact: {headers: [a], mode: hash, hashKey: s3cret}\n",
        "    redact: {headers: [a], mode: hash, hashKey: 00010203040506070809101112131415}\n",
        "    redact: {headers: [a], mode: hash, hashKey: 12345678901234567890123456789012}\n",
        "    redact: {headers: [a], hash-key: s3cret}\n",
        "    redact: {json: [s3cret]}\n",
        "    redact: {headers: [\"s3cret s3cret\"]}\n",
        "    redact: {keep: s3cret}\n",
        "    hashKey: s3cret\n",
        "    percentage: 000102030405060708090a0b0c0d0e0f\n",
        "    redact: {headers: [a]\n    hashKey: s3cret\n",
        "    redact: {headers: [a]}\n    redact: {hashKey: s3cret}\n",
        "    redact: !s3cret {headers: [a]}\n",
    ] {
        let job = job(keys);
        for (command, more) in [
            ("validate", &["objects.yaml"][..]),
            ("plan", &["--objects", "objects.yaml", "--module", MODULE]),
            ("generate", &["--objects", "objects.yaml", "--module", MODULE]),
            ("explain", &["--path", "/"]),
        ] {
            let ran = ran(command, more, &job);
            assert_ne!(ran.exit, 0, "{command}: {keys}: {}", ran.stdout);
            assert_hidden(&ran, &format!("{command}: {keys}"));
        }
    }
}

#[test]
fn a_plugin_that_is_wrong_is_found_without_its_secrets() {
    let plugin = |config: &str| {
        format!(
            "apiVersion: extensions.istio.io/v1alpha1\nkind: WasmPlugin\nmetadata: {{name: m, namespace: demo}}\nspec:\n  url: {MODULE}\n  \
             pluginConfig: {config}\n"
        )
    };
    for config in [
        "s3cret",
        "{mirrors: s3cret}",
        "{mirrors: [{name: a, cluster: b, hashKey: s3cret}]}",
        "{mirrors: [{name: a, cluster: b, headers: {set: {a: [s3cret]}}}]}",
        "{mirrors: [{name: a, cluster: b, redact: {mode: s3cret}}]}",
        "{mirrors: [{name: a, cluster: b, redact: {hashKey: 102030405060708090}}]}",
    ] {
        let ran = ran("validate", &[], &plugin(config));
        assert_ne!(ran.exit, 0, "{config}: {}", ran.stdout);
        assert_hidden(&ran, config);
        assert!(!ran.stdout.contains("10203040"), "{}", ran.stdout);
    }
}
