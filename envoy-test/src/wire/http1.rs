//! HTTP/1 as bytes.

use super::{Body, End, Message, Outgoing};

/// What is known of the body before it comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Request,
    Answer,
    /// The answer to a HEAD.
    AnswerToHead,
}

/// The message with which these bytes begin, and its length; `None` as long as it is not complete. `closed`: no more
/// will come.
pub fn message(bytes: &[u8], kind: Kind, closed: bool) -> Option<(Message, usize)> {
    let (head, start) = lines(bytes)?;
    let mut message = Message {
        head,
        ..Message::default()
    };
    let status = message.head.first()?.split(|byte| *byte == b' ').nth(1)?.to_vec();
    let is_bare = matches!(status.as_slice(), [b'1', ..] | b"204" | b"304");
    let is_chunked = message.values("transfer-encoding").contains(&b"chunked".as_slice());
    let length = message
        .values("content-length")
        .first()
        .and_then(|value| number(value, 10));
    let end = match kind {
        Kind::AnswerToHead => start,
        Kind::Answer if is_bare => start,
        _ if is_chunked => {
            let end = chunks(bytes, start, &mut message)?;
            message.end = if message.trailers.is_empty() {
                End::LastChunk
            } else {
                End::Trailers
            };
            end
        }
        Kind::Answer if length.is_none() => {
            message.end = End::Close;
            message.body = bytes.get(start..)?.to_vec();
            return closed.then_some((message, bytes.len()));
        }
        _ => {
            let end = start + length.unwrap_or(0);
            message.body = bytes.get(start..end)?.to_vec();
            message.end = if end == start { End::Head } else { End::Body };
            end
        }
    };
    Some((message, end))
}

/// The bytes of a message.
pub fn written(outgoing: &Outgoing) -> Vec<u8> {
    let mut bytes = format!("{}\r\n", outgoing.start).into_bytes();
    if let Some(host) = outgoing.host {
        line(&mut bytes, "host", host.as_bytes());
    }
    for (name, value) in &outgoing.headers {
        line(&mut bytes, name, value);
    }
    match &outgoing.body {
        Body::None => bytes.extend(b"\r\n"),
        Body::Length(body) => {
            line(&mut bytes, "content-length", body.len().to_string().as_bytes());
            bytes.extend(b"\r\n");
            bytes.extend(body);
        }
        Body::Chunks(chunks) => {
            line(&mut bytes, "transfer-encoding", b"chunked");
            bytes.extend(b"\r\n");
            for chunk in chunks {
                bytes.extend(format!("{:x}\r\n", chunk.len()).bytes());
                bytes.extend(chunk);
                bytes.extend(b"\r\n");
            }
            bytes.extend(b"0\r\n");
            for (name, value) in &outgoing.trailers {
                line(&mut bytes, name, value);
            }
            bytes.extend(b"\r\n");
        }
    }
    bytes
}

fn line(bytes: &mut Vec<u8>, name: &str, value: &[u8]) {
    bytes.extend(name.bytes());
    bytes.extend(b": ");
    bytes.extend(value);
    bytes.extend(b"\r\n");
}

/// The lines up to an empty one, and where that ends.
fn lines(bytes: &[u8]) -> Option<(Vec<Vec<u8>>, usize)> {
    let mut lines = Vec::new();
    let mut start = 0;
    loop {
        let rest = bytes.get(start..)?;
        let end = rest.windows(2).position(|two| two == b"\r\n")?;
        start += end + 2;
        if end == 0 {
            return Some((lines, start));
        }
        lines.push(rest.get(..end)?.to_vec());
    }
}

/// Reads a chunked body and its trailers from `start`; where they end.
fn chunks(bytes: &[u8], mut start: usize, message: &mut Message) -> Option<usize> {
    loop {
        let rest = bytes.get(start..)?;
        let end = rest.windows(2).position(|two| two == b"\r\n")?;
        let size = number(rest.get(..end)?, 16)?;
        start += end + 2;
        if size == 0 {
            let (trailers, length) = lines(bytes.get(start..)?)?;
            message.trailers = trailers;
            return Some(start + length);
        }
        message.body.extend(bytes.get(start..start + size)?);
        start += size + 2;
    }
}

fn number(text: &[u8], radix: u32) -> Option<usize> {
    usize::from_str_radix(std::str::from_utf8(text).ok()?, radix).ok()
}

#[cfg(test)]
mod tests {
    use super::{Kind, message, written};
    use crate::wire::{Body, End, Outgoing};

    #[test]
    fn what_is_written_is_read_with_its_last_byte_and_not_before() {
        let bodies = [
            (Body::None, End::Head),
            (Body::Length(b"0\r\n\r\n".to_vec()), End::Body),
            (Body::Chunks(vec![b"a".to_vec(), vec![b'b'; 300]]), End::LastChunk),
            (Body::Chunks(Vec::new()), End::LastChunk),
        ];
        for (body, end) in bodies {
            let outgoing = Outgoing {
                start: "POST / HTTP/1.1".to_owned(),
                host: Some("a"),
                headers: vec![("x-odd", b"caf\xe9".to_vec())],
                body,
                ..Outgoing::default()
            };
            let bytes = written(&outgoing);
            let (read, length) = message(&bytes, Kind::Request, false).expect("complete");
            assert_eq!((length, read.end), (bytes.len(), end));
            assert_eq!(read.body, outgoing.chunks().concat());
            assert_eq!(read.values("x-odd"), [b"caf\xe9"]);
            assert_eq!(message(&bytes[..bytes.len() - 1], Kind::Request, false), None);
        }
    }

    #[test]
    fn an_answer_may_end_with_its_head_or_with_the_connection() {
        let open = b"HTTP/1.1 200 OK\r\n\r\nrest";
        assert_eq!(message(open, Kind::Answer, false), None);
        let (read, _) = message(open, Kind::Answer, true).expect("complete");
        assert_eq!((read.end, read.body.as_slice()), (End::Close, b"rest".as_slice()));
        let head = b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n";
        assert!(message(head, Kind::AnswerToHead, false).is_some());
        assert!(message(b"HTTP/1.1 204 No\r\n\r\n", Kind::Answer, false).is_some());
    }
}
