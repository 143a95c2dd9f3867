//! What passes through the proxy: requests of clients, and the replies to callouts: those of a shadow and those that
//! Envoy writes itself.

use super::abi::{Pairs, pairs};

/// A request, and how it arrives.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) headers: Pairs,
    pub(crate) chunks: Vec<Vec<u8>>,
    pub(crate) trailers: Option<Pairs>,
    /// Whether the end comes with the last chunk (HTTP/2, chunked) or alone after it (HTTP/1 with a content-length).
    pub(crate) end: End,
    /// Properties of this stream, over those of the host; `None` is an absent one.
    pub(crate) properties: Vec<(&'static str, Option<Vec<u8>>)>,
}

/// How the end of a request with a body is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    WithLastChunk,
    Alone,
    /// Not at all: the request stays incomplete.
    Never,
}

/// The answer to a callout. No headers at all is a reset.
#[derive(Debug, Clone, Default)]
pub(crate) struct Reply {
    pub(crate) headers: Pairs,
    pub(crate) body: Vec<u8>,
    pub(crate) trailers: Pairs,
}

// === impl Request ===

impl Request {
    /// A request without a body.
    pub(crate) fn new(method: &str, path: &str) -> Self {
        let authority = "reviews.demo.svc.cluster.local:9080";
        let headers = [
            (":authority", authority),
            (":path", path),
            (":method", method),
            (":scheme", "http"),
        ];
        Self {
            headers: pairs(&headers),
            chunks: Vec::new(),
            trailers: None,
            end: End::WithLastChunk,
            properties: Vec::new(),
        }
    }

    pub(crate) fn get(path: &str) -> Self {
        Self::new("GET", path)
    }

    /// A POST whose body comes in chunks of this size, its length declared.
    pub(crate) fn post(path: &str, body: &[u8], chunk: usize) -> Self {
        let mut request = Self::new("POST", path).header("content-length", body.len().to_string());
        request.chunks = body.chunks(chunk).map(<[u8]>::to_vec).collect();
        request.end = End::Alone;
        request
    }

    /// One more header, after the others.
    pub(crate) fn header(mut self, name: &str, value: impl Into<Vec<u8>>) -> Self {
        self.headers.push((name.as_bytes().to_vec(), value.into()));
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(candidate, _)| candidate != name.as_bytes());
        self
    }

    /// A body in these chunks, without a declared length.
    pub(crate) fn chunked(mut self, chunks: &[&[u8]], end: End) -> Self {
        self.chunks = chunks.iter().map(|chunk| chunk.to_vec()).collect();
        self.end = end;
        self
    }

    /// A body may follow, and the end is not in sight.
    pub(crate) fn without_end(mut self) -> Self {
        self.end = End::Never;
        self
    }

    pub(crate) fn trailers(mut self, trailers: &[(&str, &str)]) -> Self {
        self.trailers = Some(pairs(trailers));
        self
    }

    pub(crate) fn property(mut self, path: &'static str, value: Option<&[u8]>) -> Self {
        self.properties.push((path, value.map(<[u8]>::to_vec)));
        self
    }

    /// The size of its headers as text, a lower bound of what a copy holds.
    pub(crate) fn header_bytes(&self) -> i64 {
        self.headers
            .iter()
            .map(|(name, value)| (name.len() + value.len()) as i64)
            .sum()
    }
}

// === impl Reply ===

impl Reply {
    /// What a shadow answered; Envoy adds how long it took.
    pub(crate) fn upstream(status: u16) -> Self {
        Self::new(&[(":status", &status.to_string()), ("x-envoy-upstream-service-time", "7")])
    }

    /// A shadow's gRPC answer with its status in the trailers.
    pub(crate) fn grpc(status: &str) -> Self {
        let headers = [
            (":status", "200"),
            ("content-type", "application/grpc"),
            ("x-envoy-upstream-service-time", "7"),
        ];
        Self {
            trailers: pairs(&[("grpc-status", status)]),
            ..Self::new(&headers)
        }
    }

    /// The same without a body: Envoy has the status among the headers.
    pub(crate) fn grpc_trailers_only(status: &str) -> Self {
        let mut reply = Self::grpc("");
        reply.headers.append(&mut pairs(&[("grpc-status", status)]));
        reply.trailers.clear();
        reply
    }

    /// Reset in mid-answer, or larger than Envoy's response buffer.
    pub(crate) fn reset() -> Self {
        Self::default()
    }

    /// The connection was refused.
    pub(crate) fn refused() -> Self {
        Self::local(
            503,
            "upstream connect error or disconnect/reset before headers. reset reason: remote connection failure",
        )
    }

    /// The connection ended before the answer began.
    pub(crate) fn terminated() -> Self {
        Self::local(
            503,
            "upstream connect error or disconnect/reset before headers. reset reason: connection termination",
        )
    }

    pub(crate) fn timed_out() -> Self {
        Self::local(504, "upstream request timeout")
    }

    pub(crate) fn invalid_http() -> Self {
        Self::local(
            502,
            "upstream connect error or disconnect/reset before headers. reset reason: protocol error",
        )
    }

    /// What Envoy writes itself, to a request that is not gRPC.
    pub(crate) fn local(status: u16, body: &str) -> Self {
        let (status, length) = (status.to_string(), body.len().to_string());
        let headers = [
            (":status", status.as_str()),
            ("content-length", &length),
            ("content-type", "text/plain"),
        ];
        Self {
            body: body.into(),
            ..Self::new(&headers)
        }
    }

    /// The same to a gRPC request.
    pub(crate) fn for_grpc(self) -> Self {
        let message = String::from_utf8(self.body).expect("Envoy's messages are text");
        let headers = [
            (":status", "200"),
            ("content-type", "application/grpc"),
            ("grpc-status", "14"),
            ("grpc-message", &message),
        ];
        Self::new(&headers)
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.append(&mut pairs(&[(name, value)]));
        self
    }

    fn new(headers: &[(&str, &str)]) -> Self {
        Self {
            headers: pairs(headers),
            ..Self::default()
        }
    }
}
