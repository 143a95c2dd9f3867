//! What lets one in. It is never shown: not even a debug form has it.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// What lets one in.
#[derive(Clone, PartialEq, Eq)]
pub enum Credentials {
    /// A name and a password.
    Password {
        /// The name.
        name: String,
        /// The password.
        password: String,
    },
    /// A token for which the server of tokens gives another one.
    Identity(String),
    /// A token for the registry itself.
    Bearer(String),
}

// === impl Credentials ===

impl Credentials {
    /// The value of `authorization` with name and password.
    pub fn basic(name: &str, password: &str) -> String {
        format!("Basic {}", STANDARD.encode(format!("{name}:{password}")))
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Credentials")
    }
}
