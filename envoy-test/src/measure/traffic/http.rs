//! As much of HTTP/1.1 as the bench needs: where a message ends, and an answer's status. Both sides are ours or
//! Envoy's, so what is not understood is an error, never a guess.

use anyhow::{Context as _, Result, ensure};

/// No head of ours is larger.
const MAX_HEAD: usize = 16 * 1024;
const END_OF_HEAD: &[u8] = b"\r\n\r\n";

/// Finds the ends of the messages in a stream of bytes.
#[derive(Debug, Default)]
pub struct Reader {
    /// The beginning of a head whose end has not arrived.
    head: Vec<u8>,
    body: Option<Body>,
}

#[derive(Clone, Copy, Debug)]
struct Body {
    status: u16,
    left: usize,
}

// === impl Reader ===

impl Reader {
    /// Takes bytes from the front of `bytes`. If they complete a message, gives its status (0 for a request) and leaves
    /// the rest.
    pub fn feed(&mut self, bytes: &mut &[u8]) -> Result<Option<u16>> {
        if self.body.is_none() {
            let Some(body) = self.feed_head(bytes)? else {
                return Ok(None);
            };
            self.body = Some(body);
        }
        let Some(body) = &mut self.body else { return Ok(None) };
        let taken = body.left.min(bytes.len());
        body.left -= taken;
        *bytes = &bytes[taken..];
        if body.left > 0 {
            return Ok(None);
        }
        Ok(self.body.take().map(|body| body.status))
    }

    fn feed_head(&mut self, bytes: &mut &[u8]) -> Result<Option<Body>> {
        if self.head.is_empty()
            && let Some(end) = end_of_head(bytes)
        {
            let (head, rest) = bytes.split_at(end);
            *bytes = rest;
            return body_of(head).map(Some);
        }
        let before = self.head.len();
        self.head.extend_from_slice(bytes);
        match end_of_head(&self.head) {
            Some(end) => {
                *bytes = &bytes[end - before..];
                let body = body_of(&self.head[..end]);
                self.head.clear();
                body.map(Some)
            }
            None => {
                ensure!(self.head.len() <= MAX_HEAD, "a head without an end");
                *bytes = &[];
                Ok(None)
            }
        }
    }
}

fn end_of_head(bytes: &[u8]) -> Option<usize> {
    bytes
        .windows(END_OF_HEAD.len())
        .position(|window| window == END_OF_HEAD)
        .map(|start| start + END_OF_HEAD.len())
}

fn body_of(head: &[u8]) -> Result<Body> {
    let mut lines = head.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    let first = lines.next().unwrap_or_default();
    let status = match first.strip_prefix(b"HTTP/1.1 ") {
        Some(rest) => number(rest.get(..3).unwrap_or_default()).context("an answer without a status")?,
        None => 0,
    };
    let mut left = 0;
    for line in lines {
        let Some(colon) = line.iter().position(|byte| *byte == b':') else {
            continue;
        };
        let (name, value) = (&line[..colon], line[colon + 1..].trim_ascii());
        if name.eq_ignore_ascii_case(b"content-length") {
            left = number(value).context("a content-length that is no number")?;
        }
        ensure!(
            !name.eq_ignore_ascii_case(b"transfer-encoding"),
            "a chunked message, which nobody here sends"
        );
    }
    Ok(Body {
        status: u16::try_from(status)?,
        left,
    })
}

fn number(bytes: &[u8]) -> Option<usize> {
    std::str::from_utf8(bytes).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::Reader;

    const TWO: &[u8] =
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhelloHTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n";

    fn statuses(size: usize) -> Vec<u16> {
        let mut reader = Reader::default();
        let mut found = Vec::new();
        for mut chunk in TWO.chunks(size) {
            while !chunk.is_empty() {
                found.extend(reader.feed(&mut chunk).expect("well-formed"));
            }
        }
        found
    }

    #[test]
    fn messages_end_where_they_end_however_they_arrive() {
        for size in 1..=TWO.len() {
            assert_eq!(statuses(size), [200, 503], "in chunks of {size}");
        }
    }

    #[test]
    fn a_request_has_no_status() {
        let mut bytes: &[u8] = b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\n\r\nabGET";
        assert_eq!(Reader::default().feed(&mut bytes).expect("well-formed"), Some(0));
        assert_eq!(bytes, b"GET");
    }

    #[test]
    fn what_is_not_understood_is_an_error() {
        for mut wrong in [
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n".as_slice(),
            b"HTTP/1.1 200 OK\r\ncontent-length: many\r\n\r\n",
            b"HTTP/1.1 abc\r\n\r\n",
        ] {
            assert!(Reader::default().feed(&mut wrong).is_err());
        }
    }
}
