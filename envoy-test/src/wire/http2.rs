//! HTTP/2 as frames (RFC 9113): just enough of a peer to exchange messages with Envoy and to see each header field in
//! its place.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, anyhow, ensure};
use fluke_hpack::Decoder;
use tokio::io::{AsyncRead, AsyncReadExt as _};

use super::{End, Message, Outgoing};

/// What a client sends first.
pub const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const WINDOW_UPDATE: u8 = 8;
const CONTINUATION: u8 = 9;

const END_STREAM: u8 = 1;
const ACK: u8 = 1;
const END_HEADERS: u8 = 4;
const PADDED: u8 = 8;
const PRIORITY: u8 = 32;

const INITIAL_WINDOW_SIZE: u16 = 4;
/// Nothing that is received here ever waits for a window.
const WINDOW: u32 = 1 << 30;
const FRAME: usize = 16384;

/// One frame.
#[derive(Debug)]
pub struct Frame {
    kind: u8,
    flags: u8,
    stream: u32,
    payload: Vec<u8>,
}

/// What a frame means for the messages.
#[derive(Debug)]
pub enum Event {
    /// Nothing yet.
    None,
    /// To be written at once.
    Reply(Vec<u8>),
    /// The message of this stream is complete, or broken off.
    Message(u32, Message),
    /// The peer gives the connection up.
    GoAway,
}

/// Puts the messages together that arrive on one connection.
pub struct Assembler {
    hpack: Decoder<'static>,
    block: Vec<u8>,
    open: BTreeMap<u32, Message>,
}

// === impl Assembler ===

impl Assembler {
    /// For a new connection.
    pub fn new() -> Self {
        Self {
            hpack: Decoder::new(),
            block: Vec::new(),
            open: BTreeMap::new(),
        }
    }

    /// Takes the next frame.
    pub fn take(&mut self, frame: Frame) -> Result<Event> {
        let stream = frame.stream;
        let mut is_over = frame.flags & END_STREAM != 0;
        match frame.kind {
            HEADERS | CONTINUATION => {
                let flags = frame.flags;
                if frame.kind == HEADERS {
                    self.block.clear();
                    self.open.entry(stream).or_default();
                    if is_over {
                        self.message(stream)?.end = End::Trailers;
                    }
                }
                self.block.extend(content(frame)?);
                if flags & END_HEADERS == 0 {
                    return Ok(Event::None);
                }
                let block = std::mem::take(&mut self.block);
                self.headers(stream, &block)?;
                is_over = self.message(stream)?.end == End::Trailers;
            }
            DATA => {
                let chunk = content(frame)?;
                let message = self.message(stream)?;
                message.body.extend(chunk);
                message.end = End::Body;
            }
            RST_STREAM => {
                let mut message = self.open.remove(&stream).unwrap_or_default();
                message.end = End::Reset;
                return Ok(Event::Message(stream, message));
            }
            SETTINGS if frame.flags & ACK == 0 => return Ok(Event::Reply(written(SETTINGS, ACK, 0, &[]))),
            PING if frame.flags & ACK == 0 => return Ok(Event::Reply(written(PING, ACK, 0, &frame.payload))),
            GOAWAY => return Ok(Event::GoAway),
            _ => return Ok(Event::None),
        }
        if !is_over {
            return Ok(Event::None);
        }
        let mut message = self.open.remove(&stream).context("a stream without headers ends")?;
        if message.end == End::Trailers && message.trailers.is_empty() {
            message.end = End::Head;
        }
        Ok(Event::Message(stream, message))
    }

    fn message(&mut self, stream: u32) -> Result<&mut Message> {
        self.open.get_mut(&stream).context("a stream without headers")
    }

    /// The first block is the head, a second one the trailers; what comes before an answer's head (1xx) is part of it.
    fn headers(&mut self, stream: u32, block: &[u8]) -> Result<()> {
        let fields = self.hpack.decode(block).map_err(|error| anyhow!("HPACK: {error:?}"))?;
        let lines = fields
            .into_iter()
            .map(|(name, value)| [name, b": ".to_vec(), value].concat());
        let message = self.message(stream)?;
        let is_informational = message.head.last().is_some_and(|line| line.starts_with(b":status: 1"));
        if message.head.is_empty() || is_informational {
            message.head.extend(lines);
        } else {
            message.trailers.extend(lines);
        }
        Ok(())
    }
}

impl Default for Assembler {
    fn default() -> Self {
        Self::new()
    }
}

/// The next frame; `None` at the end of the connection.
pub async fn read(stream: &mut (impl AsyncRead + Unpin)) -> Result<Option<Frame>> {
    let mut head = [0; 9];
    if stream.read_exact(&mut head).await.is_err() {
        return Ok(None);
    }
    let [a, b, c, kind, flags, id @ ..] = head;
    let mut payload = vec![0; u32::from_be_bytes([0, a, b, c]) as usize];
    stream.read_exact(&mut payload).await?;
    Ok(Some(Frame {
        kind,
        flags,
        stream: u32::from_be_bytes(id) & (u32::MAX >> 1),
        payload,
    }))
}

/// The settings with which a peer begins.
pub fn opening() -> Vec<u8> {
    let settings = [&INITIAL_WINDOW_SIZE.to_be_bytes()[..], &WINDOW.to_be_bytes()].concat();
    let window = written(WINDOW_UPDATE, 0, 0, &WINDOW.to_be_bytes());
    [written(SETTINGS, 0, 0, &settings), window].concat()
}

/// The frames of a message.
pub fn message(stream: u32, outgoing: &Outgoing) -> Vec<u8> {
    let pseudo = outgoing.pseudo.iter().map(|(name, value)| (*name, value.as_bytes()));
    let authority = outgoing.host.map(|host| (":authority", host.as_bytes()));
    let headers = outgoing.headers.iter().map(|(name, value)| (*name, value.as_slice()));
    let mut fields: Vec<_> = pseudo.chain(authority).chain(headers).collect();
    let length = match &outgoing.body {
        super::Body::Length(body) => body.len().to_string(),
        _ => String::new(),
    };
    if !length.is_empty() {
        fields.push(("content-length", length.as_bytes()));
    }
    let chunks: Vec<_> = outgoing
        .chunks()
        .into_iter()
        .filter(|chunk| !chunk.is_empty())
        .collect();
    let has_trailers = !outgoing.trailers.is_empty();
    let ends = |is_last: bool| if is_last && !has_trailers { END_STREAM } else { 0 };
    // A body in no chunks still is a body: an empty last frame.
    let is_bare = matches!(outgoing.body, super::Body::None);
    let mut bytes = block(stream, &fields, ends(is_bare));
    let parts: Vec<_> = chunks.iter().flat_map(|chunk| chunk.chunks(FRAME)).collect();
    for (index, part) in parts.iter().enumerate() {
        bytes.extend(written(DATA, ends(index + 1 == parts.len()), stream, part));
    }
    if !is_bare && parts.is_empty() {
        bytes.extend(written(DATA, ends(true), stream, &[]));
    }
    if has_trailers {
        let trailers: Vec<_> = outgoing
            .trailers
            .iter()
            .map(|(name, value)| (*name, value.as_slice()))
            .collect();
        bytes.extend(block(stream, &trailers, END_STREAM));
    }
    bytes
}

/// Header fields as literals, so that nothing here depends on a compression state.
fn block(stream: u32, fields: &[(&str, &[u8])], flags: u8) -> Vec<u8> {
    let mut block = Vec::new();
    for (name, value) in fields {
        block.push(0);
        literal(&mut block, name.as_bytes());
        literal(&mut block, value);
    }
    let parts: Vec<_> = block.chunks(FRAME).collect();
    let mut bytes = Vec::new();
    for (index, part) in parts.iter().enumerate() {
        let (kind, flags) = if index == 0 {
            (HEADERS, flags)
        } else {
            (CONTINUATION, 0)
        };
        let last = if index + 1 == parts.len() { END_HEADERS } else { 0 };
        bytes.extend(written(kind, flags | last, stream, part));
    }
    bytes
}

/// A string without Huffman coding: a length with a prefix of seven bits, then its bytes (RFC 7541, 5.1 and 5.2).
fn literal(block: &mut Vec<u8>, text: &[u8]) {
    let mut length = text.len();
    if length < 127 {
        block.push(length as u8);
    } else {
        block.push(127);
        length -= 127;
        while length >= 128 {
            block.push((length % 128 + 128) as u8);
            length /= 128;
        }
        block.push(length as u8);
    }
    block.extend(text);
}

fn written(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = (payload.len() as u32).to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// A frame's payload without padding and priority.
fn content(frame: Frame) -> Result<Vec<u8>> {
    let mut payload = frame.payload;
    if frame.flags & PADDED != 0 {
        let padding = usize::from(*payload.first().context("a padded frame without its length")?);
        ensure!(payload.len() > padding, "more padding than payload");
        payload.truncate(payload.len() - padding);
        payload.remove(0);
    }
    if frame.kind == HEADERS && frame.flags & PRIORITY != 0 {
        ensure!(payload.len() >= 5, "a priority that is cut off");
        payload.drain(..5);
    }
    Ok(payload)
}

#[cfg(test)]
mod tests {
    use super::{Assembler, Event, message, read};
    use crate::wire::{Body, End, Outgoing};

    #[tokio::test]
    async fn what_is_written_is_read_in_its_order() {
        let long = vec![b'v'; 60_000];
        for (body, trailers, end) in [
            (Body::None, vec![], End::Head),
            (Body::Chunks(Vec::new()), vec![], End::Body),
            (Body::Length(vec![7; 40_000]), vec![], End::Body),
            (
                Body::Chunks(vec![vec![1]]),
                vec![("x-last", b"1".to_vec())],
                End::Trailers,
            ),
        ] {
            let outgoing = Outgoing {
                pseudo: vec![(":method", "POST".to_owned())],
                headers: vec![("x-b", long.clone()), ("x-a", b"\xe9".to_vec()), ("x-b", Vec::new())],
                body,
                trailers,
                ..Outgoing::default()
            };
            let bytes = message(1, &outgoing);
            let (mut from, mut assembler, mut got) = (bytes.as_slice(), Assembler::new(), None);
            while let Some(frame) = read(&mut from).await.expect("frames") {
                if let Event::Message(1, message) = assembler.take(frame).expect("a message") {
                    got = Some(message);
                }
            }
            let got = got.expect("complete");
            assert_eq!((got.end, got.body), (end, outgoing.chunks().concat()));
            assert_eq!(got.trailers.len(), outgoing.trailers.len());
            let lines = [
                [b"x-b: ".as_slice(), &long].concat(),
                b"x-a: \xe9".to_vec(),
                b"x-b: ".to_vec(),
            ];
            assert!(got.head[0] == b":method: POST" && got.head[1..4] == lines);
        }
    }
}
