//! Asks over HTTP: five seconds and 50 MiB at most, and one line that says what went wrong. Redirects are followed,
//! certificates are checked.

use std::io;
use std::path::Path;
use std::time::Duration;

use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig};
use ureq::{Agent, Timeout};

use super::source::Url;
use crate::error::{Error, Result};
use crate::place::Place;

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
            tls = tls.root_certs(RootCerts::from(certificates(file)?));
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
        let mut response = request.call().map_err(|error| problem(&error))?;
        let status = response.status();
        let body = response.body_mut().with_config().limit(MAX_BYTES).read_to_vec();
        // Prometheus says in the body of a 400 or 422 what is wrong with a query.
        match (status.as_u16(), body) {
            (200..=299 | 400 | 422, body) => body.map_err(|error| problem(&error)),
            (401 | 403, _) => Err(format!(
                "it answers {status}: it wants credentials (--bearer-token-file)"
            )),
            _ => Err(format!("it answers {status}: is the URL right?")),
        }
    }
}

fn problem(error: &ureq::Error) -> String {
    match error {
        ureq::Error::Timeout(Timeout::Connect) => format!("no connection within {} s", PATIENCE.as_secs()),
        ureq::Error::Timeout(_) => format!("no whole answer within {} s", PATIENCE.as_secs()),
        ureq::Error::BodyExceedsLimit(_) => format!("its answer is over {} MiB", MAX_BYTES >> 20),
        ureq::Error::Io(error) => io_problem(error),
        ureq::Error::HostNotFound => "there is no such host".to_owned(),
        ureq::Error::ConnectionFailed => "the connection failed".to_owned(),
        ureq::Error::Rustls(error) => format!("TLS: {error}"),
        other => one_line(&other.to_string()),
    }
}

fn io_problem(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => "connection refused".to_owned(),
        io::ErrorKind::ConnectionReset => "the connection was reset".to_owned(),
        io::ErrorKind::UnexpectedEof => "the connection ended before the answer was complete".to_owned(),
        io::ErrorKind::TimedOut => format!("no whole answer within {} s", PATIENCE.as_secs()),
        _ => tls_problem(&one_line(&error.to_string())),
    }
}

/// What rustls says comes as the text of an error of the stream.
fn tls_problem(text: &str) -> String {
    if text.starts_with("received corrupt message") {
        return format!("TLS: {text}: does it speak https?");
    }
    let hint = match text.strip_prefix("invalid peer certificate: ") {
        Some("UnknownIssuer") => ": --ca-file names the file of who signed it",
        Some(_) => "",
        None => return text.to_owned(),
    };
    format!("TLS: {text}{hint}")
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn certificates(file: &Path) -> Result<Vec<Certificate<'static>>> {
    let bytes = read(file)?;
    let certificates: Vec<Certificate<'static>> = ureq::tls::parse_pem(&bytes)
        .filter_map(|item| match item {
            Ok(PemItem::Certificate(certificate)) => Some(certificate),
            _ => None,
        })
        .collect();
    match certificates.is_empty() {
        true => Err(unreadable(file, "holds no certificate in PEM")),
        false => Ok(certificates),
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

fn read(file: &Path) -> Result<Vec<u8>> {
    std::fs::read(file).map_err(|error| unreadable(file, &format!("cannot be read: {error}")))
}

fn unreadable(file: &Path, problem: &str) -> Error {
    Error::Unreadable {
        place: Place::file(file.display().to_string()),
        problem: problem.to_owned(),
    }
}
