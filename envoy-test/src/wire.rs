//! Messages as they stand on the wire, for what no HTTP library would tell: the order of headers, odd bytes, framing,
//! frames.
//!
//! [`http1`] and [`http2`] read and write one protocol each, [`Recorder`] is a backend and [`send`] a client that speak
//! both.

pub mod http1;
pub mod http2;
mod recorder;
mod sender;

pub use recorder::{DATE, ID, Recorder};
pub use sender::send;

use crate::backend::readable;

/// The protocol of one connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    Http1,
    Http2,
}

/// One request or answer. Where chunks or frames of a body begin and end is not kept: that depends on how TCP cut it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Message {
    /// The first line and one line per header; of HTTP/2 only the latter, pseudo headers among them.
    pub head: Vec<Vec<u8>>,
    pub body: Vec<u8>,
    pub trailers: Vec<Vec<u8>>,
    pub end: End,
}

/// How the receiver knew that the message was complete.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum End {
    /// There was no body: with the headers.
    #[default]
    Head,
    /// With the announced length, or the last frame of the body.
    Body,
    /// With the last chunk of `transfer-encoding: chunked`.
    LastChunk,
    /// With the trailers.
    Trailers,
    /// With the connection.
    Close,
    /// Never: the stream was reset.
    Reset,
}

/// What a backend answers and a client asks, to be written in either protocol.
#[derive(Clone, Debug, Default)]
pub struct Outgoing {
    /// The first line of HTTP/1.
    pub start: String,
    /// The pseudo headers of HTTP/2.
    pub pseudo: Vec<(&'static str, String)>,
    pub host: Option<&'static str>,
    pub headers: Vec<(&'static str, Vec<u8>)>,
    pub body: Body,
    pub trailers: Vec<(&'static str, Vec<u8>)>,
}

/// A body and how it is announced.
#[derive(Clone, Debug, Default)]
pub enum Body {
    #[default]
    None,
    /// By its length.
    Length(Vec<u8>),
    /// Not at all: in chunks.
    Chunks(Vec<Vec<u8>>),
}

// === impl Message ===

impl Message {
    /// The values of a header, in order.
    pub fn values(&self, name: &str) -> Vec<&[u8]> {
        self.head.iter().filter_map(|line| strip(line, name)).collect()
    }

    /// Whether one of its lines is this header.
    pub fn has(&self, name: &str) -> bool {
        !self.values(name).is_empty()
    }

    /// Takes out all lines of a header; how many there were.
    pub fn remove(&mut self, name: &str) -> usize {
        let before = self.head.len();
        self.head.retain(|line| strip(line, name).is_none());
        before - self.head.len()
    }

    /// For a person.
    pub fn show(&self) -> String {
        let shown = |line: &Vec<u8>| {
            let line = readable(line);
            let cut = line.chars().take(120).collect::<String>();
            format!("\n    {cut}")
        };
        let lines: String = self.head.iter().map(shown).collect();
        let trailers: String = self.trailers.iter().map(shown).collect();
        let length = self.body.len();
        format!(
            "{lines}\n    [body of {length} bytes, ends with {:?}]{trailers}",
            self.end
        )
    }
}

/// The value in a header line, if it is of this header.
fn strip<'a>(line: &'a [u8], name: &str) -> Option<&'a [u8]> {
    let rest = line.strip_prefix(name.as_bytes())?.strip_prefix(b":")?;
    Some(rest.strip_prefix(b" ").unwrap_or(rest))
}

// === impl Outgoing ===

impl Outgoing {
    /// An answer.
    pub fn answer(status: u16, headers: &[(&'static str, &str)], body: Body) -> Self {
        let headers = headers.iter().map(|(name, value)| (*name, value.as_bytes().to_vec()));
        Self {
            start: format!("HTTP/1.1 {status} Said So"),
            pseudo: vec![(":status", status.to_string())],
            headers: headers.collect(),
            body,
            ..Self::default()
        }
    }

    /// The body's parts.
    pub fn chunks(&self) -> Vec<&[u8]> {
        match &self.body {
            Body::None => Vec::new(),
            Body::Length(bytes) => vec![bytes],
            Body::Chunks(chunks) => chunks.iter().map(Vec::as_slice).collect(),
        }
    }
}
