//! What commands that ask over HTTP share: whom they trust, and one line that says what went wrong.

use std::io;
use std::path::Path;
use std::time::Duration;

use ureq::Timeout;
use ureq::tls::{Certificate, PemItem};

use crate::error::{Error, Result};
use crate::place::Place;

/// What went wrong, on one line and without the URL; `patience` is how long an answer may take.
pub fn problem(error: &ureq::Error, patience: Duration) -> String {
    match error {
        ureq::Error::Timeout(Timeout::Connect) => format!("no connection within {} s", patience.as_secs()),
        ureq::Error::Timeout(_) => late(patience),
        ureq::Error::BodyExceedsLimit(limit) => match limit >> 20 {
            0 => format!("its answer is over {} KiB", limit >> 10),
            limit => format!("its answer is over {limit} MiB"),
        },
        ureq::Error::Io(error) => io_problem(error, patience),
        ureq::Error::HostNotFound => "there is no such host".to_owned(),
        ureq::Error::ConnectionFailed => "the connection failed".to_owned(),
        ureq::Error::Rustls(error) => format!("TLS: {error}"),
        other => one_line(&other.to_string()),
    }
}

/// The text without line ends and blanks that say nothing.
pub fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The certificates of a file in PEM.
///
/// # Errors
/// The file cannot be read, or holds none.
pub fn certificates(file: &Path) -> Result<Vec<Certificate<'static>>> {
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

/// The bytes of a file that says whom to trust or what to send.
///
/// # Errors
/// It cannot be read.
pub fn read(file: &Path) -> Result<Vec<u8>> {
    std::fs::read(file).map_err(|error| unreadable(file, &format!("cannot be read: {error}")))
}

/// A file that is not what it should be.
pub fn unreadable(file: &Path, problem: &str) -> Error {
    Error::Unreadable {
        place: Place::file(file.display().to_string()),
        problem: problem.to_owned(),
    }
}

fn late(patience: Duration) -> String {
    format!("no whole answer within {} s", patience.as_secs())
}

fn io_problem(error: &io::Error, patience: Duration) -> String {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => "connection refused".to_owned(),
        io::ErrorKind::ConnectionReset => "the connection was reset".to_owned(),
        io::ErrorKind::UnexpectedEof => "the connection ended before the answer was complete".to_owned(),
        io::ErrorKind::TimedOut => late(patience),
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
