//! Asks over HTTP: five seconds and 50 MiB at most, and one line that says what went wrong. Redirects are followed,
//! certificates are checked.

use std::path::Path;
use std::time::Duration;

use ureq::Agent;
use ureq::tls::{RootCerts, TlsConfig};

use super::source::Url;
use crate::error::Result;
use crate::transport::{self, read, unreadable};

/// How long an answer may take, whole.
pub const PATIENCE: Duration = Duration::from_secs(5);

/// How long an answer may be, in bytes.
pub const MAX_BYTES: u64 = 50 << 20;

/// Asks, and keeps connections open in between.
#[derive(Debug, Clone)]
pub struct Client {
    agent: Agent,
    bearer: Option<String>,
}

/// What a client needs to be let in.
#[derive(Debug, Clone, Default)]
pub struct Access<'a> {
    /// A file with certificates in PEM that are trusted instead of the public ones.
    pub ca_file: Option<&'a Path>,
    /// A file with a token, sent as `authorization: Bearer`.
    pub bearer_token_file: Option<&'a Path>,
}

// === impl Client ===

impl Client {
    /// A client with this access.
    ///
    /// # Errors
    /// If a file cannot be read, or holds no certificate or no token.
    pub fn new(access: &Access<'_>) -> Result<Self> {
        let mut tls = TlsConfig::builder();
        if let Some(file) = access.ca_file {
            tls = tls.root_certs(RootCerts::from(transport::certificates(file)?));
        }
        let config = Agent::config_builder()
            .timeout_global(Some(PATIENCE))
            .user_agent(concat!("mirrorctl/", env!("CARGO_PKG_VERSION")))
            .http_status_as_error(false)
            // A proxy's admin interface is not reached through another proxy.
            .proxy(None)
            .tls_config(tls.build())
            .build();
        Ok(Self {
            agent: config.into(),
            bearer: access.bearer_token_file.map(token).transpose()?,
        })
    }

    /// The answer to `GET URL PATH`.
    ///
    /// # Errors
    /// One line: what went wrong, without the URL.
    pub fn get(&self, url: &Url, path: &str) -> std::result::Result<Vec<u8>, String> {
        let mut request = self.agent.get(format!("{url}{path}"));
        if let Some(token) = &self.bearer {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let mut response = request.call().map_err(|error| transport::problem(&error, PATIENCE))?;
        let status = response.status();
        let body = response.body_mut().with_config().limit(MAX_BYTES).read_to_vec();
        // Prometheus says in the body of a 400 or 422 what is wrong with a query.
        match (status.as_u16(), body) {
            (200..=299 | 400 | 422, body) => body.map_err(|error| transport::problem(&error, PATIENCE)),
            (401 | 403, _) => Err(format!(
                "it answers {status}: it wants credentials (--bearer-token-file)"
            )),
            _ => Err(format!("it answers {status}: is the URL right?")),
        }
    }
}

fn token(file: &Path) -> Result<String> {
    let text = String::from_utf8(read(file)?).map_err(|_| unreadable(file, "is not text"))?;
    match text.trim() {
        "" => Err(unreadable(file, "is empty: it should hold a token")),
        token if token.contains(|character: char| character.is_control() || !character.is_ascii()) => Err(unreadable(
            file,
            "holds more than one line, or what a header cannot carry",
        )),
        token => Ok(token.to_owned()),
    }
}
