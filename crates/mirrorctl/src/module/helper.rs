//! `docker-credential-NAME`: a program that has credentials, asked as Docker asks it
//! (docker/docker-credential-helpers).

use std::io::{Read, Write};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::credentials::Credentials;

/// How long it may take: it may ask another machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// What it says if it has nothing.
const NOT_FOUND: &str = "credentials not found in native keychain";

/// The name of a user whose password is an identity token.
const TOKEN: &str = "<token>";

/// What a helper has for a registry; `None` if it has nothing.
///
/// # Errors
/// One line: it cannot be run, takes too long, fails, or answers something else. What it says is not repeated, because
/// it may be a secret.
pub(super) fn credentials(name: &str, server: &str) -> Result<Option<Credentials>, String> {
    if !name
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
    {
        return Err("is not the name of a helper".to_owned());
    }
    let mut child = Command::new(format!("docker-credential-{name}"))
        .arg("get")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| format!("cannot be run: {error}; install it, or take it out of the file"))?;
    if let Some(mut pipe) = child.stdin.take() {
        // One that reads nothing closes the pipe, and says by its exit what is wrong.
        let _ = pipe.write_all(server.as_bytes());
    }
    // An answer is shorter than what a pipe holds, so nothing waits for its being read.
    let end = Instant::now() + PATIENCE;
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break status,
            Ok(None) if Instant::now() < end => std::thread::sleep(Duration::from_millis(5)),
            Ok(None) => {
                let _ = child.kill();
                let _ = child.wait();
                return Err(format!("has not answered within {} s", PATIENCE.as_secs()));
            }
            Err(error) => return Err(format!("cannot be waited for: {error}")),
        }
    };
    let mut answer = String::new();
    if let Some(pipe) = child.stdout.take() {
        pipe.take(1 << 16)
            .read_to_string(&mut answer)
            .map_err(|_| "answers what is not text".to_owned())?;
    }
    if !status.success() {
        return match answer.trim() == NOT_FOUND {
            true => Ok(None),
            false => Err(format!(
                "fails ({status}): log in anew, or see whether `docker-credential-{name} list` works"
            )),
        };
    }
    let answer: Value = serde_json::from_str(&answer).map_err(|_| "answers what is not JSON".to_owned())?;
    let text = |key: &str| answer.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    Ok(match (text("Username"), text("Secret")) {
        (_, secret) if secret.is_empty() => None,
        (name, secret) if name == TOKEN => Some(Credentials::Identity(secret)),
        (name, password) => Some(Credentials::Password { name, password }),
    })
}
