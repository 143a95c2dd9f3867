//! Credentials for registries, where Docker and Podman keep them (docker's `config.json`, containers-auth.json(5)).
//! They are read when a registry asks for them, sent to it, and neither shown nor kept.

use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::credentials::Credentials;
use super::helper;
use super::reference::Reference;
use crate::error::{Error, Result};
use crate::place::Place;

/// Where credentials are looked for. `main` takes it from the environment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Logins {
    /// The first file that knows the registry is taken. Files that do not exist are left out.
    pub files: Vec<PathBuf>,
}

/// Credentials and who has them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Login {
    /// What lets one in.
    pub credentials: Credentials,
    /// The file, or the helper that a file names.
    pub origin: String,
}

// === impl Logins ===

impl Logins {
    /// The credentials for an image, if there are any.
    ///
    /// # Errors
    /// A file cannot be read or is not what Docker and Podman write; a helper that it names fails.
    pub fn of(&self, reference: &Reference) -> Result<Option<Login>> {
        for file in self.files.iter().filter(|file| file.exists()) {
            if let Some(login) = in_file(file, reference)? {
                return Ok(Some(login));
            }
        }
        Ok(None)
    }
}

fn in_file(file: &Path, reference: &Reference) -> Result<Option<Login>> {
    let refuse = |problem: String| Error::Unreadable {
        place: Place::file(file.display().to_string()),
        problem,
    };
    let bytes = std::fs::read(file).map_err(|error| refuse(format!("cannot be read: {error}")))?;
    // The parser's message would quote the text.
    let known: Value = serde_json::from_slice(&bytes)
        .map_err(|error| refuse(format!("is not JSON, as of line {}: log in anew", error.line())))?;
    let keys = reference.keys();
    for key in &keys {
        let of_host = entry(&known, "credHelpers", key).and_then(Value::as_str);
        let Some(name) = of_host.or_else(|| known.get("credsStore").and_then(Value::as_str)) else {
            continue;
        };
        if name.is_empty() || (of_host.is_none() && !is_host(key)) {
            continue;
        }
        let credentials = helper::credentials(name, key)
            .map_err(|problem| Error::Failed(format!("{}: docker-credential-{name}: {problem}", file.display())))?;
        if let Some(credentials) = credentials {
            return Ok(Some(Login {
                credentials,
                origin: format!("docker-credential-{name}"),
            }));
        }
    }
    for key in &keys {
        let Some(found) = entry(&known, "auths", key) else {
            continue;
        };
        let credentials =
            stored(found).map_err(|problem| refuse(format!("auths of {key}: {problem}: log in to it anew")))?;
        if let Some(credentials) = credentials {
            return Ok(Some(Login {
                credentials,
                origin: file.display().to_string(),
            }));
        }
    }
    Ok(None)
}

/// A store knows hosts alone, and Docker Hub by its old URL.
fn is_host(key: &str) -> bool {
    !key.contains('/') || key.starts_with("https://")
}

/// The entry of a registry, whose name older programs wrote as a URL.
fn entry<'a>(known: &'a Value, table: &str, key: &str) -> Option<&'a Value> {
    let table = known.get(table)?.as_object()?;
    table
        .get(key)
        .or_else(|| Some(table.iter().find(|(name, _)| bare(name) == bare(key))?.1))
}

fn bare(name: &str) -> &str {
    let name = name
        .strip_prefix("https://")
        .or_else(|| name.strip_prefix("http://"))
        .unwrap_or(name);
    let name = name.trim_end_matches('/');
    name.strip_suffix("/v1")
        .or_else(|| name.strip_suffix("/v2"))
        .unwrap_or(name)
}

/// What an entry holds; `None`: nothing, as where a store has it.
fn stored(entry: &Value) -> std::result::Result<Option<Credentials>, &'static str> {
    let text = |key: &str| {
        let text = entry.get(key).and_then(Value::as_str);
        text.filter(|text| !text.is_empty()).map(str::to_owned)
    };
    if let Some(token) = text("identitytoken") {
        return Ok(Some(Credentials::Identity(token)));
    }
    if let Some(token) = text("registrytoken") {
        return Ok(Some(Credentials::Bearer(token)));
    }
    if let (Some(name), Some(password)) = (text("username"), text("password")) {
        return Ok(Some(Credentials::Password { name, password }));
    }
    let Some(auth) = text("auth") else {
        return Ok(None);
    };
    let decoded = STANDARD
        .decode(auth)
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok());
    let pair = decoded.as_deref().and_then(|text| text.split_once(':'));
    let (name, password) = pair.ok_or("`auth` is not name:password in base64")?;
    Ok(Some(Credentials::Password {
        name: name.to_owned(),
        password: password.trim_end_matches('\0').to_owned(),
    }))
}
