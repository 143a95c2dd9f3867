//! One request as a backend received it. Of its body the length, a hash and the first bytes are kept: enough to compare
//! 5 MiB with 5 MiB.

use hyper::StatusCode;
use hyper::http::request::Parts;
use serde_json::{Value, json};

/// So much of a body is kept as it is.
const KEPT: usize = 4096;

/// The header by which a request and its copies are paired.
pub const TEST_ID: &str = "x-test-id";

/// One request, as far as it has come.
#[derive(Clone, Debug)]
pub struct Received {
    pub method: String,
    pub path: String,
    pub authority: String,
    pub version: &'static str,
    /// In order of first arrival, values byte for byte; repeated ones stand together.
    pub headers: Vec<(String, Vec<u8>)>,
    pub body_length: u64,
    pub body_hash: u64,
    /// The first bytes of the body.
    pub body: Vec<u8>,
    pub progress: Progress,
}

/// How far a request has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    Receiving,
    /// The client went away in the middle of the body.
    Broken,
    Complete,
    Answered(StatusCode),
}

// === impl Received ===

impl Received {
    pub(super) fn new(head: &Parts) -> Self {
        let host = head
            .headers
            .get("host")
            .map(|host| String::from_utf8_lossy(host.as_bytes()).into_owned());
        Self {
            method: head.method.to_string(),
            path: head
                .uri
                .path_and_query()
                .map_or_else(|| head.uri.path().to_owned(), ToString::to_string),
            authority: head
                .uri
                .authority()
                .map(ToString::to_string)
                .or(host)
                .unwrap_or_default(),
            version: if head.version == hyper::Version::HTTP_2 {
                "HTTP/2"
            } else {
                "HTTP/1"
            },
            headers: head
                .headers
                .iter()
                .map(|(name, value)| (name.to_string(), value.as_bytes().to_vec()))
                .collect(),
            body_length: 0,
            body_hash: FNV_OFFSET,
            body: Vec::new(),
            progress: Progress::Receiving,
        }
    }

    /// The value of a header, the first if there are more.
    pub fn header(&self, name: &str) -> Option<&[u8]> {
        self.headers
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_slice())
    }

    /// The value of a header, made readable.
    pub fn text(&self, name: &str) -> Option<String> {
        self.header(name).map(readable)
    }

    /// Its [`TEST_ID`].
    pub fn id(&self) -> Option<&str> {
        std::str::from_utf8(self.header(TEST_ID)?).ok()
    }

    /// Whether all of it came.
    pub fn is_complete(&self) -> bool {
        matches!(self.progress, Progress::Complete | Progress::Answered(_))
    }

    /// For a person; bytes that are not ASCII are shown as `\xE9`.
    pub fn to_json(&self, backend: &str) -> Value {
        json!({
            "backend": backend,
            "version": self.version,
            "method": self.method,
            "path": self.path,
            "authority": self.authority,
            "headers": self.headers.iter().map(|(name, value)| format!("{name}: {}", readable(value))).collect::<Vec<_>>(),
            "body": {"length": self.body_length, "hash": format!("{:016x}", self.body_hash), "start": readable(&self.body)},
        })
    }

    pub(super) fn take(&mut self, chunk: &[u8]) {
        self.body_length += chunk.len() as u64;
        self.body_hash = fnv(self.body_hash, chunk);
        self.body
            .extend(chunk.iter().take(KEPT.saturating_sub(self.body.len())));
    }
}

const FNV_OFFSET: u64 = 0xcbf2_9ce4_8422_2325;

/// FNV-1a: tells bodies apart, and nobody here attacks it.
fn fnv(hash: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(hash, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// The hash that a journal keeps of this body.
pub fn hash(bytes: &[u8]) -> u64 {
    fnv(FNV_OFFSET, bytes)
}

/// ASCII as it is, the rest escaped.
pub fn readable(bytes: &[u8]) -> String {
    bytes
        .iter()
        .map(|byte| match byte {
            b' '..=b'~' | b'\n' | b'\t' => char::from(*byte).to_string(),
            other => format!("\\x{other:02X}"),
        })
        .collect()
}
