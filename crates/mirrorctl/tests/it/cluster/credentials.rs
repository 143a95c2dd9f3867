//! Credentials of a kubeconfig: they are used, and never shown.

use std::fs;

use serde_json::json;

use super::{JOB, folder, service, token, with};
use crate::common::api_server::{ApiServer, Known, TOKEN};

#[test]
fn a_cluster_that_cannot_be_read_says_why_and_no_credential() {
    let secret = "secret-of-a-plugin";
    let plugin = |script: String| {
        json!({"exec": {
            "apiVersion": "client.authentication.k8s.io/v1", "command": "sh", "args": ["-c", script],
            "interactiveMode": "Never",
        }})
    };
    let cases = [
        (
            json!({"token": "another-token"}),
            "the API server does not accept the credentials (401); log in again, as kubectl would have you do",
        ),
        (
            plugin(format!("echo {secret}; exit 3")),
            "the credential plugin of the kubeconfig failed (exit status: 3); to see what it says: kubectl version",
        ),
        (
            plugin(format!("echo {secret}")),
            "the credential plugin printed no ExecCredential",
        ),
    ];
    for (user, expected) in cases {
        let folder = folder("credentials");
        let server = ApiServer::start(Known::default());
        server.kubeconfig(&folder, &user);
        let ran = with(&folder, JOB);
        assert_eq!((ran.exit, ran.stdout.as_str()), (1, ""));
        assert_eq!(ran.stderr, format!("error: context test: {expected}\n"));
        assert!(!ran.stderr.contains(secret) && !ran.stderr.contains("another-token"));
    }
}

#[test]
fn a_credential_plugin_is_asked_for_the_token() {
    let folder = folder("plugin");
    let objects = vec![service("reviews"), service("reviews-v2")];
    let server = ApiServer::start(Known {
        objects,
        ..Known::default()
    });
    let credential = json!({
        "apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": {"token": TOKEN},
    });
    let user = json!({"exec": {
        "apiVersion": "client.authentication.k8s.io/v1", "command": "echo", "args": [credential.to_string()],
        "interactiveMode": "Never",
    }});
    server.kubeconfig(&folder, &user);
    let ran = with(&folder, JOB);
    assert_eq!(ran.exit, 0, "{}", ran.stderr);
}

#[test]
fn a_token_that_no_header_can_have_and_a_proxy_are_refused_without_their_secrets() {
    let folder = folder("odd");
    let server = ApiServer::start(Known::default());
    server.kubeconfig(&folder, &json!({"token": "a-secret\n"}));
    let ran = with(&folder, JOB);
    assert_eq!(
        (ran.exit, ran.stderr.as_str()),
        (
            2,
            "error: context test: the user's `token` has a character that no header can have, such as a line break; write it as one word\n"
        )
    );
    let text = fs::read_to_string(server.kubeconfig(&folder, &token())).expect("written");
    let proxied = text.replace(
        "\"server\":",
        "\"proxy-url\":\"http://a:a-secret@127.0.0.1:1\",\"server\":",
    );
    assert_ne!(proxied, text);
    fs::write(folder.join("kubeconfig"), proxied).expect("written");
    let ran = with(&folder, JOB);
    assert_eq!(ran.exit, 1);
    assert!(
        ran.stderr.contains("proxy-url") && !ran.stderr.contains("a-secret"),
        "{}",
        ran.stderr
    );
}

#[test]
fn a_kubeconfig_that_cannot_be_read_is_not_quoted() {
    let folder = folder("unreadable");
    for text in [
        "users: [{token: a-secret",
        "",
        "- a-secret",
        "current-context: 7\nusers: a-secret",
    ] {
        fs::write(folder.join("kubeconfig"), text).expect("written");
        let ran = with(&folder, JOB);
        assert_eq!(ran.exit, 2, "{text}: {}", ran.stderr);
        assert!(!ran.stderr.contains("a-secret"), "{text}: {}", ran.stderr);
    }
}
